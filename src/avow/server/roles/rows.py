"""The SQL of roles, and who holds which."""

from msgspec import Struct

__all__ = ["RETURNS", "AllowedRow", "IdRow", "ListedRow", "PlaceRow", "RoleRow"]


class IdRow(Struct, frozen=True):
    """The row that a conditional write made or changed."""

    id: str


class PlaceRow(Struct, frozen=True):
    """A role and the tenant it belongs to, "" for the project."""

    id: str
    tenant: str
    is_private: int


class AllowedRow(Struct, frozen=True):
    """A permission that was put into a role."""

    permission_id: str


class ListedRow(Struct, frozen=True):
    """A role that somebody lists, the tenant it belongs to, "" for the project, and whether a user holds it."""

    id: str
    name: str
    tenant: str
    is_held: int


class RoleRow(Struct, frozen=True):
    """A role with one of its permissions, "" when it has none."""

    id: str
    tenant: str
    name: str
    description: str
    created_at: int
    is_default: int
    is_private: int
    permission: str


# The name is taken within the project or the tenant: no row comes back.
INSERT = """
    INSERT INTO roles (project_id, id, tenant_id, name, description, created_at, is_default, is_private)
    VALUES (:project_id, :id, :tenant_id, :name, :description, :now, :is_default, :is_private)
    ON CONFLICT DO NOTHING
    RETURNING id
"""

FIND_TENANT = "SELECT id FROM tenants WHERE project_id = :project_id AND id = :tenant_id AND deleted_at IS NULL"

FIND_BY_ID = """
    SELECT id, COALESCE(tenant_id, '') AS tenant, is_private FROM roles WHERE project_id = :project_id AND id = :id
"""

FIND_IN_PROJECT = """
    SELECT id, COALESCE(tenant_id, '') AS tenant, is_private FROM roles
    WHERE project_id = :project_id AND name = :name AND tenant_id IS NULL
"""

FIND_IN_TENANT = """
    SELECT id, COALESCE(tenant_id, '') AS tenant, is_private FROM roles
    WHERE project_id = :project_id AND name = :name AND tenant_id = :tenant_id
"""

UPDATE = """
    UPDATE roles
    SET name = :new_name, description = :description,
        is_default = COALESCE(:is_default, is_default), is_private = COALESCE(:is_private, is_private)
    WHERE project_id = :project_id AND id = :id
      AND NOT EXISTS (
          SELECT 1 FROM roles other
          WHERE other.project_id = :project_id AND other.name = :new_name AND other.id <> :id
            AND COALESCE(other.tenant_id, '') = COALESCE(roles.tenant_id, ''))
    RETURNING id
"""

DELETE = "DELETE FROM roles WHERE project_id = :project_id AND id IN (:ids) RETURNING id"

CLEAR_PERMISSIONS = "DELETE FROM role_permissions WHERE project_id = :project_id AND role_id = :role_id"

ALLOW = """
    INSERT INTO role_permissions (project_id, role_id, permission_id)
    SELECT p.project_id, r.id, p.id
    FROM permissions p
    JOIN roles r ON r.project_id = p.project_id AND r.id = :role_id
    WHERE p.project_id = :project_id AND p.name IN (:names)
    RETURNING permission_id
"""

SEARCH = """
    SELECT r.id, r.tenant, r.name, r.description, r.created_at, r.is_default, r.is_private,
           COALESCE(p.name, '') AS permission
    FROM (
        SELECT project_id, id, COALESCE(tenant_id, '') AS tenant, name, description, created_at, is_default, is_private
        FROM roles
    ) r
    LEFT JOIN role_permissions rp ON rp.project_id = r.project_id AND rp.role_id = r.id
    LEFT JOIN permissions p ON p.project_id = rp.project_id AND p.id = rp.permission_id
    WHERE r.project_id = :project_id
"""

# By name those of the project alone: a tenant may call its own as it likes.
LISTED = """
    SELECT r.id, r.name, COALESCE(r.tenant_id, '') AS tenant,
           CAST(CASE
               WHEN EXISTS (
                   SELECT 1 FROM user_roles ur
                   WHERE ur.project_id = :project_id AND ur.user_id = :user_id AND ur.role_id = r.id) THEN 1
               WHEN EXISTS (
                   SELECT 1 FROM membership_roles mr
                   WHERE mr.project_id = :project_id AND mr.user_id = :user_id AND mr.tenant_id = :tenant_id
                     AND mr.role_id = r.id) THEN 1
               ELSE 0
           END AS BIGINT) AS is_held
    FROM roles r
    WHERE r.project_id = :project_id AND (r.id IN (:role_ids) OR (r.tenant_id IS NULL AND r.name IN (:names)))
"""

GRANT = """
    INSERT INTO user_roles (project_id, user_id, role_id) VALUES (:project_id, :user_id, :role_id)
    ON CONFLICT DO NOTHING
"""

# What groups gave already is given by hand from now on: no recalculation of groups takes it.
GRANT_IN_TENANT = """
    INSERT INTO membership_roles (project_id, user_id, tenant_id, role_id)
    VALUES (:project_id, :user_id, :tenant_id, :role_id)
    ON CONFLICT (project_id, user_id, tenant_id, role_id) DO UPDATE SET given_by = excluded.given_by
"""

GRANT_DEFAULTS = """
    INSERT INTO user_roles (project_id, user_id, role_id)
    SELECT r.project_id, u.id, r.id
    FROM roles r
    JOIN users u ON u.project_id = r.project_id AND u.id = :user_id
    WHERE r.project_id = :project_id AND r.is_default = 1 AND r.tenant_id IS NULL
    ON CONFLICT DO NOTHING
"""

RETURNS = {
    "INSERT": IdRow,
    "FIND_TENANT": IdRow,
    "FIND_BY_ID": PlaceRow,
    "FIND_IN_PROJECT": PlaceRow,
    "FIND_IN_TENANT": PlaceRow,
    "UPDATE": IdRow,
    "DELETE": IdRow,
    "ALLOW": AllowedRow,
    "SEARCH": RoleRow,
    "LISTED": ListedRow,
}
