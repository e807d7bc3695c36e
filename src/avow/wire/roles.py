"""Roles, named sets of permissions that users and access keys hold in the project or in a tenant: shapes and routes."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Flag, Name, Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = [
    "CREATE",
    "CREATE_BATCH",
    "DELETE",
    "DELETE_BATCH",
    "ENDPOINTS",
    "LOAD_ALL",
    "SEARCH",
    "UPDATE",
    "UPDATE_BATCH",
    "CreateRole",
    "CreateRoles",
    "DeleteRoles",
    "Role",
    "RoleName",
    "RoleRef",
    "Roles",
    "SearchRoles",
    "UpdateRole",
    "UpdateRoles",
]

MOST_IN_BATCH = 200
MOST_LISTED = 100_000  # permissions in the roles of one answer

GivenName = Annotated[str, Meta(min_length=1, max_length=256)]
Description = Annotated[str, Meta(max_length=1024)]
Names = Annotated[tuple[GivenName, ...], Meta(max_length=500)]
References = Annotated[tuple[Reference, ...], Meta(max_length=500)]


class Role(Shape, frozen=True, kw_only=True):
    """A role.

    Attributes:
        id: `R...`.
        name: Unique in the project, or in its tenant.
        description: For people.
        permission_names: The permissions it is made of, sorted.
        created_time: Seconds since the epoch.
        tenant_id: The tenant it belongs to; "" for a role of the project.
        default: New users have it; if it is a tenant's, new members.
        private: Tenants' administrators neither see nor give it.
    """

    id: str
    name: str
    description: str
    permission_names: tuple[str, ...]
    created_time: int
    tenant_id: str = ""
    default: bool = False
    private: bool = False


class Roles(Shape, frozen=True, kw_only=True):
    """Roles, by name."""

    roles: tuple[Role, ...]


class CreateRole(Shape, frozen=True, kw_only=True):
    """A role to be made, of the project or of a tenant; its permissions exist."""

    name: GivenName
    description: Description | None = None
    permission_names: Names | None = None
    tenant_id: Name | None = None
    default: Flag = None
    private: Flag = None


class UpdateRole(Shape, frozen=True, kw_only=True):
    """What is to stand in a role from now on; it is found by id, or else by name. Flags that are absent stay."""

    new_name: GivenName
    name: GivenName | None = None
    id: Reference | None = None
    description: Description | None = None
    permission_names: Names | None = None
    tenant_id: Name | None = None
    default: Flag = None
    private: Flag = None


class RoleRef(Shape, frozen=True, kw_only=True):
    """A role, by id or else by name; a tenant's role is named with its tenant."""

    name: GivenName | None = None
    id: Reference | None = None
    tenant_id: Name | None = None


class RoleName(Shape, frozen=True, kw_only=True):
    """A role in a batch, by name."""

    name: GivenName
    tenant_id: Name | None = None


class CreateRoles(Shape, frozen=True, kw_only=True):
    """Roles to be made, all or none."""

    roles: Annotated[tuple[CreateRole, ...], Meta(max_length=MOST_IN_BATCH)] | None = None


class UpdateRoles(Shape, frozen=True, kw_only=True):
    """Roles to be changed, all or none."""

    roles: Annotated[tuple[UpdateRole, ...], Meta(max_length=MOST_IN_BATCH)] | None = None


class DeleteRoles(Shape, frozen=True, kw_only=True):
    """Roles to be deleted, all or none: by name, by id, or each with its tenant."""

    role_names: Annotated[tuple[GivenName, ...], Meta(max_length=MOST_IN_BATCH)] | None = None
    role_ids: Annotated[tuple[Reference, ...], Meta(max_length=MOST_IN_BATCH)] | None = None
    roles: Annotated[tuple[RoleName, ...], Meta(max_length=MOST_IN_BATCH)] | None = None
    tenant_id: Name | None = None


class SearchRoles(Shape, frozen=True, kw_only=True):
    """What roles are looked for; what is absent does not matter.

    Attributes:
        tenant_ids: Roles of these tenants.
        role_names: Roles of these names.
        role_name_like: Roles whose name contains this, in whatever case.
        permission_names: Roles with all of these permissions.
        include_project_roles: With `tenant_ids`: the roles of the project besides.
        role_ids: Roles with these ids.
    """

    tenant_ids: References | None = None
    role_names: Names | None = None
    role_name_like: Name | None = None
    permission_names: Names | None = None
    include_project_roles: Flag = None
    role_ids: References | None = None


CREATE = Endpoint("mgmt.role.create", "POST", "/v1/mgmt/role/create", CreateRole, Role, Caller.MANAGEMENT)
CREATE_BATCH = Endpoint(
    "mgmt.role.create_batch", "POST", "/v1/mgmt/role/create/batch", CreateRoles, Roles, Caller.MANAGEMENT
)
UPDATE = Endpoint("mgmt.role.update", "POST", "/v1/mgmt/role/update", UpdateRole, Role, Caller.MANAGEMENT)
UPDATE_BATCH = Endpoint(
    "mgmt.role.update_batch", "POST", "/v1/mgmt/role/update/batch", UpdateRoles, Roles, Caller.MANAGEMENT
)
DELETE = Endpoint("mgmt.role.delete", "POST", "/v1/mgmt/role/delete", RoleRef, Nothing, Caller.MANAGEMENT)
DELETE_BATCH = Endpoint(
    "mgmt.role.delete_batch",
    "POST",
    "/v1/mgmt/role/delete/batch",
    DeleteRoles,
    Nothing,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)
LOAD_ALL = Endpoint(
    "mgmt.role.load_all",
    "GET",
    "/v1/mgmt/role/all",
    Nothing,
    Roles,
    Caller.MANAGEMENT,
    only_reads=True,
    for_tenant_admins=True,
)
SEARCH = Endpoint(
    "mgmt.role.search",
    "POST",
    "/v1/mgmt/role/search",
    SearchRoles,
    Roles,
    Caller.MANAGEMENT,
    only_reads=True,
    for_tenant_admins=True,
)

ENDPOINTS = (CREATE, CREATE_BATCH, UPDATE, UPDATE_BATCH, DELETE, DELETE_BATCH, LOAD_ALL, SEARCH)
