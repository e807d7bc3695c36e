"""Management keys: what authorises management calls, and the routes that make, change and delete them."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import END, Name, Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET

__all__ = [
    "CREATE",
    "DELETE",
    "LOAD",
    "SEARCH",
    "UPDATE",
    "CreateManagementKey",
    "CreatedManagementKey",
    "DeletedManagementKeys",
    "LoadManagementKey",
    "ManagementKey",
    "ManagementKeyAnswer",
    "ManagementKeyIds",
    "ManagementKeys",
    "ProjectRole",
    "ReBac",
    "TagRole",
    "UpdateManagementKey",
]

KeyName = Annotated[str, Meta(min_length=1, max_length=256)]
Description = Annotated[str, Meta(max_length=1024)]
Address = Annotated[str, Meta(min_length=1, max_length=64)]
Addresses = Annotated[tuple[Address, ...], Meta(max_length=100)]
Names = Annotated[tuple[Name, ...], Meta(max_length=200)]
Seconds = Annotated[int, Meta(ge=0, le=100 * 365 * 86400)]
Status = Annotated[str, Meta(pattern=rf"^(active|inactive){END}", max_length=8)]
Cleartext = Annotated[str, Meta(extra=SECRET)]


class ProjectRole(Shape, frozen=True, kw_only=True):
    """Roles in projects; of a key the project is its own."""

    project_ids: Names | None = None
    roles: Names | None = None


class TagRole(Shape, frozen=True, kw_only=True):
    """Roles in the projects that carry a tag, which Avow does not have."""

    tags: Names | None = None
    roles: Names | None = None


class ReBac(Shape, frozen=True, kw_only=True):
    """What a key may do; docs/decisions/0007 says which roles there are."""

    company_roles: Names | None = None
    project_roles: Annotated[tuple[ProjectRole, ...], Meta(max_length=100)] | None = None
    tag_roles: Annotated[tuple[TagRole, ...], Meta(max_length=100)] | None = None


class CreateManagementKey(Shape, frozen=True, kw_only=True):
    """A key to be made.

    Attributes:
        name: For people.
        description: For people.
        expires_in: Seconds until it ends; 0 for never.
        permitted_ips: Addresses and networks that it may be used from; none for everywhere.
        re_bac: What it may do; nothing unless roles are named.
        tenant_id: The one tenant that it is confined to. Avow's own.
    """

    name: KeyName
    description: Description | None = None
    expires_in: Seconds | None = None
    permitted_ips: Addresses | None = None
    re_bac: ReBac | None = None
    tenant_id: Name | None = None


class UpdateManagementKey(Shape, frozen=True, kw_only=True):
    """What is to stand in a key from now on; what it may do stays. Lists and flags that are absent stay too."""

    id: Reference
    name: KeyName
    description: Description
    status: Status
    permitted_ips: Addresses | None = None


class LoadManagementKey(Shape, frozen=True, kw_only=True):
    """Which key."""

    id: Reference | None = None


class ManagementKeyIds(Shape, frozen=True, kw_only=True):
    """Which keys."""

    ids: Annotated[tuple[Reference, ...], Meta(max_length=1000)] | None = None


class ManagementKey(Shape, frozen=True, kw_only=True):
    """A key without its secret.

    Attributes:
        id: `K...`; the secret begins with it.
        name: For people.
        description: For people.
        status: `active` or `inactive`.
        created_time: Seconds since the epoch.
        expire_time: Seconds since the epoch; 0 for never.
        permitted_ips: Where it may be used from; empty for everywhere.
        re_bac: What it may do.
        version: Always 0; the contract has it.
        authz_version: Always 0; the contract has it.
        tenant_id: The one tenant that it is confined to, or "". Avow's own.
    """

    id: str
    name: str
    description: str
    status: str
    created_time: int
    expire_time: int
    permitted_ips: tuple[str, ...]
    re_bac: ReBac
    version: int = 0
    authz_version: int = 0
    tenant_id: str = ""


class CreatedManagementKey(Shape, frozen=True, kw_only=True):
    """A new key with its secret, which is shown this once."""

    cleartext: Cleartext
    key: ManagementKey


class ManagementKeyAnswer(Shape, frozen=True, kw_only=True):
    """One key."""

    key: ManagementKey


class ManagementKeys(Shape, frozen=True, kw_only=True):
    """Every key, the oldest first."""

    keys: tuple[ManagementKey, ...]


class DeletedManagementKeys(Shape, frozen=True, kw_only=True):
    """How many keys were deleted."""

    total: int


_PATH = "/v1/mgmt/managementkey"

CREATE = Endpoint(
    "mgmt.management_key.create", "PUT", _PATH, CreateManagementKey, CreatedManagementKey, Caller.MANAGEMENT
)
UPDATE = Endpoint(
    "mgmt.management_key.update", "PATCH", _PATH, UpdateManagementKey, ManagementKeyAnswer, Caller.MANAGEMENT
)
LOAD = Endpoint(
    "mgmt.management_key.load",
    "GET",
    _PATH,
    LoadManagementKey,
    ManagementKeyAnswer,
    Caller.MANAGEMENT,
    only_reads=True,
)
DELETE = Endpoint(
    "mgmt.management_key.delete",
    "POST",
    f"{_PATH}/delete",
    ManagementKeyIds,
    DeletedManagementKeys,
    Caller.MANAGEMENT,
)
SEARCH = Endpoint(
    "mgmt.management_key.search",
    "GET",
    f"{_PATH}/search",
    Nothing,
    ManagementKeys,
    Caller.MANAGEMENT,
    only_reads=True,
)

ENDPOINTS = (CREATE, UPDATE, LOAD, DELETE, SEARCH)
