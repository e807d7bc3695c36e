"""Tables of sign-ins through others: providers, who somebody is there, and what SAML needs."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Table

from avow.server.store.schema.columns import TEXT, data, integer, metadata, owned, reference, text

__all__ = ["identities", "providers", "saml_assertions", "saml_keys", "saml_metadata"]

# OAuth and OpenID providers of a project.
providers = Table(
    "providers",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),  # the name that calls use: google, github, custom ones
    text("settings"),  # JSON, secrets left out
    data("sealed_secret", null=True),  # the client secret, or Apple's key
    integer("created_at"),
    integer("updated_at"),
    *owned("id"),
)

# Who somebody is elsewhere. An identity is the way, the issuer and the subject, never an address.
identities = Table(
    "identities",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("way"),  # the configuration: `oauth:` and the provider, or `sso:`, its id and the tenant
    text("issuer"),
    text("subject"),
    text("protocol"),  # oauth | saml | oidc
    text("user_id"),
    text("tenant_id", null=True),  # of the SSO configuration; null for a provider of the project
    integer("created_at"),
    integer("last_used_at"),
    *owned("way", "issuer", "subject"),
    reference("user_id", "users"),
    reference("tenant_id", "tenants"),
    CheckConstraint("protocol IN ('oauth', 'saml', 'oidc')", name="protocol"),
    Index(None, "project_id", "user_id"),
    Index(None, "project_id", "tenant_id"),
)

# The keys by which a project signs its requests to identity providers, and opens what they encrypt for it.
saml_keys = Table(
    "saml_keys",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("certificate"),  # PEM
    data("sealed_private"),
    integer("created_at"),
    *owned("id"),
)

# Metadata of identity providers that was fetched; the last that could be read stays while newer cannot be had.
saml_metadata = Table(
    "saml_metadata",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("tenant_id"),
    text("sso_id"),
    text("url"),
    text("document"),
    integer("fetched_at"),
    *owned("tenant_id", "sso_id"),
    ForeignKeyConstraint(
        ["project_id", "tenant_id", "sso_id"],
        ["sso_connections.project_id", "sso_connections.tenant_id", "sso_connections.id"],
        ondelete="CASCADE",
    ),
)

# Assertions that have signed somebody in, until they would be too old anyway.
saml_assertions = Table(
    "saml_assertions",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),  # digest of the identity provider and the assertion's id
    integer("expires_at"),
    *owned("id"),
    Index(None, "project_id", "expires_at"),
)
