"""What a view may demand of whoever asks, and the judgement: decorators and dependencies carry it out. No I/O in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from avow.sdk.integration.session import AvowSession

__all__ = ["SELECTED", "Demand", "Verdict", "demand"]

SELECTED: Final = "*selected*"
"""As `tenant`: the one that is selected in the session."""


class Verdict(Enum):
    """What follows for a request."""

    GRANTED = "granted"
    STRANGER = "nobody is signed in"
    REFUSED = "signed in, and not allowed"


@dataclass(frozen=True, slots=True)
class Demand:
    """Roles and permissions, all of which have to be held: in the project, or in one tenant.

    Attributes:
        roles: Names of roles.
        permissions: Names of permissions.
        tenant: Id of the tenant in which they count, or `SELECTED`; being a member is demanded even without a name.
        tenant_part: Name of the URL's part that holds the id, instead.
        is_person: A user is demanded: the token of an access key is refused.
    """

    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    tenant: str | None = None
    tenant_part: str | None = None
    is_person: bool = False

    def judge(self, session: AvowSession | None, url_parts: Mapping[str, Any]) -> Verdict:
        """Judge somebody by their session token alone."""
        if session is None:
            return Verdict.STRANGER
        if self.is_person and session.is_machine:
            return Verdict.REFUSED
        tenant = self._tenant(session, url_parts)
        holds_all = (
            (tenant is None or session.belongs_to(tenant))
            and (not self.roles or session.has_roles(self.roles, tenant=tenant))
            and (not self.permissions or session.has_permissions(self.permissions, tenant=tenant))
        )
        return Verdict.GRANTED if holds_all else Verdict.REFUSED

    def _tenant(self, session: AvowSession, url_parts: Mapping[str, Any]) -> str | None:
        if self.tenant_part is not None:
            return str(url_parts.get(self.tenant_part) or "")
        return session.tenant_id if self.tenant == SELECTED else self.tenant


def demand(
    *,
    roles: Collection[str] = (),
    permissions: Collection[str] = (),
    tenant: str | None = None,
    tenant_part: str | None = None,
) -> Demand:
    """Return a demand that somebody could fail to meet.

    Raises:
        ValueError: Nothing is demanded, a tenant is named twice or by "", or names are a text instead of a list.
    """
    for names in (roles, permissions):
        if isinstance(names, str) or not all(names):
            raise ValueError(f"Roles and permissions are lists of names, not {names!r}.")
    if tenant is not None and tenant_part is not None:
        raise ValueError("Name the tenant once: itself, or the part of the URL that holds its id.")
    if "" in (tenant, tenant_part):
        raise ValueError("The empty tenant is none.")
    if not (roles or permissions or tenant or tenant_part):
        raise ValueError("Nothing is demanded: name a role, a permission or a tenant.")
    return Demand(tuple(roles), tuple(permissions), tenant, tenant_part)
