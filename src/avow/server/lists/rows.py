"""The SQL of lists: each is one row, its entries one document."""

from msgspec import Struct

__all__ = ["RETURNS", "CountRow", "IdRow", "ListRow", "SizeRow"]


class IdRow(Struct, frozen=True):
    """The list that a conditional write made or changed."""

    id: str


class ListRow(Struct, frozen=True):
    """A list; `document` is JSON."""

    id: str
    name: str
    description: str
    type: str
    document: str


class SizeRow(Struct, frozen=True):
    """How much stands in all lists together."""

    characters: int


class CountRow(Struct, frozen=True):
    """How many lists there are."""

    lists: int


INSERT = """
    INSERT INTO lists (project_id, id, name, description, type, document, created_at, updated_at)
    VALUES (:project_id, :id, :name, :description, :type, :document, :now, :now)
    ON CONFLICT (project_id, name) DO NOTHING
    RETURNING id
"""

UPDATE = """
    UPDATE lists SET name = :name, description = :description, type = :type, document = :document, updated_at = :now
    WHERE project_id = :project_id AND id = :id
      AND NOT EXISTS (SELECT 1 FROM lists AS other
                      WHERE other.project_id = :project_id AND other.name = :name AND other.id <> :id)
    RETURNING id
"""

SET_DOCUMENT = "UPDATE lists SET document = :document, updated_at = :now WHERE project_id = :project_id AND id = :id"

# Whoever changes the entries keeps others from doing so until the unit ends.
LOCK = """
    UPDATE lists SET updated_at = :now WHERE project_id = :project_id AND id = :id
    RETURNING id, name, description, type, document
"""

DELETE = "DELETE FROM lists WHERE project_id = :project_id AND id = :id"

FIND = "SELECT id, name, description, type, document FROM lists WHERE project_id = :project_id AND id = :id"

FIND_BY_NAME = "SELECT id, name, description, type, document FROM lists WHERE project_id = :project_id AND name = :name"

LIST = "SELECT id, name, description, type, document FROM lists WHERE project_id = :project_id ORDER BY name"

SIZE = """
    SELECT COALESCE(SUM(LENGTH(document)), 0) AS characters FROM lists WHERE project_id = :project_id
"""

COUNT = "SELECT COUNT(*) AS lists FROM lists WHERE project_id = :project_id"

RETURNS = {
    "INSERT": IdRow,
    "UPDATE": IdRow,
    "LOCK": ListRow,
    "FIND": ListRow,
    "FIND_BY_NAME": ListRow,
    "LIST": ListRow,
    "SIZE": SizeRow,
    "COUNT": CountRow,
}
