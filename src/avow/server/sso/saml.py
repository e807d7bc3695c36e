"""Sign-in at the SAML identity provider of a tenant: the browser sent there, its answer judged, our metadata shown.

The answer comes as a form of the identity provider's page, with which browsers send no cookie of ours. So it is judged
first and held, and the browser is sent on to an address of ours (`arrived`) where it shows that it is the one that was
sent out. Only then is anybody signed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from avow import shaping
from avow.core.redirects import approve
from avow.core.saml import (
    Asked,
    Assertion,
    Expected,
    IdentityProvider,
    PostForm,
    Reason,
    SamlKey,
    SamlRefused,
    ServiceProvider,
    authn_request,
    read_response,
    sp_metadata,
)
from avow.errors import (
    AuthException,
    FetchFailed,
    InvalidArgument,
    MalformedRequest,
    MissingArgument,
    RequestTooLarge,
    SignInRefused,
    UserExists,
)
from avow.server.federation import actions as federation
from avow.server.federation import assertions
from avow.server.federation.actions import Bound
from avow.server.federation.forms import posting
from avow.server.federation.starts import Start, Way
from avow.server.keys import saml as saml_keys
from avow.server.proofs.targets import target
from avow.server.serving import Answer, Call, Project, Refusal, Steps, aside, read, write
from avow.server.sso import actions, arrivals, idps, mapped, routing
from avow.server.sso.actions import Connection
from avow.server.sso.arrivals import Vouched
from avow.server.sso.endpoints import AcsForm, MetadataQuery, TokenQuery, arrived_path, way_of
from avow.server.sso.routing import Place
from avow.server.sso.shown import acs_url, entity_id
from avow.server.sso.wishes import Wanted
from avow.server.store import Tx
from avow.server.tenants import actions as tenants

__all__ = ["acs", "arrived", "ask", "metadata"]

_MOST_HELD: Final = 60_000  # bytes of what is kept until the browser is seen
_UNREADABLE: Final[Mapping[Reason, type[AuthException]]] = {
    Reason.TOO_LARGE: RequestTooLarge,
    **dict.fromkeys((Reason.NOT_BASE64, Reason.NOT_UTF8, Reason.NOT_XML, Reason.FORBIDDEN_XML), MalformedRequest),
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of an answer before it is read.

    Attributes:
        place: Where it says that it comes from, where somebody can sign in now.
        begun: The start that waits for it; None for one that nobody here asked for.
        domains: Those that the tenant signs in by itself.
        keys: What opens encrypted assertions.
    """

    place: Place
    begun: Start | None
    domains: frozenset[str]
    keys: tuple[SamlKey, ...]


def ask(call: Call[object], place: Place, bound: Bound) -> Steps[Answer]:
    """Send a browser to the identity provider with a request, signed unless the configuration says otherwise.

    Raises:
        FetchFailed: Its metadata cannot be had.
        SignInRefused: What is set up cannot sign anybody in.
    """
    idp = yield from idps.provider(place.connection, place.now)
    is_signed = idp.wants_signed_requests or not place.connection.settings.saml.leaves_requests_unsigned
    key = (yield from saml_keys.needed(call.project)) if is_signed else None
    wanted = Wanted.of(bound.start)
    asked = Asked(
        id=wanted.request,
        relay_state=bound.state,
        forces_authn=wanted.proves_anew or "login" in wanted.prompt.split(),
        is_passive=wanted.prompt == "none",
        # Not every identity provider takes a subject in a request: it is named only where the application did.
        login_hint=wanted.hint if wanted.is_hint_told and routing.domain_of(wanted.hint) else "",
    )
    sp = _ourselves(call.project, place.connection)
    try:
        made = yield from aside(authn_request, idp, sp, asked, place.now, key=key)
    except ValueError as error:
        raise SignInRefused(detail="the request cannot be written") from error
    return posting(made) if isinstance(made, PostForm) else Answer(status=303, headers={"location": made.url})


def acs(call: Call[AcsForm]) -> Steps[Answer | Refusal]:
    """Take the answer of a tenant's SAML identity provider, and send the browser on.

    Without a request of ours before it, it counts only where the configuration takes sign-ins that begin at the
    identity provider; `RelayState` then names the page of the application, if that is an approved one.
    """
    body = call.body
    way = Way(kind="sso", name=actions.connection_id(body.sso_id), tenant_id=body.tenant_id)
    seen = yield from read(_seen, way, body.relay_state)
    if seen is None:
        return (yield from write(federation.refuse, call, "sso", "a configuration that is off or gone", way))
    try:
        idp = yield from idps.provider(seen.place.connection, seen.place.now)
        said = yield from aside(read_response, body.saml_response, _expected(call, seen, idp), seen.place.now)
    except SamlRefused as no:
        if no.reason in _UNREADABLE:  # whoever posted that is no identity provider on its way back
            return (
                yield from write(federation.refuse, call, "sso", f"saml: {no.reason}", way, _UNREADABLE[no.reason]())
            )
        return (yield from write(_refused, call, way, seen, SignInRefused(detail=f"saml: {no.reason}")))
    except (FetchFailed, SignInRefused) as error:
        return (yield from write(_refused, call, way, seen, error))
    return (yield from write(_taken, call, seen, said))


def arrived(call: Call[TokenQuery]) -> Steps[Answer | Refusal]:
    """Sign in whoever the identity provider has vouched for, in the browser that was sent there."""
    try:
        return (yield from write(_resumed, call))
    except UserExists:  # the same person came by another window at the same moment
        return (yield from write(_resumed, call))


def _resumed(tx: Tx, call: Call[TokenQuery]) -> Answer | Refusal:
    way = way_of(call.path["tenant"], call.path["sso"])
    if way is None:
        return federation.refuse(tx, call, "sso", "a path of no configuration")
    held = federation.resume(tx, call, way, call.body.t)
    if isinstance(held, Refusal):
        return held
    return arrivals.complete(tx, call, held.arrival.start, shaping.decode(held.text, Vouched))


def metadata(call: Call[MetadataQuery]) -> Steps[Answer]:
    """Return our SAML metadata for the identity provider of a tenant: name, address and certificate."""
    body = call.body
    connection = yield from read(_configured, body.tenant_id, actions.connection_id(body.sso_id))
    key = yield from saml_keys.needed(call.project)
    is_signed = not connection.settings.saml.leaves_requests_unsigned
    document = sp_metadata(_ourselves(call.project, connection), [key.certificate], signs_requests=is_signed)
    return Answer(document, content_type="application/samlmetadata+xml; charset=utf-8")


def _ourselves(project: Project, connection: Connection) -> ServiceProvider:
    return ServiceProvider(entity_id=entity_id(project, connection), acs_url=acs_url(project, connection))


def _configured(tx: Tx, tenant_id: str, connection: str) -> Connection:
    tenants.get(tx, tenant_id)
    return actions.load(tx, tenant_id, connection)


def _seen(tx: Tx, way: Way, relay_state: str) -> _Seen | None:
    place = routing.place_of(tx, way)
    if place is None or place.connection.kind != "saml":
        return None
    begun = federation.peek(tx, way, relay_state) if relay_state else None
    return _Seen(place, begun, routing.domains_of(tx, way.tenant_id), saml_keys.held(tx))


def _expected(call: Call[AcsForm], seen: _Seen, idp: IdentityProvider) -> Expected:
    """Return what the answer has to be.

    Raises:
        SignInRefused: The configuration is not the one any more that the sign-in was begun with.
    """
    connection, begun = seen.place.connection, seen.begun
    if begun is not None and arrivals.is_changed(seen.place, begun):
        raise SignInRefused(detail="the configuration is another one now")
    wanted = Wanted.of(begun) if begun else None
    return Expected(
        idp=idp,
        sp=_ourselves(call.project, connection),
        request_id=wanted.request if wanted else None,
        accepts_unsolicited=connection.settings.saml.takes_unsolicited,
        keys=seen.keys,
        max_age_seconds=max(0, seen.place.now - begun.begun_at) if begun and wanted and wanted.proves_anew else None,
    )


def _refused(tx: Tx, call: Call[AcsForm], way: Way, seen: _Seen, error: AuthException) -> Answer | Refusal:
    """Note why an answer was not believed; with a start it is known where to send the browser."""
    if seen.begun is not None:
        return arrivals.failed(tx, call, seen.begun, error)
    return federation.refuse(tx, call, "sso", error.detail, way, error)


def _taken(tx: Tx, call: Call[AcsForm], seen: _Seen, said: Assertion) -> Answer | Refusal:
    """Use an assertion up, and let the browser show that it is the one, or sign in whom nobody here had sent."""
    way, saml = seen.place.way, seen.place.connection.settings.saml
    if not assertions.use(tx, way, said.issuer, said.id, until=said.accepted_until):
        return _refused(tx, call, way, seen, SignInRefused(detail="saml: an assertion that was used before"))
    person = mapped.person_of(saml, said, seen.domains)
    if person is None:
        return _refused(tx, call, way, seen, SignInRefused(detail="saml: nothing names the person for good"))
    vouched = Vouched(person=person, is_multi_factor=said.is_multi_factor, ends_at=said.session_ends_at or 0)
    if seen.begun is not None:
        url = federation.hold(tx, call, call.body.relay_state, _text(vouched), path=arrived_path(way))
        return Answer(status=303, headers={"location": url})
    redirect = _landing(call, seen.place)
    begun = Start(way=way, redirect=redirect, begun_at=tx.now, details=arrivals.details_of(seen.place))
    return arrivals.complete(tx, call, begun, vouched)


def _text(vouched: Vouched) -> str:
    """Return what is held; where all attributes are too much, only those that are mapped."""
    text = msgspec.json.encode(vouched)
    if len(text) > _MOST_HELD:
        text = msgspec.json.encode(msgspec.structs.replace(vouched, person=replace(vouched.person, claims={})))
    return text.decode()


def _landing(call: Call[AcsForm], place: Place) -> str:
    """Return where a person goes whom nobody here had sent.

    A place that the identity provider names counts only when the project approves of it.

    Raises:
        MissingArgument: There is neither that nor one that is set up.
        InvalidArgument: The one that is set up is not approved.
    """
    try:
        return approve(call.body.relay_state, call.project.settings.approved_redirects, default_open=False)
    except InvalidArgument:
        found = target(call.project, "sso", place.connection.settings.saml.redirect_url)
    if not found:
        raise MissingArgument(error_message="The SSO configuration has no redirect URL to go on to.")
    return found
