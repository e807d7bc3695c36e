"""The SQL of roles, permissions and who holds which role."""

from dataclasses import dataclass

__all__ = ["RETURNS", "IdRow"]


@dataclass(frozen=True, slots=True)
class IdRow:
    """The row that a conditional write made or found."""

    id: str


# The name is taken within the project or the tenant: no row comes back.
INSERT = """
    INSERT INTO roles (project_id, id, tenant_id, name, description, created_at)
    VALUES (:project_id, :id, :tenant_id, :name, :description, :now)
    ON CONFLICT DO NOTHING
    RETURNING id
"""

FIND_PERMISSION = "SELECT id FROM permissions WHERE project_id = :project_id AND name = :name"

INSERT_PERMISSION = """
    INSERT INTO permissions (project_id, id, name, description, created_at)
    VALUES (:project_id, :id, :name, :description, :now)
    ON CONFLICT DO NOTHING
    RETURNING id
"""

ALLOW = """
    INSERT INTO role_permissions (project_id, role_id, permission_id)
    VALUES (:project_id, :role_id, :permission_id)
    ON CONFLICT DO NOTHING
"""

GRANT = """
    INSERT INTO user_roles (project_id, user_id, role_id) VALUES (:project_id, :user_id, :role_id)
    ON CONFLICT DO NOTHING
"""

GRANT_IN_TENANT = """
    INSERT INTO membership_roles (project_id, user_id, tenant_id, role_id)
    VALUES (:project_id, :user_id, :tenant_id, :role_id)
    ON CONFLICT DO NOTHING
"""

RETURNS = {"INSERT": IdRow, "FIND_PERMISSION": IdRow, "INSERT_PERMISSION": IdRow}
