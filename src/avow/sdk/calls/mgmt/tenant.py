"""Management calls of tenants."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, shaped, text_of
from avow.sdk.transport import Response
from avow.wire import sso, tenants
from avow.wire.endpoint import Nothing

__all__ = [
    "change",
    "create",
    "delete",
    "generate_sso_link",
    "load",
    "load_all",
    "load_settings",
    "revoke_sso_link",
    "search_all",
    "update_default_roles",
    "update_settings",
]

Shaped = TypeVar("Shaped")

_answer = as_is(dict[str, Any])


def create(values: Mapping[str, object]) -> Call[dict[str, Any]]:
    """Return the call that makes a tenant."""
    text_of("name", values["name"])
    return call(tenants.CREATE, shaped(values, tenants.CreateTenant), _answer)


def change(values: Mapping[str, object], *, overrides: bool) -> Call[None]:
    """Return the call that replaces a tenant, or that changes only what is given."""
    text_of("id", values["id"])
    if overrides:
        text_of("name", values["name"])
        return call(tenants.UPDATE, shaped(values, tenants.UpdateTenant), ignored)
    return call(tenants.PATCH, shaped(values, tenants.PatchTenant), ignored)


def delete(id: str, cascade: bool) -> Call[None]:
    """Return the call that deletes a tenant."""
    return call(tenants.DELETE, tenants.DeleteTenant(id=text_of("id", id), cascade=cascade), ignored)


def load(id: str) -> Call[dict[str, Any]]:
    """Return the call for one tenant."""
    return call(tenants.LOAD, tenants.TenantId(id=text_of("id", id)), _answer)


def load_all() -> Call[dict[str, Any]]:
    """Return the call for all tenants."""
    return call(tenants.LOAD_ALL, Nothing(), _answer)


def search_all(values: Mapping[str, object]) -> Call[dict[str, Any]]:
    """Return the call for those that match."""
    return call(tenants.SEARCH, shaped(values, tenants.SearchTenants), _answer, is_repeatable=True)


def update_default_roles(tenant_id: str, role_names: Sequence[str]) -> Call[None]:
    """Return the call that says what new members hold."""
    body = tenants.DefaultRoles(id=text_of("tenant_id", tenant_id), default_roles=tuple(role_names))
    return call(tenants.UPDATE_DEFAULT_ROLES, body, ignored)


def load_settings(id: str) -> Call[dict[str, Any]]:
    """Return the call for the settings of a tenant."""
    return call(tenants.LOAD_SETTINGS, tenants.TenantId(id=text_of("id", id)), _answer)


def update_settings(values: Mapping[str, object]) -> Call[None]:
    """Return the call that changes settings of a tenant."""
    text_of("id", values["tenantId"])
    return call(tenants.UPDATE_SETTINGS, shaped(values, tenants.ChangeSettings), ignored)


def generate_sso_link(values: Mapping[str, object]) -> Call[str]:
    """Return the call that makes a link for whoever sets the SSO of a tenant up."""
    text_of("tenant_id", values["tenantId"])
    return call(sso.GENERATE_LINK, shaped(values, sso.GenerateLink), _link)


def revoke_sso_link(tenant_id: str, sso_id: str | None) -> Call[None]:
    """Return the call that makes such a link void."""
    values = {"tenantId": text_of("tenant_id", tenant_id), "ssoId": sso_id}
    return call(sso.REVOKE_LINK, shaped(values, sso.SsoRef), ignored, is_repeatable=True)


def _link(response: Response) -> str:
    return str(_answer(response).get("adminSSOConfigurationLink", ""))
