"""Remembering tokens that held, so that the same token is not verified twice. Bounded, and safe for threads."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["SeenTokens"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SeenTokens(Generic[K, V]):
    """The last tokens that held, at most `size`.

    The key has to name everything that the verification depended on, the full token included, so that nothing but the
    very same token, asked about in the very same way, is ever found. Whether it still counts (its end, its key) the
    caller checks on each hit.

    Entries are young or old. What is added or found is young; when half of the size is young, the young become the
    old and what was old goes. So nothing goes that was used among the last `size / 2`, and a hit on a young entry is
    one look into a dict that nobody reorders: no lock, which would cost as much as the look.
    """

    def __init__(self, size: int) -> None:
        """Begin empty."""
        self._half = size // 2
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, key: K) -> V | None:
        """Return what is known under a key."""
        return self._young.get(key) or self._find_old(key)

    def add(self, key: K, value: V) -> None:
        """Remember a token that held."""
        with self._lock:
            if len(self._young) >= self._half:
                self._young, self._old = {}, self._young
            self._young[key] = value

    def drop(self, key: K) -> None:
        """Forget one entry."""
        with self._lock:
            self._young.pop(key, None)
            self._old.pop(key, None)

    def keep(self, wanted: Callable[[V], bool]) -> None:
        """Forget the entries that are not wanted."""
        with self._lock:
            self._young = {key: value for key, value in self._young.items() if wanted(value)}
            self._old = {key: value for key, value in self._old.items() if wanted(value)}

    def _find_old(self, key: K) -> V | None:
        with self._lock:
            value = self._old.pop(key, None)
        if value is not None:
            self.add(key, value)
        return value
