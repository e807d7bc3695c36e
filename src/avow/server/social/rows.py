"""The SQL of social providers."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "IdRow", "ProviderRow", "sealed_row"]


class IdRow(Struct, frozen=True):
    """What a statement changed."""

    id: str


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider; settings are JSON."""

    id: str
    settings: str
    sealed_secret: bytes | None = field(repr=False)
    created_at: int
    updated_at: int


def sealed_row(project_id: str, provider: str) -> str:
    """Return where a sealed client secret lies, for the vault."""
    return f"providers.sealed_secret:{project_id}:{provider}"


FIND = """
    SELECT id, settings, sealed_secret, created_at, updated_at FROM providers
    WHERE project_id = :project_id AND id = :id
"""

LIST = """
    SELECT id, settings, sealed_secret, created_at, updated_at FROM providers
    WHERE project_id = :project_id ORDER BY id
"""

# Locks the row until the commit: a secret that stays is the one that was read.
LOCK = """
    UPDATE providers SET updated_at = :now WHERE project_id = :project_id AND id = :id
    RETURNING id, settings, sealed_secret, created_at, updated_at
"""

SAVE = """
    INSERT INTO providers (project_id, id, settings, sealed_secret, created_at, updated_at)
    SELECT p.id, :id, :settings, :sealed_secret, :now, :now FROM projects p
    WHERE p.id = :project_id
      AND (SELECT COUNT(*) FROM providers o WHERE o.project_id = :project_id AND o.id <> :id) < :most
    ON CONFLICT (project_id, id) DO UPDATE
    SET settings = excluded.settings, sealed_secret = excluded.sealed_secret, updated_at = excluded.updated_at
    RETURNING id
"""

DELETE = "DELETE FROM providers WHERE project_id = :project_id AND id = :id RETURNING id"

RETURNS = {
    "FIND": ProviderRow,
    "LIST": ProviderRow,
    "LOCK": ProviderRow,
    "SAVE": IdRow,
    "DELETE": IdRow,
}
