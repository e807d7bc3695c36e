"""The SQL of JWT templates."""

from msgspec import Struct

__all__ = ["RETURNS", "IdRow", "TemplateRow"]


class IdRow(Struct, frozen=True):
    """The row that a conditional write made or changed."""

    id: str


class TemplateRow(Struct, frozen=True):
    """A template; `document` is JSON of `wire.jwttemplates.JwtTemplate`."""

    id: str
    document: str


# No row comes back: the name is taken, or the project has as many templates as it may.
INSERT = """
    INSERT INTO jwt_templates (project_id, id, name, type, document, created_at, updated_at)
    SELECT :project_id, :id, :name, :type, :document, :now, :now
    WHERE (SELECT COUNT(*) FROM jwt_templates WHERE project_id = :project_id) < :most
    ON CONFLICT DO NOTHING
    RETURNING id
"""

UPDATE = """
    UPDATE jwt_templates SET name = :name, type = :type, document = :document, updated_at = :now
    WHERE project_id = :project_id AND id = :id
      AND NOT EXISTS (
          SELECT 1 FROM jwt_templates other
          WHERE other.project_id = :project_id AND other.name = :name AND other.id <> :id)
    RETURNING id
"""

DELETE = "DELETE FROM jwt_templates WHERE project_id = :project_id AND id = :id RETURNING id"

FIND = "SELECT id, document FROM jwt_templates WHERE project_id = :project_id AND id = :id"

LIST = "SELECT id, document FROM jwt_templates WHERE project_id = :project_id ORDER BY name, id"

RETURNS = {
    "INSERT": IdRow,
    "UPDATE": IdRow,
    "DELETE": IdRow,
    "FIND": TemplateRow,
    "LIST": TemplateRow,
}
