"""The routes of management keys."""

from avow.server.keys.actions import ManagementKeyRow, permitted_ips_of
from avow.server.managementkeys import actions
from avow.server.serving import Call, Slice, reads, writes
from avow.server.store import Tx
from avow.wire import managementkeys as wire
from avow.wire.endpoint import Nothing
from avow.wire.managementkeys import (
    CreatedManagementKey,
    CreateManagementKey,
    DeletedManagementKeys,
    LoadManagementKey,
    ManagementKey,
    ManagementKeyAnswer,
    ManagementKeyIds,
    ManagementKeys,
    UpdateManagementKey,
)

__all__ = ["SLICE"]


def create(tx: Tx, call: Call[CreateManagementKey]) -> CreatedManagementKey:
    """Make a management key and return it with its secret, this once.

    It can do what the roles of `reBac` name and nothing else, and never more than the key that makes it.
    """
    key_id, cleartext = actions.create(tx, call.management, call.body)
    return CreatedManagementKey(cleartext=cleartext, key=_shown(tx, actions.get(tx, key_id)))


def update(tx: Tx, call: Call[UpdateManagementKey]) -> ManagementKeyAnswer:
    """Change name, description, permitted addresses and status of a key; an inactive one is refused at once."""
    actions.update(tx, call.management, call.body)
    return ManagementKeyAnswer(key=_shown(tx, actions.get(tx, call.body.id)))


def load(tx: Tx, call: Call[LoadManagementKey]) -> ManagementKeyAnswer:
    """Return a key, without its secret."""
    return ManagementKeyAnswer(key=_shown(tx, actions.get(tx, call.body.id or "")))


def delete(tx: Tx, call: Call[ManagementKeyIds]) -> DeletedManagementKeys:
    """Delete keys for ever, all of them or none; ids that are no key's are passed over."""
    return DeletedManagementKeys(total=actions.delete(tx, call.management, call.body.ids or ()))


def search(tx: Tx, call: Call[Nothing]) -> ManagementKeys:
    """Return every key of the project, without the secrets."""
    return ManagementKeys(keys=tuple(_shown(tx, row) for row in actions.search(tx)))


def _shown(tx: Tx, row: ManagementKeyRow) -> ManagementKey:
    return ManagementKey(
        id=row.id,
        name=row.name,
        description=row.description,
        status="active" if row.deactivated_at is None else "inactive",
        created_time=row.created_at,
        expire_time=row.expires_at or 0,
        permitted_ips=permitted_ips_of(row),
        re_bac=actions.rebac_of(tx.project_id, row),
        tenant_id=row.tenant_id or "",
    )


SLICE = Slice(
    "managementkeys",
    (
        writes(wire.CREATE, create),
        writes(wire.UPDATE, update),
        reads(wire.LOAD, load),
        writes(wire.DELETE, delete),
        reads(wire.SEARCH, search),
    ),
)
