"""Management calls on management keys."""

from collections.abc import Iterable
from typing import TypedDict

from avow.sdk.answers import as_is
from avow.sdk.calls.call import Call, call, refused, text_of
from avow.sdk.options import MgmtKeyReBac, MgmtKeyStatus
from avow.wire import managementkeys as wire
from avow.wire.endpoint import Nothing

__all__ = [
    "CreatedManagementKey",
    "DeletedManagementKeys",
    "KeyProjectRole",
    "KeyReBac",
    "KeyTagRole",
    "ManagementKey",
    "ManagementKeyAnswer",
    "ManagementKeys",
    "create",
    "delete",
    "load",
    "search",
    "update",
]


class KeyProjectRole(TypedDict):
    """Roles in projects."""

    projectIds: list[str]
    roles: list[str]


class KeyTagRole(TypedDict):
    """Roles in the projects with a tag; never answered."""

    tags: list[str]
    roles: list[str]


class KeyReBac(TypedDict):
    """What a key may do; company and tag roles are always empty."""

    companyRoles: list[str]
    projectRoles: list[KeyProjectRole]
    tagRoles: list[KeyTagRole]


class ManagementKey(TypedDict):
    """A key without its secret; `expireTime` is 0 for never, `tenantId` "" for the whole project."""

    id: str
    name: str
    description: str
    status: str
    createdTime: int
    expireTime: int
    permittedIps: list[str]
    reBac: KeyReBac
    version: int
    authzVersion: int
    tenantId: str


class CreatedManagementKey(TypedDict):
    """A new key with its secret, which is shown this once."""

    cleartext: str
    key: ManagementKey


class ManagementKeyAnswer(TypedDict):
    """One key."""

    key: ManagementKey


class ManagementKeys(TypedDict):
    """Every key."""

    keys: list[ManagementKey]


class DeletedManagementKeys(TypedDict):
    """How many keys were deleted."""

    total: int


def create(
    name: str,
    rebac: MgmtKeyReBac,
    description: str | None,
    expires_in: int,
    permitted_ips: Iterable[str] | None,
    tenant_id: str | None,
) -> Call[CreatedManagementKey]:
    """Return the call that makes a key.

    Raises:
        InvalidArgument: There is no name, or `rebac` is something else.
    """
    if not isinstance(rebac, MgmtKeyReBac):
        raise refused("rebac is no MgmtKeyReBac.")
    body = wire.CreateManagementKey(
        name=text_of("name", name),
        description=description,
        expires_in=expires_in,
        permitted_ips=tuple(permitted_ips or ()),
        re_bac=_rebac(rebac),
        tenant_id=tenant_id,
    )
    return call(wire.CREATE, body, as_is(CreatedManagementKey))


def update(
    id: str, name: str, description: str, permitted_ips: Iterable[str] | None, status: MgmtKeyStatus
) -> Call[ManagementKeyAnswer]:
    """Return the call that changes a key.

    Raises:
        InvalidArgument: There is no id or name, or `status` is something else.
    """
    if not isinstance(status, MgmtKeyStatus):
        raise refused("status is no MgmtKeyStatus.")
    body = wire.UpdateManagementKey(
        id=text_of("id", id),
        name=text_of("name", name),
        description=description,
        permitted_ips=tuple(permitted_ips or ()),
        status=status.value,
    )
    return call(wire.UPDATE, body, as_is(ManagementKeyAnswer), is_repeatable=True)


def load(id: str) -> Call[ManagementKeyAnswer]:
    """Return the call for a key.

    Raises:
        InvalidArgument: There is no id.
    """
    return call(wire.LOAD, wire.LoadManagementKey(id=text_of("id", id)), as_is(ManagementKeyAnswer))


def delete(ids: Iterable[str]) -> Call[DeletedManagementKeys]:
    """Return the call that deletes keys.

    Raises:
        InvalidArgument: There are no ids.
    """
    wanted = tuple(ids)
    if not wanted:
        raise refused("ids is empty.")
    return call(wire.DELETE, wire.ManagementKeyIds(ids=wanted), as_is(DeletedManagementKeys))


def search() -> Call[ManagementKeys]:
    """Return the call for every key."""
    return call(wire.SEARCH, Nothing(), as_is(ManagementKeys))


def _rebac(rebac: MgmtKeyReBac) -> wire.ReBac:
    return wire.ReBac(
        company_roles=_texts(rebac.company_roles),
        project_roles=None
        if rebac.project_roles is None
        else tuple(
            wire.ProjectRole(project_ids=_texts(each.project_ids), roles=_texts(each.roles))
            for each in rebac.project_roles
        ),
        tag_roles=None
        if rebac.tag_roles is None
        else tuple(wire.TagRole(tags=_texts(each.tags), roles=_texts(each.roles)) for each in rebac.tag_roles),
    )


def _texts(given: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)
