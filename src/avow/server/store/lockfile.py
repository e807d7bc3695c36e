"""The lock file of a SQLite database: one writer at a time among the processes of a machine, in the order they asked.

SQLite's own lock is taken by polling, under which busy processes starve each other; `flock` queues them. Nothing
writes to the database without it.
"""

import fcntl
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager

from avow.errors import Unavailable

__all__ = ["LockFile"]


class LockFile:
    """An exclusive `flock` with a time limit; used by one thread of a process at a time."""

    def __init__(self, path: str) -> None:
        """Open or create the file with mode 0600."""
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._turn = threading.Condition()
        self._is_waiting = False  # a helper thread stands in the kernel's queue
        self._is_wanted = False
        self._is_held = False
        self._is_closed = False

    def acquire(self, seconds: float) -> bool:
        """Take the lock, or return False when another process held it all the time.

        A blocked `flock` cannot be given up, so a helper thread keeps the place in the queue; what it gets when
        nobody wants it any more is released at once.
        """
        with self._turn:
            if not self._is_waiting:
                if self._try():
                    return True
                self._is_waiting = True
                threading.Thread(target=self._wait, name="avow-lock", daemon=True).start()
            self._is_wanted = True
            self._turn.wait_for(lambda: self._is_held, timeout=max(0.0, seconds))
            self._is_wanted = False
            return self._is_held

    def release(self) -> None:
        """Let the next process write."""
        self._is_held = False
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    @contextmanager
    def held(self, seconds: float) -> Generator[None]:
        """Hold the lock for a block.

        Raises:
            Unavailable: Another process held it for all of `seconds`.
        """
        if not self.acquire(seconds):
            raise Unavailable(detail=f"another process held {self.path} for over {seconds:g} s")
        try:
            yield
        finally:
            self.release()

    def close(self) -> None:
        """Close the file; a helper that still waits closes it when its turn comes."""
        with self._turn:
            self._is_closed = True
            if not self._is_waiting:
                os.close(self._fd)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._is_held = True
        return True

    def _wait(self) -> None:
        is_ours = _flock(self._fd)
        with self._turn:
            self._is_waiting = False
            if self._is_closed:
                os.close(self._fd)
            elif is_ours and self._is_wanted:
                self._is_held = True
                self._turn.notify()
            elif is_ours:
                fcntl.flock(self._fd, fcntl.LOCK_UN)


def _flock(fd: int) -> bool:
    """Wait for the lock; False when the file system refuses, which the next attempt then meets itself."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError:
        return False
    return True
