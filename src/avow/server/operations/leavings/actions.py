"""Deleting what a deleted project left, a bounded number of rows in each unit; it goes on where it stopped."""

from avow.server.operations.leavings import rows
from avow.server.operations.leavings.rows import IdRow
from avow.server.store import Tx

__all__ = ["finish", "leaving", "purge"]

_REST_SECONDS = 60


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
