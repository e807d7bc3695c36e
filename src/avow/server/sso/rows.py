"""The SQL of SSO configurations, of the roles that groups give, and of the links to set one up."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = [
    "RETURNS",
    "ConnectionRow",
    "DomainRow",
    "FetchedRow",
    "GroupRow",
    "HeldRow",
    "IdRow",
    "MetadataRow",
    "TenantRow",
    "sealed_row",
]


class IdRow(Struct, frozen=True):
    """What a statement found or changed."""

    id: str


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A configuration; settings are JSON, "" is the id of a tenant's first one."""

    id: str
    kind: str
    display_name: str
    settings: str
    sealed_secret: bytes | None = field(repr=False)


class GroupRow(Struct, frozen=True):
    """A group that a member is in."""

    user_id: str
    id: str
    display: str
    sso_id: str = ""


class HeldRow(Struct, frozen=True):
    """A role of a member in the tenant, and who gave it: see `actions.given_by`."""

    user_id: str
    role_id: str
    given_by: str


class TenantRow(Struct, frozen=True):
    """Of a tenant what its sign-in asks; settings are JSON."""

    id: str
    created_at: int
    is_disabled: int
    settings: str


class DomainRow(Struct, frozen=True):
    """Whose a mail domain is, and the configuration that it leads to."""

    domain: str
    tenant_id: str
    sso_id: str


class FetchedRow(Struct, frozen=True):
    """When metadata of a configuration was fetched last."""

    fetched_at: int


class MetadataRow(Struct, frozen=True):
    """Metadata of an identity provider as it was fetched."""

    document: str


FIND = """
    SELECT id, kind, display_name, settings, sealed_secret FROM sso_connections
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND id = :id
"""

LIST = """
    SELECT id, kind, display_name, settings, sealed_secret FROM sso_connections
    WHERE project_id = :project_id AND tenant_id = :tenant_id ORDER BY id
"""

# Both lock the row until the commit: what is written back takes nothing back that another unit wrote. The first
# configuration of a tenant comes into being when it is first changed; without the tenant no row comes back.
LOCK_FIRST = """
    INSERT INTO sso_connections (project_id, tenant_id, id, kind, display_name, settings, created_at, updated_at)
    SELECT t.project_id, t.id, '', 'none', '', '{}', :now, :now
    FROM tenants t WHERE t.project_id = :project_id AND t.id = :tenant_id AND t.deleted_at IS NULL
    ON CONFLICT (project_id, tenant_id, id) DO UPDATE SET updated_at = excluded.updated_at
    RETURNING id, kind, display_name, settings, sealed_secret
"""

LOCK = """
    UPDATE sso_connections SET updated_at = :now
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND id = :id
    RETURNING id, kind, display_name, settings, sealed_secret
"""

# The id is taken, there is no such tenant, or it has as many as it may: no row comes back.
INSERT = """
    INSERT INTO sso_connections (project_id, tenant_id, id, kind, display_name, settings, created_at, updated_at)
    SELECT t.project_id, t.id, :id, 'none', :display_name, '{}', :now, :now
    FROM tenants t
    WHERE t.project_id = :project_id AND t.id = :tenant_id AND t.deleted_at IS NULL
      AND (SELECT COUNT(*) FROM sso_connections c
           WHERE c.project_id = :project_id AND c.tenant_id = :tenant_id) < :most
    ON CONFLICT (project_id, tenant_id, id) DO NOTHING
    RETURNING id
"""

UPDATE = """
    UPDATE sso_connections
    SET kind = :kind, settings = :settings, sealed_secret = :sealed_secret, updated_at = :now
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND id = :id
"""

DELETE = """
    DELETE FROM sso_connections
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND id = :id
    RETURNING id
"""

REVOKE_LINKS = """
    DELETE FROM challenges
    WHERE project_id = :project_id AND purpose = :purpose AND subject IN (:subjects)
    RETURNING id
"""

# --- Roles that groups give --------------------------------------------------------------------------------------

MEMBERS = """
    SELECT user_id AS id FROM memberships
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND user_id > :after
    ORDER BY user_id LIMIT :most
"""

# Whose groups and roles are about to change: nobody else changes them until the unit ends. In one order, so that two
# units do not wait for each other.
HOLD_MEMBERS = """
    SELECT user_id AS id FROM memberships
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND user_id IN (:user_ids)
    ORDER BY user_id
    /* postgres: FOR NO KEY UPDATE */
"""

# Both of members from one to another by user id: for a list of a thousand PostgreSQL would compare every row with it.
GROUPS_OF = """
    SELECT gm.user_id, g.id, g.display, g.sso_id FROM group_members gm
    JOIN groups g ON g.project_id = gm.project_id AND g.tenant_id = gm.tenant_id AND g.id = gm.group_id
    WHERE gm.project_id = :project_id AND gm.tenant_id = :tenant_id AND gm.user_id >= :first AND gm.user_id <= :last
    ORDER BY gm.user_id, g.id
"""

HELD = """
    SELECT user_id, role_id, given_by FROM membership_roles
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND user_id >= :first AND user_id <= :last
"""

ROLES = "SELECT id FROM roles WHERE project_id = :project_id AND id IN (:role_ids)"

WITHDRAW = """
    DELETE FROM membership_roles
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND role_id = :role_id AND given_by = :given_by
      AND user_id IN (:user_ids)
"""

HAND_OVER = """
    UPDATE membership_roles SET given_by = :heir
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND role_id = :role_id AND given_by = :given_by
      AND user_id IN (:user_ids)
"""

# A role that a member was given by hand stays theirs, whatever the groups say. A deleted role is given to nobody.
GIVE = """
    INSERT INTO membership_roles (project_id, user_id, tenant_id, role_id, given_by)
    SELECT m.project_id, m.user_id, m.tenant_id, r.id, :given_by
    FROM memberships m
    JOIN roles r ON r.project_id = m.project_id AND r.id = :role_id
    WHERE m.project_id = :project_id AND m.tenant_id = :tenant_id AND m.user_id IN (:user_ids)
    ON CONFLICT DO NOTHING
"""

# Whoever of them has signed in through the configuration.
COMERS = """
    SELECT DISTINCT user_id AS id FROM identities
    WHERE project_id = :project_id AND user_id >= :first AND user_id <= :last AND way = :way
"""

# --- Sign-in -------------------------------------------------------------------------------------------------------

TENANT = """
    SELECT id, created_at, is_disabled, settings FROM tenants
    WHERE project_id = :project_id AND id = :tenant_id AND deleted_at IS NULL
"""

# A domain is asked for in its spelling in ASCII and in that with letters.
DOMAIN = """
    SELECT domain, tenant_id, sso_id FROM tenant_domains
    WHERE project_id = :project_id AND kind = 'sso' AND domain IN (:domain, :other)
    ORDER BY domain
"""

METADATA_AGE = """
    SELECT fetched_at FROM saml_metadata
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND sso_id = :sso_id AND url = :url
"""

METADATA = """
    SELECT document FROM saml_metadata
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND sso_id = :sso_id AND url = :url
      AND fetched_at > :since
"""

# Only while the configuration is there.
PUT_METADATA = """
    INSERT INTO saml_metadata (project_id, tenant_id, sso_id, url, document, fetched_at)
    SELECT c.project_id, c.tenant_id, c.id, :url, :document, :fetched_at
    FROM sso_connections c WHERE c.project_id = :project_id AND c.tenant_id = :tenant_id AND c.id = :sso_id
    ON CONFLICT (project_id, tenant_id, sso_id) DO UPDATE
    SET url = excluded.url, document = excluded.document, fetched_at = excluded.fetched_at
"""

# The groups of a person that sign-ins through this configuration speak of; those of SCIM are not theirs.
OWN_GROUPS = """
    SELECT gm.user_id, g.id, g.display, g.sso_id FROM group_members gm
    JOIN groups g ON g.project_id = gm.project_id AND g.tenant_id = gm.tenant_id AND g.id = gm.group_id
    WHERE gm.project_id = :project_id AND gm.user_id = :user_id AND gm.tenant_id = :tenant_id
      AND g.sso_id = :sso_id AND g.source IN ('saml', 'oidc')
    ORDER BY g.id
"""

# Both run with many rows (`store.many_rows`).
ADD_GROUPS = """
    INSERT INTO groups (project_id, tenant_id, id, display, source, sso_id, created_at)
    VALUES (:project_id, :tenant_id, :id, :display, :source, :sso_id, :now)
    ON CONFLICT (project_id, tenant_id, id) DO NOTHING
"""

JOIN_GROUPS = """
    INSERT INTO group_members (project_id, tenant_id, group_id, user_id)
    VALUES (:project_id, :tenant_id, :group_id, :user_id)
    ON CONFLICT DO NOTHING
"""

LEAVE_GROUPS = """
    DELETE FROM group_members
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND user_id = :user_id AND group_id IN (:group_ids)
"""

# Whoever joins one of them in this moment has the group first: then it has a member, or is made anew.
HOLD_GROUPS = """
    SELECT id FROM groups
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND id IN (:group_ids)
    ORDER BY id
    /* postgres: FOR UPDATE */
"""

DROP_EMPTY = """
    DELETE FROM groups
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND id IN (:group_ids) AND source IN ('saml', 'oidc')
      AND NOT EXISTS (
        SELECT 1 FROM group_members gm
        WHERE gm.project_id = groups.project_id AND gm.tenant_id = groups.tenant_id AND gm.group_id = groups.id)
"""

# With their members.
DELETE_GROUPS = """
    DELETE FROM groups
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND sso_id = :sso_id AND source IN ('saml', 'oidc')
"""

RETURNS = {
    "FIND": ConnectionRow,
    "LIST": ConnectionRow,
    "LOCK_FIRST": ConnectionRow,
    "LOCK": ConnectionRow,
    "INSERT": IdRow,
    "DELETE": IdRow,
    "REVOKE_LINKS": IdRow,
    "MEMBERS": IdRow,
    "HOLD_MEMBERS": IdRow,
    "HOLD_GROUPS": IdRow,
    "GROUPS_OF": GroupRow,
    "HELD": HeldRow,
    "ROLES": IdRow,
    "COMERS": IdRow,
    "TENANT": TenantRow,
    "DOMAIN": DomainRow,
    "METADATA_AGE": FetchedRow,
    "METADATA": MetadataRow,
    "OWN_GROUPS": GroupRow,
}


def sealed_row(project_id: str, tenant_id: str, sso_id: str) -> str:
    """Return where a sealed client secret lies, for the vault; the id has no slash, so no two places share a name."""
    return f"sso_connections/sealed_secret/{project_id}/{sso_id}/{tenant_id}"
