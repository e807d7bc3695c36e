"""Values that must not be shared between processes or event loops: locks and connection pools."""

import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio

__all__ = ["AsyncLocal", "AsyncLocks", "Local", "Locks"]

T = TypeVar("T")


class Local(Generic[T]):
    """One value per process: a child after `fork` makes its own."""

    def __init__(self, make: Callable[[], T]) -> None:
        """Keep `make` for the first use in each process."""
        self._make = make
        self._held: dict[int, T] = {}

    def get(self) -> T:
        """Return this process's value; threads that ask at once for the first time get the same one."""
        held = self._held.get(os.getpid())
        return self._held.setdefault(os.getpid(), self._make()) if held is None else held

    def take(self) -> T | None:
        """Return this process's value and forget it, None if there is none."""
        return self._held.pop(os.getpid(), None)


class AsyncLocal(Generic[T]):
    """One value per running event loop."""

    def __init__(self, make: Callable[[], T]) -> None:
        """Keep `make` for the first use in each loop."""
        self._make = make
        self._held: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, T] = weakref.WeakKeyDictionary()

    def get(self) -> T:
        """Return the running loop's value."""
        loop = _running_loop()
        held = self._held.get(loop)
        if held is None:
            self._drop_ended()
            return self._held.setdefault(loop, self._make())
        return held

    def take(self) -> T | None:
        """Return the running loop's value and forget it, None if there is none."""
        return self._held.pop(_running_loop(), None)

    def _drop_ended(self) -> None:
        """Let go of what was of loops that are closed: an open connection keeps its loop, and so itself, for ever."""
        for reference in self._held.keyrefs():
            loop = reference()
            if loop is not None and loop.is_closed():
                self._held.pop(loop, None)


class Locks(Local["threading.Lock"]):
    """One lock per process."""

    def __init__(self) -> None:
        """Make the lock at its first use."""
        super().__init__(threading.Lock)


class AsyncLocks(AsyncLocal["asyncio.Lock"]):
    """One lock per running event loop."""

    def __init__(self) -> None:
        """Make the locks at their first use."""
        super().__init__(_new_lock)


def _new_lock() -> "asyncio.Lock":
    import asyncio  # as below

    return asyncio.Lock()


def _running_loop() -> "asyncio.AbstractEventLoop":
    import asyncio  # costs 40 ms, and a synchronous client never comes here

    return asyncio.get_running_loop()
