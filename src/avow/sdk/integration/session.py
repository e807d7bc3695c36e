"""What a request knows of the person who sent it: the claims of a session token that held. No I/O in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from avow.core import rbac
from avow.core.kinds import KEY_CLAIM
from avow.sdk.answers import user_id_of
from avow.sdk.validate import HeldToken

__all__ = ["AvowSession", "Tokens"]


@dataclass(slots=True)  # not frozen: each request makes one, and that would take three times as long
class Tokens:
    """A session token and its refresh token as they are kept; "" for one that is not there. Nobody changes one."""

    session: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.session or self.refresh)


_NONE: Final = Tokens()


class AvowSession:
    """Somebody who is signed in; reading it asks nobody.

    What nearly every request asks, whose session it is, is known without reading the claims of a token.
    """

    __slots__ = ("_said", "_tokens")

    def __init__(self, claims: Mapping[str, Any] | HeldToken, tokens: Tokens = _NONE) -> None:
        """Keep what is known.

        Args:
            claims: The answer of a token's validation, or a token that held.
            tokens: The tokens themselves, the session token that held among them.
        """
        self._said = claims
        self._tokens = tokens

    def __bool__(self) -> bool:
        return True  # beside the proxy of Flask, which is false when nobody is signed in

    def __repr__(self) -> str:
        return "AvowSession()"  # reports of errors show this

    @property
    def claims(self) -> Mapping[str, Any]:
        """Return the answer of the token's validation, in dicts that are the request's own."""
        said = self._said
        if isinstance(said, HeldToken):
            said = self._said = said.claims(self._tokens.session)
        return said

    @property
    def tokens(self) -> Tokens:
        """Return the tokens themselves."""
        return self._tokens

    @property
    def user_id(self) -> str:
        """Return the user's id; "" when the session is a machine's."""
        said = self._said
        return said.user_id if isinstance(said, HeldToken) else user_id_of(said)

    @property
    def key_id(self) -> str:
        """Return the id of the access key that the session is of; "" when it is a person's."""
        return str(self.claims.get("keyId") or "")

    @property
    def is_machine(self) -> bool:
        """Tell whether the token came from an access key: nobody takes a machine for a user."""
        said = self._said
        return not said.user_id if isinstance(said, HeldToken) else KEY_CLAIM in said

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
