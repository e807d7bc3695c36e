"""Roles: created with their permissions, and granted to users in the project or in one tenant."""

from collections.abc import Iterable

from avow.core import ids
from avow.errors import InvalidArgument
from avow.server.roles import rows
from avow.server.roles.rows import IdRow
from avow.server.store import Tx

__all__ = ["create", "grant"]


def create(
    tx: Tx, name: str, *, description: str = "", permissions: Iterable[str] = (), tenant_id: str | None = None
) -> str:
    """Insert a role and the permissions it is made of; return its id.

    Args:
        tx: Unit of the project.
        name: Unique in the project, or in the tenant.
        description: For people.
        permissions: Names; those that do not exist yet are created.
        tenant_id: The tenant that the role belongs to; None for a role of the project.

    Raises:
        InvalidArgument: The name is taken.
    """
    role_id = ids.directory_id(ids.ROLE, tx.now)
    if tx.one(rows.INSERT, IdRow, id=role_id, tenant_id=tenant_id, name=name, description=description) is None:
        raise InvalidArgument(error_message=f"There is a role named {name!r} already.")
    for permission in permissions:
        tx.run(rows.ALLOW, role_id=role_id, permission_id=_permission(tx, permission))
    tx.audit("role.created", actor="command", tenant_id=tenant_id or "", data={"role": role_id})
    return role_id


def grant(tx: Tx, user_id: str, role_id: str, *, tenant_id: str | None = None) -> None:
    """Give a role to a user, in the project or as a member of one tenant; a second time changes nothing."""
    if tenant_id is None:
        tx.run(rows.GRANT, user_id=user_id, role_id=role_id)
    else:
        tx.run(rows.GRANT_IN_TENANT, user_id=user_id, tenant_id=tenant_id, role_id=role_id)
    tx.audit("role.granted", actor="command", user_id=user_id, tenant_id=tenant_id or "", data={"role": role_id})


def _permission(tx: Tx, name: str) -> str:
    """Return the id of the permission with this name, which is created when there is none."""
    fresh = tx.one(
        rows.INSERT_PERMISSION, IdRow, id=ids.directory_id(ids.PERMISSION, tx.now), name=name, description=""
    )
    found = fresh or tx.one(rows.FIND_PERMISSION, IdRow, name=name)
    if found is None:  # another transaction inserted it and has not committed yet, or took it back
        raise InvalidArgument(error_message=f"The permission {name!r} is being changed; try again.")
    return found.id
