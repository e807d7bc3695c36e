"""Who sends a request: judged when a dependency first asks, and the cookies that follow from it."""

import logging
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response

from avow import AsyncClient
from avow.clock import system_clock
from avow.errors import AvowError
from avow.fastapi.installed import installed
from avow.sdk.integration.arrivals import Arrival, Asking, Ended, Held, Renewed, Unknown, at_once, bearer_at_once
from avow.sdk.integration.bearer import bearer_token
from avow.sdk.integration.cookies import TooLargeForCookies, cookies_of, must_fit
from avow.sdk.integration.origins import Origin, is_safe, origin_of
from avow.sdk.integration.session import AvowSession, Tokens
from avow.sdk.integration.settings import Settings
from avow.sdk.integration.unread import is_of_another_project

__all__ = ["Visit", "carry_out", "cookie_tokens", "finish", "forget", "is_of", "keep", "visit"]

T = TypeVar("T")
logger = logging.getLogger("avow.fastapi")

# In the scope of the one request; a mounted application has a copy of its own, but shares what is within.
NOTES: Final = "avow.notes"


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of whoever sends a request.

    Attributes:
        arrival: What came of their tokens; None when there were none.
        is_foreign: Their cookies came with a page of somebody else, and did not count.
        is_bearer: The token stood in an `Authorization` header.
    """

    arrival: Arrival | None = None
    is_foreign: bool = False
    is_bearer: bool = False

    @property
    def session(self) -> AvowSession | None:
        """Return their session."""
        return self.arrival.session if isinstance(self.arrival, Held | Renewed) else None

    @property
    def is_known_bad(self) -> bool:
        """Tell whether they showed a token in a header that does not hold, or cannot be judged now."""
        return self.is_bearer and isinstance(self.arrival, Ended | Unknown)


@dataclass(slots=True)
class Notes:
    """What was found out while a request is answered.

    Attributes:
        visits: Who it is, by the client that said so: a mounted application may have a project of its own.
        kept: Tokens that the browser is to keep; empty ones to forget.
        is_answered: The head of the answer is on its way, and with it the last cookie.
    """

    visits: dict[int, Visit]
    kept: Tokens | None = None
    is_answered: bool = False


async def carry_out(asking: Asking[T], client: AsyncClient) -> T:
    """Ask what a generator asks, and return its result.

    Raises:
        AvowError: What the generator raises.
    """
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
        result: T = done.value
        return result


async def visit(connection: HTTPConnection) -> Visit:
    """Return who sends a request; judged once."""
    notes, client = notes_of(connection), installed(connection).client
    known = notes.visits.get(id(client))
    if known is None:
        known = notes.visits[id(client)] = await _judge(connection, notes)
    return known


def notes_of(connection: HTTPConnection) -> Notes:
    """Return the notes on a request, which are begun when there are none."""
    notes: Notes = connection.scope.setdefault(NOTES, Notes({}))
    return notes


def keep(connection: HTTPConnection, session: AvowSession) -> None:
    """Sign somebody in from this request on; their cookies leave with its answer."""
    notes = notes_of(connection)
    notes.kept = session.tokens
    notes.visits[id(installed(connection).client)] = Visit(Held(session))


def forget(connection: HTTPConnection) -> None:
    """Sign whoever it is out, and remove their cookies; those of another project stay."""
    notes, at_hand = notes_of(connection), installed(connection)
    if not is_of_another_project(cookie_tokens(connection), at_hand.settings.project_id):
        notes.kept = Tokens()
    notes.visits[id(at_hand.client)] = Visit()


def finish(said: Settings, notes: Notes, message: dict[str, Any]) -> None:
    """Write into the head of an answer which tokens the browser is to keep or forget."""
    notes.is_answered = True
    headers = MutableHeaders(raw=message.setdefault("headers", []))
    if notes.visits:
        # What an answer shows may depend on who asks, whether or not somebody does this time.
        headers.add_vary_header("Cookie")
        headers.add_vary_header("Authorization")
    if notes.kept is not None:
        _set_cookies(headers, said, notes.kept)


def cookie_tokens(connection: HTTPConnection) -> Tokens:
    """Return the tokens that the browser keeps."""
    said, cookies = installed(connection).settings, connection.cookies
    return Tokens(cookies.get(said.session_cookie_name, ""), cookies.get(said.refresh_cookie_name, ""))


def is_of(connection: HTTPConnection, origin: Origin) -> bool:
    """Tell whether a request says that it comes from there."""
    trusted = installed(connection).settings.trusted_origins
    headers = connection.headers
    return origin_of(headers.get, headers.get("Host", ""), trusted) is origin


async def _judge(connection: HTTPConnection, notes: Notes) -> Visit:
    client = installed(connection).client
    token = bearer_token(connection.headers.get("Authorization"))
    if token is not None:
        return Visit(await _ended(bearer_at_once(token, client), client), is_bearer=True)
    tokens = cookie_tokens(connection)
    if not tokens:
        return Visit()
    if _may_change(connection) and is_of(connection, Origin.FOREIGN):
        return Visit(is_foreign=True)
    if notes.is_answered or not _can_set_cookies(connection):
        # A rotated refresh token could not be kept any more, and is not asked for.
        tokens = Tokens(tokens.session)
    arrival = await _ended(at_once(tokens, client), client)
    if isinstance(arrival, Ended) and is_of_another_project(tokens, installed(connection).settings.project_id):
        return Visit()
    _follow(arrival, notes)
    return Visit(arrival)


async def _ended(found: Arrival | Asking[Arrival], client: AsyncClient) -> Arrival:
    """Return a judgement, of which something may still have to be asked."""
    return await carry_out(found, client) if isinstance(found, Generator) else found


def _may_change(connection: HTTPConnection) -> bool:
    """Tell whether a request may change something; a WebSocket is opened by GET, and may."""
    return connection.scope["type"] == "websocket" or not is_safe(connection.scope["method"])


def _can_set_cookies(connection: HTTPConnection) -> bool:
    return bool(connection.scope["type"] == "http")


def _follow(arrival: Arrival, notes: Notes) -> None:
    match arrival:
        case Renewed(session):
            notes.kept = session.tokens
        case Ended(reason):
            logger.info("A session has ended: %s", reason)
            notes.kept = Tokens()
        case Unknown(reason):
            logger.warning("Nobody is signed in while the server is away: %s", reason)
        case Held():
            pass


def _set_cookies(headers: MutableHeaders, said: Settings, tokens: Tokens) -> None:
    carrier = Response()
    try:
        must_fit(tokens)
    except TooLargeForCookies as error:  # a session that grew: it is refreshed with each request, and works
        logger.error("%s", error)
    for one in cookies_of(said, tokens, system_clock()):
        carrier.set_cookie(
            one.name,
            one.value,
            max_age=one.max_age_seconds,
            path=one.path,
            domain=one.domain,
            secure=one.is_secure,
            httponly=True,
            samesite=one.samesite,
        )
    for value in carrier.headers.getlist("set-cookie"):
        headers.append("set-cookie", value)
    headers["Cache-Control"] = "no-store"
