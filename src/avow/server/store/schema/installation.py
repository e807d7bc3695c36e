"""Tables of the installation, projects, their keys and policies."""

from sqlalchemy import CheckConstraint, Column, Index, Table

from avow.server.store.schema.columns import TEXT, added_text, data, integer, metadata, owned, text

__all__ = [
    "jwt_templates",
    "kv",
    "management_keys",
    "meta",
    "password_policies",
    "project_settings",
    "projects",
    "signing_keys",
]

# Facts of the installation: the check value of the secret key.
meta = Table("meta", metadata, Column("name", TEXT, primary_key=True), text("value"))

# Counters of rate limits where no Valkey is set; losing them resets a limit and nothing else.
kv = Table(
    "kv",
    metadata,
    Column("key", TEXT, primary_key=True),
    integer("value"),
    integer("expires_at"),
    Index(None, "expires_at"),
)

projects = Table(
    "projects",
    metadata,
    Column("id", TEXT, primary_key=True),
    text("name"),
    text("environment"),
    integer("version"),  # moved by every change of settings or keys; nodes compare it once a second
    text("issuer_host", null=True),
    integer("created_at"),
    added_text("tags", "[]"),  # JSON list of texts
    integer("deleted_at", null=True),  # nothing of it works any more; its rows go in steps
    Index("uq_projects_issuer_host", "issuer_host", unique=True),
)

project_settings = Table(
    "project_settings",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("name"),
    text("value"),  # JSON of one field of wire.projects.ProjectSettings; absent rows are defaults
    *owned("name"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),  # kid: RFC 7638 thumbprint
    text("key_set"),  # session | oidc
    text("algorithm"),
    text("state"),  # next | active | retired | removed
    text("public_jwk"),
    data("sealed_private", null=True),  # erased when the key is retired
    integer("created_at"),
    integer("promoted_at", null=True),
    integer("unpublish_at", null=True),  # a retired key leaves the key set then
    *owned("id"),
    CheckConstraint("key_set IN ('session', 'oidc')", name="key_set"),
    CheckConstraint("state IN ('next', 'active', 'retired', 'removed')", name="state"),
)

# One next and one active key per set, whatever two administrators do at once.
Index(
    "uq_signing_keys_state",
    signing_keys.c.project_id,
    signing_keys.c.key_set,
    signing_keys.c.state,
    unique=True,
    sqlite_where=signing_keys.c.state.in_(["next", "active"]),
    postgresql_where=signing_keys.c.state.in_(["next", "active"]),
)

management_keys = Table(
    "management_keys",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("name"),
    data("secret_mac"),
    text("status"),  # active | revoked
    integer("created_at"),
    integer("expires_at", null=True),
    added_text("description"),
    added_text("permitted_ips", "[]"),  # JSON list of networks; empty: from anywhere
    added_text("rights", "*"),  # "*", or `area:read` and `area:write` separated by spaces
    text("tenant_id", null=True),  # a key of one tenant's administrators; null: of the whole project
    integer("deactivated_at", null=True),
    *owned("id"),
    CheckConstraint("status IN ('active', 'revoked')", name="status"),
)

# The policy of a project ("") or of one tenant.
password_policies = Table(
    "password_policies",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("tenant_id"),
    text("policy"),  # JSON of wire.password.PasswordSettings
    integer("updated_at"),
    *owned("tenant_id"),
)

# What tokens say beside the reserved claims.
jwt_templates = Table(
    "jwt_templates",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("name"),
    text("type"),  # user | key
    text("document"),  # JSON of wire.jwttemplates.JWTTemplate
    integer("created_at"),
    integer("updated_at"),
    *owned("id"),
    Index("uq_jwt_templates_name", "project_id", "name", unique=True),
)
