"""The key set of the project as the SDK knows it: how old it is, and when to fetch it again. No I/O in it."""

import threading
from dataclasses import dataclass, field

from avow.core.tokens import KeySet
from avow.errors import AvowError, InvalidPublicKey, KeysUnavailable

__all__ = ["KeyRing", "Snapshot", "Wanted"]

MAX_AGE_SECONDS = 600
UNKNOWN_KEY_SECONDS = 60
RENEWAL_SECONDS = 60
FAILURE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A key set, which one it is (equal versions are equal sets), and when it was last seen published."""

    keys: KeySet
    version: int
    fetched_at: int
    kids: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Keep the key ids where they are found fastest."""
        object.__setattr__(self, "kids", frozenset(self.keys))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The keys are to be fetched.

    Attributes:
        attempt: How many fetches ended before.
        is_needed: Nothing can be verified without; otherwise it is worth one short try.
    """

    attempt: int
    is_needed: bool


@dataclass(slots=True)
class _State:
    """What changes; only replaced or read under the ring's lock."""

    snapshot: Snapshot | None = None
    body: bytes = b""
    attempts: int = 0
    asked_at: int | None = None
    searched_at: int | None = None
    failed_at: int | None = None
    failure: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeyRing:
    """Decides which keys count now. Shared by all threads and tasks of a client.

    Keys count for `max_age_seconds`; from half of it on they are renewed, so that a short failure of the server is
    not noticed, and a retired key dies on time although the server is away. An unknown key id makes us look again at
    most once a minute, whoever invents how many. A failed fetch never replaces keys; without keys that still count
    every token is refused, and the next attempt is made after two seconds at the earliest.
    """

    def __init__(self, fixed: KeySet | None = None, *, max_age_seconds: int = MAX_AGE_SECONDS) -> None:
        """Begin without keys, or with `fixed` ones that are never fetched."""
        self._fixed = None if fixed is None else Snapshot(fixed, 1, 0)
        self._max_age = max_age_seconds
        self._state = _State()

    @property
    def attempts(self) -> int:
        """Return how many fetches have ended."""
        return self._state.attempts

    def current(self, now: int) -> Snapshot | None:
        """Return the keys when nothing need be done about them, else None; takes no lock."""
        if self._fixed is not None:
            return self._fixed
        snapshot = self._state.snapshot
        return snapshot if snapshot is not None and 0 <= now - snapshot.fetched_at < self._max_age // 2 else None

    def judge(self, now: int, lacking: Snapshot | None = None) -> Snapshot | Wanted:
        """Decide what to do for one token.

        Args:
            now: Seconds since the epoch.
            lacking: Keys among which the token's was not, or None.

        Raises:
            KeysUnavailable: No keys count, and the last fetch has just failed.
        """
        if self._fixed is not None:
            return self._fixed
        state = self._state
        with state.lock:
            snapshot = state.snapshot
            age = 0 if snapshot is None else now - snapshot.fetched_at
            if snapshot is None or not 0 <= age < self._max_age:
                if _within(FAILURE_SECONDS, state.failed_at, now):
                    raise KeysUnavailable(error_message=f"{KeysUnavailable.text} {state.failure}")
                return Wanted(state.attempts, is_needed=True)
            is_lacking = lacking is not None and lacking.version == snapshot.version
            if is_lacking and not _within(UNKNOWN_KEY_SECONDS, state.searched_at, now):
                return Wanted(state.attempts, is_needed=False)
            if age >= self._max_age // 2 and not _within(RENEWAL_SECONDS, state.asked_at, now):
                state.asked_at = now  # this caller renews, the others go on with what there is
                return Wanted(state.attempts, is_needed=False)
            return snapshot

    def accept(self, body: bytes, now: int, *, is_search: bool) -> None:
        """Take the key set of an answer.

        Args:
            body: JSON as it came.
            now: Seconds since the epoch.
            is_search: It was fetched for an unknown key.

        Raises:
            InvalidPublicKey: It is no key set, or has no key.
        """
        state = self._state
        keys = state.snapshot.keys if state.snapshot is not None and body == state.body else KeySet.from_jwks(body)
        if not keys:
            raise InvalidPublicKey(detail="the key set is empty")
        with state.lock:
            before = state.snapshot
            version = before.version if before is not None and keys is before.keys else state.attempts + 2
            state.snapshot, state.body, state.failed_at = Snapshot(keys, version, now), body, None
            self._ended(now, is_search=is_search)

    def reject(self, failure: AvowError, now: int, *, is_search: bool) -> None:
        """Note that a fetch failed; the keys stay what they are."""
        with self._state.lock:
            self._state.failed_at, self._state.failure = now, f"({type(failure).__name__}: {failure})"
            self._ended(now, is_search=is_search)

    def _ended(self, now: int, *, is_search: bool) -> None:
        self._state.attempts += 1
        self._state.asked_at = now
        if is_search:
            self._state.searched_at = now


def _within(seconds: int, since: int | None, now: int) -> bool:
    return since is not None and 0 <= now - since < seconds
