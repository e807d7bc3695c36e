"""The SQL of what deleted projects leave behind, the rows of every table in steps and the project last; and of imports.

What refers to something goes before it, so that no step takes along more rows than it counts.
"""

from msgspec import Struct

__all__ = ["PURGE", "RETURNS", "IdRow"]


class IdRow(Struct, frozen=True):
    """A deleted project, or a tenant."""

    id: str


def _rows_of(table: str, key: str) -> str:
    """Return the statement that deletes some rows of a project; `key` is the primary key without the project."""
    return (
        f"DELETE FROM {table} WHERE project_id = :project_id AND ({key}) IN "  # noqa: S608 - both are constants below
        f"(SELECT {key} FROM {table} WHERE project_id = :project_id LIMIT :most)"
    )


PURGE_ACCESS_KEY_TENANT_ROLES = _rows_of("access_key_tenant_roles", "key_id, tenant_id, role_id")
PURGE_USER_ROLES = _rows_of("user_roles", "user_id, role_id")
PURGE_TENANT_DEFAULT_ROLES = _rows_of("tenant_default_roles", "tenant_id, role_id")
PURGE_ROLE_PERMISSIONS = _rows_of("role_permissions", "role_id, permission_id")
PURGE_MEMBERSHIP_ROLES = _rows_of("membership_roles", "user_id, tenant_id, role_id")
PURGE_GROUP_MEMBERS = _rows_of("group_members", "tenant_id, group_id, user_id")
PURGE_ACCESS_KEY_TENANTS = _rows_of("access_key_tenants", "key_id, tenant_id")
PURGE_ACCESS_KEY_ROLES = _rows_of("access_key_roles", "key_id, role_id")
PURGE_SAML_REQUESTS = _rows_of("saml_requests", "id")
PURGE_SAML_SIGNINS = _rows_of("saml_signins", "id")
PURGE_OIDC_LOGOUTS = _rows_of("oidc_logouts", "id")
PURGE_OIDC_REQUESTS = _rows_of("oidc_requests", "id")
PURGE_OIDC_GRANTS = _rows_of("oidc_grants", "id")
PURGE_USER_APPLICATIONS = _rows_of("user_applications", "user_id, application_id")
PURGE_CONSENTS = _rows_of("consents", "id")
PURGE_APPLICATION_APIS = _rows_of("application_apis", "application_id, api_id")
PURGE_APPLICATION_SECRETS = _rows_of("application_secrets", "application_id, id")
PURGE_API_PERMISSIONS = _rows_of("api_permissions", "api_id, name")
PURGE_APIS = _rows_of("apis", "id")
PURGE_APPLICATIONS = _rows_of("applications", "id")
PURGE_TRUSTED_DEVICES = _rows_of("trusted_devices", "id")
PURGE_TOTP_SEEDS = _rows_of("totp_seeds", "user_id")
PURGE_TENANT_DOMAINS = _rows_of("tenant_domains", "kind, domain")
PURGE_SSO_CONNECTIONS = _rows_of("sso_connections", "tenant_id, id")
PURGE_SESSIONS = _rows_of("sessions", "id")
PURGE_ROLES = _rows_of("roles", "id")
PURGE_RECOVERY_CODES = _rows_of("recovery_codes", "user_id, id")
PURGE_PROVIDER_TOKENS = _rows_of("provider_tokens", "user_id, provider")
PURGE_PASSWORDS = _rows_of("passwords", "user_id")
PURGE_PASSWORD_HISTORY = _rows_of("password_history", "user_id, id")
PURGE_PASSKEYS = _rows_of("passkeys", "id")
PURGE_MEMBERSHIPS = _rows_of("memberships", "user_id, tenant_id")
PURGE_LOGIN_IDS = _rows_of("login_ids", "login_id")
PURGE_GROUPS = _rows_of("groups", "tenant_id, id")
PURGE_AUDIT_DELIVERIES = _rows_of("audit_deliveries", "webhook, event_id")
PURGE_ACCESS_KEYS = _rows_of("access_keys", "id")
PURGE_USERS = _rows_of("users", "id")
PURGE_THEMES = _rows_of("themes", "id")
PURGE_TENANTS = _rows_of("tenants", "id")
PURGE_SIGNING_KEYS = _rows_of("signing_keys", "id")
PURGE_PROJECT_SETTINGS = _rows_of("project_settings", "name")
PURGE_PERMISSIONS = _rows_of("permissions", "id")
PURGE_PASSWORD_POLICIES = _rows_of("password_policies", "tenant_id")
PURGE_OUTBOX = _rows_of("outbox", "id")
PURGE_MESSAGE_TEMPLATES = _rows_of("message_templates", "template, method, locale")
PURGE_MANAGEMENT_KEYS = _rows_of("management_keys", "id")
PURGE_LISTS = _rows_of("lists", "id")
PURGE_IDENTITIES = _rows_of("identities", "way, issuer, subject")
PURGE_PROVIDERS = _rows_of("providers", "id")
PURGE_SAML_METADATA = _rows_of("saml_metadata", "tenant_id, sso_id")
PURGE_SAML_KEYS = _rows_of("saml_keys", "id")
PURGE_SAML_ASSERTIONS = _rows_of("saml_assertions", "id")
PURGE_JWT_TEMPLATES = _rows_of("jwt_templates", "id")
PURGE_IMPORTS = _rows_of("imports", "id")
PURGE_FLOWS = _rows_of("flows", "id")
PURGE_FLOW_EXECUTIONS = _rows_of("flow_executions", "id")
PURGE_COUNTERS = _rows_of("counters", "id")
PURGE_CHALLENGES = _rows_of("challenges", "id")
PURGE_AUDIT_WEBHOOKS = _rows_of("audit_webhooks", "name")
PURGE_AUDIT_EVENTS = _rows_of("audit_events", "id")
PURGE_ATTRIBUTE_VALUES = _rows_of("attribute_values", "kind, owner_id, name, value")
PURGE_ATTRIBUTE_DEFINITIONS = _rows_of("attribute_definitions", "kind, name")

PURGE = (
    PURGE_ACCESS_KEY_TENANT_ROLES,
    PURGE_USER_ROLES,
    PURGE_TENANT_DEFAULT_ROLES,
    PURGE_ROLE_PERMISSIONS,
    PURGE_MEMBERSHIP_ROLES,
    PURGE_GROUP_MEMBERS,
    PURGE_ACCESS_KEY_TENANTS,
    PURGE_ACCESS_KEY_ROLES,
    PURGE_SAML_REQUESTS,
    PURGE_SAML_SIGNINS,
    PURGE_OIDC_LOGOUTS,
    PURGE_OIDC_REQUESTS,
    PURGE_OIDC_GRANTS,
    PURGE_USER_APPLICATIONS,
    PURGE_CONSENTS,
    PURGE_APPLICATION_APIS,
    PURGE_APPLICATION_SECRETS,
    PURGE_API_PERMISSIONS,
    PURGE_APIS,
    PURGE_APPLICATIONS,
    PURGE_TRUSTED_DEVICES,
    PURGE_TOTP_SEEDS,
    PURGE_TENANT_DOMAINS,
    PURGE_SAML_METADATA,
    PURGE_SSO_CONNECTIONS,
    PURGE_SESSIONS,
    PURGE_ROLES,
    PURGE_RECOVERY_CODES,
    PURGE_PROVIDER_TOKENS,
    PURGE_PASSWORDS,
    PURGE_PASSWORD_HISTORY,
    PURGE_PASSKEYS,
    PURGE_MEMBERSHIPS,
    PURGE_LOGIN_IDS,
    PURGE_IDENTITIES,
    PURGE_GROUPS,
    PURGE_AUDIT_DELIVERIES,
    PURGE_ACCESS_KEYS,
    PURGE_USERS,
    PURGE_THEMES,
    PURGE_TENANTS,
    PURGE_SIGNING_KEYS,
    PURGE_SAML_KEYS,
    PURGE_SAML_ASSERTIONS,
    PURGE_PROVIDERS,
    PURGE_PROJECT_SETTINGS,
    PURGE_PERMISSIONS,
    PURGE_PASSWORD_POLICIES,
    PURGE_OUTBOX,
    PURGE_MESSAGE_TEMPLATES,
    PURGE_MANAGEMENT_KEYS,
    PURGE_LISTS,
    PURGE_JWT_TEMPLATES,
    PURGE_IMPORTS,
    PURGE_FLOWS,
    PURGE_FLOW_EXECUTIONS,
    PURGE_COUNTERS,
    PURGE_CHALLENGES,
    PURGE_AUDIT_WEBHOOKS,
    PURGE_AUDIT_EVENTS,
    PURGE_ATTRIBUTE_VALUES,
    PURGE_ATTRIBUTE_DEFINITIONS,
)

# Rested for a minute: whoever still knew the project has noticed by then.
LEAVING = "SELECT id FROM projects WHERE deleted_at IS NOT NULL AND deleted_at <= :before ORDER BY deleted_at, id"

# What a step of another server has not committed yet is still there, and the project waits for it.
DELETE_PROJECT = """
    DELETE FROM projects
    WHERE id = :project_id AND deleted_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM users WHERE project_id = :project_id)
      AND NOT EXISTS (SELECT 1 FROM tenants WHERE project_id = :project_id)
      AND NOT EXISTS (SELECT 1 FROM challenges WHERE project_id = :project_id)
      AND NOT EXISTS (SELECT 1 FROM flow_executions WHERE project_id = :project_id)
      AND NOT EXISTS (SELECT 1 FROM outbox WHERE project_id = :project_id)
      AND NOT EXISTS (SELECT 1 FROM attribute_values WHERE project_id = :project_id)
      AND NOT EXISTS (SELECT 1 FROM audit_events WHERE project_id = :project_id)
    RETURNING id
"""

DELETED_TENANT = """
    SELECT id FROM tenants WHERE project_id = :project_id AND deleted_at IS NOT NULL ORDER BY id LIMIT 1
"""

FORGET_IMPORTS = """
    DELETE FROM imports
    WHERE project_id = :project_id AND id IN (
        SELECT id FROM imports WHERE project_id = :project_id AND finished_at <= :before LIMIT :most)
"""

RETURNS = {"LEAVING": IdRow, "DELETE_PROJECT": IdRow, "DELETED_TENANT": IdRow}
