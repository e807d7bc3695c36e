"""Management keys, within the rule that nobody gives more than they have; and who administers a tenant."""

from collections.abc import Iterable
from functools import cache

import msgspec

from avow.core.networks import networks
from avow.core.rights import FULL, NOTHING, READ_EVERYTHING, Grant, is_right
from avow.errors import Forbidden, InvalidArgument, NotFound
from avow.server.keys import actions as keys
from avow.server.keys.actions import ManagementKeyRow
from avow.server.managementkeys import rows
from avow.server.managementkeys.rows import IdRow
from avow.server.serving import ManagementCaller, Project, SessionCaller
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.wire.endpoint import Caller
from avow.wire.managementkeys import CreateManagementKey, ProjectRole, ReBac, UpdateManagementKey

__all__ = [
    "TENANT_ADMIN",
    "areas",
    "check_rights",
    "check_tenant",
    "create",
    "delete",
    "get",
    "is_tenant_admin",
    "rebac_of",
    "search",
    "update",
]

TENANT_ADMIN = "Tenant Admin"
_ROLES = {"full access": FULL, "read only": READ_EVERYTHING}
_NAMES = {right: role for role, right in _ROLES.items()}


@cache
def areas() -> frozenset[str]:
    """Return what a right can be of: the areas of all management routes, which are loaded for it."""
    from avow.wire.table import ENDPOINTS
    from avow.wire.unsupported import UNSUPPORTED

    managed = {row.area for row in ENDPOINTS if row.caller is Caller.MANAGEMENT and not row.for_any_key}
    return frozenset(managed | {row.id.split(".")[1] for row in UNSUPPORTED if row.id.startswith("mgmt.")})


def create(tx: Tx, caller: ManagementCaller, wanted: CreateManagementKey) -> tuple[str, str]:
    """Insert a key that its maker has at least the rights of; return its id and its cleartext.

    Raises:
        InvalidArgument: A role, a project or an address is none that a key can have.
        NotFound: There is no such tenant.
        Forbidden: The key would have more than its maker.
    """
    rights = _rights_of(tx.project_id, wanted.re_bac)
    permitted_ips = wanted.permitted_ips or ()
    expires_at = tx.now + wanted.expires_in if wanted.expires_in else None
    tenant_id = wanted.tenant_id or ""
    _check_within(caller, Grant(rights, tenant_id, networks(permitted_ips), expires_at))
    check_tenant(tx, tenant_id)
    return keys.create_management_key(
        tx,
        wanted.name,
        description=wanted.description or "",
        expires_at=expires_at,
        permitted_ips=permitted_ips,
        rights=rights,
        tenant_id=tenant_id,
        actor=caller.actor,
    )


def update(tx: Tx, caller: ManagementCaller, wanted: UpdateManagementKey) -> None:
    """Change a key.

    Raises:
        NotFound: There is no such key.
        Forbidden: The key has rights that the caller has not, or would have more than the caller.
    """
    if tx.one(rows.LOCK, IdRow, id=wanted.id) is None:
        raise _missing()
    row = get(tx, wanted.id)
    grant = keys.grant_of(row)
    _check_reach(caller, grant)
    permitted_ips = keys.permitted_ips_of(row) if wanted.permitted_ips is None else wanted.permitted_ips
    becomes = Grant(grant.rights, grant.tenant_id, networks(permitted_ips), grant.expires_at)
    is_active = wanted.status == "active"
    if becomes != grant or (is_active and row.deactivated_at is not None):
        _check_within(caller, becomes)
    changed = tx.one(
        rows.UPDATE,
        IdRow,
        id=wanted.id,
        name=wanted.name,
        description=wanted.description,
        permitted_ips=msgspec.json.encode(permitted_ips).decode(),
        is_active=int(is_active),
    )
    if changed is None:  # revoked in this moment
        raise _missing()
    tx.audit("management_key.changed", actor=caller.actor, data={"id": wanted.id, "status": wanted.status})


def get(tx: Tx, key_id: str) -> ManagementKeyRow:
    """Return a key that has not been revoked.

    Raises:
        NotFound: There is none.
    """
    row = keys.load_management_key(tx, key_id)
    if row is None or row.status != "active":
        raise _missing()
    return row


def search(tx: Tx) -> list[ManagementKeyRow]:
    """Return every key that has not been revoked, the oldest first."""
    return [row for row in keys.list_management_keys(tx) if row.status == "active"]


def delete(tx: Tx, caller: ManagementCaller, key_ids: Iterable[str]) -> int:
    """Revoke keys for ever, all or none; ids of no key are passed over. Return how many there were.

    Raises:
        Forbidden: One of them has rights that the caller has not.
    """
    wanted = set(key_ids)
    found = [row for row in search(tx) if row.id in wanted]
    for row in found:
        _check_reach(caller, keys.grant_of(row))
    return sum(keys.revoke_management_key(tx, row.id, actor=caller.actor) for row in found)


def check_tenant(tx: Tx, tenant_id: str) -> None:
    """Refuse a tenant that does not exist; "" is the whole project.

    Raises:
        NotFound: There is no such tenant.
    """
    if tenant_id and tx.one(rows.FIND_TENANT, IdRow, id=tenant_id) is None:
        raise NotFound(error_message="There is no tenant with this id.")


def check_rights(rights: Iterable[str]) -> frozenset[str]:
    """Return rights that a key can have.

    Raises:
        InvalidArgument: One of them is none.
    """
    wanted = frozenset(rights)
    wrong = sorted(right for right in wanted if not is_right(right, areas()))
    if wrong:
        raise InvalidArgument(
            error_message=f"{wrong[0][:100]!r} is no right of a management key; say an area and what may be done "
            "there, such as user:read or user:write."
        )
    return wanted


def rebac_of(project_id: str, row: ManagementKeyRow) -> ReBac:
    """Return what a key may do in the contract's form; the roles are those that would make it again."""
    names = tuple(_NAMES.get(right, right) for right in sorted(keys.grant_of(row).rights))
    of_project = (ProjectRole(project_ids=(project_id,), roles=names),) if names else ()
    return ReBac(company_roles=(), project_roles=of_project, tag_roles=())


def is_tenant_admin(tx: Tx, project: Project, caller: SessionCaller, tenant_id: str) -> bool:
    """Tell whether the holder of a refresh token administers a tenant: now, whatever their tokens say.

    Raises:
        SessionEnded: The token's session does not live any more.
    """
    session = sessions.live(tx, project, caller)
    if session.impersonator:  # who acts in another's name does not manage
        return False
    found = tx.one(rows.FIND_ADMIN_ROLE, IdRow, user_id=caller.user_id, tenant_id=tenant_id, role=TENANT_ADMIN)
    return found is not None


def _rights_of(project_id: str, given: ReBac | None) -> frozenset[str]:
    """Return the rights that roles name in the contract's form; none named, none given."""
    if given is None:
        return NOTHING
    if given.company_roles:
        raise InvalidArgument(error_message="Avow has no companies: companyRoles must be empty.")
    if given.tag_roles:
        raise InvalidArgument(error_message="Avow has no tags of projects: tagRoles must be empty.")
    roles: list[str] = []
    for each in given.project_roles or ():
        if set(each.project_ids or ()) != {project_id}:
            raise InvalidArgument(error_message="A key is for its own project: projectIds must name that one alone.")
        roles += each.roles or ()
    unknown = sorted(role for role in roles if role not in _ROLES and not is_right(role, areas()))
    if unknown:
        raise InvalidArgument(
            error_message=f"There is no role {unknown[0][:100]!r} for management keys; there are 'full access', "
            "'read only' and rights such as user:read and user:write."
        )
    return frozenset(_ROLES.get(role, role) for role in roles)


def _check_reach(caller: ManagementCaller, grant: Grant) -> None:
    if not caller.grant.covers_rights(grant):
        raise Forbidden(error_message="This key has rights that the caller does not have.")


def _check_within(caller: ManagementCaller, grant: Grant) -> None:
    if not caller.grant.covers(grant):
        raise Forbidden(
            error_message="A key cannot have more than the caller: neither rights nor tenants, neither addresses to be "
            "used from nor time."
        )


def _missing() -> NotFound:
    return NotFound(error_message="There is no management key with this id.")
