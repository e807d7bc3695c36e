"""The SQL of passkeys, seeds, recovery codes, trusted devices and provider tokens, as far as management needs it."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "DeviceRow", "IdRow", "NamedRow", "PasskeyRow", "ProviderTokenRow", "sealed_row"]


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


@dataclass(frozen=True, slots=True)
class ProviderTokenRow:
    """A provider's token, sealed."""

    provider_user_id: str
    sealed: bytes = field(repr=False)
    scopes: str
    expires_at: int | None


def sealed_row(project_id: str, user_id: str, provider: str) -> str:
    """Return the name of the place that a provider's token is sealed for."""
    return f"provider_tokens.sealed:{project_id}:{user_id}:{provider}"


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

PROVIDER_TOKEN = """
    SELECT provider_user_id, sealed, scopes, expires_at FROM provider_tokens
    WHERE project_id = :project_id AND user_id = :user_id AND provider = :provider
"""

RETURNS = {
    "PASSKEYS": PasskeyRow,
    "REMOVE_PASSKEY": IdRow,
    "NAMED": NamedRow,
    "DEVICES": DeviceRow,
    "REMOVE_DEVICES": IdRow,
    "PROVIDER_TOKEN": ProviderTokenRow,
}
