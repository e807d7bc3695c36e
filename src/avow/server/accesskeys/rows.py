"""The SQL of access keys, and of what they hold."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "FactRow", "IdRow", "KeyRow", "LiveRow", "OwnRow", "RoleRow"]


class IdRow(Struct, frozen=True):
    """What a statement made, changed or found."""

    id: str


class KeyRow(Struct, frozen=True):
    """A key without its secret; claims, attributes and addresses are JSON, `user_id` is "" and the end 0 for none."""

    id: str
    name: str
    description: str
    status: str
    user_id: str
    created_by: str
    custom_claims: str
    custom_attributes: str
    permitted_ips: str
    created_at: int
    expires_at: int


class FactRow(Struct, frozen=True):
    """One thing that a key holds, as `core.grants` reads it."""

    key_id: str
    kind: str
    first: str
    second: str
    third: str


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A key that counts, with its secret's MAC and one of the facts about it, "" for none; the end is 0 for never."""

    id: str
    secret_mac: bytes = field(repr=False)
    user_id: str
    custom_claims: str
    permitted_ips: str
    expires_at: int
    kind: str
    first: str
    second: str
    third: str


class RoleRow(Struct, frozen=True):
    """A role, of the project (tenant "") or of one tenant."""

    id: str
    name: str
    tenant: str
    is_private: int


class OwnRow(Struct, frozen=True):
    """A key of a tenant, and whether it is more than that: see `accesskeys.reach`."""

    id: str
    is_shared: int


# --- Exchanged -----------------------------------------------------------------------------------------------------

# One statement for all that decides an exchange and stands in the token; of a key that acts for a user, the user's.
LIVE = """
    SELECT k.id, k.secret_mac, COALESCE(k.user_id, '') AS user_id, k.custom_claims, k.permitted_ips,
           COALESCE(k.expires_at, 0) AS expires_at,
           COALESCE(f.kind, '') AS kind, COALESCE(f.first, '') AS first,
           COALESCE(f.second, '') AS second, COALESCE(f.third, '') AS third
    FROM access_keys k
    LEFT JOIN (
        SELECT 'role' AS kind, r.name AS first, COALESCE(p.name, '') AS second, '' AS third
        FROM access_key_roles kr
        JOIN roles r ON r.project_id = kr.project_id AND r.id = kr.role_id
        LEFT JOIN role_permissions rp ON rp.project_id = r.project_id AND rp.role_id = r.id
        LEFT JOIN permissions p ON p.project_id = rp.project_id AND p.id = rp.permission_id
        WHERE kr.project_id = :project_id AND kr.key_id = :id
        UNION ALL
        SELECT 'tenant', t.id, t.name, ''
        FROM access_key_tenants kt
        JOIN tenants t ON t.project_id = kt.project_id AND t.id = kt.tenant_id AND t.deleted_at IS NULL
        WHERE kt.project_id = :project_id AND kt.key_id = :id
        UNION ALL
        SELECT 'tenant-role', ktr.tenant_id, r.name, COALESCE(p.name, '')
        FROM access_key_tenant_roles ktr
        JOIN roles r ON r.project_id = ktr.project_id AND r.id = ktr.role_id
        LEFT JOIN role_permissions rp ON rp.project_id = r.project_id AND rp.role_id = r.id
        LEFT JOIN permissions p ON p.project_id = rp.project_id AND p.id = rp.permission_id
        WHERE ktr.project_id = :project_id AND ktr.key_id = :id
    ) f ON 1 = 1
    WHERE k.project_id = :project_id AND k.id = :id
      AND k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > :now)
    ORDER BY kind, first, second, third
"""

# --- Found ---------------------------------------------------------------------------------------------------------

SEARCH = """
    SELECT k.id, k.name, k.description, k.status, COALESCE(k.user_id, '') AS user_id, k.created_by,
           k.custom_claims, k.custom_attributes, k.permitted_ips, k.created_at,
           COALESCE(k.expires_at, 0) AS expires_at
    FROM access_keys k WHERE k.project_id = :project_id
"""

IN_TENANTS = """k.id IN (
    SELECT kt.key_id FROM access_key_tenants kt WHERE kt.project_id = :project_id AND kt.tenant_id IN (:tenant_ids))"""

WITH_ATTRIBUTE = """k.id IN (
    SELECT v.owner_id FROM attribute_values v
    WHERE v.project_id = :project_id AND v.kind = 'accesskey' AND v.name = :attribute
      AND v.value IN (:attribute_values))"""

# Each branch is bound to the keys, so that an index serves it.
FACTS_OF = """
    SELECT f.key_id, f.kind, f.first, f.second, f.third
    FROM (
        SELECT kr.key_id, 'role' AS kind, r.name AS first, '' AS second, '' AS third
        FROM access_key_roles kr
        JOIN roles r ON r.project_id = kr.project_id AND r.id = kr.role_id
        WHERE kr.project_id = :project_id AND kr.key_id IN (:key_ids)
        UNION ALL
        SELECT kt.key_id, 'tenant', t.id, t.name, ''
        FROM access_key_tenants kt
        JOIN tenants t ON t.project_id = kt.project_id AND t.id = kt.tenant_id AND t.deleted_at IS NULL
        WHERE kt.project_id = :project_id AND kt.key_id IN (:key_ids)
        UNION ALL
        SELECT ktr.key_id, 'tenant-role', ktr.tenant_id, r.name, ''
        FROM access_key_tenant_roles ktr
        JOIN roles r ON r.project_id = ktr.project_id AND r.id = ktr.role_id
        WHERE ktr.project_id = :project_id AND ktr.key_id IN (:key_ids)
    ) f
    ORDER BY f.key_id, f.kind, f.first, f.second
"""

# --- Made ----------------------------------------------------------------------------------------------------------

INSERT = """
    INSERT INTO access_keys
        (project_id, id, name, description, secret_mac, status, user_id, created_by, custom_claims, custom_attributes,
         permitted_ips, created_at, expires_at)
    VALUES
        (:project_id, :id, :name, :description, :secret_mac, 'active', :user_id, :created_by, :custom_claims,
         :custom_attributes, :permitted_ips, :now, :expires_at)
"""

FIND_USER = "SELECT id FROM users WHERE project_id = :project_id AND id = :user_id"

# A name may stand for a role of the project and for one of a tenant: both come back.
ROLES = """
    SELECT id, name, COALESCE(tenant_id, '') AS tenant, is_private FROM roles
    WHERE project_id = :project_id AND name IN (:names) AND (tenant_id IS NULL OR tenant_id IN (:tenant_ids))
"""

GRANT = """
    INSERT INTO access_key_roles (project_id, key_id, role_id)
    SELECT r.project_id, k.id, r.id
    FROM roles r
    JOIN access_keys k ON k.project_id = r.project_id AND k.id = :id
    WHERE r.project_id = :project_id AND r.id IN (:role_ids)
"""

JOIN = """
    INSERT INTO access_key_tenants (project_id, key_id, tenant_id)
    SELECT t.project_id, k.id, t.id
    FROM tenants t
    JOIN access_keys k ON k.project_id = t.project_id AND k.id = :id
    WHERE t.project_id = :project_id AND t.id IN (:tenant_ids) AND t.deleted_at IS NULL
    RETURNING tenant_id AS id
"""

GRANT_IN_TENANTS = """
    INSERT INTO access_key_tenant_roles (project_id, key_id, tenant_id, role_id)
    SELECT kt.project_id, kt.key_id, kt.tenant_id, r.id
    FROM access_key_tenants kt
    JOIN roles r ON r.project_id = kt.project_id AND r.id IN (:role_ids)
    WHERE kt.project_id = :project_id AND kt.key_id = :id AND kt.tenant_id IN (:tenant_ids)
"""

# --- Changed -------------------------------------------------------------------------------------------------------

# Keeps the key as it is until the commit, so that what is judged is what is changed.
LOCK = "UPDATE access_keys SET name = name WHERE project_id = :project_id AND id = :id RETURNING id"

UPDATE = """
    UPDATE access_keys
    SET name = :name, description = COALESCE(:description, description),
        custom_claims = COALESCE(:custom_claims, custom_claims),
        custom_attributes = COALESCE(:custom_attributes, custom_attributes),
        permitted_ips = COALESCE(:permitted_ips, permitted_ips)
    WHERE project_id = :project_id AND id = :id
    RETURNING id
"""

# What was the secret before is none from here on.
ROTATE = """
    UPDATE access_keys SET secret_mac = :secret_mac WHERE project_id = :project_id AND id = :id RETURNING id
"""

SET_STATUS = """
    UPDATE access_keys SET status = :status WHERE project_id = :project_id AND id IN (:key_ids) RETURNING id
"""

DELETE = "DELETE FROM access_keys WHERE project_id = :project_id AND id IN (:key_ids) RETURNING id"

# --- Reach ---------------------------------------------------------------------------------------------------------

OWN = """
    SELECT kt.key_id AS id, CASE WHEN EXISTS (
        SELECT 1 FROM access_key_tenants o
        WHERE o.project_id = :project_id AND o.key_id = kt.key_id AND o.tenant_id <> :tenant_id
    ) OR EXISTS (
        SELECT 1 FROM access_key_roles kr WHERE kr.project_id = :project_id AND kr.key_id = kt.key_id
    ) OR EXISTS (
        SELECT 1 FROM access_key_tenant_roles ktr
        JOIN roles r ON r.project_id = ktr.project_id AND r.id = ktr.role_id
        WHERE ktr.project_id = :project_id AND ktr.key_id = kt.key_id AND r.is_private = 1
    ) OR EXISTS (
        SELECT 1 FROM access_keys k
        WHERE k.project_id = :project_id AND k.id = kt.key_id AND (k.custom_claims <> '{}' OR k.user_id IS NOT NULL)
    ) THEN 1 ELSE 0 END AS is_shared
    FROM access_key_tenants kt
    WHERE kt.project_id = :project_id AND kt.tenant_id = :tenant_id AND kt.key_id IN (:key_ids)
"""

RETURNS = {
    "LIVE": LiveRow,
    "SEARCH": KeyRow,
    "FACTS_OF": FactRow,
    "FIND_USER": IdRow,
    "ROLES": RoleRow,
    "JOIN": IdRow,
    "LOCK": IdRow,
    "UPDATE": IdRow,
    "ROTATE": IdRow,
    "SET_STATUS": IdRow,
    "DELETE": IdRow,
    "OWN": OwnRow,
}
