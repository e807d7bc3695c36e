"""Roles and tenants of one user, by the names that management uses."""

from collections.abc import Sequence

from avow.errors import InvalidArgument, NotFound
from avow.server.accounts import rows
from avow.server.accounts.rows import IdRow, NamedRow
from avow.server.store import Tx, in_list
from avow.wire.accounts import Association

__all__ = [
    "add_roles",
    "join",
    "leave",
    "remove_roles",
    "set_roles",
    "set_tenants",
]


def add_roles(tx: Tx, user_id: str, names: Sequence[str], tenant_id: str = "") -> None:
    """Give roles of the project, or in one tenant of which the user is a member.

    Raises:
        InvalidArgument: There is no such role.
        NotFound: The user is not a member of the tenant.
    """
    if tenant_id:
        _require_member(tx, user_id, tenant_id)
    _grant(tx, user_id, _role_ids(tx, names, tenant_id), tenant_id)


def set_roles(tx: Tx, user_id: str, names: Sequence[str], tenant_id: str = "") -> None:
    """Give exactly these roles, in the project or in one tenant; raises as `add_roles`."""
    if tenant_id:
        _require_member(tx, user_id, tenant_id)
        tx.run(rows.WITHDRAW_ALL_IN_TENANT, user_id=user_id, tenant_id=tenant_id)
    else:
        tx.run(rows.WITHDRAW_ALL, user_id=user_id)
    _grant(tx, user_id, _role_ids(tx, names, tenant_id), tenant_id)


def remove_roles(tx: Tx, user_id: str, names: Sequence[str], tenant_id: str = "") -> None:
    """Take roles, in the project or in one tenant; those that the user does not hold are passed over."""
    clause, listed = in_list("role_ids", _role_ids(tx, names, tenant_id))
    if tenant_id:
        _require_member(tx, user_id, tenant_id)
        statement = rows.WITHDRAW_IN_TENANT.replace("(:role_ids)", clause)
        tx.run(statement, user_id=user_id, tenant_id=tenant_id, **listed)
    else:
        tx.run(rows.WITHDRAW.replace("(:role_ids)", clause), user_id=user_id, **listed)


def join(tx: Tx, user_id: str, tenant_ids: Sequence[str]) -> None:
    """Make the user a member of these tenants; new members get the tenants' default roles.

    Raises:
        NotFound: There is no such tenant.
    """
    wanted = list(dict.fromkeys(tenant_ids))
    if not wanted:
        return
    clause, listed = in_list("tenant_ids", wanted)
    if len(tx.all(rows.TENANTS.replace("(:tenant_ids)", clause), IdRow, **listed)) < len(wanted):
        raise NotFound(error_message="There is no such tenant.")
    joined = tx.all(rows.JOIN.replace("(:tenant_ids)", clause), IdRow, user_id=user_id, **listed)
    if joined:
        clause, listed = in_list("tenant_ids", [row.id for row in joined])
        tx.run(rows.GRANT_DEFAULTS.replace("(:tenant_ids)", clause), user_id=user_id, **listed)


def leave(tx: Tx, user_id: str, tenant_id: str) -> bool:
    """End a membership with the roles there; False when there was none."""
    return tx.run(rows.LEAVE, user_id=user_id, tenant_id=tenant_id) > 0


def set_tenants(tx: Tx, user_id: str, tenants: Sequence[Association], *, is_new: bool = False) -> None:
    """Make the user a member of exactly these tenants, with exactly these roles and the defaults of new ones.

    Raises:
        NotFound: There is no such tenant.
        InvalidArgument: There is no such role.
    """
    if not is_new:
        tx.run(rows.LEAVE_ALL, user_id=user_id)
    join(tx, user_id, [each.tenant_id for each in tenants])
    for each in tenants:
        _grant(tx, user_id, _role_ids(tx, each.role_names or (), each.tenant_id), each.tenant_id)


def _grant(tx: Tx, user_id: str, role_ids: Sequence[str], tenant_id: str) -> None:
    if not role_ids:
        return
    clause, listed = in_list("role_ids", role_ids)
    if tenant_id:
        statement = rows.GRANT_IN_TENANT.replace("(:role_ids)", clause)
        tx.run(statement, user_id=user_id, tenant_id=tenant_id, **listed)
    else:
        tx.run(rows.GRANT.replace("(:role_ids)", clause), user_id=user_id, **listed)


def _role_ids(tx: Tx, names: Sequence[str], tenant_id: str) -> list[str]:
    """Return the ids of roles by name; in a tenant its own role comes before one of the project."""
    if not names:
        return []
    clause, listed = in_list("names", list(dict.fromkeys(names)))
    found = tx.all(rows.ROLES.replace("(:names)", clause), NamedRow, tenant_id=tenant_id, **listed)
    by_name = {row.name: row.id for row in sorted(found, key=lambda row: row.tenant_id or "")}
    if missing := [name for name in names if name not in by_name]:
        raise InvalidArgument(error_message=f"There is no role named {missing[0]!r}.")
    return list(dict.fromkeys(by_name.values()))


def _require_member(tx: Tx, user_id: str, tenant_id: str) -> None:
    if tx.one(rows.MEMBER, IdRow, user_id=user_id, tenant_id=tenant_id) is None:
        raise NotFound(error_message="The user is not a member of this tenant.")
