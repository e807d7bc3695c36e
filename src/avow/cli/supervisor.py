"""Several server processes on one address: started, restarted when they die, stopped together."""

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from time import monotonic
from types import FrameType

__all__ = ["Task", "supervise"]

_log = logging.getLogger("avow.serve")

_QUICK_SECONDS = 2.0  # a worker that ends sooner than this after its start
_PAUSE_SECONDS = 1.0  # is started anew after so long
_MISUSED = 2


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is told by its supervisor, besides the environment.

    Attributes:
        listener: File descriptor of the bound socket.
        lifeline: File descriptor of a pipe that ends with the supervisor.
        workers: How many share the database on this machine.
        metrics_folder: Where they keep their counts.
    """

    listener: int
    lifeline: int
    workers: int
    metrics_folder: str

    def to_json(self) -> str:
        """Return the task as an argument of the worker's command line."""
        return json.dumps([self.listener, self.lifeline, self.workers, self.metrics_folder])

    @classmethod
    def from_json(cls, text: str) -> "Task":
        """Return the task that `to_json` wrote."""
        return cls(*json.loads(text))


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    codes: list[int] = field(default_factory=list)


def supervise(listener: socket.socket, *, workers: int, metrics_folder: str, patience: int) -> int:
    """Keep the workers running until SIGTERM or SIGINT; return the exit code.

    Args:
        listener: The bound socket that all workers accept on.
        workers: How many.
        metrics_folder: Where they keep their counts.
        patience: Seconds after which a worker that does not stop is killed.
    """
    lifeline, kept_end = os.pipe()
    with listener, contextlib.closing(_Signals()) as signals:
        task = Task(listener.fileno(), lifeline, workers, metrics_folder)
        crew = [_Worker() for _ in range(workers)]
        while not signals.stops:
            if not _tend(crew, task):
                break
            signals.wait(_PAUSE_SECONDS)
        listener.close()
        code = _stop(crew, signals, patience)
    os.close(lifeline)
    os.close(kept_end)
    return code


class _Signals:
    """Counts requests to stop, and wakes whoever waits for one or for the end of a worker."""

    def __init__(self) -> None:
        self.stops = 0
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._earlier = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def wait(self, seconds: float) -> None:
        """Return after a signal, or when the time is up."""
        select.select([self._reader], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 512)

    def close(self) -> None:
        """Put everything back as it was."""
        signal.set_wakeup_fd(self._earlier)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.close(self._reader)
        os.close(self._writer)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stops += 1


def _tend(crew: list[_Worker], task: Task) -> bool:
    """Start what does not run; False when a worker says that it cannot start at all."""
    for worker in crew:
        process = worker.process
        if process is not None and process.poll() is not None:
            worker.process = None
            worker.codes.append(process.returncode)
            _note_end(process.pid, process.returncode, task.metrics_folder)
            if process.returncode == _MISUSED:
                return False
            is_quick = monotonic() - worker.started_at < _QUICK_SECONDS
            worker.start_at = monotonic() + (_PAUSE_SECONDS if is_quick else 0)
        if worker.process is None and monotonic() >= worker.start_at:
            worker.process, worker.started_at = _start(task), monotonic()
    return True


def _start(task: Task) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "avow.cli.worker", task.to_json()],
        pass_fds=(task.listener, task.lifeline),
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the supervisor alone, which tells the workers once
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": task.metrics_folder},
    )
    _log.info("worker %d started", process.pid)
    return process


def _note_end(pid: int, code: int, metrics_folder: str) -> None:
    why = f"signal {-code}" if code < 0 else f"exit code {code}"
    _log.error("worker %d ended by %s", pid, why)
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid, metrics_folder)  # type: ignore[no-untyped-call]  # the library has no type here


def _stop(crew: list[_Worker], signals: _Signals, patience: int) -> int:
    """Have all workers drain; kill those that do not end in time, or all after a second signal."""
    running = [worker.process for worker in crew if worker.process is not None]
    refused = any(_MISUSED in worker.codes for worker in crew)
    for process in running:
        process.terminate()
    until, stops = monotonic() + patience + 1, signals.stops
    while any(process.poll() is None for process in running):
        if monotonic() > until or signals.stops > stops:
            for process in running:
                process.kill()
        signals.wait(0.1)
    if refused:
        return _MISUSED
    # One that was still starting has no handler for the signal yet, and has accepted nothing.
    return int(any(process.returncode not in (0, -signal.SIGTERM) for process in running))
