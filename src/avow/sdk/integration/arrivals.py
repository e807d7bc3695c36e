"""Who sends a request: judged by generators, which say what to ask of the SDK's client, and functions that ask it."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from avow.errors import AuthException, AvowError, InvalidCaller, InvalidToken, KeysUnavailable
from avow.sdk.integration.session import AvowSession, Tokens
from avow.sdk.integration.unread import claims_of

if TYPE_CHECKING:
    from avow.sdk._async.client import AsyncClient
    from avow.sdk._sync.client import Client

__all__ = [
    "Arrival",
    "Ask",
    "Asking",
    "Ended",
    "Held",
    "Renewed",
    "Unknown",
    "arrive",
    "arrive_by_bearer",
    "at_once",
    "bearer_at_once",
    "carry_out",
    "proving",
    "renewing",
]

T = TypeVar("T")


@dataclass(slots=True)  # as `Tokens` are
class Held:
    """The session token holds; nothing was asked of the server."""

    session: AvowSession


@dataclass(frozen=True, slots=True)
class Renewed:
    """The session was refreshed; its tokens are to be kept instead of those that came.

    Attributes:
        session: With the new tokens.
        user: What the server says of the person now.
    """

    session: AvowSession
    user: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """The tokens hold no more, and never will."""

    reason: AvowError


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell now: the server is away. The tokens stay where they are."""

    reason: AvowError


Arrival: TypeAlias = Held | Renewed | Ended | Unknown


@dataclass(frozen=True, slots=True)
class Ask:
    """A method of the client, called with one token; its answer or its error is sent back."""

    method: Literal["validate_session", "refresh_session", "me"]
    token: str


Asking: TypeAlias = Generator[Ask, Any, T]


def carry_out(asking: Asking[T], client: "Client") -> T:
    """Ask what a generator asks, and return its result.

    Raises:
        AvowError: What the generator raises.
    """
    try:
        ask = next(asking)
        while True:
            try:
                answer = getattr(client, ask.method)(ask.token)
            except AvowError as error:
                ask = asking.throw(error)
            else:
                ask = asking.send(answer)
    except StopIteration as done:
        result: T = done.value
        return result


def arrive(tokens: Tokens, client: "Client") -> Arrival:
    """Judge the tokens of a browser, and refresh the session when that is due."""
    found = at_once(tokens, client)
    if isinstance(found, Held):
        return found
    return carry_out(found, client) if isinstance(found, Generator) else found


def arrive_by_bearer(token: str, client: "Client") -> Arrival:
    """Judge the session token of an `Authorization` header, of a person or of an access key."""
    found = bearer_at_once(token, client)
    return carry_out(found, client) if isinstance(found, Generator) else found


def at_once(tokens: Tokens, client: "Client | AsyncClient") -> Arrival | Asking[Arrival]:
    """Judge the tokens of a browser by what is at hand, else return what is to be asked.

    A session token that holds is judged without a generator: that is nearly every request.
    """
    if not tokens.session:
        return renewing(tokens)
    try:
        known = client.validate_at_once(tokens.session)
    except AvowError as error:
        return renewing(tokens, error)
    if known is None:
        return _of_cookies(tokens)
    return Held(AvowSession(known, tokens)) if known.user_id else _of_a_machine()


def bearer_at_once(token: str, client: "Client | AsyncClient") -> Arrival | Asking[Arrival]:
    """Judge the session token of an `Authorization` header as `at_once` does those of a browser."""
    try:
        known = client.validate_at_once(token)
    except AvowError as error:
        return _unheld(error)
    return _of_bearer(token) if known is None else Held(AvowSession(known, Tokens(token)))


def renewing(tokens: Tokens, reason: AvowError | None = None) -> Asking[Arrival]:
    """Refresh a session.

    Args:
        tokens: Those of the browser.
        reason: Why the session token does not hold.
    """
    if not tokens.refresh:
        return Ended(reason or AuthException(401))
    try:
        answer = yield Ask("refresh_session", tokens.refresh)
        newest = Tokens(answer["sessionToken"]["jwt"], answer["refreshSessionToken"]["jwt"])
        claims = yield Ask("validate_session", newest.session)  # in the process: its keys were just at hand
    except AvowError as error:
        return _unheld(error)
    return _of_a_person(Renewed(AvowSession(claims, newest), answer.get("user") or {}))


def proving(tokens: Tokens) -> Asking[tuple[AvowSession, Mapping[str, Any]]]:
    """Return the session of tokens that a sign-in in the browser ended with, and what the server says of its user.

    The session token is verified here; the server, asked who holds the refresh token, verifies that one: it is live,
    and of this project.

    Raises:
        AvowError: One of them does not hold, or they are not of one person.

    Spec: S-WEB-03 (tokens are verified before they are stored).
    """
    claims = yield Ask("validate_session", tokens.session)
    session = AvowSession(claims, tokens)
    if session.is_machine:
        raise InvalidToken(error_message="The token of an access key signs nobody in.")
    me = yield Ask("me", tokens.refresh)
    other = claims_of(tokens.refresh)  # true now, since the server took it
    if not _is_of_one_session(claims, other):
        raise InvalidToken(error_message="The tokens are not of one session.")
    return session, me


def _of_bearer(token: str) -> Asking[Arrival]:
    try:
        claims = yield Ask("validate_session", token)
    except AvowError as error:
        return _unheld(error)
    return Held(AvowSession(claims, Tokens(token)))


def _of_cookies(tokens: Tokens) -> Asking[Arrival]:
    try:
        claims = yield Ask("validate_session", tokens.session)
    except KeysUnavailable as error:
        return Unknown(error)
    except AvowError as error:
        return (yield from renewing(tokens, error))
    return _of_a_person(Held(AvowSession(claims, tokens)))


def _unheld(reason: AvowError) -> Arrival:
    return Ended(reason) if _is_final(reason) else Unknown(reason)


def _of_a_person(arrival: Held | Renewed) -> Arrival:
    return _of_a_machine() if arrival.session.is_machine else arrival


def _of_a_machine() -> Arrival:
    # An access key has no place in a browser: whoever put its token there is not signed in by it.
    return Ended(AuthException(401))


def _is_of_one_session(claims: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(other.get(name) == claims.get(name) for name in ("sub", "iss", "sid"))


def _is_final(error: AvowError) -> bool:
    """Tell a refusal of tokens from a server that is away or asks for patience, and from what a proxy answers for it.

    The SDK gives an answer that has no code of ours the general code of its status.
    """
    if isinstance(error, InvalidToken | InvalidCaller):
        return True
    if not isinstance(error, AuthException) or error.status_code not in (401, 403):
        return False
    return error.error_code != f"E019{error.status_code}"
