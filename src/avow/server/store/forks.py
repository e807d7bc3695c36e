"""What must not be carried through a fork: connections are closed before it, and opened again after it.

A SQLite connection in a child believes in locks that only its parent holds, and a lock that another thread of the
parent held at that moment would never be released in the child.
"""

import os
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from time import monotonic, sleep
from typing import Final, Protocol

# What is registered first locks last: threads that are joined below may yet describe a shape.
import avow.shaping  # noqa: F401  # pyright: ignore[reportUnusedImport]

__all__ = ["Forkable", "join", "watch"]

_THREADS: Final = Path("/proc/self/task")  # Linux; elsewhere nobody can tell
_LINGER_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.0005


class Forkable(Protocol):
    """An object with connections, locks or threads."""

    def before_fork(self) -> None:
        """Close, and open nothing until the fork is over."""
        ...

    def after_fork_in_parent(self) -> None:
        """Go on; open again when needed."""
        ...

    def after_fork_in_child(self) -> None:
        """Begin as if new."""
        ...


def watch(thing: Forkable) -> None:
    """Tell the object about every fork of this process, as long as it lives."""
    _WATCHED.add(thing)


def join(threads: Iterable[threading.Thread], seconds: float | None = None) -> None:
    """Wait until threads have ended, for the operating system too; `seconds` are for each.

    Before Python 3.13, `Thread.join` returns a moment earlier. What a thread does in that moment includes leaving
    OpenSSL, under a lock; in a child that is forked then, nobody would ever release it, and every hash in a new thread
    would wait for it.
    """
    for thread in threads:
        thread.join(seconds)
        until = monotonic() + _LINGER_SECONDS
        while not thread.is_alive() and (_THREADS / str(thread.native_id)).exists() and monotonic() < until:
            sleep(_LOOK_SECONDS)


def _before_fork() -> None:
    _FORKING.extend(_WATCHED)
    for thing in _FORKING:
        thing.before_fork()


def _after_fork_in_parent() -> None:
    while _FORKING:
        _FORKING.pop().after_fork_in_parent()


def _after_fork_in_child() -> None:
    _FORKING.clear()
    for thing in list(_WATCHED):
        thing.after_fork_in_child()


_WATCHED: "weakref.WeakSet[Forkable]" = weakref.WeakSet()
_FORKING: list[Forkable] = []

os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
