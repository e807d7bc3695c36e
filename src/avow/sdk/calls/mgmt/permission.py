"""Management calls of permissions."""

from collections.abc import Sequence
from typing import Any, TypeVar

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, shaped, text_of
from avow.wire import permissions
from avow.wire.endpoint import Nothing

__all__ = ["create", "create_batch", "delete", "delete_batch", "load_all", "update", "update_batch"]

Shaped = TypeVar("Shaped")

_all = as_is(dict[str, Any])


def create(name: str, description: str | None) -> Call[None]:
    """Return the call that makes a permission."""
    body = permissions.CreatePermission(name=text_of("name", name), description=description)
    return call(permissions.CREATE, body, ignored)


def create_batch(wanted: Sequence[dict[str, Any]]) -> Call[None]:
    """Return the call that makes several."""
    return call(permissions.CREATE_BATCH, shaped({"permissions": wanted}, permissions.CreatePermissions), ignored)


def update(name: str | None, id: str | None, new_name: str, description: str | None) -> Call[None]:
    """Return the call that replaces name and description."""
    text_of("id" if id is not None else "name", id if id is not None else name)
    body = permissions.UpdatePermission(
        name=name, id=id, new_name=text_of("new_name", new_name), description=description
    )
    return call(permissions.UPDATE, body, ignored)


def update_batch(wanted: Sequence[dict[str, Any]]) -> Call[None]:
    """Return the call that changes several."""
    return call(permissions.UPDATE_BATCH, shaped({"permissions": wanted}, permissions.UpdatePermissions), ignored)


def delete(name: str | None, id: str | None) -> Call[None]:
    """Return the call that deletes one."""
    text_of("id" if id is not None else "name", id if id is not None else name)
    return call(permissions.DELETE, permissions.PermissionRef(name=name, id=id), ignored)


def delete_batch(names: Sequence[str] | None, ids: Sequence[str] | None) -> Call[None]:
    """Return the call that deletes several, by name or by id."""
    body = permissions.DeletePermissions(
        names=None if names is None else tuple(names), ids=None if ids is None else tuple(ids)
    )
    return call(permissions.DELETE_BATCH, body, ignored)


def load_all() -> Call[dict[str, Any]]:
    """Return the call for all of them."""
    return call(permissions.LOAD_ALL, Nothing(), _all)
