"""Applications that registered themselves: known by their ids, counted, and deleted again where nobody uses them.

Of such an id are these alone, whoever manages them later. What management trusts is kept as its own.
"""

from avow.core import ids
from avow.server.applications import rows
from avow.server.applications.rows import CountRow, IdRow
from avow.server.projects import actions as projects
from avow.server.store import Tx, in_list

__all__ = ["MOST", "PREFIX", "count", "forget", "is_one", "new_id"]

PREFIX = rows.REGISTERED
MOST = 5000  # of a project, besides those that it trusts: half of what `actions.whole` lists
_UNUSED_SECONDS = 7 * 86_400
_ACTOR = "housekeeping"


def new_id(now: int) -> str:
    """Return an id for an application that registers itself."""
    return ids.directory_id(PREFIX, now)


def is_one(application_id: str) -> bool:
    """Tell by its id whether an application registered itself."""
    return application_id.startswith(PREFIX)


def count(tx: Tx) -> int:
    """Return how many there are that nobody trusts."""
    found = tx.one(rows.COUNT_REGISTERED, CountRow)
    return found.total if found else 0


def forget(tx: Tx, most: int) -> int:
    """Delete at most so many that nobody trusts or uses, a week after their last change; return how many.

    Nobody uses what nobody has allowed, was granted nothing, and was given neither APIs nor users by management.
    """
    unused = tx.all(rows.UNUSED_REGISTERED, IdRow, before=tx.now - _UNUSED_SECONDS, most=most)
    if not unused:
        return 0
    # They are held by now: what somebody has allowed in between is seen, and nobody allows one any more.
    clause, listed = in_list("ids", [row.id for row in unused])
    gone = tx.all(rows.FORGET_REGISTERED.replace("(:ids)", clause), IdRow, **listed)
    for row in gone:
        tx.audit("application.deleted", actor=_ACTOR, data={"application": row.id})
    if gone:
        projects.bump(tx)
    return len(gone)
