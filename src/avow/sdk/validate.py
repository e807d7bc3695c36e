"""Checking tokens on the caller's side, and remembering the ones that held. No I/O in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from avow import shaping
from avow.core.kinds import REFRESH, SESSION
from avow.core.tokens import Expected, verify
from avow.sdk.answers import SessionClaims, user_id_of
from avow.sdk.calls.call import refused, text_of
from avow.sdk.keys import Snapshot
from avow.seen import SeenTokens

__all__ = ["Checker", "HeldToken", "TokenCache", "audiences"]

# Bounds of what a project can be set to, so that no key, however used, makes a token for ever.
SESSION_LIFETIME_SECONDS = 86_400
REFRESH_LIFETIME_SECONDS = 3650 * 86_400
CACHE_SIZE = 4096

Key = tuple[int, str, tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A session token that held.

    Attributes:
        exp: When it ends, in seconds since the epoch.
        kid: The key that signed it.
        payload: Its claims as they were signed.
        user_id: Whose it is; "" for the token of an access key.
    """

    exp: int
    kid: str
    payload: bytes = field(repr=False)  # the claims say who somebody is
    user_id: str = field(repr=False)

    def claims(self, session_token: str) -> SessionClaims:
        """Return the answer of a validation, in new dicts that the caller owns."""
        claims = shaping.decode(self.payload)
        claims["jwt"] = session_token
        answer: SessionClaims = claims.copy()
        answer["sessionToken"] = claims
        answer["permissions"] = claims.get("permissions", [])
        answer["roles"] = claims.get("roles", [])
        answer["tenants"] = claims.get("tenants", {})
        answer["projectId"] = claims["iss"]
        if self.user_id:
            answer["userId"] = self.user_id
        return answer


class TokenCache(SeenTokens[Key, HeldToken]):
    """The last session tokens that held.

    The key names the key set, the issuer, the audience and the full token.
    """

    def __init__(self, size: int = CACHE_SIZE) -> None:
        """Begin empty."""
        super().__init__(size)

    def drop_containing(self, claim: bytes) -> None:
        """Forget the entries whose claims contain this text."""
        self.keep(lambda entry: claim not in entry.payload)


class Checker:
    """Verifies session and refresh tokens of one issuer; remembers session tokens."""

    def __init__(self, issuer: str, leeway_seconds: int) -> None:
        """Begin with an empty cache."""
        self._issuer = issuer
        self._leeway = leeway_seconds
        self._session = self._expected(SESSION, SESSION_LIFETIME_SECONDS)
        self._refresh = self._expected(REFRESH, REFRESH_LIFETIME_SECONDS)
        self.cache = TokenCache()

    def session(self, token: str, audience: tuple[str, ...], snapshot: Snapshot, now: int) -> HeldToken:
        """Return a session token that holds.

        A token that held before is found again as long as the very same keys count, its own among them, and its time
        is not over.

        Args:
            token: As it came.
            audience: It must name one of these; nobody else when empty.
            snapshot: Keys that count now.
            now: Seconds since the epoch.

        Raises:
            InvalidToken: It does not hold; `UnknownKey` when its key is not among these.
        """
        key = (snapshot.version, self._issuer, audience, token)
        known = self.cache.find(key)
        if known is not None:
            if known.exp > now - self._leeway and known.kid in snapshot.kids:
                return known
            self.cache.drop(key)  # and below it is refused for what it is
        fresh = verify(token, snapshot.keys, _demanding(self._session, audience), now)
        held = HeldToken(fresh.exp, fresh.kid, fresh.payload, user_id_of(fresh.members))
        self.cache.add(key, held)
        return held

    def refresh(self, token: str, audience: tuple[str, ...], snapshot: Snapshot, now: int) -> bytes:
        """Return the claims of a refresh token; never remembered, since it is shown but once in a while.

        Raises:
            InvalidToken: It does not hold; `UnknownKey` when its key is not among these.
        """
        return verify(token, snapshot.keys, _demanding(self._refresh, audience), now).payload

    def _expected(self, kind: str, lifetime_seconds: int) -> Expected:
        return Expected(
            issuer=self._issuer,
            kinds=frozenset((kind,)),
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


def _demanding(expected: Expected, audience: tuple[str, ...]) -> Expected:
    return replace(expected, audience=audience) if audience else expected
