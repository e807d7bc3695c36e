"""The SQL of seeds of authenticator apps."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "SeedRow", "UserRow"]


@dataclass(frozen=True, slots=True)
class SeedRow:
    """A user's seed, sealed."""

    sealed_seed: bytes = field(repr=False)


class UserRow(Struct, frozen=True):
    """Whose seed a conditional write changed."""

    user_id: str


# Held until the unit ends: tries at the same moment are judged one after the other, each after the count of the one
# before it.
HOLD = """
    SELECT sealed_seed FROM totp_seeds
    WHERE project_id = :project_id AND user_id = :user_id
    /* postgres: FOR UPDATE */
"""

# A code works once, and none that is older than one that worked. No row back: this one did, or a later one.
USE_STEP = """
    UPDATE totp_seeds SET last_step = :step
    WHERE project_id = :project_id AND user_id = :user_id AND last_step < :step
    RETURNING user_id
"""

# The code that confirmed the seed is used by that.
PUT = """
    INSERT INTO totp_seeds (project_id, user_id, sealed_seed, created_at, last_step, is_own)
    VALUES (:project_id, :user_id, :sealed_seed, :now, :step, 1)
    ON CONFLICT (project_id, user_id) DO UPDATE
    SET sealed_seed = excluded.sealed_seed, created_at = excluded.created_at, last_step = excluded.last_step,
        is_own = excluded.is_own
    RETURNING user_id
"""

REMOVE = "DELETE FROM totp_seeds WHERE project_id = :project_id AND user_id = :user_id RETURNING user_id"

RETURNS = {"HOLD": SeedRow, "USE_STEP": UserRow, "PUT": UserRow, "REMOVE": UserRow}
