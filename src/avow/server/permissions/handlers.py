"""The routes of permissions."""

from avow.server.permissions import actions
from avow.server.serving import Call, Slice, reads, writes
from avow.server.store import Tx
from avow.wire import permissions as wire
from avow.wire.endpoint import Nothing
from avow.wire.permissions import (
    CreatePermission,
    CreatePermissions,
    DeletePermissions,
    Permission,
    PermissionRef,
    Permissions,
    UpdatePermission,
    UpdatePermissions,
)

__all__ = ["SLICE"]


def create(tx: Tx, call: Call[CreatePermission]) -> None:
    """Make a permission; its name is unique in the project."""
    _create(tx, call.body, call.management.actor)


def create_batch(tx: Tx, call: Call[CreatePermissions]) -> None:
    """Make permissions, all of them or none."""
    for each in call.body.permissions or ():
        _create(tx, each, call.management.actor)


def update(tx: Tx, call: Call[UpdatePermission]) -> None:
    """Replace name and description of a permission; roles keep it under its new name."""
    _update(tx, call.body, call.management.actor)


def update_batch(tx: Tx, call: Call[UpdatePermissions]) -> None:
    """Replace names and descriptions of permissions, all of them or none."""
    for each in call.body.permissions or ():
        _update(tx, each, call.management.actor)


def delete(tx: Tx, call: Call[PermissionRef]) -> None:
    """Delete a permission for ever; it leaves every role, and the next token of whoever held it."""
    body = call.body
    by_id = (body.id,) if body.id else ()
    by_name = (body.name,) if body.name and not body.id else ()
    actions.delete(tx, permission_ids=by_id, names=by_name, actor=call.management.actor)


def delete_batch(tx: Tx, call: Call[DeletePermissions]) -> None:
    """Delete permissions for ever, all of them or none."""
    actions.delete(tx, permission_ids=call.body.ids or (), names=call.body.names or (), actor=call.management.actor)


def load_all(tx: Tx, call: Call[Nothing]) -> Permissions:
    """Return every permission of the project, by name; more than 100,000 are refused."""
    found = actions.every(tx, most=wire.MOST_LISTED)
    return Permissions(
        permissions=tuple(Permission(id=row.id, name=row.name, description=row.description) for row in found)
    )


def _create(tx: Tx, wanted: CreatePermission, actor: str) -> None:
    actions.create(tx, wanted.name, description=wanted.description or "", actor=actor)


def _update(tx: Tx, wanted: UpdatePermission, actor: str) -> None:
    actions.update(
        tx,
        wanted.id or "",
        wanted.name or "",
        new_name=wanted.new_name,
        description=wanted.description or "",
        actor=actor,
    )


SLICE = Slice(
    "permissions",
    (
        writes(wire.CREATE, create),
        writes(wire.CREATE_BATCH, create_batch),
        writes(wire.UPDATE, update),
        writes(wire.UPDATE_BATCH, update_batch),
        writes(wire.DELETE, delete),
        writes(wire.DELETE_BATCH, delete_batch),
        reads(wire.LOAD_ALL, load_all),
    ),
)
