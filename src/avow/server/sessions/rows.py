"""The SQL of sessions: one row per family."""

from msgspec import Struct

__all__ = ["RETURNS", "EndedRow", "HistoryRow", "LiveRow", "OwnRow", "SessionRow", "StateRow"]


class SessionRow(Struct, frozen=True):
    """What tokens need of a session."""

    id: str
    user_id: str
    tenant_id: str | None
    generation: int
    rotates: int
    rotated_at: int
    expires_at: int
    amr: str
    claims: str
    unsigned_claims: str
    impersonator: str = ""


class StateRow(Struct, frozen=True):
    """What decides whether a refresh token counts (`core.sessions.SessionState`, and whose it is)."""

    user_id: str
    generation: int
    rotates: int
    rotated_at: int
    expires_at: int
    last_used_at: int
    revoked_at: int | None


class OwnRow(Struct, frozen=True):
    """A session as its owner sees it."""

    id: str
    created_at: int
    last_used_at: int
    address: str
    device: str


class EndedRow(Struct, frozen=True):
    """A session that a statement ended."""

    id: str


class LiveRow(Struct, frozen=True):
    """A session that is live and was shown with a generation that counts."""

    user_id: str
    tenant_id: str | None
    amr: str
    impersonator: str = ""


class SignInRow(Struct, frozen=True):
    """A past sign-in."""

    created_at: int
    address: str
    tenant_id: str | None


class HistoryRow(Struct, frozen=True):
    """A past sign-in of somebody."""

    user_id: str
    created_at: int
    address: str
    tenant_id: str | None


class SeenRow(Struct, frozen=True):
    """A session of the user, whichever."""

    id: str


INSERT = """
    INSERT INTO sessions
        (project_id, id, user_id, tenant_id, generation, rotates, rotated_at, created_at, expires_at, last_used_at,
         amr, claims, unsigned_claims, address, device, impersonator)
    VALUES
        (:project_id, :id, :user_id, :tenant_id, 1, :rotates, :now, :now, :expires_at, :now,
         :amr, :claims, :unsigned_claims, :address, :device, :impersonator)
"""

# `core.sessions.judge` as one statement: of two refreshes at once the second sees what the first wrote, so at most
# one of them begins a generation. No row back: the token does not count, `STATE` tells why.
CONTINUE = """
    UPDATE sessions
    SET generation = generation
            + CASE WHEN rotates = 1 AND generation = :presented AND rotated_at <= :now - :grace THEN 1 ELSE 0 END,
        rotated_at = CASE WHEN rotates = 1 AND generation = :presented AND rotated_at <= :now - :grace
            THEN :now ELSE rotated_at END,
        last_used_at = :now
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id
      AND revoked_at IS NULL AND expires_at > :now AND (:idle = 0 OR last_used_at > :now - :idle)
      AND (generation = :presented
           OR (rotates = 1 AND generation = :presented + 1 AND rotated_at > :now - :grace))
    RETURNING id, user_id, tenant_id, generation, rotates, rotated_at, expires_at, amr, claims, unsigned_claims,
              impersonator
"""

# The same conditions without the write, for calls that only need to know that the session lives. Who acts in another's
# name must be there and not disabled; `CONTINUE` leaves that to its unit, which asks whether they still may.
LIVE = """
    SELECT user_id, tenant_id, amr, impersonator FROM sessions
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id
      AND revoked_at IS NULL AND expires_at > :now AND (:idle = 0 OR last_used_at > :now - :idle)
      AND (generation = :presented
           OR (rotates = 1 AND generation = :presented + 1 AND rotated_at > :now - :grace))
      AND (impersonator = '' OR EXISTS (
          SELECT 1 FROM users u
          WHERE u.project_id = :project_id AND u.id = sessions.impersonator AND u.status <> 'disabled'))
"""

# A live session by its id, held until the unit ends: of a session token, which names no generation, :presented is 0.
HOLD = """
    UPDATE sessions SET last_used_at = last_used_at
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id
      AND revoked_at IS NULL AND expires_at > :now AND (:idle = 0 OR last_used_at > :now - :idle)
      AND (:presented = 0 OR generation = :presented
           OR (rotates = 1 AND generation = :presented + 1 AND rotated_at > :now - :grace))
      AND (impersonator = '' OR EXISTS (
          SELECT 1 FROM users u
          WHERE u.project_id = :project_id AND u.id = sessions.impersonator AND u.status <> 'disabled'))
    RETURNING id, user_id, tenant_id, generation, rotates, rotated_at, expires_at, amr, claims, unsigned_claims,
              impersonator
"""

# A refresh token that is made anew is signed with the key of today: the generation of a session that does not rotate
# begins anew with it, so that it ends with that key (END_OF_REIGN).
SAY = """
    UPDATE sessions
    SET claims = :claims, rotated_at = CASE WHEN :renews = 1 AND rotates = 0 THEN :now ELSE rotated_at END
    WHERE project_id = :project_id AND id = :id AND revoked_at IS NULL
    RETURNING id, user_id, tenant_id, generation, rotates, rotated_at, expires_at, amr, claims, unsigned_claims,
              impersonator
"""

STATE = """
    SELECT user_id, generation, rotates, rotated_at, expires_at, last_used_at, revoked_at
    FROM sessions WHERE project_id = :project_id AND id = :id AND user_id = :user_id
"""

END = """
    UPDATE sessions SET revoked_at = :now, revoked_why = :why
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id AND revoked_at IS NULL
    RETURNING id
"""

# No subquery finds the rows: PostgreSQL would pass over a session that is refreshed in this moment (decision 0012).
END_ALL = """
    UPDATE sessions SET revoked_at = :now, revoked_why = :why
    WHERE project_id = :project_id AND user_id = :user_id AND revoked_at IS NULL AND id <> :kept
    RETURNING id
"""

END_IMPERSONATIONS = """
    UPDATE sessions SET revoked_at = :now, revoked_why = :why
    WHERE project_id = :project_id AND impersonator = :user_id AND impersonator <> '' AND revoked_at IS NULL
      AND id <> :kept
    RETURNING id
"""

# Of a signing key that is removed before its time: every family that it may have signed for. Such a family was opened
# before the key's reign ended, and began a generation in it or after it (with what the key signed, perhaps).
END_OF_REIGN = """
    UPDATE sessions SET revoked_at = :now, revoked_why = 'key removed'
    WHERE project_id = :project_id AND revoked_at IS NULL AND rotated_at >= :since AND created_at <= :until
    RETURNING id
"""

# A session that does not rotate gets a new refresh token here, under the key of today: its generation begins anew, so
# that it ends with that key (END_OF_REIGN).
SELECT_TENANT = """
    UPDATE sessions SET tenant_id = :tenant_id, rotated_at = CASE WHEN rotates = 0 THEN :now ELSE rotated_at END
    WHERE project_id = :project_id AND id = :id AND revoked_at IS NULL
    RETURNING id
"""

OWN = """
    SELECT id, created_at, last_used_at, address, device FROM sessions
    WHERE project_id = :project_id AND user_id = :user_id
      AND revoked_at IS NULL AND expires_at > :now AND (:idle = 0 OR last_used_at > :now - :idle)
    ORDER BY created_at DESC, id LIMIT 100
"""

HISTORY = """
    SELECT created_at, address, tenant_id FROM sessions
    WHERE project_id = :project_id AND user_id = :user_id
    ORDER BY created_at DESC, id LIMIT 100
"""

HISTORY_OF_USERS = """
    SELECT user_id, created_at, address, tenant_id FROM sessions
    WHERE project_id = :project_id AND user_id IN (:user_ids)
    ORDER BY created_at DESC, id LIMIT 1000
"""

# Ended sessions stay for a while for the history, then go.
FORGET = """
    DELETE FROM sessions WHERE project_id = :project_id AND id IN (
        SELECT id FROM sessions WHERE project_id = :project_id AND expires_at <= :before
        ORDER BY expires_at LIMIT :most
    )
"""

RETURNS = {
    "CONTINUE": SessionRow,
    "LIVE": LiveRow,
    "HOLD": SessionRow,
    "SAY": SessionRow,
    "STATE": StateRow,
    "END": EndedRow,
    "END_ALL": EndedRow,
    "END_IMPERSONATIONS": EndedRow,
    "END_OF_REIGN": EndedRow,
    "SELECT_TENANT": EndedRow,
    "OWN": OwnRow,
    "HISTORY": SignInRow,
    "HISTORY_OF_USERS": HistoryRow,
}
