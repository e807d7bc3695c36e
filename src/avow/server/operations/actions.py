"""What the start of a server and its probes ask the database."""

from avow.server.operations import rows
from avow.server.store import Tx
from avow.server.store.rows import FIND_REVISION, RevisionRow

__all__ = ["answers", "is_development", "mark_development", "waiting_messages"]


def answers(tx: Tx) -> bool:
    """Read one row that every database of Avow has; tell whether it is there."""
    return tx.one(FIND_REVISION, RevisionRow) is not None


def waiting_messages(tx: Tx) -> dict[str, int]:
    """Return how many messages of each delivery method are not finished."""
    return {row.method: row.messages for row in tx.all(rows.WAITING, rows.WaitingRow)}


def mark_development(tx: Tx) -> None:
    """Write down that `avow dev` made this data; its keys lie beside it in clear text."""
    tx.run(rows.MARK_DEVELOPMENT)


def is_development(tx: Tx) -> bool:
    """Tell whether `avow dev` made this data."""
    return tx.one(rows.FIND_DEVELOPMENT, rows.MarkRow) is not None
