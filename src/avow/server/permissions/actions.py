"""Permissions: made, changed and deleted. Who holds a role with one notices in their next token."""

from collections.abc import Iterable, Sequence

from avow.core import ids
from avow.errors import InvalidArgument, MissingArgument, NotFound
from avow.server.permissions import rows
from avow.server.permissions.rows import IdRow, PermissionRow
from avow.server.store import Search, Tx, in_list

__all__ = ["PermissionRow", "create", "delete", "ensure", "every", "update"]

_MISSING = "There is no such permission."


def create(tx: Tx, name: str, *, description: str = "", actor: str) -> str:
    """Insert a permission; return its id.

    Raises:
        InvalidArgument: The name is taken.
    """
    permission_id = ids.directory_id(ids.PERMISSION, tx.now)
    if tx.one(rows.INSERT, IdRow, id=permission_id, name=name, description=description) is None:
        raise _taken(name)
    tx.audit("permission.created", actor=actor, data={"permission": permission_id})
    return permission_id


def ensure(tx: Tx, names: Iterable[str], *, actor: str) -> None:
    """Insert the permissions of these names that do not exist yet."""
    for name in names:
        permission_id = ids.directory_id(ids.PERMISSION, tx.now)
        if tx.one(rows.INSERT, IdRow, id=permission_id, name=name, description="") is not None:
            tx.audit("permission.created", actor=actor, data={"permission": permission_id})


def update(tx: Tx, permission_id: str, name: str, *, new_name: str, description: str, actor: str) -> None:
    """Replace name and description of the permission with this id, or else this name.

    Raises:
        MissingArgument: Neither is given.
        NotFound: There is none.
        InvalidArgument: The new name is taken.
    """
    if not (permission_id or name):
        raise MissingArgument(error_message="Name the permission, or give its id.")
    found = tx.one(rows.FIND, IdRow, id=permission_id, name="" if permission_id else name)
    if found is None:
        raise NotFound(error_message=_MISSING)
    if tx.one(rows.UPDATE, IdRow, id=found.id, new_name=new_name, description=description) is None:
        raise _taken(new_name)
    tx.audit("permission.updated", actor=actor, data={"permission": found.id})


def delete(tx: Tx, *, permission_ids: Sequence[str] = (), names: Sequence[str] = (), actor: str) -> None:
    """Delete permissions by id and by name, all of them or none.

    Raises:
        MissingArgument: None is given.
        NotFound: One of them does not exist.
    """
    wanted_ids, wanted_names = list(dict.fromkeys(permission_ids)), list(dict.fromkeys(names))
    if not (wanted_ids or wanted_names):
        raise MissingArgument(error_message="Name the permissions to delete, or give their ids.")
    deleted: list[IdRow] = []
    if wanted_ids:
        clause, listed = in_list("ids", wanted_ids)
        deleted += tx.all(rows.DELETE_BY_IDS.replace("(:ids)", clause), IdRow, **listed)
    if wanted_names:
        clause, listed = in_list("names", wanted_names)
        deleted += tx.all(rows.DELETE_BY_NAMES.replace("(:names)", clause), IdRow, **listed)
    if len(deleted) != len(wanted_ids) + len(wanted_names):
        raise NotFound(error_message=_MISSING)
    tx.audit("permission.deleted", actor=actor, data={"permissions": sorted(row.id for row in deleted)})


def every(tx: Tx, *, most: int | None = None) -> list[PermissionRow]:
    """Return all permissions of the project, by name.

    Raises:
        InvalidArgument: There are more than `most`.
    """
    return Search(rows.LIST).order("name").listed(tx, PermissionRow, most, "permissions")


def _taken(name: str) -> InvalidArgument:
    return InvalidArgument(error_message=f"There is a permission named {name!r} already.")
