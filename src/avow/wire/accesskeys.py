"""Access keys, the secrets of machines: shapes and routes of those under management, and the exchange for a token."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Claims, Name, Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET, Secret

__all__ = [
    "ACTIVATE",
    "ACTIVATE_BATCH",
    "CREATE",
    "DEACTIVATE",
    "DEACTIVATE_BATCH",
    "DELETE",
    "DELETE_BATCH",
    "ENDPOINTS",
    "EXCHANGE",
    "LOAD",
    "ROTATE",
    "SEARCH",
    "UPDATE",
    "AccessKey",
    "AccessKeyAnswer",
    "AccessKeyId",
    "AccessKeyIds",
    "AccessKeys",
    "CreateAccessKey",
    "CreatedAccessKey",
    "ExchangeAccessKey",
    "ExchangedAccessKey",
    "KeyLoginOptions",
    "KeyTenant",
    "KeyTenantAnswer",
    "LoadAccessKey",
    "SearchAccessKeys",
    "UpdateAccessKey",
]

KeyName = Annotated[str, Meta(min_length=1, max_length=256)]
Description = Annotated[str, Meta(max_length=1024)]
Address = Annotated[str, Meta(min_length=1, max_length=64)]
Addresses = Annotated[tuple[Address, ...], Meta(max_length=100)]
RoleNames = Annotated[tuple[Name, ...], Meta(max_length=200)]
Time = Annotated[int, Meta(ge=0, le=253_402_300_799)]  # until the year 9999
Attributes = Annotated[dict[str, object], Meta(max_length=100)]
References = Annotated[tuple[Reference, ...], Meta(max_length=500)]
Cleartext = Annotated[str, Meta(extra=SECRET)]


MOST_LISTED = 20_000


class KeyTenant(Shape, frozen=True, kw_only=True):
    """A tenant that a key belongs to, and the roles it has there."""

    tenant_id: Reference
    role_names: RoleNames | None = None


class CreateAccessKey(Shape, frozen=True, kw_only=True):
    """A key to be made.

    Attributes:
        name: For people.
        expire_time: When it ends, seconds since the epoch; 0 for never.
        role_names: Roles in the project. They do not count beside tenants.
        key_tenants: Tenants, with the roles there. Neither these nor roles count beside a user.
        user_id: The user whom it acts for: its tokens have what the user has at the time.
        custom_claims: Claims for the top level of its tokens; reserved names are dropped.
        description: For people.
        permitted_ips: Addresses and networks that it may be exchanged from; none for everywhere.
        custom_attributes: Values of the project's own attributes.
    """

    name: KeyName
    expire_time: Time | None = None
    role_names: RoleNames | None = None
    key_tenants: Annotated[tuple[KeyTenant, ...], Meta(max_length=200)] | None = None
    user_id: Name | None = None
    custom_claims: Claims | None = None
    description: Description | None = None
    permitted_ips: Addresses | None = None
    custom_attributes: Attributes | None = None


class UpdateAccessKey(Shape, frozen=True, kw_only=True):
    """What is to stand in a key from now on; what is absent stays, and so do roles, tenants, user and end."""

    id: Reference
    name: KeyName
    description: Description | None = None
    custom_claims: Claims | None = None
    permitted_ips: Addresses | None = None
    custom_attributes: Attributes | None = None


class LoadAccessKey(Shape, frozen=True, kw_only=True):
    """Which key."""

    id: Reference | None = None


class AccessKeyId(Shape, frozen=True, kw_only=True):
    """Which key."""

    id: Reference


class AccessKeyIds(Shape, frozen=True, kw_only=True):
    """Which keys, all or none."""

    ids: References | None = None


class SearchAccessKeys(Shape, frozen=True, kw_only=True):
    """What keys are looked for; what is absent does not matter.

    Attributes:
        tenant_ids: Keys of any of these tenants.
        bound_user_id: Keys that act for this user.
        creating_user: Keys that this user made, or the management key with this id.
        custom_attributes: Keys with all of these values; of a list one of its elements.
    """

    tenant_ids: References | None = None
    bound_user_id: Name | None = None
    creating_user: Name | None = None
    custom_attributes: Annotated[dict[str, object], Meta(max_length=20)] | None = None


class KeyTenantAnswer(Shape, frozen=True, kw_only=True):
    """A tenant that a key belongs to."""

    tenant_id: str
    tenant_name: str
    role_names: tuple[str, ...]


class AccessKey(Shape, frozen=True, kw_only=True):
    """A key without its secret.

    Attributes:
        id: `A...`; the secret begins with it.
        name: For people.
        role_names: Roles in the project.
        key_tenants: Tenants, with the roles there.
        status: `active` or `inactive`; one that has ended is still as it was.
        created_time: Seconds since the epoch.
        expire_time: Seconds since the epoch; 0 for never.
        created_by: `key:<id>` of a management key, `user:<id>` of a tenant's administrator, or `command`.
        client_id: Always "".
        bound_user_id: The user whom it acts for, or "".
        custom_claims: Claims at the top level of its tokens.
        description: For people.
        permitted_ips: Where it may be exchanged from; empty for everywhere.
        custom_attributes: Values of the project's own attributes.
    """

    id: str
    name: str
    role_names: tuple[str, ...]
    key_tenants: tuple[KeyTenantAnswer, ...]
    status: str
    created_time: int
    expire_time: int
    created_by: str
    client_id: str = ""
    bound_user_id: str = ""
    custom_claims: dict[str, object] = {}
    description: str = ""
    permitted_ips: tuple[str, ...] = ()
    custom_attributes: dict[str, object] = {}


class CreatedAccessKey(Shape, frozen=True, kw_only=True):
    """A key with its new secret, which is shown this once."""

    cleartext: Cleartext
    key: AccessKey


class AccessKeyAnswer(Shape, frozen=True, kw_only=True):
    """One key."""

    key: AccessKey


class AccessKeys(Shape, frozen=True, kw_only=True):
    """Keys, the oldest first; at most `MOST_LISTED`."""

    keys: tuple[AccessKey, ...]


class KeyLoginOptions(Shape, frozen=True, kw_only=True):
    """Wishes about the token to come.

    Attributes:
        custom_claims: Claims for the token, under `nsec`; reserved names are dropped.
        selected_tenant: A tenant of the key, named as `dct`.
    """

    custom_claims: Claims | None = None
    selected_tenant: Name | None = None


class ExchangeAccessKey(Shape, frozen=True, kw_only=True):
    """The key itself is in the Authorization header."""

    login_options: KeyLoginOptions | None = None


class ExchangedAccessKey(Shape, frozen=True, kw_only=True):
    """A session token for a machine.

    Attributes:
        key_id: The key, subject of the token.
        session_jwt: The token; when it ends, the key is exchanged again.
        expiration: When it ends, seconds since the epoch.
    """

    key_id: str
    session_jwt: Secret
    expiration: int


_PATH = "/v1/mgmt/accesskey"

EXCHANGE = Endpoint(
    "exchange_access_key",
    "POST",
    "/v1/auth/accesskey/exchange",
    ExchangeAccessKey,
    ExchangedAccessKey,
    Caller.ACCESS_KEY,
)
CREATE = Endpoint(
    "mgmt.access_key.create",
    "POST",
    f"{_PATH}/create",
    CreateAccessKey,
    CreatedAccessKey,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)
LOAD = Endpoint(
    "mgmt.access_key.load", "GET", _PATH, LoadAccessKey, AccessKeyAnswer, Caller.MANAGEMENT, only_reads=True
)
SEARCH = Endpoint(
    "mgmt.access_key.search_all_access_keys",
    "POST",
    f"{_PATH}/search",
    SearchAccessKeys,
    AccessKeys,
    Caller.MANAGEMENT,
    only_reads=True,
    for_tenant_admins=True,
)
UPDATE = Endpoint(
    "mgmt.access_key.update", "POST", f"{_PATH}/update", UpdateAccessKey, AccessKeyAnswer, Caller.MANAGEMENT
)
ROTATE = Endpoint(
    "mgmt.access_key.rotate",
    "POST",
    f"{_PATH}/rotate",
    AccessKeyId,
    CreatedAccessKey,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)
ACTIVATE = Endpoint("mgmt.access_key.activate", "POST", f"{_PATH}/activate", AccessKeyId, Nothing, Caller.MANAGEMENT)
ACTIVATE_BATCH = Endpoint(
    "mgmt.access_key.activate_batch",
    "POST",
    f"{_PATH}/activate/batch",
    AccessKeyIds,
    Nothing,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)
DEACTIVATE = Endpoint(
    "mgmt.access_key.deactivate", "POST", f"{_PATH}/deactivate", AccessKeyId, Nothing, Caller.MANAGEMENT
)
DEACTIVATE_BATCH = Endpoint(
    "mgmt.access_key.deactivate_batch",
    "POST",
    f"{_PATH}/deactivate/batch",
    AccessKeyIds,
    Nothing,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)
DELETE = Endpoint("mgmt.access_key.delete", "POST", f"{_PATH}/delete", AccessKeyId, Nothing, Caller.MANAGEMENT)
DELETE_BATCH = Endpoint(
    "mgmt.access_key.delete_batch",
    "POST",
    f"{_PATH}/delete/batch",
    AccessKeyIds,
    Nothing,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)

ENDPOINTS = (
    EXCHANGE,
    CREATE,
    LOAD,
    SEARCH,
    UPDATE,
    ROTATE,
    ACTIVATE,
    ACTIVATE_BATCH,
    DEACTIVATE,
    DEACTIVATE_BATCH,
    DELETE,
    DELETE_BATCH,
)
