"""What a call takes: sending, repeating, fetching keys, verifying. Generators that yield effects; no I/O in them.

    def greet(request: Request) -> Flow[Response]:
        yield Pause(1.0)
        return (yield from send(request))

A driver (`_async.runner`, `_sync.runner`) carries out each effect and sends back its result, or throws the error.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import msgspec

from avow import shaping
from avow.clock import Clock
from avow.core.tokens.encoding import from_base64url
from avow.errors import (
    ERROR_TYPE_INVALID_TOKEN,
    AuthException,
    AvowError,
    InvalidToken,
    KeysUnavailable,
    TimedOut,
    UnknownKey,
    UnknownOutcome,
    Unreachable,
)
from avow.sdk.answers import (
    AuthBody,
    JWTResponse,
    KeySession,
    SessionClaims,
    exchanged,
    signed_in,
    token_claims,
)
from avow.sdk.calls import sessions
from avow.sdk.calls.call import Call
from avow.sdk.calls.keys import fetch_keys
from avow.sdk.config import Config
from avow.sdk.failures import refuse, retry_after_seconds
from avow.sdk.keys import KeyRing, Snapshot, Wanted
from avow.sdk.transport import Request, Response
from avow.sdk.validate import Checker, HeldToken, audiences

__all__ = ["Alone", "Audience", "Effect", "Flow", "Flows", "Pause", "Send", "send"]

T = TypeVar("T")
Audience: TypeAlias = str | Iterable[str] | None

MAX_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; the result is the response."""

    request: Request


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Alone:
    """Run a flow while no other flow of this client runs alone."""

    flow: "Flow[None]"


Effect: TypeAlias = Send | Pause | Alone
Flow: TypeAlias = Generator[Effect, Response | None, T]
Check: TypeAlias = Callable[[str, tuple[str, ...], Snapshot, int], T]


def send(request: Request) -> Flow[Response]:
    """Send a request once."""
    response = yield Send(request)
    if response is None:
        raise TypeError("a driver answers Send with a response")
    return response


def send_again(request: Request, delays_seconds: Iterable[float]) -> Flow[Response]:
    """Send a request that may be repeated, again after each delay while the way or the server is down.

    A call that ran out of time is not repeated: the caller has waited long enough.
    """
    for delay in delays_seconds:
        wait = delay
        try:
            response = yield from send(request)
        except TimedOut:
            raise
        except (Unreachable, UnknownOutcome):
            pass
        else:
            if response.status != 503:
                return response
            wait = max(delay, retry_after_seconds(response))
        yield Pause(min(wait, MAX_PAUSE_SECONDS))
    return (yield from send(request))


class Flows:
    """Everything that one client does, without doing it: the state of its threads and tasks is here."""

    def __init__(self, config: Config, ring: KeyRing, clock: Clock) -> None:
        """Begin with an empty cache."""
        self.config = config
        self._ring = ring
        self._clock = clock
        self._checker = Checker(config.project_id, config.leeway_seconds)

    def deliver(self, call: Call[T]) -> Flow[T]:
        """Send a call and read its answer.

        Raises:
            AvowError: The answer is not 2xx, is unreadable, or did not come.
        """
        request = self.config.request(call)
        delays = self.config.retry_delays_seconds if call.is_repeatable else ()
        response = yield from send_again(request, delays)
        refuse(response)
        return call.decode(response)

    def sign_in(self, call: Call[AuthBody], audience: Audience = None) -> Flow[JWTResponse]:
        """Send a call that is answered with a session, and verify its tokens."""
        wanted = audiences(audience)
        yield from self._keys()  # a code is spent once it is sent: without keys its session could not be taken
        body = yield from self.deliver(call)
        return (yield from self._session_of(body, wanted, presented=""))

    def sign_in_perhaps(self, call: Call[AuthBody | None], audience: Audience = None) -> Flow[JWTResponse | None]:
        """Send a call that is answered with a session where one was asked for, and verify its tokens."""
        wanted = audiences(audience)
        yield from self._keys()
        body = yield from self.deliver(call)
        return None if body is None else (yield from self._session_of(body, wanted, presented=""))

    def exchange(self, call: Call[AuthBody], audience: Audience = None) -> Flow[KeySession]:
        """Send a call that is answered with the token of an access key, and verify it."""
        wanted = audiences(audience)
        body = yield from self.deliver(call)
        held = yield from self._checked(body.session_jwt, wanted, self._checker.session)
        return exchanged(token_claims(held.payload, body.session_jwt))

    def refresh(self, refresh_token: str, audience: Audience = None) -> Flow[JWTResponse]:
        """Verify a refresh token, exchange it, and verify what came.

        The answer holds the newest refresh token: that of the answer, else the one presented, which then still counts.
        """
        wanted = audiences(audience)
        call = sessions.refresh(refresh_token)
        yield from self._checked(refresh_token, wanted, self._checker.refresh)
        body = yield from self.deliver(call)
        return (yield from self._session_of(body, wanted, presented=refresh_token))

    def validate(self, session_token: str, audience: Audience = None) -> Flow[SessionClaims]:
        """Verify a session token; keys are fetched when they are missing or old."""
        wanted = audiences(audience)
        held = self.validate_at_once(session_token, wanted or None)
        if held is None:
            held = yield from self._checked(session_token, wanted, self._checker.session)
        return held.claims(session_token)

    def validate_and_refresh(
        self, session_token: str, refresh_token: str, audience: Audience = None
    ) -> Flow[SessionClaims | JWTResponse]:
        """Verify a session token; refresh when it does not hold.

        When the keys cannot be had, that is the answer: a refresh token could not be judged either.
        """
        wanted = audiences(audience)
        try:
            return (yield from self.validate(session_token, wanted or None))
        except KeysUnavailable:
            raise
        except AuthException:
            if not session_token:
                raise
            return (yield from self.refresh(refresh_token, wanted or None))

    def validate_at_once(self, session_token: object, audience: Audience = None) -> HeldToken | None:
        """Verify a session token without any effect; None when keys are to be fetched first.

        Raises:
            InvalidToken: It does not hold.
        """
        if not isinstance(session_token, str) or not session_token:
            raise InvalidToken(400, ERROR_TYPE_INVALID_TOKEN, "A session token is needed.")
        wanted = () if audience is None else audiences(audience)
        now = self._clock()
        snapshot = self._ring.current(now)
        if snapshot is None:
            return None
        try:
            return self._checker.session(session_token, wanted, snapshot, now)
        except UnknownKey:
            return None

    def logout(self, refresh_token: str) -> Flow[None]:
        """End the session of a refresh token and forget its session tokens."""
        yield from self.deliver(sessions.logout(refresh_token))
        self._forget(refresh_token, "sid")

    def logout_all(self, refresh_token: str) -> Flow[None]:
        """End every session of the user and forget their session tokens."""
        yield from self.deliver(sessions.logout_all(refresh_token))
        self._forget(refresh_token, "sub")

    def _session_of(self, body: AuthBody, audience: tuple[str, ...], *, presented: str) -> Flow[JWTResponse]:
        session = yield from self._checked(body.session_jwt, audience, self._checker.session)
        token = body.refresh_token(presented)
        refresh = None
        if token:
            payload = yield from self._checked(token, audience, self._checker.refresh)
            refresh = token_claims(payload, token)
        return signed_in(body, token_claims(session.payload, body.session_jwt), refresh)

    def _checked(self, token: str, audience: tuple[str, ...], check: Check[T]) -> Flow[T]:
        snapshot = yield from self._keys()
        try:
            return check(token, audience, snapshot, self._clock())
        except UnknownKey:
            newer = yield from self._keys(lacking=snapshot)
            if newer.version == snapshot.version:
                raise
            return check(token, audience, newer, self._clock())

    def _keys(self, lacking: Snapshot | None = None) -> Flow[Snapshot]:
        """Return keys that count, fetched at most once for all who wait."""
        for _ in range(3):
            verdict = self._ring.judge(self._clock(), lacking)
            if isinstance(verdict, Snapshot):
                return verdict
            yield Alone(self._fetch_keys(verdict, is_search=lacking is not None))
        raise KeysUnavailable

    def _fetch_keys(self, wanted: Wanted, *, is_search: bool) -> Flow[None]:
        if self._ring.attempts != wanted.attempt:
            return  # somebody else fetched them while this one waited
        asked_at = self._clock()
        try:
            body = yield from self.deliver(fetch_keys(self.config.project_id, is_needed=wanted.is_needed))
            self._ring.accept(body, asked_at, is_search=is_search)
        except AvowError as failed:
            self._ring.reject(failed, self._clock(), is_search=is_search)

    def _forget(self, refresh_token: str, claim: str) -> None:
        # The server took the token, so its claims are true; only memory depends on them here.
        try:
            claims = shaping.decode(from_base64url(refresh_token.split(".")[1].encode()))
            name = msgspec.json.encode({claim: claims[claim]})[1:-1]
        except (ValueError, LookupError, TypeError):
            return
        self._checker.cache.drop_containing(name)
