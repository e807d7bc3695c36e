"""What a view may demand of whoever asks, and the judgement: decorators and mixins only carry it out. No I/O in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from avow.django.sessions import AvowSession

__all__ = ["SELECTED", "Demand", "Verdict"]

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
        tenant: Id of the tenant in which they count, or `SELECTED`.
        tenant_kwarg: Name of the URL's part that holds the id, instead.
        is_member: Being in the tenant is demanded, even without any role.
    """

    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    tenant: str | None = None
    tenant_kwarg: str | None = None
    is_member: bool = False

    @property
    def asks_for_login_only(self) -> bool:
        """Tell whether anybody who is signed in may pass."""
        return not (self.roles or self.permissions or self.is_member)

    def judge(self, session: AvowSession | None, url_parts: Mapping[str, Any]) -> Verdict:
        """Judge somebody by their session token alone."""
        if session is None:
            return Verdict.STRANGER
        tenant = self._tenant(session, url_parts)
        if tenant == "" or (self.is_member and not session.belongs_to(tenant or "")):
            return Verdict.REFUSED
        has_all = session.has_roles(self.roles, tenant=tenant) and session.has_permissions(
            self.permissions, tenant=tenant
        )
        return Verdict.GRANTED if has_all or self.asks_for_login_only else Verdict.REFUSED

    def _tenant(self, session: AvowSession, url_parts: Mapping[str, Any]) -> str | None:
        if self.tenant_kwarg is not None:
            return str(url_parts.get(self.tenant_kwarg) or "")
        return session.tenant_id if self.tenant == SELECTED else self.tenant
