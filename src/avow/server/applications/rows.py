"""The SQL of applications, their secrets, APIs and consents."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = [
    "REGISTERED",
    "RETURNS",
    "ApiRow",
    "ApplicationRow",
    "ConsentRow",
    "CountRow",
    "GrantRow",
    "IdRow",
    "NameRow",
    "PermissionRow",
    "SecretRow",
    "sealed_row",
]


REGISTERED = "NR-"  # begins the id of what registered itself; the statements name the range of such ids


class IdRow(Struct, frozen=True):
    """What a statement made, changed or found."""

    id: str


class NameRow(Struct, frozen=True):
    """What an application is called."""

    id: str
    name: str


class ApplicationRow(Struct, frozen=True):
    """An application; `settings` is JSON, of OpenID clients `wire.applications.ApplicationSettings`."""

    id: str
    kind: str
    name: str
    description: str
    logo: str
    is_enabled: int
    is_trusted: int
    login_page_url: str
    force_authentication: int
    settings: str
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret of an application, as MAC and sealed."""

    application_id: str
    id: str
    mac: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    created_at: int
    ends_at: int | None


class ApiRow(Struct, frozen=True):
    """An API."""

    id: str
    identifier: str
    name: str
    lifetime_seconds: int
    algorithm: str
    has_rbac: int
    allows_offline: int
    created_at: int


class PermissionRow(Struct, frozen=True):
    """A scope that an API knows."""

    api_id: str
    name: str
    description: str


class GrantRow(Struct, frozen=True):
    """What an application may do at an API in its own name; `scopes` is a JSON list."""

    application_id: str
    api_id: str
    identifier: str
    scopes: str


class CountRow(Struct, frozen=True):
    """How many there are."""

    total: int


class ConsentRow(Struct, frozen=True):
    """What a user, or a tenant for its users, has allowed; `scopes` is JSON by audience."""

    id: str
    application_id: str
    user_id: str
    tenant_id: str
    scopes: str
    granted_by: str
    created_at: int
    updated_at: int


def sealed_row(project_id: str, application_id: str, secret_id: str) -> str:
    """Return the name of the place that a secret is sealed for."""
    return f"application_secrets.sealed:{project_id}:{application_id}:{secret_id}"


# --- Applications --------------------------------------------------------------------------------------------------

INSERT = """
    INSERT INTO applications
        (project_id, id, kind, name, description, logo, is_enabled, is_trusted, login_page_url, force_authentication,
         settings, created_at, updated_at)
    VALUES
        (:project_id, :id, :kind, :name, :description, :logo, :is_enabled, :is_trusted, :login_page_url,
         :force_authentication, :settings, :now, :now)
    ON CONFLICT (project_id, id) DO NOTHING
    RETURNING id
"""

FIND = """
    SELECT id, kind, name, description, logo, is_enabled, is_trusted, login_page_url, force_authentication, settings,
           created_at, updated_at
    FROM applications WHERE project_id = :project_id AND id = :id
"""

LOCK = "UPDATE applications SET updated_at = :now WHERE project_id = :project_id AND id = :id RETURNING id"

LIST_OF_KINDS = """
    SELECT id, kind, name, description, logo, is_enabled, is_trusted, login_page_url, force_authentication, settings,
           created_at, updated_at
    FROM applications WHERE project_id = :project_id AND kind IN (:kinds)
    ORDER BY created_at, id LIMIT :most OFFSET :passed_over
"""

LIST_MANAGED = LIST_OF_KINDS.replace("ORDER BY", "AND (id < 'NR-' OR id >= 'NR.') ORDER BY")

NAMES = "SELECT id, name FROM applications WHERE project_id = :project_id AND id IN (:ids)"

FLOW = "SELECT id FROM flows WHERE project_id = :project_id AND id = :id"

COUNT_OF_KINDS = "SELECT COUNT(*) AS total FROM applications WHERE project_id = :project_id AND kind IN (:kinds)"

UPDATE = """
    UPDATE applications
    SET name = :name, description = :description, logo = :logo, is_enabled = :is_enabled, is_trusted = :is_trusted,
        login_page_url = :login_page_url, force_authentication = :force_authentication, settings = :settings,
        updated_at = :now
    WHERE project_id = :project_id AND id = :id
    RETURNING id
"""

DELETE = "DELETE FROM applications WHERE project_id = :project_id AND id = :id RETURNING id"

COUNT_REGISTERED = """
    SELECT COUNT(*) AS total FROM applications
    WHERE project_id = :project_id AND id >= 'NR-' AND id < 'NR.' AND is_trusted = 0
"""

# Held by whoever reads them: a consent in this moment is there before, or finds none to allow.
UNUSED_REGISTERED = """
    SELECT a.id FROM applications a
    WHERE a.project_id = :project_id AND a.id >= 'NR-' AND a.id < 'NR.' AND a.is_trusted = 0 AND a.updated_at <= :before
      AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.project_id = :project_id AND c.application_id = a.id)
      AND NOT EXISTS (SELECT 1 FROM oidc_grants g WHERE g.project_id = :project_id AND g.application_id = a.id)
      AND NOT EXISTS (SELECT 1 FROM application_apis p WHERE p.project_id = :project_id AND p.application_id = a.id)
      AND NOT EXISTS (SELECT 1 FROM user_applications u WHERE u.project_id = :project_id AND u.application_id = a.id)
    ORDER BY a.id LIMIT :most
    /* postgres: FOR UPDATE OF a SKIP LOCKED */
"""

FORGET_REGISTERED = """
    DELETE FROM applications
    WHERE project_id = :project_id AND id IN (:ids)
      AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.project_id = :project_id AND c.application_id = applications.id)
      AND NOT EXISTS (
        SELECT 1 FROM oidc_grants g WHERE g.project_id = :project_id AND g.application_id = applications.id)
    RETURNING id
"""

# None for who reaches all; else the row of no application, and this one's if it is named.
REACH = """
    SELECT application_id AS id FROM user_applications
    WHERE project_id = :project_id AND user_id = :user_id AND application_id IN ('', :id)
"""

FORGET_REACH = "DELETE FROM user_applications WHERE project_id = :project_id AND application_id = :id"

# --- Secrets -------------------------------------------------------------------------------------------------------

ADD_SECRET = """
    INSERT INTO application_secrets (project_id, application_id, id, mac, sealed, created_at)
    VALUES (:project_id, :application_id, :id, :mac, :sealed, :now)
"""

# Of two of one name at once the second gets no row back.
ADD_NAMED_SECRET = """
    INSERT INTO application_secrets (project_id, application_id, id, mac, sealed, created_at, ends_at)
    VALUES (:project_id, :application_id, :id, :mac, :sealed, :now, :ends_at)
    ON CONFLICT (project_id, application_id, id) DO NOTHING
    RETURNING id
"""

REVOKE_SECRET = """
    DELETE FROM application_secrets
    WHERE project_id = :project_id AND application_id = :application_id AND id = :id
    RETURNING id
"""

# Those before count until then, and none longer than it would have. Secrets with a name (and a colon before it) are
# not part of the rotation: each is somebody's own.
END_SECRETS = """
    UPDATE application_secrets SET ends_at = :ends_at
    WHERE project_id = :project_id AND application_id = :application_id AND id <> :kept
      AND substr(id, 1, 1) <> ':'
      AND (ends_at IS NULL OR ends_at > :ends_at)
"""

FORGET_SECRETS = """
    DELETE FROM application_secrets
    WHERE project_id = :project_id AND application_id = :application_id AND ends_at <= :now
"""

END_ALL_SECRETS = """
    DELETE FROM application_secrets WHERE project_id = :project_id AND application_id = :application_id
"""

SECRETS = """
    SELECT application_id, id, mac, sealed, created_at, ends_at FROM application_secrets
    WHERE project_id = :project_id AND application_id IN (:application_ids) AND (ends_at IS NULL OR ends_at > :now)
    ORDER BY created_at DESC, id
"""

# --- APIs ----------------------------------------------------------------------------------------------------------

INSERT_API = """
    INSERT INTO apis
        (project_id, id, identifier, name, lifetime_seconds, algorithm, has_rbac, allows_offline, created_at)
    VALUES
        (:project_id, :id, :identifier, :name, :lifetime_seconds, :algorithm, :has_rbac, :allows_offline, :now)
    ON CONFLICT (project_id, identifier) DO NOTHING
    RETURNING id
"""

FIND_API = """
    SELECT id, identifier, name, lifetime_seconds, algorithm, has_rbac, allows_offline, created_at
    FROM apis WHERE project_id = :project_id AND (id = :named OR identifier = :named)
    ORDER BY id LIMIT 1
"""

LOCK_API = "UPDATE apis SET name = name WHERE project_id = :project_id AND id = :id RETURNING id"

LIST_APIS = """
    SELECT id, identifier, name, lifetime_seconds, algorithm, has_rbac, allows_offline, created_at
    FROM apis WHERE project_id = :project_id ORDER BY created_at, id LIMIT :most OFFSET :passed_over
"""

APIS_AMONG = """
    SELECT id, identifier, name, lifetime_seconds, algorithm, has_rbac, allows_offline, created_at
    FROM apis WHERE project_id = :project_id AND identifier IN (:identifiers)
"""

COUNT_APIS = "SELECT COUNT(*) AS total FROM apis WHERE project_id = :project_id"

UPDATE_API = """
    UPDATE apis
    SET name = :name, lifetime_seconds = :lifetime_seconds, algorithm = :algorithm, has_rbac = :has_rbac,
        allows_offline = :allows_offline
    WHERE project_id = :project_id AND id = :id
    RETURNING id
"""

DELETE_API = "DELETE FROM apis WHERE project_id = :project_id AND id = :id RETURNING id"

CLEAR_PERMISSIONS = "DELETE FROM api_permissions WHERE project_id = :project_id AND api_id = :api_id"

ADD_PERMISSION = """
    INSERT INTO api_permissions (project_id, api_id, name, description)
    VALUES (:project_id, :api_id, :name, :description)
"""

PERMISSIONS = """
    SELECT api_id, name, description FROM api_permissions
    WHERE project_id = :project_id AND api_id IN (:api_ids) ORDER BY api_id, name
"""

# --- What applications may do in their own name --------------------------------------------------------------------

GRANT = """
    INSERT INTO application_apis (project_id, application_id, api_id, scopes)
    VALUES (:project_id, :application_id, :api_id, :scopes)
    ON CONFLICT (project_id, application_id, api_id) DO UPDATE SET scopes = excluded.scopes
"""

TAKE_AWAY = """
    DELETE FROM application_apis
    WHERE project_id = :project_id AND application_id = :application_id AND api_id = :api_id
"""

GRANTS = """
    SELECT g.application_id, g.api_id, a.identifier, g.scopes
    FROM application_apis g
    JOIN apis a ON a.project_id = g.project_id AND a.id = g.api_id
    WHERE g.project_id = :project_id AND g.application_id IN (:application_ids)
    ORDER BY g.application_id, a.identifier
"""

GRANTS_AT = """
    SELECT g.application_id, g.api_id, a.identifier, g.scopes
    FROM application_apis g
    JOIN apis a ON a.project_id = g.project_id AND a.id = g.api_id
    WHERE g.project_id = :project_id AND g.api_id = :api_id
    ORDER BY g.application_id
"""

# --- Consents ------------------------------------------------------------------------------------------------------

# What there was is returned, and changed by nobody else until the unit ends: of two consents at once none is lost.
ALLOW = """
    INSERT INTO consents (project_id, id, application_id, user_id, scopes, granted_by, created_at, updated_at)
    VALUES (:project_id, :id, :application_id, :user_id, :scopes, :granted_by, :now, :now)
    ON CONFLICT (project_id, application_id, user_id) DO UPDATE
    SET granted_by = excluded.granted_by, updated_at = excluded.updated_at
    RETURNING id, application_id, COALESCE(user_id, '') AS user_id, COALESCE(tenant_id, '') AS tenant_id, scopes,
              granted_by, created_at, updated_at
"""

WIDEN = """
    UPDATE consents SET scopes = :scopes
    WHERE project_id = :project_id AND application_id = :application_id AND user_id = :user_id
"""

CONSENT = """
    SELECT id, application_id, COALESCE(user_id, '') AS user_id, COALESCE(tenant_id, '') AS tenant_id, scopes,
           granted_by, created_at, updated_at
    FROM consents WHERE project_id = :project_id AND application_id = :application_id AND user_id = :user_id
"""

# And nobody takes it back until the unit ends: a grant begun beside that would outlive it.
CONSENT_HELD = CONSENT + "/* postgres: FOR SHARE */"

CONSENTS_OF = """
    SELECT id, application_id, COALESCE(user_id, '') AS user_id, COALESCE(tenant_id, '') AS tenant_id, scopes,
           granted_by, created_at, updated_at
    FROM consents WHERE project_id = :project_id AND user_id = :user_id ORDER BY created_at, id LIMIT 1000
"""

SEARCH_CONSENTS = """
    SELECT id, application_id, COALESCE(user_id, '') AS user_id, COALESCE(tenant_id, '') AS tenant_id, scopes,
           granted_by, created_at, updated_at
    FROM consents WHERE project_id = :project_id
"""

COUNT_CONSENTS = "SELECT COUNT(*) AS total FROM consents WHERE project_id = :project_id"

DELETE_CONSENT = "DELETE FROM consents WHERE project_id = :project_id AND id = :id RETURNING id"

WITHDRAW = """
    DELETE FROM consents WHERE project_id = :project_id AND application_id = :application_id AND user_id = :user_id
    RETURNING id
"""

CONSENTS_TO = """
    SELECT id FROM consents WHERE project_id = :project_id AND application_id = :application_id ORDER BY id LIMIT :most
"""

FORGET_CONSENTS = "DELETE FROM consents WHERE project_id = :project_id AND id IN (:ids)"

RETURNS = {
    "INSERT": IdRow,
    "FIND": ApplicationRow,
    "LOCK": IdRow,
    "LIST_OF_KINDS": ApplicationRow,
    "LIST_MANAGED": ApplicationRow,
    "NAMES": NameRow,
    "FLOW": IdRow,
    "COUNT_OF_KINDS": CountRow,
    "COUNT_REGISTERED": CountRow,
    "UNUSED_REGISTERED": IdRow,
    "FORGET_REGISTERED": IdRow,
    "ADD_NAMED_SECRET": IdRow,
    "REVOKE_SECRET": IdRow,
    "SEARCH_CONSENTS": ConsentRow,
    "COUNT_CONSENTS": CountRow,
    "DELETE_CONSENT": IdRow,
    "UPDATE": IdRow,
    "DELETE": IdRow,
    "REACH": IdRow,
    "SECRETS": SecretRow,
    "INSERT_API": IdRow,
    "FIND_API": ApiRow,
    "LOCK_API": IdRow,
    "LIST_APIS": ApiRow,
    "APIS_AMONG": ApiRow,
    "COUNT_APIS": CountRow,
    "UPDATE_API": IdRow,
    "DELETE_API": IdRow,
    "PERMISSIONS": PermissionRow,
    "GRANTS": GrantRow,
    "GRANTS_AT": GrantRow,
    "ALLOW": ConsentRow,
    "CONSENT": ConsentRow,
    "CONSENT_HELD": ConsentRow,
    "CONSENTS_OF": ConsentRow,
    "WITHDRAW": IdRow,
    "CONSENTS_TO": IdRow,
}
