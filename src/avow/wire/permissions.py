"""Permissions, the named rights that roles are made of: shapes and routes."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = [
    "CREATE",
    "CREATE_BATCH",
    "DELETE",
    "DELETE_BATCH",
    "ENDPOINTS",
    "LOAD_ALL",
    "UPDATE",
    "UPDATE_BATCH",
    "CreatePermission",
    "CreatePermissions",
    "DeletePermissions",
    "Permission",
    "PermissionRef",
    "Permissions",
    "UpdatePermission",
    "UpdatePermissions",
]

MOST_IN_BATCH = 500
MOST_LISTED = 100_000

GivenName = Annotated[str, Meta(min_length=1, max_length=256)]
Description = Annotated[str, Meta(max_length=1024)]


class Permission(Shape, frozen=True, kw_only=True):
    """A named right."""

    id: str
    name: str
    description: str


class Permissions(Shape, frozen=True, kw_only=True):
    """Permissions, by name; at most `MOST_LISTED`."""

    permissions: tuple[Permission, ...]


class CreatePermission(Shape, frozen=True, kw_only=True):
    """A permission to be made; its name is unique in the project."""

    name: GivenName
    description: Description | None = None


class UpdatePermission(Shape, frozen=True, kw_only=True):
    """What is to stand in a permission from now on; it is found by id, or else by name."""

    new_name: GivenName
    name: GivenName | None = None
    id: Reference | None = None
    description: Description | None = None


class PermissionRef(Shape, frozen=True, kw_only=True):
    """A permission, by id or else by name."""

    name: GivenName | None = None
    id: Reference | None = None


class CreatePermissions(Shape, frozen=True, kw_only=True):
    """Permissions to be made, all or none."""

    permissions: Annotated[tuple[CreatePermission, ...], Meta(max_length=MOST_IN_BATCH)] | None = None


class UpdatePermissions(Shape, frozen=True, kw_only=True):
    """Permissions to be changed, all or none."""

    permissions: Annotated[tuple[UpdatePermission, ...], Meta(max_length=MOST_IN_BATCH)] | None = None


class DeletePermissions(Shape, frozen=True, kw_only=True):
    """Permissions to be deleted, all or none, by name or by id."""

    names: Annotated[tuple[GivenName, ...], Meta(max_length=MOST_IN_BATCH)] | None = None
    ids: Annotated[tuple[Reference, ...], Meta(max_length=MOST_IN_BATCH)] | None = None


CREATE = Endpoint(
    "mgmt.permission.create", "POST", "/v1/mgmt/permission/create", CreatePermission, Nothing, Caller.MANAGEMENT
)
CREATE_BATCH = Endpoint(
    "mgmt.permission.create_batch",
    "POST",
    "/v1/mgmt/permission/create/batch",
    CreatePermissions,
    Nothing,
    Caller.MANAGEMENT,
)
UPDATE = Endpoint(
    "mgmt.permission.update", "POST", "/v1/mgmt/permission/update", UpdatePermission, Nothing, Caller.MANAGEMENT
)
UPDATE_BATCH = Endpoint(
    "mgmt.permission.update_batch",
    "POST",
    "/v1/mgmt/permission/update/batch",
    UpdatePermissions,
    Nothing,
    Caller.MANAGEMENT,
)
DELETE = Endpoint(
    "mgmt.permission.delete", "POST", "/v1/mgmt/permission/delete", PermissionRef, Nothing, Caller.MANAGEMENT
)
DELETE_BATCH = Endpoint(
    "mgmt.permission.delete_batch",
    "POST",
    "/v1/mgmt/permission/delete/batch",
    DeletePermissions,
    Nothing,
    Caller.MANAGEMENT,
)
LOAD_ALL = Endpoint(
    "mgmt.permission.load_all",
    "GET",
    "/v1/mgmt/permission/all",
    Nothing,
    Permissions,
    Caller.MANAGEMENT,
    only_reads=True,
    for_tenant_admins=True,
)

ENDPOINTS = (CREATE, CREATE_BATCH, UPDATE, UPDATE_BATCH, DELETE, DELETE_BATCH, LOAD_ALL)
