"""The SQL of tenants and their members."""

__all__ = ["ADD_MEMBER", "INSERT", "RETURNS"]

INSERT = "INSERT INTO tenants (project_id, id, name, created_at) VALUES (:project_id, :id, :name, :now)"

ADD_MEMBER = """
    INSERT INTO memberships (project_id, user_id, tenant_id, created_at)
    VALUES (:project_id, :user_id, :tenant_id, :now)
    ON CONFLICT DO NOTHING
"""

RETURNS: dict[str, type] = {}
