"""The front door of the OpenID provider: requests that browsers bring, sign-in by a flow in between, and consent.

A request that has to wait is kept, bound to this browser; the flow leads back to it. The session that the provider
knows somebody by is that of the pages.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from avow.core.oidc import acr
from avow.core.oidc.interaction import AskConsent, Grant, Refuse
from avow.core.oidc.redirects import origin_of
from avow.core.oidc.request import Authorization, Fault
from avow.core.redirects import is_url
from avow.errors import RequestTooLarge
from avow.server.oidc import requests
from avow.server.oidc.authorizing import Person, Wish
from avow.server.oidc.issuers import continue_path, is_root, issuer_of
from avow.server.oidc.provider import Provider
from avow.server.oidc.requests import RequestRow
from avow.server.oidc.responses import answered
from avow.server.pages import wished
from avow.server.pages.endpoints import PlainForm
from avow.server.pages.errors import Unanswered
from avow.server.pages.frame import Frame
from avow.server.pages.own_forms import of_device, require_own_form, spoken
from avow.server.serving import Answer, Call, Steps, read, write
from avow.wire.oidc import AuthorizeQuery, ContinueForm, ContinueQuery, given

__all__ = ["ask", "ask_by_form", "consent", "go_on"]

_STANDARD, _SIGN_UP, _FACTORS = "sign-up-or-in", "sign-up", "mfa"
_MOST_CHARACTERS = 7000

Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request on its way through this file.

    Attributes:
        parameters: As they came, or were pushed.
        is_pushed: They were.
        row: The request as it waited, or None.
        is_allowed: The person has just agreed.
        is_denied: The person has just declined.
        who: Who was asked then.
    """

    parameters: Parameters
    is_pushed: bool = False
    row: RequestRow | None = None
    is_allowed: bool = False
    is_denied: bool = False
    who: str = ""


def ask(frame: Frame, provider: Provider, call: Call[AuthorizeQuery]) -> Steps[Answer]:
    """Take an authorization request: answer it, or lead to the sign-in page or to the question for consent."""
    parameters: Parameters = given(call.body)
    request_uri = next(iter(parameters.get("request_uri", ())), "")
    pushed = requests.pushed_id(request_uri)
    if not pushed:
        return (yield from _answer(frame, provider, call, _Asked(parameters)))
    client_id = next(iter(parameters.get("client_id", ())), "")
    row = yield from write(requests.take_pushed, pushed, client_id, issuer_of(call))
    if row is None:
        raise Unanswered("over", "The request_uri is not valid, was used, or is another application's.")
    kept, _ = requests.parameters_of(row)
    return (yield from _answer(frame, provider, call, _Asked(kept, is_pushed=True)))


def ask_by_form(frame: Frame, call: Call[AuthorizeQuery]) -> Answer:
    """Take a request that came by a form of another site: the same by GET, so that the browser brings its cookies.

    Browsers keep cookies of SameSite=Lax from posts of other sites.
    """
    pairs = [(name, value) for name, values in given(call.body).items() for value in values]
    query = urlencode(pairs)
    if len(query) > _MOST_CHARACTERS:
        raise RequestTooLarge(error_message="The authorization request is longer than this server accepts; push it.")
    prefix = "" if is_root(call) else f"/{call.project.id}"
    answer = frame.redirect(f"{prefix}/authorize?{query}")
    # Whether a window is kept hold of the request itself says, once it is known whose it is.
    return replace(answer, headers={**answer.headers, "cross-origin-opener-policy": "unsafe-none"})


def go_on(frame: Frame, provider: Provider, call: Call[ContinueQuery]) -> Steps[Answer]:
    """Go on with a request of this browser, after its person has signed in."""
    asked = yield from _waiting(frame, call, call.body.request)
    return (yield from _answer(frame, provider, call, asked))


def consent(frame: Frame, provider: Provider, call: Call[ContinueForm]) -> Steps[Answer]:
    """Take what a person said to an application's wish."""
    body = call.body
    require_own_form(frame, call, PlainForm(form=body.form))
    waiting = yield from _waiting(frame, call, body.request)
    is_allowed = body.do == "allow"
    asked = _Asked(
        waiting.parameters,
        is_pushed=waiting.is_pushed,
        row=waiting.row,
        is_allowed=is_allowed,
        is_denied=not is_allowed,
        who=body.who,
    )
    return (yield from _answer(frame, provider, call, asked))


# --- Parts ---------------------------------------------------------------------------------------------------------


def _waiting(frame: Frame, call: Call[Any], request_id: str) -> Steps[_Asked]:
    """Return the request of this browser that waits.

    Raises:
        Unanswered: There is none, it is over, or was another browser's.
    """
    row = yield from read(requests.find, request_id, frame.jar.browser(call))
    if row is None or row.issuer != issuer_of(call):
        raise Unanswered("over", "The sign-in took too long or was finished; begin anew in the application.")
    kept, is_pushed = requests.parameters_of(row)
    return _Asked(kept, is_pushed=is_pushed, row=row)


def _answer(frame: Frame, provider: Provider, call: Call[Any], asked: _Asked) -> Steps[Answer]:
    verdict = yield from provider.authorizing.judged(call, asked.parameters, is_pushed=asked.is_pushed)
    held, mark = frame.jar.session(call), frame.jar.browser(call)
    if isinstance(verdict, Fault):
        if held is None and (signed_in_for := _waits(asked, verdict)):
            return (yield from _sign_in(frame, call, asked, signed_in_for, ""))
        is_explained = frame.settings.is_development
        hint, command = (yield from _explained(provider, call, asked, verdict)) if is_explained else ("", "")
        return _faulty(call, verdict, hint=hint, command=command)
    if asked.is_denied:
        yield from write(requests.take, asked.row.id if asked.row else "", mark)
        return _told(call, verdict, {"error": "access_denied", "error_description": "The person declined."})
    wish = yield from provider.authorizing.wish(call, verdict)
    agreed = asked.who if asked.is_allowed else ""
    outcome = yield from provider.authorizing.outcome(
        of_device(frame, call), held, wish, asked.row, mark, agreed=agreed
    )
    match outcome.decision:
        case Refuse(error, text):
            return _told(call, verdict, {"error": error, "error_description": text})
        case Grant():
            if outcome.code is None:
                raise Unanswered("over", "The sign-in was finished in another window.")
            return _told(call, verdict, {"code": outcome.code})
        case AskConsent() if outcome.person is not None:
            return (yield from _question(frame, call, asked, wish, outcome.person))
        case _:
            return (yield from _sign_in(frame, call, asked, verdict, held[0].session_id if held else ""))


def _question(frame: Frame, call: Call[Any], asked: _Asked, wish: Wish, person: Person) -> Steps[Answer]:
    """Ask the person; what they answer about is kept, not sent with the form."""
    mark, new_mark = frame.jar.marked(call)
    request_id = yield from _kept(frame, call, asked, wish.authorization, mark, person.seen.session_id)
    values = {
        "application": wish.authorization.client.name,
        "own": wished.own(wish.scopes),
        "further": wished.at_apis(wish.scopes, wish.apis),
        "place": wished.place(wish),
        "picture": logo if (logo := wish.authorization.client.logo).startswith("https://") and is_url(logo) else "",
        "policy": wish.authorization.client.settings.policy_uri,
        "terms": wish.authorization.client.settings.terms_uri,
        "request": request_id,
        "who": person.seen.user_id,
        "action": f"{'' if is_root(call) else f'/{call.project.id}'}/authorize/continue",
        "form_token": frame.jar.form_token(mark),
    }
    call = spoken(call, ", ".join(wish.authorization.languages))
    back = _way_back(frame, call, request_id, wish.authorization)
    return frame.form(call, "consent", values, cookies=new_mark, leads_to=back)


def _sign_in(
    frame: Frame, call: Call[Any], asked: _Asked, authorization: Authorization, session_id: str
) -> Steps[Answer]:
    """Lead to the sign-in page, which leads back to the request; by way of the application's own, where it has one."""
    mark, new_mark = frame.jar.marked(call)
    request_id = yield from _kept(frame, call, asked, authorization, mark, session_id)
    back = _way_back(frame, call, request_id, authorization)
    said = {
        "flow": _flow_of(authorization),
        "loginId": authorization.login_hint[:320],
        "languages": ", ".join(authorization.languages)[:256],
        "next": back,
    }
    path = f"/login/{call.project.id}?{urlencode({name: value for name, value in said.items() if value})}"
    own = authorization.client.login_page_url
    if not own:
        return frame.redirect(path, new_mark, leads_to=back)
    hints = {"client_id": authorization.client.id, "ui_locales": " ".join(authorization.languages)}
    leads = {"next": f"{origin_of(issuer_of(call))}{frame.root}{path}", **{n: v for n, v in hints.items() if v}}
    return frame.redirect(f"{own}{'&' if '?' in own else '?'}{urlencode(leads)}", new_mark, leads_to=back)


def _way_back(frame: Frame, call: Call[Any], request_id: str, authorization: Authorization) -> str:
    """Return where a request goes on; by it the pages in between know how to treat the window that opened them."""
    path = continue_path(call, request_id, authorization.redirect_uri)
    return frame.popups.marked(path) if authorization.client.settings.allows_popups else path


def _flow_of(authorization: Authorization) -> str:
    """Return the flow that somebody signs in by: of two factors where these are wished for, and nothing else said."""
    settings = authorization.client.settings
    if authorization.signs_up:
        return settings.sign_up_flow or _SIGN_UP
    return settings.flow or (_FACTORS if acr.wants_factors(authorization.classes) else _STANDARD)


def _kept(
    frame: Frame, call: Call[Any], asked: _Asked, authorization: Authorization, mark: str, session_id: str
) -> Steps[str]:
    """Keep the request until the person is back, unless it is kept already; return its id."""
    if asked.row is not None:
        return asked.row.id
    yield from requests.counted(call, frame.clock())
    return (
        yield from write(
            requests.keep,
            authorization.client.id,
            issuer_of(call),
            asked.parameters,
            mark,
            session_id=session_id,
            is_pushed=asked.is_pushed,
        )
    )


def _waits(asked: _Asked, fault: Fault) -> Authorization | None:
    """Return what somebody has to sign in for before an application is told of a fault, None where it is told at once.

    Nobody vouches for the address of one that is not trusted: a faulty request would lead whoever opens it to a site
    that anybody registered, without a page of ours in between. Silent requests are the exception.

    Spec: RFC 9700 section 4.11.2.
    """
    client, is_silent = fault.client, tuple(asked.parameters.get("prompt", ())) == ("none",)
    if client is None or client.is_trusted or is_silent:
        return None
    return Authorization(client=client, redirect_uri=fault.redirect_uri, has_redirect=True, mode=fault.mode)


def _faulty(call: Call[Any], fault: Fault, *, hint: str = "", command: str = "") -> Answer:
    """Answer a fault: to the application where its address is known, and otherwise to the person."""
    if not fault.is_told:
        words = _WORDS.get(fault.check, "wrong")
        raise Unanswered(words, fault.text, detail=f"authorization: {fault.check}", hint=hint, command=command)
    values = {"error": fault.error, "error_description": fault.text}
    return answered(
        fault.redirect_uri,
        fault.mode,
        values,
        issuer=issuer_of(call),
        state=fault.state,
        allows_popups=fault.allows_popups,
    )


_WORDS = {"client": "unknown", "enabled": "unknown"} | dict.fromkeys(
    ("one-redirect", "redirect", "registered"), "address"
)


def _explained(provider: Provider, call: Call[Any], asked: _Asked, fault: Fault) -> Steps[tuple[str, str]]:
    """Return what is wrong with a request, for whoever develops an application, and the command that sets it right."""
    client_id = next(iter(asked.parameters.get("client_id", ())), "")
    address = next(iter(asked.parameters.get("redirect_uri", ())), "")
    if fault.check == "client":
        return f"{fault.text} client_id: {client_id!r}", "avow app list"
    known = yield from provider.kept.client(call.project, client_id)
    if fault.check != "registered" or known is None or known.client.is_published:
        return fault.text, ""
    registered = (*known.client.settings.redirect_uris, address)
    options = (part for each in registered for part in ("--redirect", each))
    return f"{fault.text} {address}", shlex.join(["avow", "app", "update", known.client.id, *options])


def _told(call: Call[Any], authorization: Authorization, values: Mapping[str, str]) -> Answer:
    return answered(
        authorization.redirect_uri,
        authorization.mode,
        values,
        issuer=issuer_of(call),
        state=authorization.state,
        allows_popups=authorization.client.settings.allows_popups,
    )
