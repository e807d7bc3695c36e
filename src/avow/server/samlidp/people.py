"""Whose session a browser has, and what a service provider may be told of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from avow.core.saml.idp import Person, Seen
from avow.errors import SecondFactorNeeded, SessionEnded
from avow.server.applications import actions as applications
from avow.server.roles import actions as roles
from avow.server.samlidp.sps import Application
from avow.server.serving import Project, SessionCaller
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.users.actions import Profile

__all__ = ["Someone", "find"]

_MAC = "saml-transient"
_CUSTOM = ("customAttributes.", "custom.")


@dataclass(frozen=True, slots=True)
class Someone:
    """A person with a session.

    Attributes:
        seen: What decisions ask about.
        person: What can be told.
        is_multi_factor: Two factors were shown in the session.
        tenant_id: That is selected in it, or "".
        ends_at: When the session ends.
    """

    seen: Seen
    person: Person
    is_multi_factor: bool
    tenant_id: str
    ends_at: int


def find(tx: Tx, project: Project, held: tuple[SessionCaller, int] | None, app: Application) -> Someone | None:
    """Return whose session the browser has; None for nobody's, and for one in which somebody acts for another."""
    if held is None:
        return None
    caller, ends_at = held
    try:
        session, profile = sessions.live_profile(tx, project, caller)
    except (SessionEnded, SecondFactorNeeded):
        return None
    if session.impersonator:  # whoever acts for somebody else does it here, not at other applications
        return None
    return Someone(
        seen=Seen(
            user_id=caller.user_id,
            session_id=caller.session_id,
            auth_time=session.created_at,
            may_reach=applications.may_reach(tx, app.id, caller.user_id),
        ),
        person=_person(tx, profile, app, caller.session_id, session.tenant_id or ""),
        is_multi_factor="mfa" in session.amr.split(),
        tenant_id=session.tenant_id or "",
        ends_at=ends_at,
    )


def _person(tx: Tx, profile: Profile, app: Application, session_id: str, tenant_id: str) -> Person:
    row, tenant = profile.row, profile.tenants.get(tenant_id)
    held = [*profile.roles, *(tenant.roles if tenant else ())]
    listed = {(role.id, role.name) for group in app.settings.groups_mapping for role in group.roles if role.id}
    return Person(
        user_id=profile.id,
        transient="_" + tx.vault.mac(_MAC, tx.project_id, app.id, session_id).hex(),
        email=row.email if row.is_email_verified else "",
        phone=row.phone if row.is_phone_verified else "",
        values={**_values(profile), "roleNames": held, "roles": held},
        roles=frozenset(held),
        role_ids=roles.held_of(tx, profile.id, tenant_id if tenant else "", listed) if held else (),
    )


def _values(profile: Profile) -> Mapping[str, Sequence[str]]:
    """Return what can be told of a user, by the names that mappings use; addresses only if they are proven."""
    row, shown = profile.row, profile.shown()
    email = shown.email if row.is_email_verified else ""
    phone = shown.phone if row.is_phone_verified else ""
    own = {email.casefold(), phone}
    # A login ID that looks like an address is one that somebody may have typed who never proved it.
    names = [each for each in shown.login_ids if not ("@" in each or each.startswith("+")) or each.casefold() in own]
    found: dict[str, Sequence[str]] = {
        "userId": (shown.user_id,),
        "loginId": names[:1],
        "loginIds": names,
        "email": (email,),
        "phone": (phone,),
        "name": (shown.name,),
        "givenName": (shown.given_name,),
        "middleName": (shown.middle_name,),
        "familyName": (shown.family_name,),
        "picture": (shown.picture,),
        "verifiedEmail": (_text(bool(email)),),
        "verifiedPhone": (_text(bool(phone)),),
        "permissions": shown.permissions,
        "tenants": tuple(each.tenant_id for each in shown.user_tenants),
    }
    for name, value in shown.custom_attributes.items():
        several = value if isinstance(value, list) else [value]
        found |= {f"{prefix}{name}": [_text(each) for each in several] for prefix in _CUSTOM}
    return found


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
