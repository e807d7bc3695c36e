"""Deleting what deleted projects and tenants left, and imports long finished, a bounded number of rows in each unit.

Each goes on where it stopped.
"""

from avow.server.operations.leavings import rows
from avow.server.operations.leavings.rows import IdRow
from avow.server.store import Tx

__all__ = ["finish", "forget_imports", "leaving", "purge", "purge_tenants"]

_REST_SECONDS = 60
_IMPORTS_KEPT_SECONDS = 30 * 86400


def leaving(tx: Tx) -> list[str]:
    """Return the projects that were deleted a minute ago or longer, the first one first."""
    return [row.id for row in tx.all(rows.LEAVING, IdRow, before=tx.now - _REST_SECONDS)]


def purge(tx: Tx, most: int) -> int:
    """Delete at most so many rows of the project of the unit; return how many."""
    left = most
    for statement in rows.PURGE:
        left -= tx.run(statement, most=left)
        if left <= 0:
            break
    return most - left


def finish(tx: Tx) -> bool:
    """Delete the project itself, once nothing of it is left; tell whether it is gone."""
    return tx.one(rows.DELETE_PROJECT, IdRow) is not None


def purge_tenants(tx: Tx, most: int) -> int:
    """Delete at most so many rows of deleted tenants whose deletion did not end; return how many."""
    if tx.one(rows.DELETED_TENANT, IdRow) is None:
        return 0
    from avow.server.tenants import deletion  # a room of management: not for a process that nobody manages by

    return deletion.purge(tx, most)


def forget_imports(tx: Tx, most: int) -> int:
    """Forget at most so many imports that were finished thirty days ago; return how many. The users stay."""
    return tx.run(rows.FORGET_IMPORTS, before=tx.now - _IMPORTS_KEPT_SECONDS, most=most)
