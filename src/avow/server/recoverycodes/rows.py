"""The SQL of recovery codes."""

from dataclasses import dataclass, field

from msgspec import Struct

from avow.core.recoverycodes import COUNT

__all__ = ["RETURNS", "CodeRow", "IdRow", "LeftRow"]


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code that is left, as its MAC."""

    id: str
    mac: bytes = field(repr=False)


class IdRow(Struct, frozen=True):
    """The code that a conditional write took."""

    id: str


class LeftRow(Struct, frozen=True):
    """How many codes are left, and since when."""

    count: int
    created_at: int


# The ids are numbers, so that each new code takes the place of an old one: of two who make codes at once, those of the
# second are left and none of the first.
PUT = f"""
    INSERT INTO recovery_codes (project_id, user_id, id, mac, created_at)
    VALUES {", ".join(f"(:project_id, :user_id, '{number}', :mac_{number}, :now)" for number in range(COUNT))}
    ON CONFLICT (project_id, user_id, id) DO UPDATE SET mac = excluded.mac, created_at = excluded.created_at
"""  # noqa: S608 - constants

FIND = "SELECT id, mac FROM recovery_codes WHERE project_id = :project_id AND user_id = :user_id ORDER BY id"

# A code works once. No row back: somebody else was faster, or the codes were made anew meanwhile.
USE = """
    DELETE FROM recovery_codes
    WHERE project_id = :project_id AND user_id = :user_id AND id = :id AND mac = :mac
    RETURNING id
"""

LEFT = """
    SELECT COUNT(*) AS count, COALESCE(MAX(created_at), 0) AS created_at FROM recovery_codes
    WHERE project_id = :project_id AND user_id = :user_id
"""

RETURNS = {"FIND": CodeRow, "USE": IdRow, "LEFT": LeftRow}
