"""The SQL of management keys that the API changes, and of who administers a tenant."""

from msgspec import Struct

__all__ = ["RETURNS", "IdRow"]


class IdRow(Struct, frozen=True):
    """What a statement changed or found."""

    id: str


# Keeps the key as it is until the commit, so that what is judged is what is changed.
LOCK = """
    UPDATE management_keys SET name = name WHERE project_id = :project_id AND id = :id AND status = 'active'
    RETURNING id
"""

# A key that was deactivated keeps the time at which it was.
UPDATE = """
    UPDATE management_keys
    SET name = :name, description = :description, permitted_ips = :permitted_ips,
        deactivated_at = CASE WHEN :is_active = 1 THEN NULL ELSE COALESCE(deactivated_at, :now) END
    WHERE project_id = :project_id AND id = :id AND status = 'active'
    RETURNING id
"""

FIND_TENANT = "SELECT id FROM tenants WHERE project_id = :project_id AND id = :id AND deleted_at IS NULL"

# The role is one of the project: what a tenant's own roles are called, its administrators decide.
FIND_ADMIN_ROLE = """
    SELECT r.id
    FROM membership_roles m
    JOIN roles r ON r.project_id = :project_id AND r.id = m.role_id
    JOIN users u ON u.project_id = :project_id AND u.id = m.user_id
    JOIN tenants t ON t.project_id = :project_id AND t.id = m.tenant_id AND t.deleted_at IS NULL
    WHERE m.project_id = :project_id AND m.user_id = :user_id AND m.tenant_id = :tenant_id
      AND r.name = :role AND r.tenant_id IS NULL AND u.status = 'enabled'
"""

RETURNS = {"LOCK": IdRow, "UPDATE": IdRow, "FIND_TENANT": IdRow, "FIND_ADMIN_ROLE": IdRow}
