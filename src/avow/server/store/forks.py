"""What must not be carried through a fork: connections are closed before it, and opened again after it.

A SQLite connection in a child believes in locks that only its parent holds, and a lock that another thread of the
parent held at that moment would never be released in the child.
"""

import os
import weakref
from typing import Protocol

__all__ = ["Forkable", "watch"]


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
