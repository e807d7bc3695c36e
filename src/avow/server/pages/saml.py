"""The front door of the SAML identity provider: requests that browsers bring, sign-in by a flow in between, log-out.

A request that has to wait is kept, bound to this browser; the flow leads back to it. The session that service providers
know somebody by is that of the pages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import urlencode

from avow.core.saml import PostForm, Reason, SamlRefused
from avow.core.saml.idp import (
    AuthnAsked,
    LogoutAsked,
    OwnIdp,
    Said,
    SignIn,
    Sp,
    Status,
    Waited,
    decide,
    idp_metadata,
    is_meant,
    logout_response,
    name_id,
    of_form,
    of_query,
    read_authn_request,
    read_logout_request,
    wants_factors,
)
from avow.core.saml.idp.parties import EMAIL, UNSPECIFIED
from avow.errors import InvalidRequest, MalformedRequest, RequestTooLarge
from avow.server.applications.samladdresses import continue_path
from avow.server.federation.forms import posting
from avow.server.keys import saml as saml_keys
from avow.server.pages.frame import Frame
from avow.server.samlidp import answering, logouts, people, requests, sps
from avow.server.samlidp.people import Someone
from avow.server.samlidp.requests import RequestRow
from avow.server.samlidp.sps import Application
from avow.server.serving import Answer, Call, Cookie, Steps, aside, read, write
from avow.server.store import Tx
from avow.wire.endpoint import Nothing
from avow.wire.samlidp import ContinueQuery, SamlForm, SamlQuery

__all__ = ["ask", "ask_by_form", "go_on", "log_out", "log_out_by_form", "metadata", "start"]

_STANDARD: Final = "sign-up-or-in"
_FACTORS: Final = "mfa"
_UNREADABLE: Final = frozenset({Reason.NOT_BASE64, Reason.NOT_UTF8, Reason.NOT_XML, Reason.FORBIDDEN_XML})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Door:
    """An application with both sides of its sign-ins."""

    app: Application
    sp: Sp
    own: OwnIdp


def metadata(frame: Frame, call: Call[Nothing]) -> Steps[Answer]:
    """Return our metadata for the service provider of an application."""
    app = yield from sps.application(call)
    key = yield from saml_keys.needed(call.project)
    document = idp_metadata(sps.own_idp(call.project, app.id), sps.plain(app.settings), [key.certificate])
    return Answer(document, content_type="application/samlmetadata+xml; charset=utf-8")


def ask(frame: Frame, call: Call[SamlQuery]) -> Steps[Answer]:
    """Take a request that came by an address: answer it, or lead to the sign-in page."""
    door = yield from _door(frame, call)
    asked = yield from _read(call, door, partial(_of_query, call.shown.query), frame.clock())
    return (yield from _answer(frame, call, door, asked, None))


def ask_by_form(frame: Frame, call: Call[SamlForm]) -> Steps[Answer]:
    """Take a request that came by a form of another site; the browser goes on by GET, so that it brings its cookies."""
    door = yield from _door(frame, call)
    body = call.body
    asked = yield from _read(call, door, partial(_of_form, body.saml_request, body.relay_state), frame.clock())
    yield from requests.counted(call, frame.clock())
    request_id = yield from write(requests.keep, door.app.id, asked, "", "")
    return frame.redirect(continue_path(call.project.id, door.app.id, request_id))


def go_on(frame: Frame, call: Call[ContinueQuery]) -> Steps[Answer]:
    """Go on with a request of this browser, after its person has signed in."""
    door = yield from _door(frame, call)
    mark, new_mark = frame.jar.marked(call)
    held = frame.jar.session(call)
    session_id = held[0].session_id if held else ""
    row = yield from write(requests.find, door.app.id, call.body.request, mark, session_id)
    asked = requests.asked_of(row) if row else None
    if row is None or asked is None or not door.sp.has_address(asked.acs_url):
        raise InvalidRequest(error_message="The sign-in took too long or was finished; begin anew in the application.")
    answer = yield from _answer(frame, call, door, asked, row, mark)
    return frame.headed(answer, new_mark)


def start(frame: Frame, call: Call[Nothing]) -> Steps[Answer]:
    """Begin a sign-in that the application did not ask for."""
    door = yield from _door(frame, call)
    asked = AuthnAsked(id="", issued_at=0, acs_url=door.sp.acs_url, relay_state=door.sp.default_relay_state)
    return (yield from _answer(frame, call, door, asked, None))


def log_out(frame: Frame, call: Call[SamlQuery]) -> Steps[Answer]:
    """Take a log-out that came by an address."""
    _require_request(call.body)
    door = yield from _door(frame, call)
    asked = yield from _read(call, door, partial(_logout_of_query, call.shown.query), frame.clock())
    return (yield from _left(frame, call, door, asked))


def log_out_by_form(frame: Frame, call: Call[SamlForm]) -> Steps[Answer]:
    """Take a log-out that came by a form of another site; it names its session itself."""
    _require_request(call.body)
    door = yield from _door(frame, call)
    body = call.body
    asked = yield from _read(call, door, partial(_logout_of_form, body.saml_request, body.relay_state), frame.clock())
    return (yield from _left(frame, call, door, asked))


# --- Sign-in -------------------------------------------------------------------------------------------------------


def _answer(
    frame: Frame, call: Call[Any], door: _Door, asked: AuthnAsked, row: RequestRow | None, mark: str = ""
) -> Steps[Answer]:
    if asked.status is not None:
        return (yield from _told(frame, call, door, asked, asked.status, row, mark))
    held = frame.jar.session(call)
    someone = yield from read(people.find, call.project, held, door.app)
    decision = decide(
        asked,
        someone.seen if someone else None,
        Waited(row.created_at, row.session_id) if row else None,
        forces_authn=door.app.forces_authn,
        is_meant=someone is None or _is_meant(door.sp, asked, someone),
        is_multi_factor=someone is not None and someone.is_multi_factor,
    )
    if isinstance(decision, Status):
        return (yield from _told(frame, call, door, asked, decision, row, mark))
    if isinstance(decision, SignIn) or held is None:
        return (yield from _sign_in(frame, call, door, asked, row))
    request_id = row.id if row else ""

    def unit(tx: Tx) -> Said | Status:
        answering.spent(tx, door.app, asked, request_id, mark)
        return answering.signed_in(tx, call, door.app, door.sp, asked, held, decision.context)

    said = yield from write(unit)
    if isinstance(said, Status):
        return frame.headed((yield from answering.refused(call, door.own, asked, said, frame.clock())))
    return frame.headed((yield from answering.answered(call, door.own, door.sp, said, frame.clock())))


def _is_meant(sp: Sp, asked: AuthnAsked, someone: Someone) -> bool:
    named = name_id(sp, someone.person, asked.name_id_format)
    return named is None or is_meant(asked.subject, someone.person, named)


def _told(
    frame: Frame, call: Call[Any], door: _Door, asked: AuthnAsked, status: Status, row: RequestRow | None, mark: str
) -> Steps[Answer]:
    """Tell the service provider why it gets no assertion; without a request nobody there would understand it."""
    yield from write(answering.spent, door.app, asked, row.id if row else "", mark)
    if not asked.id:
        raise InvalidRequest(error_message=status.text)
    return frame.headed((yield from answering.refused(call, door.own, asked, status, frame.clock())))


def _sign_in(frame: Frame, call: Call[Any], door: _Door, asked: AuthnAsked, row: RequestRow | None) -> Steps[Answer]:
    """Lead to the sign-in page, which leads back to the request; by way of the application's own, where it has one."""
    held = frame.jar.session(call)
    request_id, new_mark = row.id if row else "", tuple[Cookie, ...]()
    if row is None:
        mark, new_mark = frame.jar.marked(call)
        yield from requests.counted(call, frame.clock())
        request_id = yield from write(requests.keep, door.app.id, asked, mark, held[0].session_id if held else "")
    said = {
        "flow": _FACTORS if wants_factors(asked) else _STANDARD,
        "loginId": _hint(asked),
        "next": continue_path(call.project.id, door.app.id, request_id),
    }
    path = f"/login/{call.project.id}?{urlencode({name: value for name, value in said.items() if value})}"
    own = door.app.login_page_url
    if not own:
        return frame.redirect(path, new_mark)
    leads = {"next": f"{call.project.public_url.rstrip('/')}{path}", "client_id": door.app.id}
    return frame.redirect(f"{own}{'&' if '?' in own else '?'}{urlencode(leads)}", new_mark)


def _hint(asked: AuthnAsked) -> str:
    subject = asked.subject
    is_typed = subject is not None and subject.format in (EMAIL, UNSPECIFIED) and "@" in subject.value
    return subject.value if subject is not None and is_typed else ""


# --- Log-out -------------------------------------------------------------------------------------------------------


def _left(frame: Frame, call: Call[Any], door: _Door, asked: LogoutAsked) -> Steps[Answer]:
    """End the session, with all that came of it, and tell the service provider."""
    outcome = yield from write(logouts.end, door.app.id, asked)
    held = frame.jar.session(call)
    is_own = held is not None and held[0].session_id in outcome.session_ids
    cookies = frame.jar.forget_session(call.project) if is_own else ()
    to = door.sp.logout
    if to is None:
        return frame.redirect(f"/login/{call.project.id}?notice=signed-out", cookies)
    key = yield from saml_keys.needed(call.project)
    id, now = answering.message_id(), frame.clock()
    made = yield from aside(logout_response, door.own, to, asked.id, asked.relay_state, outcome.status, key, id, now)
    if isinstance(made, PostForm):
        return frame.headed(posting(made), cookies)
    return frame.redirect(made.url, cookies)


def _require_request(body: SamlQuery | SamlForm) -> None:
    if body.saml_response:
        raise InvalidRequest(error_message="This server asks no service provider to log out, so none answers it.")


# --- Parts ---------------------------------------------------------------------------------------------------------


def _door(frame: Frame, call: Call[Any]) -> Steps[_Door]:
    app = yield from sps.application(call)
    sp = yield from sps.described(app.settings, frame.clock())
    return _Door(app, sp, sps.own_idp(call.project, app.id))


def _read(call: Call[Any], door: _Door, judge: Callable[[Sp, OwnIdp, int], T], now: int) -> Steps[T]:
    """Return what a message says. Whom a refusal could be told is not known: it is shown to the person, and noted."""
    try:
        return (yield from aside(judge, door.sp, door.own, now))
    except SamlRefused as no:
        yield from requests.noted(call, door.app.id, str(no), now)
        _refuse(no)


def _refuse(no: SamlRefused) -> NoReturn:
    if no.reason is Reason.TOO_LARGE:
        raise RequestTooLarge(detail=str(no)) from no
    if no.reason in _UNREADABLE:
        raise MalformedRequest(detail=str(no)) from no
    text = f"The SAML message of the application is not accepted ({no.reason})."
    raise InvalidRequest(error_message=text, detail=str(no)) from no


def _of_query(query: str, sp: Sp, own: OwnIdp, now: int) -> AuthnAsked:
    return read_authn_request(of_query(query), sp, own, now)


def _of_form(request: str, relay_state: str, sp: Sp, own: OwnIdp, now: int) -> AuthnAsked:
    return read_authn_request(of_form(request, relay_state), sp, own, now)


def _logout_of_query(query: str, sp: Sp, own: OwnIdp, now: int) -> LogoutAsked:
    return read_logout_request(of_query(query), sp, own, now)


def _logout_of_form(request: str, relay_state: str, sp: Sp, own: OwnIdp, now: int) -> LogoutAsked:
    return read_logout_request(of_form(request, relay_state), sp, own, now)
