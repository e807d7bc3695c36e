"""A warm process that has loaded the server once and forks a process for each server that a test starts.

A fork is ready in a fraction of the time of a new interpreter, which is what a test that kills servers hundreds of
times spends. What is forked is a server like any other: its own process, session, environment and log, with nothing
open but its socket. The warm process runs no thread of its own and ends with the one that started it.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NoReturn, Protocol

__all__ = ["Process", "can_fork", "fork_server", "launch_server"]

_ROOT = Path(__file__).resolve().parent.parent.parent
_COMMAND = "tests.bed.serve"
_MESSAGE_BYTES = 1 << 20
# What a server loads when it starts to serve, beyond what its modules import at their top.
_LOADED_LATER = (
    "avow.server.delivery.smtp",
    "avow.server.store.postgres",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "valkey",
)


class Process(Protocol):
    """A process that a test started: what `subprocess.Popen` and a forked server have in common."""

    @property
    def pid(self) -> int:
        """Return the process id."""
        ...

    def poll(self) -> int | None:
        """Return the exit code, None while the process runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code."""
        ...

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless the process has ended."""
        ...

    def kill(self) -> None:
        """Send SIGKILL, unless the process has ended."""
        ...


class _Forked:
    """A server that the warm process forked; its exit code comes through a pipe, negative for a signal."""

    def __init__(self, pid: int, ending: int) -> None:
        self._pid = pid
        self._ending: int | None = ending
        self._code: int | None = None

    @property
    def pid(self) -> int:
        return self._pid

    def poll(self) -> int | None:
        return self._code_within(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._code_within(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"{_COMMAND} (forked)", timeout or 0)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _code_within(self, timeout: float | None) -> int | None:
        if self._ending is None:
            return self._code
        with selectors.DefaultSelector() as ready:
            ready.register(self._ending, selectors.EVENT_READ)
            if not ready.select(timeout):
                return None
        text = os.read(self._ending, 16)
        os.close(self._ending)
        self._ending = None
        self._code = int(text) if text else -signal.SIGKILL  # nobody is left who knows it
        return self._code


def can_fork() -> bool:
    """Tell whether servers are forked: not where the system's own libraries forbid it, nor when the person says no."""
    return sys.platform == "linux" and os.environ.get("AVOW_TEST_FORK", "1") != "0"


def fork_server(listener: socket.socket, environment: Mapping[str, str], log: IO[bytes]) -> Process:
    """Fork a server from the warm process, which the first call starts."""
    with _GUARD:
        channel = _channel()
        ending, tell_ending = os.pipe()
        try:
            said = json.dumps(dict(environment)).encode()
            socket.send_fds(channel, [said], [listener.fileno(), log.fileno(), tell_ending])
        finally:
            os.close(tell_ending)
        pid = int(channel.recv(32) or 0)
    if not pid:
        raise RuntimeError("the warm process of the test bed has ended")
    return _Forked(pid, ending)


def launch_server(listener: socket.socket, environment: Mapping[str, str], log: IO[bytes]) -> Process:
    """Start a server as a command of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", _COMMAND, str(listener.fileno())],
        env=environment,
        pass_fds=[listener.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=_ROOT,
        start_new_session=True,
    )


_GUARD = threading.Lock()
_CHANNELS: dict[int, socket.socket] = {}  # by the process that opened it: a fork of this one has none


def _channel() -> socket.socket:
    """Return the way to the warm process."""
    if os.getpid() not in _CHANNELS:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MESSAGE_BYTES)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.bed.warm", str(theirs.fileno())],
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=_ROOT,
                start_new_session=True,
            )
        process.returncode = 0  # it ends when this process does, and nobody waits for it
        _CHANNELS[os.getpid()] = ours
    return _CHANNELS[os.getpid()]


# --- In the warm process ---------------------------------------------------------------------------------------


class _Warm:
    """Forks servers one after the other, and tells how each of them ended."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._endings: dict[int, int] = {}

    def run(self) -> None:
        """Fork what is asked for until the process that asks is gone."""
        woken, waker = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(waker, False)
        # The handler itself does nothing: what a handler does can be interrupted by the next signal.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        with selectors.DefaultSelector() as ready:
            ready.register(woken, selectors.EVENT_READ)
            ready.register(self._channel, selectors.EVENT_READ)
            while True:
                due = {key.fileobj for key, _ in ready.select()}
                if woken in due:
                    os.read(woken, 4096)
                    self._tell_endings()
                if self._channel in due and not self._fork([woken, waker, ready.fileno()]):
                    return

    def _fork(self, own: list[int]) -> bool:
        """Fork one server, which closes what is this process's own; False when nobody will ask any more."""
        said, descriptors, _, _ = socket.recv_fds(self._channel, _MESSAGE_BYTES, 3)
        if not said:
            return False
        pid = os.fork()
        listener, log, ending = descriptors
        if pid == 0:
            _become_server(
                json.loads(said), listener, log, [ending, *own, self._channel.detach(), *self._endings.values()]
            )
        os.close(listener)
        os.close(log)
        self._endings[pid] = ending
        self._channel.send(str(pid).encode())
        return True

    def _tell_endings(self) -> None:
        for pid, ending in list(self._endings.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._endings[pid]
                with contextlib.suppress(BrokenPipeError):  # nobody asks any more
                    os.write(ending, str(os.waitstatus_to_exitcode(status)).encode())
                os.close(ending)


def _become_server(environment: dict[str, str], listener: int, log: int, others: list[int]) -> NoReturn:
    """Serve in the forked process, and end it."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for descriptor in (log, *others):
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    code = 1
    try:
        importlib.import_module(_COMMAND).main(listener)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # a command ends only when its threads have
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # not through the frames of the warm process, which own what was closed here


def _main(channel: int) -> None:
    importlib.import_module(_COMMAND)
    for name in _LOADED_LATER:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that collections in the children leave the shared pages alone
    _Warm(socket.socket(fileno=channel)).run()


if __name__ == "__main__":
    _main(int(sys.argv[1]))
