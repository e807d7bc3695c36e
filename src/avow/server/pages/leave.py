"""Log-out from the provider's session, asked for by an application or by the person.

An ID token of ours that names the very session is enough; without one the person is asked, since any page of the web
could have sent the browser here. Auth0's `/v2/logout` asks nobody, but only where an application that is trusted says
where to go afterwards, to an address that is registered. To an address of one that is not trusted, which anybody may
have registered, nobody is led without a question, signed in or not.

Spec: OpenID Connect RP-Initiated Logout 1.0 sections 2 to 4.
"""

from dataclasses import dataclass, replace
from typing import Any

from avow.core.oidc import logout
from avow.core.oidc.accesstoken import audiences_said
from avow.core.oidc.clients import Client
from avow.errors import InvalidRequest
from avow.server.oidc import grants
from avow.server.oidc.authorizing import hint_claims
from avow.server.oidc.issuers import is_root
from avow.server.oidc.provider import Provider
from avow.server.pages import wished
from avow.server.pages.frame import Frame
from avow.server.serving import Answer, Call, SessionCaller, Steps, read, write
from avow.server.sessions import actions as sessions
from avow.wire.oidc import LogoutQuery, V2LogoutQuery

__all__ = ["ask", "by_form", "v2"]

_FOUND = 302
_ELSEWHERE = "Nobody is sent to this address: it is not registered as a log-out address of the application."


@dataclass(frozen=True, slots=True)
class _Wish:
    """A log-out as an application asks for it."""

    client: Client | None
    hint: dict[str, object] | None
    uri: str
    state: str


def ask(frame: Frame, provider: Provider, call: Call[LogoutQuery]) -> Steps[Answer]:
    """Log out, or ask the person whether they want to."""
    wish = yield from _wish(frame, provider, call)
    caller = _caller(frame, call)
    wish = yield from _as_now(wish, caller)
    ending = logout.judge(wish.client, wish.hint, wish.uri, (caller.user_id, caller.session_id) if caller else ("", ""))
    if ending.is_refused:
        raise InvalidRequest(error_message=_ELSEWHERE)
    if ending.is_sure:
        return (yield from _left(frame, call, caller, wish))
    return _question(frame, call, wish, call.body)


def by_form(frame: Frame, provider: Provider, call: Call[LogoutQuery]) -> Steps[Answer]:
    """Take what the person said on our page; a form of an application is asked about as its GET is."""
    body = call.body
    if not body.do:
        return (yield from ask(frame, provider, call))
    is_own = frame.jar.is_own_form(call, body.form)
    if is_own and body.do != "leave":
        return frame.redirect(f"/account/{call.project.id}")
    wish = yield from _wish(frame, provider, call)
    if logout.judge(wish.client, wish.hint, wish.uri, ("", "")).is_refused:
        raise InvalidRequest(error_message=_ELSEWHERE)
    if not is_own:
        return _question(frame, call, wish, body)
    return (yield from _left(frame, call, _caller(frame, call), wish))


def v2(frame: Frame, provider: Provider, call: Call[V2LogoutQuery]) -> Steps[Answer]:
    """Log out in Auth0's words."""
    body = call.body
    wish = _Wish((yield from _client(provider, call, body.client_id)), None, body.return_to, "")
    caller = _caller(frame, call)
    if logout.judge(wish.client, None, wish.uri, ("", "")).is_refused:
        raise InvalidRequest(error_message=_ELSEWHERE)
    if logout.is_vouched(wish.client, wish.uri) and (caller is None or wish.uri):
        return (yield from _left(frame, call, caller, wish))
    said = LogoutQuery(post_logout_redirect_uri=wish.uri, client_id=body.client_id)
    return _question(frame, call, wish, said)


# --- Parts ---------------------------------------------------------------------------------------------------------


def _wish(frame: Frame, provider: Provider, call: Call[LogoutQuery]) -> Steps[_Wish]:
    """Return what is asked for; a hint that is none of ours, or of another client than the one named, is none."""
    body = call.body
    hint = hint_claims(call, body.id_token_hint, body.client_id, frame.clock()) if body.id_token_hint else None
    client_id = body.client_id or (next(iter(audiences_said(body.id_token_hint)), "") if hint else "")
    client = yield from _client(provider, call, client_id)
    return _Wish(client, hint, body.post_logout_redirect_uri, body.state)


def _client(provider: Provider, call: Call[Any], client_id: str) -> Steps[Client | None]:
    """Return an application that may say where to go; one that is switched off leads nobody anywhere."""
    known = (yield from provider.kept.client(call.project, client_id)) if client_id else None
    return known.client if known is not None and known.client.is_enabled else None


def _as_now(wish: _Wish, caller: SessionCaller | None) -> Steps[_Wish]:
    """Return a wish whose hint names the session that it is of by now, where its person has signed in again since."""
    said = wish.hint.get("sid") if wish.hint else None
    if wish.hint is None or caller is None or not isinstance(said, str) or said == caller.session_id:
        return wish
    goes_on = yield from read(grants.goes_on_in, said, caller.session_id)
    return replace(wish, hint={**wish.hint, "sid": caller.session_id}) if goes_on else wish


def _left(frame: Frame, call: Call[Any], caller: SessionCaller | None, wish: _Wish) -> Steps[Answer]:
    """End the session, with all that came of it, and lead on."""
    if caller is not None:
        yield from write(sessions.end, caller.user_id, caller.session_id, why="logout")
    cookies = frame.jar.forget_session(call.project)
    if not wish.uri:
        return frame.redirect(f"/login/{call.project.id}?notice=signed-out", cookies)
    where = logout.with_state(wish.uri, wish.state)
    return Answer(b"", _FOUND, "text/plain", {"location": where}, cookies)


def _question(frame: Frame, call: Call[Any], wish: _Wish, given: LogoutQuery) -> Answer:
    fields = {
        "id_token_hint": given.id_token_hint,
        "post_logout_redirect_uri": given.post_logout_redirect_uri,
        "client_id": given.client_id,
        "state": given.state,
    }
    values = {
        "place": "" if logout.is_vouched(wish.client, wish.uri) else wished.place_of(wish.uri),
        "fields": {name: value for name, value in fields.items() if value},
        "action": f"{'' if is_root(call) else f'/{call.project.id}'}/oidc/logout",
    }
    return frame.form(call, "leave", values, leads_to=wish.uri)


def _caller(frame: Frame, call: Call[Any]) -> SessionCaller | None:
    held = frame.jar.session(call)
    return held[0] if held else None
