"""The SQL of custom attributes: definitions, and one row per value."""

from msgspec import Struct

__all__ = ["RETURNS", "DefinedRow", "DefinitionRow", "NameRow", "OwnerRow"]


class DefinitionRow(Struct, frozen=True):
    """A definition; `details` is JSON of options and of who may see and edit."""

    name: str
    type: str
    display_name: str
    details: str


class DefinedRow(Struct, frozen=True):
    """A definition of any kind of owner."""

    kind: str
    name: str
    type: str
    display_name: str
    details: str


class NameRow(Struct, frozen=True):
    """The definition that a write made or removed."""

    name: str


class OwnerRow(Struct, frozen=True):
    """Who has a value."""

    owner_id: str


DEFINITIONS = """
    SELECT name, type, display_name, details FROM attribute_definitions
    WHERE project_id = :project_id AND kind = :kind ORDER BY name
"""

EVERY_DEFINITION = """
    SELECT kind, name, type, display_name, details FROM attribute_definitions
    WHERE project_id = :project_id ORDER BY kind, name
"""

# The name is taken: no row comes back.
DEFINE = """
    INSERT INTO attribute_definitions (project_id, kind, name, type, display_name, details, created_at)
    VALUES (:project_id, :kind, :name, :type, :display_name, :details, :now)
    ON CONFLICT (project_id, kind, name) DO NOTHING
    RETURNING name
"""

REMOVE = """
    DELETE FROM attribute_definitions
    WHERE project_id = :project_id AND kind = :kind AND name IN (:names)
    RETURNING name
"""

OWNERS = """
    SELECT DISTINCT owner_id FROM attribute_values
    WHERE project_id = :project_id AND kind = :kind AND name IN (:names) AND owner_id > :after
    ORDER BY owner_id LIMIT :most
"""

CLEAR_NAMES = """
    DELETE FROM attribute_values
    WHERE project_id = :project_id AND kind = :kind AND name IN (:names) AND owner_id IN (:owner_ids)
"""

CLEAR_OWNERS = """
    DELETE FROM attribute_values WHERE project_id = :project_id AND kind = :kind AND owner_id IN (:owner_ids)
"""

# Access keys that act for users go with them.
CLEAR_KEYS_OF_USERS = """
    DELETE FROM attribute_values
    WHERE project_id = :project_id AND kind = 'accesskey' AND owner_id IN (
        SELECT k.id FROM access_keys k WHERE k.project_id = :project_id AND k.user_id IN (:user_ids))
"""

PUT = """
    INSERT INTO attribute_values (project_id, kind, owner_id, name, value)
    VALUES (:project_id, :kind, :owner_id, :name, :value)
    ON CONFLICT (project_id, kind, owner_id, name, value) DO NOTHING
"""

RETURNS = {
    "DEFINITIONS": DefinitionRow,
    "EVERY_DEFINITION": DefinedRow,
    "DEFINE": NameRow,
    "REMOVE": NameRow,
    "OWNERS": OwnerRow,
}
