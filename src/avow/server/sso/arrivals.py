"""What follows when an identity provider has vouched for somebody: who they are here, and what they hold.

The order is: the configuration still stands, the address is within the tenant's domains, the user is found or created,
what the provider says of them is kept, their groups give them roles, and the application gets its code.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from avow.core import addresses
from avow.core.federation.people import Person
from avow.errors import AuthException, SignInRefused, SsoDomainRefused, UserNotFound
from avow.server.federation import actions as federation
from avow.server.federation.actions import Admitted, Rule
from avow.server.federation.starts import Grant, Start
from avow.server.proofs.options import goes_on
from avow.server.serving import Answer, Call, Refusal
from avow.server.sso import groups, recalculation, routing
from avow.server.sso.routing import Place
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.server.users import actions as users
from avow.wire.sessions import IdpResponse

__all__ = ["Vouched", "complete", "details_of", "failed", "is_changed"]

_MOST_TOLD: Final = 16_384  # bytes of what the application is told of the provider's answer
_UNITS: Final[Mapping[str, int]] = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 7 * 86_400}


class Vouched(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an identity provider has said, judged; it may be kept until the browser is seen.

    Attributes:
        person: Who it is.
        is_multi_factor: Two factors were shown there.
        ends_at: When the provider wants sessions to end, or 0.
    """

    person: Person
    is_multi_factor: bool = False
    ends_at: int = 0


def details_of(place: Place) -> dict[str, str]:
    """Return what a start remembers of the configuration that it was begun with."""
    return {
        "protocol": place.connection.kind,
        "tenant_made_at": str(place.made_at),
        "provider": place.connection.settings.provider_digest,
    }


def is_changed(place: Place | None, begun: Start) -> bool:
    """Tell whether a configuration is not, or not any more, the one that a start was begun with."""
    return place is None or any(begun.details.get(name) != value for name, value in details_of(place).items())


def complete(tx: Tx, call: Call[object], begun: Start, vouched: Vouched) -> Answer:
    """Find or create the user, give them what their groups give, and send the browser to the application with a code.

    Everything is decided on what holds now: a configuration that was turned off, deleted or given another identity
    provider while the person was away signs nobody in.

    Args:
        tx: The unit, in which the start, or what was held of it, has been consumed.
        call: The request of the browser.
        begun: What was begun; of a sign-in that nobody here asked for, what would have been.
        vouched: What the provider said.
    """
    place = routing.place_of(tx, begun.way)
    if place is None or is_changed(place, begun):
        return failed(tx, call, begun, SignInRefused(detail="the configuration is off or gone"))
    if not goes_on(tx, call.project, begun.user_id, begun.asked.session_id):  # the provider took its time
        return failed(tx, call, begun, SignInRefused(detail="the session that asked for it has ended"))
    admitted = _admitted(tx, call, place, begun, vouched.person)
    if isinstance(admitted, AuthException):
        return failed(tx, call, begun, admitted)
    if isinstance(admitted, Refusal):  # which is in the audit already
        return federation.failed(begun, admitted.error.error_code)
    _keep(tx, place, admitted, vouched.person)
    code = federation.grant(tx, _granted(tx, place, begun, vouched, admitted))
    return federation.finished(begun, code)


def failed(tx: Tx, call: Call[object], begun: Start, error: AuthException) -> Answer:
    """Note why a sign-in came to nothing, and send the browser to the application with the code of the error."""
    federation.refuse(tx, call, "sso", error.detail or error.text, begun.way)
    return federation.failed(begun, error.error_code)


def _admitted(
    tx: Tx, call: Call[object], place: Place, begun: Start, person: Person
) -> Admitted | Refusal | AuthException:
    """Return who the person is here; nobody from outside the tenant's domains, whoever vouches for them."""
    folded = addresses.email(person.email).folded if person.email else ""
    if folded and folded.rpartition("@")[2] not in routing.domains_of(tx, place.tenant_id):
        return SsoDomainRefused(detail="the address is of no domain of the tenant")
    may_create = not place.settings.jit_disabled
    if not may_create and not _is_member(tx, place, person, folded):
        return UserNotFound(detail="just-in-time users are off, and this is no member")
    rule = Rule(
        does=begun.does,
        user_id=begun.user_id,
        may_create=may_create,
        tenant_id=place.tenant_id,
        protocol=place.connection.kind,
        anonymous_id=begun.anonymous_id,
    )
    return federation.admit(tx, call.project, call.client, place.way, person, rule)


def _is_member(tx: Tx, place: Place, person: Person, folded: str) -> bool:
    """Tell whether the person is in the tenant already: as who came before, or by an address that is verified."""
    known = federation.identity_of(tx, place.way, person)
    owner = users.find_owner(tx, folded) if folded and person.is_email_verified else None
    profile = users.find(tx, known or owner or "")
    return profile is not None and place.tenant_id in profile.tenants


def _keep(tx: Tx, place: Place, admitted: Admitted, person: Person) -> None:
    """Make the user a member, with the fields, groups and roles that the provider's word gives them."""
    profile = admitted.profile
    tenants.add_member(tx, profile.id, place.tenant_id)
    said = {
        "name": person.name,
        "given_name": person.given_name,
        "middle_name": person.middle_name,
        "family_name": person.family_name,
        "picture": person.picture,
    }
    recalculation.hold(tx, place.tenant_id, [profile.id])
    users.describe(tx, profile, said, person.attributes, actor=f"sso:{place.tenant_id}")
    groups.keep(tx, place.connection, profile.id, person.groups)
    recalculation.give(tx, place.connection, profile.id)


def _granted(tx: Tx, place: Place, begun: Start, vouched: Vouched, admitted: Admitted) -> Grant:
    return Grant(
        way=begun.way,
        user_id=admitted.profile.id,
        credential_version=admitted.profile.row.credential_version,
        method="fed",
        asked=begun.asked,
        tenant_id=place.tenant_id,
        first_seen=admitted.is_new,
        idp_response=_told(place, vouched.person),
        is_multi_factor=vouched.is_multi_factor,
        lifetime_seconds=_lifetime(place, vouched.ends_at),
        provider=place.connection.settings.provider_digest,
    )


def _lifetime(place: Place, ends_at: int) -> int:
    """Return how long the session may live: as tenant and identity provider allow, 0 where neither says.

    Spec: SAML Core section 2.7.2 (SessionNotOnOrAfter).
    """
    settings = place.settings
    unit = _UNITS.get(settings.refresh_token_expiration_unit or "minutes", 60)
    own = settings.refresh_token_expiration * unit if settings.enabled else 0
    theirs = max(1, ends_at - place.now) if ends_at else 0
    return min((each for each in (own, theirs) if each), default=0)


def _told(place: Place, person: Person) -> str:
    """Return what the application is told of the provider's answer; of one that is very long, the groups alone."""
    claims = dict(person.claims)
    halves = {"saml_attributes": claims} if place.connection.kind == "saml" else {"oidc_claims": claims}
    told = msgspec.json.encode(IdpResponse(groups=person.groups, **halves))
    if len(told) > _MOST_TOLD:
        told = msgspec.json.encode(IdpResponse(groups=person.groups))
    return told.decode() if len(told) <= _MOST_TOLD else ""
