"""Who sends this request: judged once, by generators that say what to ask of the SDK's client. No I/O in them."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from avow import AsyncClient, Client
from avow.django.sessions import AvowSession, Tokens
from avow.errors import AuthException, AvowError, KeysUnavailable

__all__ = ["Arrival", "Ended", "Held", "Renewed", "Unknown", "arrive", "arrive_async"]


@dataclass(frozen=True, slots=True)
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
    user: dict[str, Any]


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
class _Ask:
    """A method of the client, called with one token."""

    method: Literal["validate_session", "refresh_session"]
    token: str


_Asking: TypeAlias = Generator[_Ask, Any, Arrival]


def arrive(tokens: Tokens, client: Client, *, must_refresh: bool = False) -> Arrival:
    """Judge the tokens that came with a request, and refresh when that is due.

    Args:
        tokens: At least one of them.
        client: The project's.
        must_refresh: Refresh although the session token may hold.
    """
    asking = _renewing(tokens, None) if must_refresh else _judging(tokens)
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
        arrival: Arrival = done.value
        return arrival


async def arrive_async(tokens: Tokens, client: AsyncClient, *, must_refresh: bool = False) -> Arrival:
    """Do the same with the client of asyncio."""
    asking = _renewing(tokens, None) if must_refresh else _judging(tokens)
    try:
        ask = next(asking)
        while True:
            try:
                answer = await getattr(client, ask.method)(ask.token)
            except AvowError as error:
                ask = asking.throw(error)
            else:
                ask = asking.send(answer)
    except StopIteration as done:
        arrival: Arrival = done.value
        return arrival


def _judging(tokens: Tokens) -> _Asking:
    if not tokens.session:
        return (yield from _renewing(tokens, None))
    try:
        claims = yield _Ask("validate_session", tokens.session)
    except KeysUnavailable as error:
        return Unknown(error)
    except AvowError as error:
        return (yield from _renewing(tokens, error))
    # An access key has no place in a browser: whoever put its token there is not signed in by it.
    session = AvowSession(claims, tokens)
    return Ended(AuthException(401)) if session.is_machine else Held(session)


def _renewing(tokens: Tokens, reason: AvowError | None) -> _Asking:
    if not tokens.refresh:
        return Ended(reason or AuthException(401))
    try:
        answer = yield _Ask("refresh_session", tokens.refresh)
    except AvowError as error:
        return Ended(error) if _is_final(error) else Unknown(error)
    claims = answer["sessionToken"]
    newest = Tokens(claims["jwt"], answer["refreshSessionToken"]["jwt"])
    return Renewed(AvowSession(claims, newest), dict(answer["user"]))


def _is_final(error: AvowError) -> bool:
    """Tell a refusal from a server that is away or asks for patience."""
    return isinstance(error, AuthException) and 400 <= error.status_code < 500
