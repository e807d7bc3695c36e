"""A sign-in with a social provider until the browser is there: the application's start, and the way out."""

from typing import Final
from urllib.parse import parse_qsl

from avow.core.federation.requests import Wishes, authorization_url, is_parameter
from avow.errors import AuthException, InvalidArgument, MissingArgument
from avow.server.federation import actions as federation
from avow.server.federation import relying
from avow.server.federation.actions import Bound, Start, Way
from avow.server.federation.starts import Does
from avow.server.proofs import newcomers, options
from avow.server.proofs.options import Asked
from avow.server.proofs.recipients import require_method
from avow.server.proofs.targets import target
from avow.server.serving import Answer, Call, Refusal, SessionCaller, Steps, read, write
from avow.server.sessions import actions as sessions
from avow.server.social import actions, stored
from avow.server.social.actions import Held
from avow.server.social.asking import asking
from avow.server.social.endpoints import GO_PATH, GoQuery, redirect_uri
from avow.server.store import Tx
from avow.wire.login import LoginOptions
from avow.wire.oauth import OAuthStart, OAuthUrl

__all__ = ["GONE", "METHOD", "begin", "begin_update", "go", "scopes_of", "standing", "way_of"]

METHOD: Final = "oauth"
GONE: Final = "the provider is gone, switched off or another one now"
_YES: Final = "true"
_MOST_PARAMETERS: Final = 20


def way_of(provider: str) -> Way:
    """Return the way of a provider."""
    return Way(kind="oauth", name=provider)


def begin(tx: Tx, call: Call[OAuthStart], does: Does) -> OAuthUrl:
    """Remember a sign-in that an application asked for; return Avow's own address for the browser.

    Raises:
        MethodNotEnabled, InvalidArgument: Social sign-in is off, there is no such provider, it is off, or an argument
            is malformed.
        InvalidCaller, SessionEnded, Forbidden: Step-up or MFA without a live session of their own.
    """
    held = _usable(tx, call)
    is_added = bool(call.body.stepup or call.body.mfa)
    user_id = call.caller.user_id if is_added and isinstance(call.caller, SessionCaller) else ""
    asked = options.asked(tx, call, user_id, call.body)
    if asked.is_step_up and held.settings.protocol == "oauth2":
        raise InvalidArgument(error_message="This provider does not say when somebody proved themselves to it.")
    return _started(tx, call, held, does, user_id, asked)


def begin_update(tx: Tx, call: Call[OAuthStart]) -> OAuthUrl:
    """Remember that the user of a session wants to connect a provider.

    Raises:
        MethodNotEnabled, InvalidArgument: As `begin`.
        SessionEnded, Forbidden, SecondFactorNeeded, FreshProofNeeded: The session may not change how its user signs in.
    """
    held = _usable(tx, call)
    session, profile = sessions.require_fresh(tx, call)
    plain = LoginOptions(custom_claims=call.body.custom_claims, revoke_other_sessions=call.body.revoke_other_sessions)
    wanted = options.asked(tx, call, profile.id, plain)
    asked = Asked(
        amr=tuple(session.amr.split()),
        session_id=call.session.session_id,
        unsigned_claims=wanted.unsigned_claims,
        revokes_others=wanted.revokes_others,
    )
    return _started(tx, call, held, "update", profile.id, asked)


def go(call: Call[GoQuery]) -> Steps[Answer | Refusal]:
    """Send a browser to the provider; it has the sign-in from then on."""
    question = yield from read(asking, call)
    if question is not None:
        return question
    found = yield from write(_bind, call)
    if isinstance(found, Refusal):
        return found
    bound, held = found
    try:
        provider = stored.provider_of(held.settings)
        endpoints = yield from relying.endpoints_of(provider)
    except AuthException as error:
        reason = error.detail or error.error_message
        yield from write(federation.refuse, call, "oauth", reason, bound.start.way, error)
        return federation.failed(bound.start, error.error_code)
    url = authorization_url(
        provider,
        endpoints,
        _wishes(bound.start),
        redirect_uri=redirect_uri(call.project, held.name),
        state=bound.state,
        nonce=bound.nonce,
        verifier=bound.verifier,
    )
    return Answer(status=303, headers={"location": url}, cookies=bound.cookies)


def standing(tx: Tx, way: Way, digest: str) -> Held | None:
    """Return the provider that a start or a code came by; None when it is off, gone or another one by now."""
    held = actions.find(tx, way.name)
    return held if held is not None and held.settings.is_enabled and held.settings.digest == digest else None


def scopes_of(begun: Start, held: Held) -> tuple[str, ...]:
    """Return the scopes that a start asks for."""
    return tuple(begun.details.get("scopes", "").split()) or held.settings.scopes


def _usable(tx: Tx, call: Call[OAuthStart]) -> Held:
    require_method(call, METHOD)
    if not call.body.provider:
        raise MissingArgument(error_message="Name the provider.")
    held = actions.find(tx, call.body.provider)
    if held is None or not held.settings.is_enabled:
        raise InvalidArgument(error_message="The project has no such provider, or it is switched off.")
    return held


def _started(tx: Tx, call: Call[OAuthStart], held: Held, does: Does, user_id: str, asked: Asked) -> OAuthUrl:
    body = call.body
    redirect = target(call.project, METHOD, body.redirect_url)
    if not redirect:
        raise InvalidArgument(error_message="Name a redirectURL, or set default_redirects of the project for oauth.")
    _read_parameters(body.parameters or "")
    details = {
        "prompt": body.prompt or "",
        "login_hint": body.login_hint or "",
        "scopes": body.scopes or "",
        "parameters": body.parameters or "",
        "provider": held.settings.digest,
    }
    wanted = Start(
        way=way_of(held.name),
        redirect=redirect,
        does=does,
        user_id=user_id,
        anonymous_id=newcomers.anonymous_of(tx, call) if does in {"sign-up", "sign-up-or-in"} else "",
        asked=asked,
        is_popup=body.popup == _YES,
        details={name: value for name, value in details.items() if value},
    )
    return OAuthUrl(url=federation.start(tx, call, wanted, path=GO_PATH).url)


def _bind(tx: Tx, call: Call[GoQuery]) -> tuple[Bound, Held] | Refusal:
    bound = federation.bind(tx, call, "oauth", call.body.t)
    if isinstance(bound, Refusal):
        return bound
    held = standing(tx, bound.start.way, bound.start.details.get("provider", ""))
    if held is None:
        return federation.refuse(tx, call, "oauth", GONE, bound.start.way)
    return bound, held


def _wishes(begun: Start) -> Wishes:
    said = begun.details
    return Wishes(
        scopes=tuple(said.get("scopes", "").split()),
        prompt=said.get("prompt", ""),
        login_hint=said.get("login_hint", ""),
        parameters=_read_parameters(said.get("parameters", "")),
        proves_anew=begun.asked.is_step_up,
    )


def _read_parameters(text: str) -> dict[str, str]:
    """Return further parameters for the provider.

    Raises:
        InvalidArgument: They are no query string, or one of them is not for callers to set.
    """
    if not text:
        return {}
    try:
        given = dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST_PARAMETERS))
    except ValueError as wrong:
        raise InvalidArgument(error_message="The further parameters are no query string.") from wrong
    if refused := [name for name in given if not is_parameter(name)]:
        raise InvalidArgument(error_message=f"The parameter {refused[0][:64]!r} cannot be set.")
    return given
