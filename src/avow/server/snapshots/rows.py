"""The SQL of snapshots: permissions, roles and definitions by the hundred, and lists without very long data."""

from msgspec import Struct

__all__ = ["RETURNS", "ListRow", "NamedRow"]


class ListRow(Struct, frozen=True):
    """A list; `document` is JSON, or "" where it is longer than was asked for."""

    name: str
    description: str
    type: str
    document: str


class NamedRow(Struct, frozen=True):
    """What has a name that the files know."""

    id: str
    name: str


LISTS = """
    SELECT name, description, type, CASE WHEN LENGTH(document) <= :most THEN document ELSE '' END AS document
    FROM lists WHERE project_id = :project_id ORDER BY name
"""

# What is there already keeps its id: whoever holds it goes on holding it.
PUT_PERMISSION = """
    INSERT INTO permissions (project_id, id, name, description, created_at)
    VALUES (:project_id, :id, :name, :description, :now)
    ON CONFLICT (project_id, name) DO UPDATE SET description = excluded.description
"""

PUT_ROLE = """
    INSERT INTO roles (project_id, id, tenant_id, name, description, created_at, is_default, is_private)
    VALUES (:project_id, :id, NULL, :name, :description, :now, :is_default, :is_private)
    ON CONFLICT (project_id, name) WHERE tenant_id IS NULL DO UPDATE
    SET description = excluded.description, is_default = excluded.is_default, is_private = excluded.is_private
"""

PERMISSIONS = "SELECT id, name FROM permissions WHERE project_id = :project_id"

ROLES = "SELECT id, name FROM roles WHERE project_id = :project_id AND tenant_id IS NULL"

CLEAR_ROLES = "DELETE FROM role_permissions WHERE project_id = :project_id AND role_id IN (:role_ids)"

ALLOW = """
    INSERT INTO role_permissions (project_id, role_id, permission_id)
    VALUES (:project_id, :role_id, :permission_id)
    ON CONFLICT DO NOTHING
"""

# Of another type, the row is not changed and not counted.
PUT_ATTRIBUTE = """
    INSERT INTO attribute_definitions (project_id, kind, name, type, display_name, details, created_at)
    VALUES (:project_id, :kind, :name, :type, :display_name, :details, :now)
    ON CONFLICT (project_id, kind, name) DO UPDATE
    SET display_name = excluded.display_name, details = excluded.details
    WHERE attribute_definitions.type = excluded.type
"""

RETURNS = {"LISTS": ListRow, "PERMISSIONS": NamedRow, "ROLES": NamedRow}
