"""The clock of this process beside that of the database server, which all instances share."""

from dataclasses import dataclass

from avow.server.store.opening import is_sqlite
from avow.server.store.tx import Tx

__all__ = ["has_clock", "seconds_ahead"]

# Not in a `rows.py`: only PostgreSQL understands it, and only PostgreSQL is asked.
_TIME = "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM now())) AS BIGINT) AS now"


@dataclass(frozen=True, slots=True)
class _TimeRow:
    now: int


def has_clock(url: str) -> bool:
    """Tell whether the database has a clock of its own; SQLite runs on that of this machine."""
    return not is_sqlite(url)


def seconds_ahead(tx: Tx) -> int:
    """Return by how many seconds the unit's clock is ahead of PostgreSQL's; negative when it is behind."""
    row = tx.one(_TIME, _TimeRow)
    return tx.now - row.now if row is not None else 0
