"""The routes of sign-in through SSO: what applications call, and where browsers are sent on."""

from dataclasses import replace

from avow.errors import FetchFailed, InvalidCode, MalformedRequest, MissingArgument, SignInRefused
from avow.server.federation import actions as federation
from avow.server.federation.starts import Grant, Start, Way
from avow.server.proofs import newcomers, options
from avow.server.proofs.recipients import require_method
from avow.server.proofs.targets import target
from avow.server.serving import Answer, Call, Issued, Refusal, SessionCaller, Steps, read, steps, write, writes
from avow.server.sso import arrivals, endpoints, oidc, routing, saml
from avow.server.sso.endpoints import TokenQuery
from avow.server.sso.routing import Place
from avow.server.sso.shown import reached_at
from avow.server.sso.wishes import Wanted
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire import ssosignin as wire
from avow.wire.sso import DEFAULT_SSO_ID
from avow.wire.ssosignin import SsoCode, SsoStart, SsoUrl

__all__ = ["HANDLERS"]

_NAME = "sso"
_NOBODY = Way(kind="sso", name="", tenant_id="")  # no tenant has this id


def start(tx: Tx, call: Call[SsoStart]) -> SsoUrl:
    """Begin a sign-in at the identity provider of a tenant, over SAML or OpenID Connect as its settings say.

    `tenant` is the id of a tenant, or an e-mail address or domain that signs in there. Send the browser to the `url`
    of the answer; it comes back to your page with `code`, which `exchange_token` takes, or with `err`. For `stepup`
    and `mfa` show the refresh token of the live session; the person then proves who they are anew.
    """
    require_method(call, _NAME)
    body = call.body
    place = routing.find(tx, body.tenant, sso_id=body.sso_id or "", hint=body.login_hint or "")
    if place is None and not call.project.settings.hides_existence:
        raise MalformedRequest(error_message="No tenant signs in through SSO by this id, address or domain.")
    user_id = call.caller.user_id if isinstance(call.caller, SessionCaller) else ""
    asked = options.asked(tx, call, user_id, body)
    begun = Start(
        way=place.way if place else _NOBODY,
        redirect=_redirect(call, place),
        user_id=user_id if asked.session_id else "",
        anonymous_id=newcomers.anonymous_of(tx, call),
        asked=asked,
        details={**(arrivals.details_of(place) if place else {}), **Wanted.asked(body, asked).texts()},
    )
    return SsoUrl(url=federation.start(tx, _as_reached(call, place), begun, path=endpoints.GO_PATH).url)


def exchange(tx: Tx, call: Call[SsoCode]) -> Issued | Refusal:
    """Exchange the code that your page was given for a session. It works once, for two minutes.

    A configuration that was turned off, deleted or given another identity provider meanwhile signs nobody in.
    """
    require_method(call, _NAME)
    granted = federation.peek_grant(tx, "sso", call.body.code)
    if granted is not None and not _stands(tx, granted):
        return federation.refuse(tx, call, "sso", "the configuration is off or gone", granted.way, InvalidCode())
    issued = federation.exchange(tx, call, "sso", call.body.code)
    if isinstance(issued, Refusal) or granted is None:
        return issued
    return replace(issued, tenant_sso_id=granted.way.name or DEFAULT_SSO_ID)


def go(call: Call[TokenQuery]) -> Steps[Answer | Refusal]:
    """Send the first browser that comes to the identity provider; the sign-in is its own from then on."""
    bound = yield from write(federation.bind, call, "sso", call.body.t)
    if isinstance(bound, Refusal):
        return bound
    place = yield from read(routing.place_of, bound.start.way)
    try:
        if place is None or arrivals.is_changed(place, bound.start):
            raise SignInRefused(detail="the configuration is off or gone")
        ask = saml.ask if place.connection.kind == "saml" else oidc.ask
        answer = yield from ask(call, place, bound)
    except (FetchFailed, SignInRefused) as error:
        return (yield from write(arrivals.failed, call, bound.start, error))
    return replace(answer, cookies=(*answer.cookies, *bound.cookies))


def _stands(tx: Tx, granted: Grant) -> bool:
    """Tell whether what a person came by is on still, and they are a member of that very tenant."""
    profile = users.find(tx, granted.user_id)
    is_member = profile is not None and granted.way.tenant_id in profile.tenants
    place = routing.place_of(tx, granted.way) if is_member else None
    return place is not None and place.connection.settings.provider_digest == granted.provider


def _redirect(call: Call[SsoStart], place: Place | None) -> str:
    """Return the approved page of the application that gets the code.

    Raises:
        MissingArgument: Neither the call nor a setting names one.
        InvalidArgument: It is not approved.
    """
    settings = place.connection.settings if place else None
    own = (settings.saml if place and place.connection.kind == "saml" else settings.oidc) if settings else None
    found = target(call.project, _NAME, call.body.redirect_url or (own.redirect_url if own else ""))
    if not found and place is None:
        return call.project.public_url
    if not found:
        raise MissingArgument(error_message="Name a redirectURL, or set one in the SSO configuration.")
    return found


def _as_reached(call: Call[SsoStart], place: Place | None) -> Call[SsoStart]:
    """Return the call as of the host that the configuration names: the browser's cookie has to be of that host."""
    host = place.connection.settings.oidc.callback_domain if place and place.connection.kind == "oidc" else ""
    return replace(call, project=replace(call.project, public_url=reached_at(call.project, host))) if host else call


HANDLERS = (
    writes(wire.START, start),
    writes(wire.EXCHANGE, exchange),
    writes(wire.SAML_START, start),
    writes(wire.SAML_EXCHANGE, exchange),
    steps(endpoints.GO, go),
    steps(endpoints.CALLBACK, oidc.callback),
    steps(endpoints.ACS, saml.acs),
    steps(endpoints.ARRIVED, saml.arrived),
    steps(endpoints.METADATA, saml.metadata),
)
