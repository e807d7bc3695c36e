"""Checking tokens on the caller's side, and remembering the ones that held. No I/O in it."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from avow.core.sessions import REFRESH, SESSION
from avow.core.tokens import Expected, verify
from avow.sdk.calls.call import refused, text_of
from avow.sdk.keys import Snapshot

__all__ = ["Checker", "TokenCache", "audiences"]

# Bounds of what a project can be set to, so that no key, however used, makes a token for ever.
SESSION_LIFETIME_SECONDS = 86_400
REFRESH_LIFETIME_SECONDS = 3650 * 86_400
CACHE_SIZE = 4096

Key = tuple[int, str, tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class _Entry:
    exp: int
    kid: str
    payload: bytes = field(repr=False)


class TokenCache:
    """The last tokens that held, at most `size`; those used longest ago go first. Safe for threads.

    The key names the key set, the issuer, the audience and the full token, so nothing but the very same token,
    asked about in the very same way, is ever found.
    """

    def __init__(self, size: int = CACHE_SIZE) -> None:
        """Begin empty."""
        self._size = size
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: Key) -> _Entry | None:
        """Return what is known under a key."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def add(self, key: Key, entry: _Entry) -> None:
        """Remember a token that held."""
        with self._lock:
            self._entries[key] = entry
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def drop(self, key: Key) -> None:
        """Forget one entry."""
        with self._lock:
            self._entries.pop(key, None)

    def drop_containing(self, claim: bytes) -> None:
        """Forget the entries whose claims contain this text."""
        with self._lock:
            for key in [key for key, entry in self._entries.items() if claim in entry.payload]:
                del self._entries[key]


class Checker:
    """Verifies session and refresh tokens of one issuer; remembers session tokens."""

    def __init__(self, issuer: str, leeway_seconds: int) -> None:
        """Begin with an empty cache."""
        self._issuer = issuer
        self._leeway = leeway_seconds
        self.cache = TokenCache()

    def recall(self, token: str, audience: tuple[str, ...], snapshot: Snapshot, now: int) -> bytes | None:
        """Return the claims of a session token that held before, or None.

        Args:
            token: As it came.
            audience: As it will be demanded.
            snapshot: Keys that count now; a token whose key is not among them is not found.
            now: Seconds since the epoch.
        """
        key = (snapshot.version, self._issuer, audience, token)
        entry = self.cache.find(key)
        if entry is None:
            return None
        if entry.exp <= now - self._leeway or entry.kid not in snapshot.keys:
            self.cache.drop(key)
            return None
        return entry.payload

    def session(self, token: str, audience: tuple[str, ...], snapshot: Snapshot, now: int) -> bytes:
        """Return the claims of a session token; remember it.

        Raises:
            InvalidToken: It does not hold; `UnknownKey` when its key is not among these.
        """
        held = verify(token, snapshot.keys, self._expected(SESSION, SESSION_LIFETIME_SECONDS, audience), now)
        entry = _Entry(held.exp, held.kid, held.payload)
        self.cache.add((snapshot.version, self._issuer, audience, token), entry)
        return held.payload

    def refresh(self, token: str, audience: tuple[str, ...], snapshot: Snapshot, now: int) -> bytes:
        """Return the claims of a refresh token; never remembered, since it is shown but once in a while.

        Raises:
            InvalidToken: It does not hold; `UnknownKey` when its key is not among these.
        """
        return verify(token, snapshot.keys, self._expected(REFRESH, REFRESH_LIFETIME_SECONDS, audience), now).payload

    def _expected(self, kind: str, lifetime_seconds: int, audience: tuple[str, ...]) -> Expected:
        return Expected(
            issuer=self._issuer,
            kinds=frozenset((kind,)),
            audience=audience,
            leeway_seconds=self._leeway,
            max_lifetime_seconds=lifetime_seconds,
        )


def audiences(audience: str | Iterable[object] | None) -> tuple[str, ...]:
    """Return the audiences of which a token must name one; none when None.

    Raises:
        InvalidArgument: An empty text or list, which would accept nothing.
    """
    if audience is None:
        return ()
    named = (audience,) if isinstance(audience, str) else tuple(audience)
    if not named:
        raise refused("audience is an empty list, which no token could satisfy.")
    return tuple(text_of("audience", name) for name in named)
