"""Management calls of roles."""

from collections.abc import Sequence
from typing import Any, TypeVar

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, refused, shaped, text_of
from avow.wire import roles
from avow.wire.endpoint import Nothing

__all__ = ["create", "create_batch", "delete", "delete_batch", "load_all", "search", "update", "update_batch"]

Shaped = TypeVar("Shaped")

_all = as_is(dict[str, Any])


def create(
    name: str,
    description: str | None,
    permission_names: Sequence[str] | None,
    tenant_id: str | None,
    default: bool | None,
    private: bool | None,
) -> Call[None]:
    """Return the call that makes a role."""
    body = roles.CreateRole(
        name=text_of("name", name),
        description=description,
        permission_names=tuple(permission_names or ()),
        tenant_id=tenant_id,
        default=default,
        private=private,
    )
    return call(roles.CREATE, body, ignored)


def create_batch(wanted: Sequence[dict[str, Any]]) -> Call[dict[str, Any]]:
    """Return the call that makes several."""
    return call(roles.CREATE_BATCH, shaped({"roles": wanted}, roles.CreateRoles), _all)


def update(
    name: str | None,
    id: str | None,
    new_name: str,
    description: str | None,
    permission_names: Sequence[str] | None,
    tenant_id: str | None,
    default: bool | None,
    private: bool | None,
) -> Call[None]:
    """Return the call that replaces what a role is."""
    text_of("id" if id is not None else "name", id if id is not None else name)
    body = roles.UpdateRole(
        name=name,
        id=id,
        new_name=text_of("new_name", new_name),
        description=description,
        permission_names=tuple(permission_names or ()),
        tenant_id=tenant_id,
        default=default,
        private=private,
    )
    return call(roles.UPDATE, body, ignored)


def update_batch(wanted: Sequence[dict[str, Any]]) -> Call[dict[str, Any]]:
    """Return the call that changes several."""
    return call(roles.UPDATE_BATCH, shaped({"roles": wanted}, roles.UpdateRoles), _all)


def delete(name: str | None, id: str | None, tenant_id: str | None) -> Call[None]:
    """Return the call that deletes one."""
    text_of("id" if id is not None else "name", id if id is not None else name)
    return call(roles.DELETE, roles.RoleRef(name=name, id=id, tenant_id=tenant_id), ignored)


def delete_batch(wanted: Sequence[str | dict[str, Any]], role_ids: Sequence[str], tenant_id: str | None) -> Call[None]:
    """Return the call that deletes several, by name (alone, or with its tenant) or by id."""
    if not (wanted or role_ids):
        raise refused("No role is named.")
    body = {
        "roleNames": [each for each in wanted if isinstance(each, str)] or None,
        "roles": [each for each in wanted if not isinstance(each, str)] or None,
        "roleIds": list(role_ids) or None,
        "tenantId": tenant_id,
    }
    return call(roles.DELETE_BATCH, shaped(body, roles.DeleteRoles), ignored)


def load_all() -> Call[dict[str, Any]]:
    """Return the call for all of them."""
    return call(roles.LOAD_ALL, Nothing(), _all)


def search(wanted: dict[str, Any]) -> Call[dict[str, Any]]:
    """Return the call for those that match."""
    return call(roles.SEARCH, shaped(wanted, roles.SearchRoles), _all, is_repeatable=True)
