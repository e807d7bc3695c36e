"""The SQL of passwords, their history and the settings."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "EarlierRow", "EncodedRow", "HeldRow", "SettingsRow", "UserRow"]


@dataclass(frozen=True, slots=True)
class HeldRow:
    """The password of a user: active, temporary (it only lets them replace it) or expired."""

    encoded: str = field(repr=False)
    state: str
    set_at: int


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """An earlier password."""

    encoded: str = field(repr=False)


class UserRow(Struct, frozen=True):
    """Whose password a statement changed."""

    id: str


class EarlierRow(Struct, frozen=True):
    """The newest of the earlier passwords."""

    id: str


class SettingsRow(Struct, frozen=True):
    """The settings of a tenant, or with no tenant of the project; JSON of `wire.passwords.PasswordSettings`."""

    tenant_id: str
    policy: str


HELD = "SELECT encoded, state, set_at FROM passwords WHERE project_id = :project_id AND user_id = :user_id"

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

# Another password begins without wrong tries and without a lock.
PUT = """
    INSERT INTO passwords (project_id, user_id, encoded, state, set_at, failures, locked_until)
    VALUES (:project_id, :user_id, :encoded, :state, :now, 0, NULL)
    ON CONFLICT (project_id, user_id) DO UPDATE
    SET encoded = excluded.encoded, state = excluded.state, set_at = excluded.set_at, failures = 0, locked_until = NULL
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

# What judged the password before does not count any more when it comes to write.
MOVE = """
    UPDATE users SET credential_version = credential_version + 1, updated_at = :now
    WHERE project_id = :project_id AND id = :user_id
    RETURNING id
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
    "EARLIER": EncodedRow,
    "LAST": EarlierRow,
    "PUT": UserRow,
    "EXPIRE": UserRow,
    "MOVE": UserRow,
    "SETTINGS": SettingsRow,
    "SETTINGS_OF_USER": SettingsRow,
}
