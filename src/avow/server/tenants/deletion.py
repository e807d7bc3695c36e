"""Deleting a tenant: nothing of it works from the first unit on, and its rows go some at a time.

A tenant may have more members than one unit takes away. What a process that ended left behind, the next call or the
housekeeper deletes.
"""

from collections.abc import Callable, Sequence

from avow.errors import NotFound
from avow.server.attributes import actions as attributes
from avow.server.keys import actions as management_keys
from avow.server.store import About, Tx, audit_several, in_list
from avow.server.store.tx import Value
from avow.server.tenants import rows
from avow.server.tenants.rows import DeletedRow, IdRow

__all__ = ["begin", "go_on", "purge"]

_MOST_IN_STEP = 500

_Part = Callable[[Tx, DeletedRow, int], int]


def begin(tx: Tx, tenant_id: str, *, cascade: bool, actor: str) -> bool:
    """Delete a tenant for ever, with as many of its rows as one unit takes; tell whether nothing is left.

    Management keys confined to it end. Of a tenant that is deleted already, delete some of what is left.

    Args:
        tx: Unit of the project.
        tenant_id: Which.
        cascade: Delete the users and access keys that belong to no other tenant too.
        actor: Who deletes, for the audit.

    Raises:
        NotFound: There is none.
    """
    mark: dict[str, Value] = {"id": tenant_id, "takes_members": int(cascade), "actor": actor}
    if tx.one(rows.MARK_DELETED, IdRow, **mark) is not None:
        attributes.clear(tx, "tenant", [tenant_id])  # afterwards: nobody writes any for it again
        management_keys.revoke_keys_of_tenant(tx, tenant_id, actor=actor)
        for statement in (rows.DROP_DOMAINS, rows.DROP_CONNECTIONS, rows.DROP_PASSWORD_SETTINGS):
            tx.run(statement, tenant_id=tenant_id)
        tx.audit("tenant.deleted", actor=actor, tenant_id=tenant_id, data={"cascade": cascade})
    elif tx.one(rows.MARK_AGAIN, IdRow, **mark) is None:
        raise NotFound(error_message="There is no such tenant.")
    return go_on(tx, tenant_id)


def go_on(tx: Tx, tenant_id: str) -> bool:
    """Delete more of a tenant that is deleted; tell whether nothing is left."""
    return _step(tx, tenant_id, _MOST_IN_STEP) < _MOST_IN_STEP


def purge(tx: Tx, most: int) -> int:
    """Delete at most so many rows of the deleted tenants of the project; return how many."""
    left = most
    for row in tx.all(rows.DELETED, IdRow, most=most):
        left -= _step(tx, row.id, left)
        if left <= 0:
            break
    return most - left


def _step(tx: Tx, tenant_id: str, most: int) -> int:
    """Delete at most so many rows of a deleted tenant, itself the last one; return how many."""
    tenant = tx.one(rows.LOCK_DELETED, DeletedRow, id=tenant_id)
    if tenant is None:
        return 0
    left = most
    for part in _PARTS:
        left -= part(tx, tenant, left)
        if left <= 0:
            return most
    return most - left + tx.run(rows.DELETE, id=tenant_id)


def _members(tx: Tx, tenant: DeletedRow, most: int) -> int:
    found = [row.id for row in tx.all(rows.MEMBERS, IdRow, tenant_id=tenant.id, most=most)]
    if tenant.takes_members and found:
        _listed(tx, rows.LOCK_USERS, found)
        alone = _listed(tx, rows.WITHOUT_OTHER_TENANT, found, tenant_id=tenant.id)
        attributes.clear_keys_of_users(tx, alone)
        deleted = _listed(tx, rows.DELETE_USERS, alone)
        attributes.clear(tx, "user", deleted)  # afterwards: whoever was changing one of them has written by now
        about = [About(user_id=each) for each in deleted]
        audit_several(tx, "user.deleted", about, actor=tenant.deleted_by, tenant_id=tenant.id)
    _run(tx, rows.LEAVE, found, tenant.id)
    return len(found)


def _keys(tx: Tx, tenant: DeletedRow, most: int) -> int:
    found = [row.id for row in tx.all(rows.KEYS, IdRow, tenant_id=tenant.id, most=most)]
    if tenant.takes_members and found:
        _listed(tx, rows.LOCK_KEYS, found)
        alone = _listed(tx, rows.KEYS_WITHOUT_OTHER_TENANT, found, tenant_id=tenant.id)
        deleted = _listed(tx, rows.DELETE_KEYS, alone)
        attributes.clear(tx, "accesskey", deleted)
        about = [About(data={"key": each}) for each in deleted]
        audit_several(tx, "access_key.deleted", about, actor=tenant.deleted_by, tenant_id=tenant.id)
    _run(tx, rows.LEAVE_KEYS, found, tenant.id)
    return len(found)


def _of(statement: str) -> _Part:
    return lambda tx, tenant, most: tx.run(statement, tenant_id=tenant.id, most=most)


# What refers to something goes before it, so that no step takes along more rows than it counts.
_PARTS: tuple[_Part, ...] = (
    _members,
    _keys,
    _of(rows.DROP_GROUP_MEMBERS),
    _of(rows.DROP_GROUPS),
    _of(rows.DROP_IDENTITIES),
    _of(rows.DROP_DEFAULT_ROLES),
    _of(rows.DROP_ROLE_PERMISSIONS),
    _of(rows.DROP_ROLES),
)


def _listed(tx: Tx, statement: str, ids: Sequence[str], **params: str) -> list[str]:
    clause, listed = in_list("ids", ids)
    return [row.id for row in tx.all(statement.replace("(:ids)", clause), IdRow, **listed, **params)]


def _run(tx: Tx, statement: str, ids: Sequence[str], tenant_id: str) -> None:
    if ids:
        clause, listed = in_list("ids", ids)
        tx.run(statement.replace("(:ids)", clause), tenant_id=tenant_id, **listed)
