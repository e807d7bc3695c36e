"""What a request knows of the person who sent it: the claims of a session token that held. No I/O in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from avow.core import rbac

__all__ = ["AvowSession", "Tokens"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A session token and its refresh token as they are kept; "" for one that is not there."""

    session: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.session or self.refresh)


@dataclass(frozen=True, slots=True)
class AvowSession:
    """Somebody who is signed in; reading it asks nobody.

    Attributes:
        claims: The answer of the token's validation, in dicts that are the request's own.
        tokens: The tokens themselves.
    """

    claims: Mapping[str, Any] = field(repr=False)  # the SDK puts the token among them, and reports of errors show this
    tokens: Tokens = field(default_factory=Tokens, repr=False)

    def __bool__(self) -> bool:
        return True  # beside the proxy of Flask, which is false when nobody is signed in

    @property
    def user_id(self) -> str:
        """Return the user's id; "" when the session is a machine's."""
        return "" if self.is_machine else str(self.claims.get("dsub") or self.claims.get("sub") or "")

    @property
    def key_id(self) -> str:
        """Return the id of the access key that the session is of; "" when it is a person's."""
        return str(self.claims.get("keyId") or "")

    @property
    def is_machine(self) -> bool:
        """Tell whether the token came from an access key: nobody takes a machine for a user."""
        return "keyId" in self.claims

    @property
    def roles(self) -> list[str]:
        """Return the roles in the project."""
        return _texts(self.claims.get("roles"))

    @property
    def permissions(self) -> list[str]:
        """Return the permissions in the project."""
        return _texts(self.claims.get("permissions"))

    @property
    def tenants(self) -> list[str]:
        """Return the ids of the tenants that the person belongs to."""
        found = self.claims.get("tenants")
        return list(found) if isinstance(found, dict) else []

    @property
    def tenant_id(self) -> str:
        """Return the tenant that is selected in the session, or ""."""
        return str(self.claims.get("dct") or "")

    def has_roles(self, roles: Collection[str], *, tenant: str | None = None) -> bool:
        """Tell whether the person holds every one of these roles: in the project, or in one tenant."""
        if tenant is None:
            return rbac.validate_roles(self.claims, roles)
        return rbac.validate_tenant_roles(self.claims, tenant, roles)

    def has_permissions(self, permissions: Collection[str], *, tenant: str | None = None) -> bool:
        """Tell whether the person holds every one of these permissions: in the project, or in one tenant."""
        if tenant is None:
            return rbac.validate_permissions(self.claims, permissions)
        return rbac.validate_tenant_permissions(self.claims, tenant, permissions)

    def belongs_to(self, tenant: str) -> bool:
        """Tell whether the person is a member of a tenant."""
        return bool(tenant) and rbac.validate_tenant_roles(self.claims, tenant, [])


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
