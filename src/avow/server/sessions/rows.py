"""The SQL of sessions, one row per family, and of trusted devices."""

from msgspec import Struct

__all__ = [
    "RETURNS",
    "DeviceRow",
    "EndedRow",
    "HistoryRow",
    "JoinedRow",
    "LiveRow",
    "OwnDeviceRow",
    "OwnRow",
    "SessionRow",
    "StateRow",
]


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
    strong_at: int = 0


class StateRow(Struct, frozen=True):
    """What decides whether a refresh token counts (`core.sessions.SessionState`, and whose it is)."""

    user_id: str
    generation: int
    rotates: int
    rotated_at: int
    expires_at: int
    last_used_at: int
    revoked_at: int | None
    awaits_factor: int
    amr: str


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
    created_at: int = 0
    awaits_factor: int = 0
    strong_at: int = 0


class JoinedRow(Struct, frozen=True):
    """A session that a further proof adds to; one that waited for it is over now, and `claims` what it had brought."""

    awaits_factor: int
    claims: str
    strong_at: int
    created_at: int
    expires_at: int


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


class DeviceRow(Struct, frozen=True):
    """A trusted device as its token is judged by it."""

    id: str
    mac: bytes
    expires_at: int


class OwnDeviceRow(Struct, frozen=True):
    """A trusted device as its owner sees it."""

    id: str
    name: str
    device_type: str
    created_at: int
    last_used_at: int
    expires_at: int


INSERT = """
    INSERT INTO sessions
        (project_id, id, user_id, tenant_id, generation, rotates, rotated_at, created_at, expires_at, last_used_at,
         amr, claims, unsigned_claims, address, device, impersonator, strong_at)
    VALUES
        (:project_id, :id, :user_id, :tenant_id, 1, :rotates, :now, :now, :expires_at, :now,
         :amr, :claims, :unsigned_claims, :address, :device, :impersonator, :strong_at)
"""

# A sign-in that waits for its second factor: nobody is signed in by it, and `claims` holds all that it had brought.
INSERT_WAITING = """
    INSERT INTO sessions
        (project_id, id, user_id, generation, rotates, rotated_at, created_at, expires_at, last_used_at,
         amr, claims, unsigned_claims, address, device, awaits_factor, strong_at)
    VALUES
        (:project_id, :id, :user_id, 1, 0, :now, :now, :expires_at, :now,
         :amr, :brought, '{}', :address, :device, 1, :strong_at)
"""

# The session that a further proof adds to, held until the unit ends. One that waited for it ends here, so that of two
# proofs at once one goes on; from any other this takes nothing.
JOIN = """
    UPDATE sessions
    SET revoked_at = CASE WHEN awaits_factor = 1 THEN :now ELSE revoked_at END,
        revoked_why = CASE WHEN awaits_factor = 1 THEN 'second factor' ELSE revoked_why END
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id AND revoked_at IS NULL AND expires_at > :now
    RETURNING awaits_factor, claims, strong_at, created_at, expires_at
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
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id AND awaits_factor = 0
      AND revoked_at IS NULL AND expires_at > :now AND (:idle = 0 OR last_used_at > :now - :idle)
      AND (generation = :presented
           OR (rotates = 1 AND generation = :presented + 1 AND rotated_at > :now - :grace))
    RETURNING id, user_id, tenant_id, generation, rotates, rotated_at, expires_at, amr, claims, unsigned_claims,
              impersonator, strong_at
"""

# The same conditions without the write, for calls that only need to know that the session lives; whether it waits for
# a second factor, they judge. Who acts in another's
# name must be there and not disabled; `CONTINUE` leaves that to its unit, which asks whether they still may.
LIVE = """
    SELECT user_id, tenant_id, amr, impersonator, created_at, awaits_factor, strong_at FROM sessions
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id
      AND revoked_at IS NULL AND expires_at > :now AND (:idle = 0 OR last_used_at > :now - :idle)
      AND (generation = :presented
           OR (rotates = 1 AND generation = :presented + 1 AND rotated_at > :now - :grace))
      AND (impersonator = '' OR EXISTS (
          SELECT 1 FROM users u
          WHERE u.project_id = :project_id AND u.id = sessions.impersonator AND u.status <> 'disabled'))
"""

_OF_ENABLED = """
      AND EXISTS (
        SELECT 1 FROM users o
        WHERE o.project_id = :project_id AND o.id = sessions.user_id AND o.status <> 'disabled')
"""

# The same for who asks nothing else of its user than whether they may sign in.
LIVE_ENABLED = LIVE + _OF_ENABLED

# A live session by its id, held until the unit ends: of a session token, which names no generation, :presented is 0.
HOLD = """
    UPDATE sessions SET last_used_at = last_used_at
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id AND awaits_factor = 0
      AND revoked_at IS NULL AND expires_at > :now AND (:idle = 0 OR last_used_at > :now - :idle)
      AND (:presented = 0 OR generation = :presented
           OR (rotates = 1 AND generation = :presented + 1 AND rotated_at > :now - :grace))
      AND (impersonator = '' OR EXISTS (
          SELECT 1 FROM users u
          WHERE u.project_id = :project_id AND u.id = sessions.impersonator AND u.status <> 'disabled'))
    RETURNING id, user_id, tenant_id, generation, rotates, rotated_at, expires_at, amr, claims, unsigned_claims,
              impersonator, strong_at
"""

# A refresh token that is made anew is signed with the key of today: the generation of a session that does not rotate
# begins anew with it, so that it ends with that key (END_OF_REIGN).
SAY = """
    UPDATE sessions
    SET claims = :claims, rotated_at = CASE WHEN :renews = 1 AND rotates = 0 THEN :now ELSE rotated_at END
    WHERE project_id = :project_id AND id = :id AND revoked_at IS NULL
    RETURNING id, user_id, tenant_id, generation, rotates, rotated_at, expires_at, amr, claims, unsigned_claims,
              impersonator, strong_at
"""

STATE = """
    SELECT user_id, generation, rotates, rotated_at, expires_at, last_used_at, revoked_at, awaits_factor, amr
    FROM sessions WHERE project_id = :project_id AND id = :id AND user_id = :user_id
"""

END = """
    UPDATE sessions SET revoked_at = :now, revoked_why = :why
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id AND revoked_at IS NULL
    RETURNING id
"""

# Whoever is to be told when a session ends says so once; the mark is looked for in sessions that have ended.
HEAR = """
    UPDATE sessions SET is_heard = 1
    WHERE project_id = :project_id AND id = :id AND is_heard = 0
    RETURNING id
"""

HEAR_AS = """
    UPDATE sessions SET is_heard = 1
    WHERE project_id = :project_id AND id = :id AND is_heard = 0
      AND EXISTS (
        SELECT 1 FROM sessions o WHERE o.project_id = :project_id AND o.id = :other AND o.is_heard = 1)
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
    WHERE project_id = :project_id AND user_id = :user_id AND awaits_factor = 0
      AND revoked_at IS NULL AND expires_at > :now AND (:idle = 0 OR last_used_at > :now - :idle)
    ORDER BY created_at DESC, id LIMIT 100
"""

HISTORY = """
    SELECT created_at, address, tenant_id FROM sessions
    WHERE project_id = :project_id AND user_id = :user_id AND awaits_factor = 0
    ORDER BY created_at DESC, id LIMIT 100
"""

HISTORY_OF_USERS = """
    SELECT user_id, created_at, address, tenant_id FROM sessions
    WHERE project_id = :project_id AND user_id IN (:user_ids) AND awaits_factor = 0
    ORDER BY created_at DESC, id LIMIT 1000
"""

# Ended sessions stay for a while for the history, then go.
FORGET = """
    DELETE FROM sessions WHERE project_id = :project_id AND id IN (
        SELECT id FROM sessions WHERE project_id = :project_id AND expires_at <= :before
        ORDER BY expires_at LIMIT :most
    )
"""

FIND_DEVICE = """
    SELECT id, mac, expires_at FROM trusted_devices
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id
"""

TOUCH_DEVICE = "UPDATE trusted_devices SET last_used_at = :now WHERE project_id = :project_id AND id = :id"

TRUST_DEVICE = """
    INSERT INTO trusted_devices
        (project_id, id, user_id, mac, name, device_type, last_location, created_at, last_used_at, expires_at)
    VALUES (:project_id, :id, :user_id, :mac, :name, :device_type, '', :now, :now, :expires_at)
    ON CONFLICT (project_id, id) DO UPDATE
    SET mac = excluded.mac, name = excluded.name, device_type = excluded.device_type,
        last_used_at = excluded.last_used_at, expires_at = excluded.expires_at
"""

# Those beyond the newest :kept make room for one more.
CROWD_OUT_DEVICES = """
    DELETE FROM trusted_devices WHERE project_id = :project_id AND id IN (
        SELECT id FROM trusted_devices WHERE project_id = :project_id AND user_id = :user_id
        ORDER BY last_used_at DESC, id LIMIT 1000 OFFSET :kept
    )
"""

OWN_DEVICES = """
    SELECT id, name, device_type, created_at, last_used_at, expires_at FROM trusted_devices
    WHERE project_id = :project_id AND user_id = :user_id AND expires_at > :now
    ORDER BY last_used_at DESC, id LIMIT 100
"""

REMOVE_DEVICE = """
    DELETE FROM trusted_devices WHERE project_id = :project_id AND id = :id AND user_id = :user_id RETURNING id
"""

DISTRUST = "DELETE FROM trusted_devices WHERE project_id = :project_id AND user_id = :user_id"

RETURNS = {
    "CONTINUE": SessionRow,
    "LIVE": LiveRow,
    "LIVE_ENABLED": LiveRow,
    "HOLD": SessionRow,
    "JOIN": JoinedRow,
    "SAY": SessionRow,
    "STATE": StateRow,
    "HEAR": EndedRow,
    "HEAR_AS": EndedRow,
    "END": EndedRow,
    "END_ALL": EndedRow,
    "END_IMPERSONATIONS": EndedRow,
    "END_OF_REIGN": EndedRow,
    "SELECT_TENANT": EndedRow,
    "OWN": OwnRow,
    "HISTORY": SignInRow,
    "HISTORY_OF_USERS": HistoryRow,
    "FIND_DEVICE": DeviceRow,
    "OWN_DEVICES": OwnDeviceRow,
    "REMOVE_DEVICE": EndedRow,
}
