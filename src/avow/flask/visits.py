"""Who sends the request at work: judged when a view first asks, and the cookies that follow from it."""

import logging
from dataclasses import dataclass
from typing import Final

from flask import Response, request
from werkzeug.local import LocalProxy

from avow.clock import system_clock
from avow.flask.installed import installed
from avow.sdk.integration.arrivals import Arrival, Ended, Held, Renewed, Unknown, arrive, arrive_by_bearer
from avow.sdk.integration.bearer import bearer_token
from avow.sdk.integration.cookies import TooLargeForCookies, cookies_of, must_fit
from avow.sdk.integration.demands import Demand, Verdict
from avow.sdk.integration.origins import Origin, is_safe, origin_of
from avow.sdk.integration.refusals import FORBIDDEN, FOREIGN, Refusal, for_stranger
from avow.sdk.integration.session import AvowSession, Tokens
from avow.sdk.integration.unread import is_of_another_project

__all__ = ["Visit", "current_session", "finish", "forget", "keep", "refusal_of", "visit"]

logger = logging.getLogger("avow.flask")

# On the request itself: `g` may outlive a request, and then would show one person's session to the next.
_VISIT: Final = "_avow_visit"
_KEPT: Final = "_avow_kept"
_ANSWERED: Final = "_avow_answered"


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of whoever sends a request.

    Attributes:
        arrival: What came of their tokens; None when there were none.
        is_foreign: Their cookies came with a page of somebody else, and did not count.
    """

    arrival: Arrival | None = None
    is_foreign: bool = False

    @property
    def session(self) -> AvowSession | None:
        """Return their session."""
        return self.arrival.session if isinstance(self.arrival, Held | Renewed) else None


def visit() -> Visit:
    """Return who sends the request at work; judged once."""
    known: Visit | None = getattr(request, _VISIT, None)
    if known is None:
        known = _judge()
        setattr(request, _VISIT, known)
    return known


def _session() -> AvowSession | None:
    return visit().session


current_session: AvowSession = LocalProxy(_session)  # type: ignore[assignment]  # false when nobody is signed in
"""The session of whoever sends the request at work; `if current_session:` asks whether there is one."""


def refusal_of(demand: Demand) -> Refusal | None:
    """Return why a request may not pass, None for one that may."""
    known = visit()
    match demand.judge(known.session, request.view_args or {}):
        case Verdict.GRANTED:
            return None
        case Verdict.REFUSED:
            return FORBIDDEN
        case Verdict.STRANGER:
            return FOREIGN if known.is_foreign else for_stranger(known.arrival)


def keep(session: AvowSession) -> None:
    """Sign somebody in from this request on; their cookies leave with its answer."""
    setattr(request, _KEPT, session.tokens)
    setattr(request, _VISIT, Visit(Held(session)))


def forget() -> None:
    """Sign whoever it is out, and remove their cookies; those of another project stay."""
    if not is_of_another_project(cookie_tokens(), installed().settings.project_id):
        setattr(request, _KEPT, Tokens())
    setattr(request, _VISIT, Visit())


def finish(response: Response) -> Response:
    """Write into an answer which tokens the browser is to keep or forget."""
    if getattr(request, _VISIT, None) is not None:
        # What an answer shows may depend on who asks, whether or not somebody does this time.
        response.vary.update(("Cookie", "Authorization"))
    kept: Tokens | None = getattr(request, _KEPT, None)
    if kept is not None:
        _set_cookies(response, kept)
    setattr(request, _ANSWERED, True)
    return response


def cookie_tokens() -> Tokens:
    """Return the tokens that the browser keeps."""
    said = installed().settings
    return Tokens(request.cookies.get(said.session_cookie_name, ""), request.cookies.get(said.refresh_cookie_name, ""))


def _judge() -> Visit:
    at_hand = installed()
    token = bearer_token(request.headers.get("Authorization"))
    if token is not None:
        return Visit(arrive_by_bearer(token, at_hand.client))
    tokens = cookie_tokens()
    if not tokens:
        return Visit()
    if not is_safe(request.method) and _is_of_foreign_page():
        return Visit(is_foreign=True)
    if getattr(request, _ANSWERED, False):
        # The answer is on its way: a rotated refresh token could not be kept any more, and is not asked for.
        tokens = Tokens(tokens.session)
    arrival = arrive(tokens, at_hand.client)
    if isinstance(arrival, Ended) and is_of_another_project(tokens, at_hand.settings.project_id):
        return Visit()
    _follow(arrival)
    return Visit(arrival)


def _is_of_foreign_page() -> bool:
    trusted = installed().settings.trusted_origins
    return origin_of(request.headers.get, request.host, trusted) is Origin.FOREIGN


def _follow(arrival: Arrival) -> None:
    match arrival:
        case Renewed(session):
            setattr(request, _KEPT, session.tokens)
        case Ended(reason):
            logger.info("A session has ended: %s", reason)
            setattr(request, _KEPT, Tokens())
        case Unknown(reason):
            logger.warning("Nobody is signed in while the server is away: %s", reason)
        case Held():
            pass


def _set_cookies(response: Response, tokens: Tokens) -> None:
    try:
        must_fit(tokens)
    except TooLargeForCookies as error:  # a session that grew: it is refreshed with each request, and works
        logger.error("%s", error)
    for one in cookies_of(installed().settings, tokens, system_clock()):
        response.set_cookie(
            one.name,
            one.value,
            max_age=one.max_age_seconds,
            path=one.path,
            domain=one.domain,
            secure=one.is_secure,
            httponly=True,
            samesite=one.samesite.title(),
        )
    response.headers["Cache-Control"] = "no-store"
