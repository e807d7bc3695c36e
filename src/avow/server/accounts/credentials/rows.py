"""The SQL of passkeys, seeds, recovery codes and trusted devices, as far as management needs it."""

from msgspec import Struct

__all__ = ["RETURNS", "DeviceRow", "IdRow", "NamedRow", "PasskeyRow"]


class IdRow(Struct, frozen=True):
    """What a statement removed."""

    id: str


class NamedRow(Struct, frozen=True):
    """A user, and the name that found them: a canonical login ID, or their id."""

    named: str
    user_id: str


class PasskeyRow(Struct, frozen=True):
    """A passkey as lists show it."""

    id: str
    rp_id: str
    kind: str
    display_name: str
    created_at: int


class DeviceRow(Struct, frozen=True):
    """A trusted device as lists show it."""

    id: str
    name: str
    device_type: str
    last_used_at: int
    expires_at: int
    last_location: str


PASSKEYS = """
    SELECT id, rp_id, kind, display_name, created_at FROM passkeys
    WHERE project_id = :project_id AND user_id = :user_id
    ORDER BY created_at, id LIMIT 1000
"""

REMOVE_PASSKEY = """
    DELETE FROM passkeys WHERE project_id = :project_id AND user_id = :user_id AND id = :id RETURNING id
"""

REMOVE_PASSKEYS = "DELETE FROM passkeys WHERE project_id = :project_id AND user_id = :user_id"

REMOVE_TOTP_SEED = "DELETE FROM totp_seeds WHERE project_id = :project_id AND user_id = :user_id"

REMOVE_RECOVERY_CODES = "DELETE FROM recovery_codes WHERE project_id = :project_id AND user_id = :user_id"

NAMED = """
    SELECT l.login_id AS named, l.user_id AS user_id FROM login_ids l
    WHERE l.project_id = :project_id AND l.login_id IN (:login_ids)
    UNION ALL
    SELECT u.id, u.id FROM users u WHERE u.project_id = :project_id AND u.id IN (:user_ids)
"""

DEVICES = """
    SELECT id, name, device_type, last_used_at, expires_at, last_location FROM trusted_devices
    WHERE project_id = :project_id AND user_id IN (:user_ids) AND expires_at > :now
    ORDER BY last_used_at DESC, id LIMIT 1000
"""

REMOVE_DEVICES = """
    DELETE FROM trusted_devices
    WHERE project_id = :project_id AND user_id = :user_id AND id IN (:device_ids)
    RETURNING id
"""

RETURNS = {
    "PASSKEYS": PasskeyRow,
    "REMOVE_PASSKEY": IdRow,
    "NAMED": NamedRow,
    "DEVICES": DeviceRow,
    "REMOVE_DEVICES": IdRow,
}
