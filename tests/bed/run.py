"""The folder of one test run and the programs started for it: shared by all workers, stopped when the run ends.

The process that the person started (the controller) makes the folder and starts a keeper. Whoever needs a server first
starts it under a file lock and notes its process in the folder. The keeper stops what is noted as soon as the
controller ends, in whatever way: regularly, by Ctrl-C, by a crash or by kill -9.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bed.warm import Process

FOLDER = "AVOW_TEST_RUN"
_PLENTY_BYTES = 2 * 1024**3


def folder() -> Path:
    """Return the folder of this run."""
    return Path(os.environ[FOLDER])


def is_controller() -> bool:
    """Tell whether this process is the one that the person started, not one of its workers."""
    return "PYTEST_XDIST_WORKER" not in os.environ


def worker_number() -> int:
    """Return the number of this worker, 0 when there is only one."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


class Run:
    """One test run, seen by its controller."""

    def __init__(self, *, is_on_disk: bool = False) -> None:
        """Make the folder and start the keeper; on a real disk when its speed is what matters."""
        # Short, because a Unix socket's path has at most 107 characters; in memory where there is room.
        path = Path(tempfile.mkdtemp(prefix="avow-", dir=None if is_on_disk else _roomy_memory()))
        path.chmod(0o711)  # PostgreSQL runs as another user when the tests run as root
        os.environ[FOLDER] = str(path)
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.bed.run", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is not for the keeper
            cwd=Path(__file__).resolve().parent.parent.parent,
        )

    def end(self) -> None:
        """Have everything stopped and the folder removed."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        try:
            self._keeper.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        os.environ.pop(FOLDER, None)


def note_process(process: "Process", stop: signal.Signals = signal.SIGTERM, *, leads: bool = False) -> None:
    """Have a process stopped at the end of the run, by a signal, and killed when that does not help.

    Args:
        process: Which.
        stop: The signal.
        leads: Whether it leads a group of processes, all of which are to be stopped.
    """
    pid = process.pid
    noted = {"pid": pid, "signal": int(stop), "start": _started(pid), "leads": leads}
    (folder() / f"{pid}.process").write_text(json.dumps(noted))


def leave_to_keeper(process: subprocess.Popen[bytes]) -> int:
    """Forget a noted process without the warning that it still runs; return its id."""
    process.returncode = 0
    return process.pid


def forget_process(pid: int) -> None:
    """Leave a process alone: it was stopped."""
    (folder() / f"{pid}.process").unlink(missing_ok=True)


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process of the run at a time do what `name` stands for."""
    with (folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def once(name: str, make: Callable[[], str]) -> str:
    """Return what `make` returned to the first process of the run that asked; later ones read its note."""
    note = folder() / f"{name}.note"
    with locked(name):
        if not note.exists():
            text = make()
            note.write_text(text, encoding="utf-8")
        return note.read_text(encoding="utf-8")


def stop_process(pid: int, how: signal.Signals, patience_seconds: float = 8, *, leads: bool = False) -> None:
    """Stop a process of ours, with its group if it leads one, and wait until it is gone; kill it if it does not go."""
    for number in (how, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(-pid if leads else pid, number)
        until = time.monotonic() + patience_seconds
        while _started(pid) and time.monotonic() < until:
            time.sleep(0.01)
        if not _started(pid):
            return


def is_running(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not collected does not."""
    return bool(_started(pid))


def _roomy_memory() -> str | None:
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, mode 0711
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _PLENTY_BYTES:
        return str(memory)
    return "/tmp" if sys.platform == "darwin" else None  # noqa: S108 - the default of macOS is too long for a socket


def _started(pid: int) -> str:
    """Return when a process was started, "" when it has ended; a number used again has another start."""
    if not Path("/proc/self/stat").exists():
        said = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return "" if said.stdout.startswith("Z") else said.stdout.strip()[4:].strip()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _keep(path: Path) -> None:
    """Wait for the controller's end, then stop what the run noted and remove its folder."""
    sys.stdin.buffer.read()
    for note in sorted(path.glob("*.process")):
        noted = json.loads(note.read_text())
        if noted["start"] and _started(noted["pid"]) == noted["start"]:
            stop_process(noted["pid"], signal.Signals(noted["signal"]), leads=noted["leads"])
    shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
