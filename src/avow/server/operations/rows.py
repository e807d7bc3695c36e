"""The SQL of operations: the state of the outbox, and whether the data was made by `avow dev`."""

from msgspec import Struct

__all__ = ["FIND_DEVELOPMENT", "MARK_DEVELOPMENT", "RETURNS", "WAITING", "MarkRow", "WaitingRow"]


class WaitingRow(Struct, frozen=True):
    """Messages of one delivery method that are not finished."""

    method: str
    messages: int


class MarkRow(Struct, frozen=True):
    """A fact of the installation."""

    value: str


WAITING = """
    SELECT method, COUNT(*) AS messages FROM outbox
    WHERE state IN ('waiting', 'leased') GROUP BY method ORDER BY method
"""

MARK_DEVELOPMENT = "INSERT INTO meta (name, value) VALUES ('development', '1') ON CONFLICT (name) DO NOTHING"

FIND_DEVELOPMENT = "SELECT value FROM meta WHERE name = 'development'"

RETURNS = {"WAITING": WaitingRow, "FIND_DEVELOPMENT": MarkRow}
