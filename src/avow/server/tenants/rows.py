"""The SQL of tenants, their domains, default roles and members."""

from msgspec import Struct

__all__ = [
    "RETURNS",
    "DefaultRow",
    "DeletedRow",
    "DetailsRow",
    "DomainRow",
    "IdRow",
    "LeadRow",
    "MemberRow",
    "TenantRow",
]


class IdRow(Struct, frozen=True):
    """The row that a conditional write made, changed or found."""

    id: str


class TenantRow(Struct, frozen=True):
    """A tenant; attributes, details and settings are JSON."""

    id: str
    name: str
    created_at: int
    is_disabled: int
    enforces_sso: int
    parent: str
    role_inheritance: str
    custom_attributes: str
    details: str
    settings: str
    auth_type: str


class DetailsRow(Struct, frozen=True):
    """A tenant and what nobody searches it by, JSON."""

    id: str
    details: str


class DomainRow(Struct, frozen=True):
    """A domain of a tenant."""

    tenant_id: str
    kind: str
    domain: str


class LeadRow(Struct, frozen=True):
    """A domain of a tenant, and the SSO configuration it leads to."""

    domain: str
    sso_id: str


class DefaultRow(Struct, frozen=True):
    """A default role of a tenant."""

    tenant_id: str
    name: str


class MemberRow(Struct, frozen=True):
    """Who became a member."""

    user_id: str


class JoinedRow(Struct, frozen=True):
    """When somebody became a member."""

    created_at: int


class DeletedRow(Struct, frozen=True):
    """A deleted tenant of which rows are left, and who deleted it."""

    id: str
    takes_members: int
    deleted_by: str


# The id is taken: no row comes back.
INSERT = """
    INSERT INTO tenants
        (project_id, id, name, created_at, is_disabled, enforces_sso, parent_id, custom_attributes, details)
    VALUES
        (:project_id, :id, :name, :now, :is_disabled, :enforces_sso, :parent_id, :custom_attributes, :details)
    ON CONFLICT (project_id, id) DO NOTHING
    RETURNING id
"""

SEARCH = """
    SELECT t.id, t.name, t.created_at, t.is_disabled, t.enforces_sso, COALESCE(t.parent_id, '') AS parent,
           t.role_inheritance, t.custom_attributes, t.details, t.settings, COALESCE(c.kind, 'none') AS auth_type
    FROM tenants t
    LEFT JOIN sso_connections c ON c.project_id = t.project_id AND c.tenant_id = t.id AND c.id = ''
    WHERE t.project_id = :project_id AND t.deleted_at IS NULL
"""

WITH_DOMAIN = """t.id IN (
    SELECT d.tenant_id FROM tenant_domains d
    WHERE d.project_id = :project_id AND d.kind = 'provisioning' AND d.domain IN (:domains))"""

WITH_ATTRIBUTE = """t.id IN (
    SELECT v.owner_id FROM attribute_values v
    WHERE v.project_id = :project_id AND v.kind = 'tenant' AND v.name = :attribute AND v.value IN (:texts)
    GROUP BY v.owner_id HAVING COUNT(*) >= :least)"""

# Of a user's tenants those whose members sign in through SSO only.
DEMANDING_SSO = """
    SELECT t.id, t.details
    FROM memberships m
    JOIN tenants t ON t.project_id = m.project_id AND t.id = m.tenant_id AND t.deleted_at IS NULL
    WHERE m.project_id = :project_id AND m.user_id = :user_id AND t.enforces_sso = 1
"""

DOMAINS_OF = """
    SELECT tenant_id, kind, domain FROM tenant_domains
    WHERE project_id = :project_id AND tenant_id IN (:tenant_ids) ORDER BY tenant_id, kind, position, domain
"""

DEFAULTS_OF = """
    SELECT d.tenant_id, r.name
    FROM tenant_default_roles d
    JOIN roles r ON r.project_id = d.project_id AND r.id = d.role_id
    WHERE d.project_id = :project_id AND d.tenant_id IN (:tenant_ids) ORDER BY d.tenant_id, r.name
"""

UPDATE = """
    UPDATE tenants
    SET name = :name, is_disabled = :is_disabled, enforces_sso = :enforces_sso, role_inheritance = :role_inheritance,
        custom_attributes = :custom_attributes, details = :details, settings = :settings
    WHERE project_id = :project_id AND id = :id AND deleted_at IS NULL
    RETURNING id
"""

# How members sign in is a column of the tenant's first SSO configuration.
SET_AUTH_TYPE = """
    INSERT INTO sso_connections (project_id, tenant_id, id, kind, display_name, settings, created_at, updated_at)
    SELECT t.project_id, t.id, '', :auth_type, '', '{}', :now, :now
    FROM tenants t WHERE t.project_id = :project_id AND t.id = :tenant_id AND t.deleted_at IS NULL
    ON CONFLICT (project_id, tenant_id, id) DO UPDATE SET kind = excluded.kind, updated_at = excluded.updated_at
"""

LEADS = """
    SELECT domain, sso_id FROM tenant_domains
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND kind = :kind ORDER BY position, domain
"""

# Whoever changes a tenant by what it was keeps others from doing so until the unit ends.
LOCK = """
    UPDATE tenants SET name = name WHERE project_id = :project_id AND id = :id AND deleted_at IS NULL RETURNING id
"""

CLEAR_DOMAINS = """
    DELETE FROM tenant_domains WHERE project_id = :project_id AND tenant_id = :tenant_id AND kind = :kind
"""

# Another tenant has the domain: no row comes back. Older rows may have it with letters.
ADD_DOMAIN = """
    INSERT INTO tenant_domains (project_id, kind, domain, tenant_id, position, sso_id)
    SELECT :project_id, :kind, :domain, :tenant_id, :position, :sso_id
    WHERE NOT EXISTS (
        SELECT 1 FROM tenant_domains d
        WHERE d.project_id = :project_id AND d.kind = :kind AND d.domain = :lettered)
    ON CONFLICT (project_id, kind, domain) DO NOTHING
    RETURNING tenant_id, kind, domain
"""

CLEAR_DEFAULTS = "DELETE FROM tenant_default_roles WHERE project_id = :project_id AND tenant_id = :tenant_id"

ADD_DEFAULT = """
    INSERT INTO tenant_default_roles (project_id, tenant_id, role_id) VALUES (:project_id, :tenant_id, :role_id)
    ON CONFLICT DO NOTHING
"""

# --- Deletion: nothing of it works from the first statement on, and its rows go in steps ---

# It is deleted already: no row comes back.
MARK_DELETED = """
    UPDATE tenants SET deleted_at = :now, takes_members = :takes_members, deleted_by = :actor
    WHERE project_id = :project_id AND id = :id AND deleted_at IS NULL
    RETURNING id
"""

# Whoever deletes it again, with its members this time, deletes those who are left.
MARK_AGAIN = """
    UPDATE tenants
    SET takes_members = CASE WHEN :takes_members = 1 THEN 1 ELSE takes_members END,
        deleted_by = CASE WHEN :takes_members = 1 THEN :actor ELSE deleted_by END
    WHERE project_id = :project_id AND id = :id AND deleted_at IS NOT NULL
    RETURNING id
"""

DROP_DOMAINS = "DELETE FROM tenant_domains WHERE project_id = :project_id AND tenant_id = :tenant_id"

DROP_CONNECTIONS = "DELETE FROM sso_connections WHERE project_id = :project_id AND tenant_id = :tenant_id"

DROP_PASSWORD_SETTINGS = "DELETE FROM password_policies WHERE project_id = :project_id AND tenant_id = :tenant_id"

DELETED = """
    SELECT id FROM tenants WHERE project_id = :project_id AND deleted_at IS NOT NULL ORDER BY id LIMIT :most
"""

# Of two that take its rows away at once, the second one waits.
LOCK_DELETED = """
    UPDATE tenants SET deleted_at = deleted_at
    WHERE project_id = :project_id AND id = :id AND deleted_at IS NOT NULL
    RETURNING id, takes_members, deleted_by
"""

MEMBERS = """
    SELECT user_id AS id FROM memberships
    WHERE project_id = :project_id AND tenant_id = :tenant_id ORDER BY user_id LIMIT :most
"""

# Whoever has no other tenant is given none until the unit ends.
LOCK_USERS = """
    UPDATE users SET updated_at = updated_at WHERE project_id = :project_id AND id IN (:ids) RETURNING id
"""

WITHOUT_OTHER_TENANT = """
    SELECT m.user_id AS id FROM memberships m
    WHERE m.project_id = :project_id AND m.tenant_id = :tenant_id AND m.user_id IN (:ids) AND NOT EXISTS (
        SELECT 1 FROM memberships other
        WHERE other.project_id = :project_id AND other.user_id = m.user_id AND other.tenant_id <> :tenant_id)
"""

DELETE_USERS = "DELETE FROM users WHERE project_id = :project_id AND id IN (:ids) RETURNING id"

LEAVE = "DELETE FROM memberships WHERE project_id = :project_id AND tenant_id = :tenant_id AND user_id IN (:ids)"

KEYS = """
    SELECT key_id AS id FROM access_key_tenants
    WHERE project_id = :project_id AND tenant_id = :tenant_id ORDER BY key_id LIMIT :most
"""

LOCK_KEYS = "UPDATE access_keys SET name = name WHERE project_id = :project_id AND id IN (:ids) RETURNING id"

KEYS_WITHOUT_OTHER_TENANT = """
    SELECT k.key_id AS id FROM access_key_tenants k
    WHERE k.project_id = :project_id AND k.tenant_id = :tenant_id AND k.key_id IN (:ids) AND NOT EXISTS (
        SELECT 1 FROM access_key_tenants other
        WHERE other.project_id = :project_id AND other.key_id = k.key_id AND other.tenant_id <> :tenant_id)
"""

DELETE_KEYS = "DELETE FROM access_keys WHERE project_id = :project_id AND id IN (:ids) RETURNING id"

LEAVE_KEYS = (
    "DELETE FROM access_key_tenants WHERE project_id = :project_id AND tenant_id = :tenant_id AND key_id IN (:ids)"
)

DROP_GROUP_MEMBERS = """
    DELETE FROM group_members
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND (group_id, user_id) IN (
        SELECT g.group_id, g.user_id FROM group_members g
        WHERE g.project_id = :project_id AND g.tenant_id = :tenant_id LIMIT :most)
"""

DROP_GROUPS = """
    DELETE FROM groups
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND id IN (
        SELECT g.id FROM groups g WHERE g.project_id = :project_id AND g.tenant_id = :tenant_id LIMIT :most)
"""

DROP_IDENTITIES = """
    DELETE FROM identities
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND (way, issuer, subject) IN (
        SELECT i.way, i.issuer, i.subject FROM identities i
        WHERE i.project_id = :project_id AND i.tenant_id = :tenant_id LIMIT :most)
"""

DROP_DEFAULT_ROLES = """
    DELETE FROM tenant_default_roles
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND role_id IN (
        SELECT d.role_id FROM tenant_default_roles d
        WHERE d.project_id = :project_id AND d.tenant_id = :tenant_id LIMIT :most)
"""

DROP_ROLE_PERMISSIONS = """
    DELETE FROM role_permissions
    WHERE project_id = :project_id AND (role_id, permission_id) IN (
        SELECT rp.role_id, rp.permission_id FROM roles r
        JOIN role_permissions rp ON rp.project_id = r.project_id AND rp.role_id = r.id
        WHERE r.project_id = :project_id AND r.tenant_id = :tenant_id LIMIT :most)
"""

DROP_ROLES = """
    DELETE FROM roles
    WHERE project_id = :project_id AND id IN (
        SELECT r.id FROM roles r WHERE r.project_id = :project_id AND r.tenant_id = :tenant_id LIMIT :most)
"""

DELETE = "DELETE FROM tenants WHERE project_id = :project_id AND id = :id AND deleted_at IS NOT NULL RETURNING id"

# --- Members ---

# Who is one already, and of a tenant that is none, gets no row back.
ADD_MEMBER = """
    INSERT INTO memberships (project_id, user_id, tenant_id, created_at)
    SELECT t.project_id, :user_id, t.id, :now FROM tenants t
    WHERE t.project_id = :project_id AND t.id = :tenant_id AND t.deleted_at IS NULL
    ON CONFLICT DO NOTHING
    RETURNING user_id
"""

JOINED = """
    SELECT created_at FROM memberships
    WHERE project_id = :project_id AND user_id = :user_id AND tenant_id = :tenant_id
"""

# The tenant's default roles, and its own roles that every new member has.
GRANT_DEFAULTS = """
    INSERT INTO membership_roles (project_id, user_id, tenant_id, role_id)
    SELECT m.project_id, m.user_id, m.tenant_id, r.id
    FROM memberships m
    JOIN roles r ON r.project_id = m.project_id
    WHERE m.project_id = :project_id AND m.user_id = :user_id AND m.tenant_id = :tenant_id
      AND ((r.tenant_id = m.tenant_id AND r.is_default = 1)
           OR r.id IN (SELECT d.role_id FROM tenant_default_roles d
                       WHERE d.project_id = :project_id AND d.tenant_id = :tenant_id))
    ON CONFLICT DO NOTHING
"""

RETURNS = {
    "DEMANDING_SSO": DetailsRow,
    "INSERT": IdRow,
    "SEARCH": TenantRow,
    "DOMAINS_OF": DomainRow,
    "DEFAULTS_OF": DefaultRow,
    "UPDATE": IdRow,
    "LOCK": IdRow,
    "LEADS": LeadRow,
    "ADD_DOMAIN": DomainRow,
    "MARK_DELETED": IdRow,
    "MARK_AGAIN": IdRow,
    "DELETED": IdRow,
    "LOCK_DELETED": DeletedRow,
    "MEMBERS": IdRow,
    "LOCK_USERS": IdRow,
    "WITHOUT_OTHER_TENANT": IdRow,
    "DELETE_USERS": IdRow,
    "KEYS": IdRow,
    "LOCK_KEYS": IdRow,
    "KEYS_WITHOUT_OTHER_TENANT": IdRow,
    "DELETE_KEYS": IdRow,
    "DELETE": IdRow,
    "ADD_MEMBER": MemberRow,
    "JOINED": JoinedRow,
}
