"""The SQL of passwords, their history, wrong tries and the settings."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "CounterRow", "EarlierRow", "EncodedRow", "HeldRow", "SettingsRow", "TriedRow", "UserRow"]


@dataclass(frozen=True, slots=True)
class HeldRow:
    """The password of a user: active, temporary (it only lets them replace it) or expired.

    `is_own` is 0 of what management of the whole project set, and of what replaced that.
    """

    encoded: str = field(repr=False)
    state: str
    set_at: int
    is_own: int = 0


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """An earlier password."""

    encoded: str = field(repr=False)


class UserRow(Struct, frozen=True):
    """Whose password a statement changed."""

    id: str


@dataclass(frozen=True, slots=True)
class TriedRow:
    """What a typed password is compared with, or None, and which state of the user's credentials that is of.

    `user_id` is "" when nobody has the login ID.
    """

    user_id: str
    encoded: str | None = field(repr=False)
    credential_version: int


class CounterRow(Struct, frozen=True):
    """Wrong tries, and until when they are remembered."""

    value: int
    ends_at: int


class EarlierRow(Struct, frozen=True):
    """The newest of the earlier passwords."""

    id: str


class SettingsRow(Struct, frozen=True):
    """The settings of a tenant, or with no tenant of the project; JSON of `wire.passwords.PasswordSettings`."""

    tenant_id: str
    policy: str


HELD = "SELECT encoded, state, set_at, is_own FROM passwords WHERE project_id = :project_id AND user_id = :user_id"

# For nobody the rows of somebody are read and left out of the answer: fewer take some microseconds less, and enough
# samples would show that.
TRIED = """
    SELECT COALESCE(l.user_id, '') AS user_id, CASE WHEN l.user_id IS NULL THEN NULL ELSE p.encoded END AS encoded,
        COALESCE(u.credential_version, 0) AS credential_version
    FROM (SELECT MIN(user_id) AS other FROM passwords WHERE project_id = :project_id) few
    LEFT JOIN login_ids l ON l.project_id = :project_id AND l.login_id = :login_id
    LEFT JOIN users u ON u.project_id = :project_id AND u.id = COALESCE(l.user_id, few.other)
    LEFT JOIN passwords p ON p.project_id = :project_id AND p.user_id = COALESCE(l.user_id, few.other)
"""

EARLIER = """
    SELECT encoded FROM password_history
    WHERE project_id = :project_id AND user_id = :user_id
    ORDER BY id DESC LIMIT :most
"""

# Ids count up, so that two passwords of one second keep their order.
LAST = """
    SELECT id FROM password_history
    WHERE project_id = :project_id AND user_id = :user_id
    ORDER BY id DESC LIMIT 1
"""

PUT = """
    INSERT INTO passwords (project_id, user_id, encoded, state, set_at, failures, locked_until, is_own)
    VALUES (:project_id, :user_id, :encoded, :state, :now, 0, NULL, :is_own)
    ON CONFLICT (project_id, user_id) DO UPDATE
    SET encoded = excluded.encoded, state = excluded.state, set_at = excluded.set_at, failures = 0, locked_until = NULL,
        is_own = excluded.is_own
    RETURNING user_id AS id
"""

# The same password, hashed anew: neither its state nor its age change, nor the user's credentials.
RENEW = """
    UPDATE passwords SET encoded = :renewed
    WHERE project_id = :project_id AND user_id = :user_id AND encoded = :encoded
    RETURNING user_id AS id
"""

REMEMBER = """
    INSERT INTO password_history (project_id, user_id, id, encoded, set_at)
    VALUES (:project_id, :user_id, :id, :encoded, :set_at)
"""

FORGET = """
    DELETE FROM password_history
    WHERE project_id = :project_id AND user_id = :user_id AND id NOT IN (
        SELECT h.id FROM password_history h
        WHERE h.project_id = :project_id AND h.user_id = :user_id
        ORDER BY h.id DESC LIMIT :most
    )
"""

# A temporary one has to be replaced anyway.
EXPIRE = """
    UPDATE passwords SET state = CASE WHEN state = 'active' THEN 'expired' ELSE state END
    WHERE project_id = :project_id AND user_id = :user_id
    RETURNING user_id AS id
"""

# Of several changes at once each goes on from what the one before it left; first in its unit, so that none waits for
# another that waits for it.
CLAIM = """
    UPDATE users SET credential_version = credential_version + 1
    WHERE project_id = :project_id AND id = :user_id AND credential_version = :credential_version
    RETURNING id
"""

# What judged the password before does not count any more when it comes to write.
MOVE = """
    UPDATE users SET credential_version = credential_version + 1, updated_at = :now
    WHERE project_id = :project_id AND id = :user_id
    RETURNING id
"""

# One more wrong try, unless the bucket is locked: what it ends with lies further ahead of now than it is remembered.
SPEND = """
    INSERT INTO counters (project_id, id, value, ends_at) VALUES (:project_id, :bucket, 1, :ends_at)
    ON CONFLICT (project_id, id) DO UPDATE
    SET value = CASE WHEN counters.ends_at <= :now THEN 1 ELSE counters.value + 1 END, ends_at = excluded.ends_at
    WHERE counters.ends_at <= :locked_beyond
    RETURNING value, ends_at
"""

LOCK = "UPDATE counters SET ends_at = :ends_at WHERE project_id = :project_id AND id = :bucket"

GIVE_BACK = """
    UPDATE counters SET value = value - 1, ends_at = :ends_at
    WHERE project_id = :project_id AND id = :bucket AND value > 0
"""

CLEAR = "DELETE FROM counters WHERE project_id = :project_id AND id IN (:bucket, :quiet)"

CLEAR_ALL = "DELETE FROM counters WHERE project_id = :project_id AND id IN (:bucket, :quiet, :sessions, :waiting)"

# Of an address: wrong passwords of all users, in a window that begins with the first.
COUNT = """
    INSERT INTO counters (project_id, id, value, ends_at) VALUES (:project_id, :bucket, 1, :ends_at)
    ON CONFLICT (project_id, id) DO UPDATE
    SET value = CASE WHEN counters.ends_at <= :now THEN 1 ELSE counters.value + 1 END,
        ends_at = CASE WHEN counters.ends_at <= :now THEN excluded.ends_at ELSE counters.ends_at END
"""

COUNTED = """
    SELECT value, ends_at FROM counters WHERE project_id = :project_id AND id = :bucket AND ends_at > :now
"""

SETTINGS = """
    SELECT tenant_id, policy FROM password_policies
    WHERE project_id = :project_id AND tenant_id IN (:tenant_ids)
"""

SETTINGS_OF_USER = """
    SELECT p.tenant_id, p.policy FROM password_policies p
    WHERE p.project_id = :project_id AND (p.tenant_id = '' OR p.tenant_id IN (
        SELECT m.tenant_id FROM memberships m WHERE m.project_id = :project_id AND m.user_id = :user_id))
"""

PUT_SETTINGS = """
    INSERT INTO password_policies (project_id, tenant_id, policy, updated_at)
    VALUES (:project_id, :tenant_id, :policy, :now)
    ON CONFLICT (project_id, tenant_id) DO UPDATE SET policy = excluded.policy, updated_at = excluded.updated_at
"""

RETURNS = {
    "HELD": HeldRow,
    "TRIED": TriedRow,
    "EARLIER": EncodedRow,
    "LAST": EarlierRow,
    "PUT": UserRow,
    "RENEW": UserRow,
    "EXPIRE": UserRow,
    "CLAIM": UserRow,
    "MOVE": UserRow,
    "SPEND": CounterRow,
    "COUNTED": CounterRow,
    "SETTINGS": SettingsRow,
    "SETTINGS_OF_USER": SettingsRow,
}
