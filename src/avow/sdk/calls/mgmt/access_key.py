"""Management calls of access keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict, TypeVar

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, refused, shaped, text_of
from avow.sdk.options import AssociatedTenant
from avow.wire import accesskeys as wire
from avow.wire.endpoint import Endpoint, Nothing

__all__ = [
    "AccessKey",
    "AccessKeyAnswer",
    "AccessKeys",
    "CreatedAccessKey",
    "KeyTenant",
    "activate",
    "activate_batch",
    "create",
    "deactivate",
    "deactivate_batch",
    "delete",
    "delete_batch",
    "load",
    "rotate",
    "search",
    "update",
]

Shaped = TypeVar("Shaped")


class KeyTenant(TypedDict):
    """A tenant that a key belongs to, and the roles it has there."""

    tenantId: str
    tenantName: str
    roleNames: list[str]


class AccessKey(TypedDict):
    """A key without its secret; `expireTime` is 0 for never, `boundUserId` "" for no user."""

    id: str
    name: str
    roleNames: list[str]
    keyTenants: list[KeyTenant]
    status: str
    createdTime: int
    expireTime: int
    createdBy: str
    clientId: str
    boundUserId: str
    customClaims: dict[str, Any]
    description: str
    permittedIps: list[str]
    customAttributes: dict[str, Any]


class CreatedAccessKey(TypedDict):
    """A key with its new secret, which is shown this once."""

    cleartext: str
    key: AccessKey


class AccessKeyAnswer(TypedDict):
    """One key."""

    key: AccessKey


class AccessKeys(TypedDict):
    """Keys, the oldest first."""

    keys: list[AccessKey]


def create(
    values: Mapping[str, object], role_names: Iterable[str] | None, key_tenants: Sequence[AssociatedTenant] | None
) -> Call[CreatedAccessKey]:
    """Return the call that makes a key.

    Raises:
        InvalidArgument: There is no name, or an argument is of another type.
    """
    text_of("name", values["name"])
    tenants = [{"tenantId": each.tenant_id, "roleNames": each.role_names} for each in key_tenants or ()]
    body = {**values, "roleNames": list(role_names or ()), "keyTenants": tenants}
    return call(wire.CREATE, shaped(body, wire.CreateAccessKey), as_is(CreatedAccessKey))


def load(id: str) -> Call[AccessKeyAnswer]:
    """Return the call for a key."""
    return call(wire.LOAD, wire.LoadAccessKey(id=text_of("id", id)), as_is(AccessKeyAnswer))


def search(wanted: Mapping[str, object]) -> Call[AccessKeys]:
    """Return the call for those that match."""
    return call(wire.SEARCH, shaped(wanted, wire.SearchAccessKeys), as_is(AccessKeys), is_repeatable=True)


def update(values: Mapping[str, object]) -> Call[None]:
    """Return the call that changes a key."""
    text_of("id", values["id"])
    text_of("name", values["name"])
    return call(wire.UPDATE, shaped(values, wire.UpdateAccessKey), ignored, is_repeatable=True)


def rotate(id: str) -> Call[CreatedAccessKey]:
    """Return the call that gives a key a new secret."""
    return call(wire.ROTATE, wire.AccessKeyId(id=text_of("id", id)), as_is(CreatedAccessKey))


def activate(id: str) -> Call[None]:
    """Return the call that activates a key."""
    return _one(wire.ACTIVATE, id, is_repeatable=True)


def deactivate(id: str) -> Call[None]:
    """Return the call that deactivates a key."""
    return _one(wire.DEACTIVATE, id, is_repeatable=True)


def delete(id: str) -> Call[None]:
    """Return the call that deletes a key."""
    return _one(wire.DELETE, id)


def activate_batch(ids: Iterable[str]) -> Call[None]:
    """Return the call that activates keys."""
    return _several(wire.ACTIVATE_BATCH, ids, is_repeatable=True)


def deactivate_batch(ids: Iterable[str]) -> Call[None]:
    """Return the call that deactivates keys."""
    return _several(wire.DEACTIVATE_BATCH, ids, is_repeatable=True)


def delete_batch(ids: Iterable[str]) -> Call[None]:
    """Return the call that deletes keys."""
    return _several(wire.DELETE_BATCH, ids)


def _one(endpoint: Endpoint[wire.AccessKeyId, Nothing], id: str, *, is_repeatable: bool = False) -> Call[None]:
    return call(endpoint, wire.AccessKeyId(id=text_of("id", id)), ignored, is_repeatable=is_repeatable)


def _several(
    endpoint: Endpoint[wire.AccessKeyIds, Nothing], ids: Iterable[str], *, is_repeatable: bool = False
) -> Call[None]:
    wanted = tuple(ids)
    if not wanted:
        raise refused("ids is empty.")
    return call(endpoint, wire.AccessKeyIds(ids=wanted), ignored, is_repeatable=is_repeatable)
