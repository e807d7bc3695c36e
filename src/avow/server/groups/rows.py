"""The SQL of groups and their members."""

from msgspec import Struct

__all__ = ["RETURNS", "IdRow", "MemberRow"]


class IdRow(Struct, frozen=True):
    """What a statement found."""

    id: str


class MemberRow(Struct, frozen=True):
    """A group with one of its members, whose columns are "" when it has none."""

    id: str
    display: str
    source: str
    sso_id: str
    user_id: str
    name: str
    login_id: str


TENANT = "SELECT id FROM tenants WHERE project_id = :project_id AND id = :tenant_id AND deleted_at IS NULL"

SEARCH = """
    SELECT g.id, g.display, g.source, g.sso_id, COALESCE(u.id, '') AS user_id, COALESCE(u.name, '') AS name,
           COALESCE((
               SELECT l.typed FROM login_ids l
               WHERE l.project_id = :project_id AND l.user_id = u.id
               ORDER BY l.created_at, l.login_id LIMIT 1), '') AS login_id
    FROM groups g
    LEFT JOIN group_members m ON m.project_id = g.project_id AND m.tenant_id = g.tenant_id AND m.group_id = g.id
    LEFT JOIN users u ON u.project_id = m.project_id AND u.id = m.user_id
    WHERE g.project_id = :project_id
"""

OF_TENANT = "g.tenant_id = :tenant_id"

OF_CONFIGURATION = "g.sso_id = :sso_id"

NAMED = "g.id = :group_id"

# One of the users is in it, by user id or by login ID.
OF_USERS = """g.id IN (
        SELECT i.group_id FROM group_members i
        WHERE i.project_id = :project_id AND i.tenant_id = g.tenant_id AND i.user_id IN (:user_ids)
        UNION
        SELECT i.group_id FROM group_members i
        JOIN login_ids l ON l.project_id = i.project_id AND l.user_id = i.user_id
        WHERE i.project_id = :project_id AND i.tenant_id = g.tenant_id AND l.login_id IN (:login_ids))"""

RETURNS = {
    "TENANT": IdRow,
    "SEARCH": MemberRow,
}
