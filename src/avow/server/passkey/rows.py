"""The SQL of passkeys, as far as their users need it; management's is in `accounts.credentials`."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "DescribedRow", "HeldRow", "IdRow", "OwnRow", "WhoRow"]


class IdRow(Struct, frozen=True):
    """The passkey that a statement wrote or took."""

    id: str


class WhoRow(Struct, frozen=True):
    """Whose a login ID is, and whether they may sign in."""

    id: str
    status: str


class DescribedRow(Struct, frozen=True):
    """A passkey as browsers are told of it."""

    id: str
    transports: str


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A passkey that is shown, and whose it is."""

    id: str
    user_id: str
    rp_id: str
    public_key: bytes = field(repr=False)
    sign_count: int
    is_backup_eligible: int


class OwnRow(Struct, frozen=True):
    """A passkey as its owner sees it."""

    id: str
    rp_id: str
    kind: str
    display_name: str
    created_at: int
    last_used_at: int | None
    is_backed_up: int


# As little as a start needs of a user: what more there is of somebody would tell by its time that they exist.
WHO = """
    SELECT u.id, u.status FROM login_ids l
    JOIN users u ON u.project_id = l.project_id AND u.id = l.user_id
    WHERE l.project_id = :project_id AND l.login_id = :login_id
"""

OF_USER = """
    SELECT id, transports FROM passkeys
    WHERE project_id = :project_id AND user_id = :user_id AND rp_id = :rp_id
    ORDER BY created_at DESC, id LIMIT 100
"""

FIND = """
    SELECT id, user_id, rp_id, public_key, sign_count, is_backup_eligible FROM passkeys
    WHERE project_id = :project_id AND id = :id
"""

# No row back: the credential id is somebody's already.
INSERT = """
    INSERT INTO passkeys
        (project_id, id, user_id, rp_id, kind, display_name, public_key, sign_count, created_at, last_used_at,
         is_backup_eligible, is_backed_up, transports, aaguid)
    VALUES
        (:project_id, :id, :user_id, :rp_id, :kind, :display_name, :public_key, :sign_count, :now, NULL,
         :is_backup_eligible, :is_backed_up, :transports, :aaguid)
    ON CONFLICT (project_id, id) DO NOTHING
    RETURNING id
"""

# `core.passkeys.answers.counts_on` as a condition: of two answers with one count the second gets no row back.
USE = """
    UPDATE passkeys SET sign_count = :sign_count, is_backed_up = :is_backed_up, last_used_at = :now
    WHERE project_id = :project_id AND id = :id AND user_id = :user_id
      AND (sign_count < :sign_count OR (sign_count = 0 AND :sign_count = 0))
    RETURNING id
"""

OWN = """
    SELECT id, rp_id, kind, display_name, created_at, last_used_at, is_backed_up FROM passkeys
    WHERE project_id = :project_id AND user_id = :user_id
    ORDER BY created_at, id LIMIT 1000
"""

RENAME = """
    UPDATE passkeys SET display_name = :display_name
    WHERE project_id = :project_id AND user_id = :user_id AND id = :id RETURNING id
"""

REMOVE = "DELETE FROM passkeys WHERE project_id = :project_id AND user_id = :user_id AND id = :id RETURNING id"

RETURNS = {
    "WHO": WhoRow,
    "OF_USER": DescribedRow,
    "FIND": HeldRow,
    "INSERT": IdRow,
    "USE": IdRow,
    "OWN": OwnRow,
    "RENAME": IdRow,
    "REMOVE": IdRow,
}
