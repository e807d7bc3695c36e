"""Sign-in at the OpenID provider of a tenant: the browser sent there, and what it brings back judged."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from avow.core.federation.providers import Provider
from avow.core.federation.requests import Wishes, authorization_url
from avow.core.saml import MULTI_FACTOR_CONTEXTS
from avow.errors import FetchFailed, SignInDeclined, SignInRefused, UserExists
from avow.server.federation import actions as federation
from avow.server.federation.actions import Arrival, Bound
from avow.server.federation.relying import endpoints_of, prove
from avow.server.federation.starts import Start
from avow.server.serving import Answer, Call, Refusal, Steps, read, write
from avow.server.sso import actions, arrivals, routing
from avow.server.sso.actions import Connection
from avow.server.sso.arrivals import Vouched
from avow.server.sso.endpoints import CallbackQuery, way_of
from avow.server.sso.mapped import claims_mapped
from avow.server.sso.routing import Place
from avow.server.sso.shown import callback_url
from avow.server.sso.wishes import Wanted
from avow.server.store import Tx

__all__ = ["ask", "callback", "provider_of"]

_SCOPES: Final = ("openid", "profile", "email")
# Where well-known providers have endpoints beside the host of their issuer; any other is written out in the settings.
_HOSTS: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts.google.com": ("oauth2.googleapis.com", "openidconnect.googleapis.com", "www.googleapis.com"),
    "login.microsoftonline.com": ("graph.microsoft.com",),
}
_MULTI_FACTOR: Final = MULTI_FACTOR_CONTEXTS | {"http://schemas.openid.net/pape/policies/2007/06/multi-factor"}


@dataclass(frozen=True, slots=True)
class _Party:
    """The provider of a configuration, and our secret there."""

    provider: Provider
    secret: str = field(repr=False)


def ask(call: Call[object], place: Place, bound: Bound) -> Steps[Answer]:
    """Send a browser to the provider.

    Raises:
        FetchFailed: The provider does not say where its endpoints are.
        SignInRefused: What is set up cannot sign anybody in.
    """
    party = yield from read(_party, place.connection)
    endpoints = yield from endpoints_of(party.provider)
    wanted = Wanted.of(bound.start)
    url = authorization_url(
        party.provider,
        endpoints,
        Wishes(prompt=wanted.prompt, login_hint=wanted.hint, proves_anew=wanted.proves_anew),
        redirect_uri=callback_url(call.project, place.connection),
        state=bound.state,
        nonce=bound.nonce,
        verifier=bound.verifier,
    )
    return Answer(status=303, headers={"location": url})


def callback(call: Call[CallbackQuery]) -> Steps[Answer | Refusal]:
    """Take a person back from the OpenID provider of a tenant, and send them to the application with a code.

    The browser has to be the one that was sent there; the `state` is used up before the provider is asked.
    """
    way = way_of(call.path["tenant"], call.path["sso"])
    if way is None:
        return (yield from write(federation.refuse, call, "sso", "a path of no configuration"))
    arrival = yield from write(federation.arrive, call, way, call.body.state or "")
    if isinstance(arrival, Refusal):
        return arrival
    try:
        vouched = yield from _proven(call, arrival)
    except (FetchFailed, SignInDeclined, SignInRefused) as error:
        return (yield from write(arrivals.failed, call, arrival.start, error))
    try:
        return (yield from write(arrivals.complete, call, arrival.start, vouched))
    except UserExists:  # the same person came by another window at the same moment
        return (yield from write(arrivals.complete, call, arrival.start, vouched))


def provider_of(connection: Connection, domains: Collection[str]) -> Provider:
    """Return the provider of a configuration.

    With an issuer it is an OpenID provider, whose ID tokens prove people. Without one it is asked over TLS who the
    person is (`userDataUrl`), and is named by its token endpoint.

    Args:
        connection: Of kind `oidc`.
        domains: Those that the tenant signs in by itself: of them the provider's word counts.

    Raises:
        SignInRefused: What is set up cannot sign anybody in.
    """
    oidc = connection.settings.oidc
    if oidc.grant_type != "authorization_code":
        raise SignInRefused(detail="nobody signs in by the grant type implicit")
    if not (oidc.issuer or (oidc.auth_url and oidc.token_url and oidc.user_data_url)):
        raise SignInRefused(detail="the configuration names no issuer, and not all endpoints either")
    return Provider(
        protocol="oidc" if oidc.issuer else "oauth2",
        issuer=oidc.issuer or oidc.token_url,
        client_id=oidc.client_id,
        authorization_url=oidc.auth_url,
        token_url=oidc.token_url,
        user_url=oidc.user_data_url,
        keys_url=oidc.jwks_url,
        hosts=_HOSTS.get(urlsplit(oidc.issuer).netloc.lower(), ()),
        scopes=oidc.scope or _SCOPES,
        client_auth="" if connection.sealed_secret else "none",
        parameters={"prompt": " ".join(oidc.prompt)} if oidc.prompt else {},
        mapping=claims_mapped(oidc),
        trusted_domains=tuple(sorted(domains)),
    )


def _proven(call: Call[CallbackQuery], arrival: Arrival) -> Steps[Vouched]:
    """Return what the provider vouches for; raises as `prove`."""
    begun, body = arrival.start, call.body
    place, party = yield from read(_still, begun)
    proven = yield from prove(
        party.provider,
        party.secret,
        arrival,
        {"code": body.code, "iss": body.iss, "error": body.error},
        redirect_uri=callback_url(call.project, place.connection),
        proven_since=begun.begun_at if Wanted.of(begun).proves_anew else 0,
    )
    return Vouched(person=proven.person, is_multi_factor=_is_multi_factor(proven.person.claims))


def _still(tx: Tx, begun: Start) -> tuple[Place, _Party]:
    """Return where somebody comes back from, as it is now.

    Raises:
        SignInRefused: The configuration is not the one any more that the sign-in was begun with.
    """
    place = routing.place_of(tx, begun.way)
    if place is None or arrivals.is_changed(place, begun):
        raise SignInRefused(detail="the configuration is off or gone")
    return place, _party(tx, place.connection)


def _party(tx: Tx, connection: Connection) -> _Party:
    provider = provider_of(connection, routing.domains_of(tx, connection.tenant_id))
    return _Party(provider, actions.client_secret(tx, connection))


def _is_multi_factor(claims: Mapping[str, object]) -> bool:
    """Tell whether the provider says that two factors were shown; silence counts as one.

    Spec: RFC 8176 section 2 (`mfa`).
    """
    methods, level = claims.get("amr"), claims.get("acr")
    return (isinstance(methods, list) and "mfa" in methods) or (isinstance(level, str) and level in _MULTI_FACTOR)
