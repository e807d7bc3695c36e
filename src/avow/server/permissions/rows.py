"""The SQL of permissions."""

from msgspec import Struct

__all__ = ["RETURNS", "IdRow", "PermissionRow"]


class IdRow(Struct, frozen=True):
    """The row that a conditional write made, changed or found."""

    id: str


class PermissionRow(Struct, frozen=True):
    """A permission."""

    id: str
    name: str
    description: str


# The name is taken: no row comes back.
INSERT = """
    INSERT INTO permissions (project_id, id, name, description, created_at)
    VALUES (:project_id, :id, :name, :description, :now)
    ON CONFLICT (project_id, name) DO NOTHING
    RETURNING id
"""

FIND = "SELECT id FROM permissions WHERE project_id = :project_id AND (id = :id OR name = :name)"

UPDATE = """
    UPDATE permissions SET name = :new_name, description = :description
    WHERE project_id = :project_id AND id = :id
      AND NOT EXISTS (
          SELECT 1 FROM permissions other
          WHERE other.project_id = :project_id AND other.name = :new_name AND other.id <> :id)
    RETURNING id
"""

DELETE_BY_IDS = "DELETE FROM permissions WHERE project_id = :project_id AND id IN (:ids) RETURNING id"

DELETE_BY_NAMES = "DELETE FROM permissions WHERE project_id = :project_id AND name IN (:names) RETURNING id"

LIST = "SELECT id, name, description FROM permissions WHERE project_id = :project_id"

RETURNS = {
    "INSERT": IdRow,
    "FIND": IdRow,
    "UPDATE": IdRow,
    "DELETE_BY_IDS": IdRow,
    "DELETE_BY_NAMES": IdRow,
    "LIST": PermissionRow,
}
