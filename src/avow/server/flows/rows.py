"""The SQL of flows and themes."""

from msgspec import Struct

__all__ = ["RETURNS", "FlowRow", "HeadRow", "IdRow", "SpaceRow", "ThemeRow"]


class IdRow(Struct, frozen=True):
    """What a statement put or deleted."""

    id: str


class HeadRow(Struct, frozen=True):
    """A flow as lists show it."""

    id: str
    name: str
    description: str
    is_disabled: int


class FlowRow(Struct, frozen=True):
    """A flow; document and screens are JSON."""

    id: str
    name: str
    description: str
    is_disabled: int
    etag: str
    document: str
    screens: str


class SpaceRow(Struct, frozen=True):
    """How many flows there are beside one, and how long their documents are together."""

    flows: int
    length: int


class ThemeRow(Struct, frozen=True):
    """The theme; its document is JSON."""

    id: str
    document: str


LIST = "SELECT id, name, description, is_disabled FROM flows WHERE project_id = :project_id ORDER BY id"

FIND = """
    SELECT id, name, description, is_disabled, etag, document, screens FROM flows
    WHERE project_id = :project_id AND id = :id
"""

EVERY = """
    SELECT id, name, description, is_disabled, etag, document, screens FROM flows
    WHERE project_id = :project_id ORDER BY id
"""

SPACE = """
    SELECT COUNT(*) AS flows, COALESCE(SUM(LENGTH(document) + LENGTH(screens)), 0) AS length FROM flows
    WHERE project_id = :project_id AND id <> :id
"""

PUT = """
    INSERT INTO flows (project_id, id, name, description, is_disabled, etag, document, screens, updated_at)
    VALUES (:project_id, :id, :name, :description, :is_disabled, :etag, :document, :screens, :now)
    ON CONFLICT (project_id, id) DO UPDATE
    SET name = excluded.name, description = excluded.description, is_disabled = excluded.is_disabled,
        etag = excluded.etag, document = excluded.document, screens = excluded.screens,
        updated_at = excluded.updated_at
    RETURNING id
"""

DELETE = "DELETE FROM flows WHERE project_id = :project_id AND id IN (:ids) RETURNING id"

# There is one theme; should two have been put at once, the later one counts.
FIND_THEME = """
    SELECT id, document FROM themes WHERE project_id = :project_id ORDER BY updated_at DESC, id LIMIT 1
"""

CLEAR_OTHER_THEMES = "DELETE FROM themes WHERE project_id = :project_id AND id <> :id"

PUT_THEME = """
    INSERT INTO themes (project_id, id, document, updated_at) VALUES (:project_id, :id, :document, :now)
    ON CONFLICT (project_id, id) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at
    RETURNING id
"""

RETURNS = {
    "LIST": HeadRow,
    "FIND": FlowRow,
    "EVERY": FlowRow,
    "SPACE": SpaceRow,
    "PUT": IdRow,
    "DELETE": IdRow,
    "FIND_THEME": ThemeRow,
    "PUT_THEME": IdRow,
}
