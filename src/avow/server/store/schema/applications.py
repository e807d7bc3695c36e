"""Tables of applications that sign people in through us, and of the APIs that access tokens are for."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Table

from avow.server.store.schema.columns import TEXT, data, flag, integer, metadata, owned, reference, text

__all__ = [
    "api_permissions",
    "apis",
    "application_apis",
    "application_secrets",
    "applications",
    "consents",
    "user_applications",
]

# What trusts us to say who somebody is: clients of OpenID and OAuth, and service providers of SAML.
applications = Table(
    "applications",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),  # the client_id
    text("kind"),  # oidc | saml | wsfed | third-party | published
    text("name"),
    text("description"),
    text("logo"),
    *flag("is_enabled"),
    *flag("is_trusted"),  # nobody is asked for consent
    text("login_page_url"),
    *flag("force_authentication"),  # the provider's session is not enough
    text("settings"),  # JSON, typed by kind; secrets left out
    integer("created_at"),
    integer("updated_at"),
    *owned("id"),
    CheckConstraint("kind IN ('oidc', 'saml', 'wsfed', 'third-party', 'published')", name="kind"),
    Index(None, "project_id", "kind"),
)

# Several at once while one is rotated. Checked by the MAC; sealed because the contract reads it back.
application_secrets = Table(
    "application_secrets",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("application_id"),
    text("id"),
    data("mac"),
    data("sealed"),
    integer("created_at"),
    integer("ends_at", null=True),
    *owned("application_id", "id"),
    reference("application_id", "applications"),
)

# Resource servers: what an access token may be for.
apis = Table(
    "apis",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("identifier"),  # the audience
    text("name"),
    integer("lifetime_seconds"),
    text("algorithm"),  # of its access tokens
    *flag("has_rbac"),  # tokens say the user's permissions
    *flag("allows_offline"),
    integer("created_at"),
    *owned("id"),
    Index("uq_apis_identifier", "project_id", "identifier", unique=True),
)

# The scopes that an API knows.
api_permissions = Table(
    "api_permissions",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("api_id"),
    text("name"),
    text("description"),
    *owned("api_id", "name"),
    reference("api_id", "apis"),
)

# What applications may do at an API in their own name (client_credentials).
application_apis = Table(
    "application_apis",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("application_id"),
    text("api_id"),
    text("scopes"),  # JSON list
    *owned("application_id", "api_id"),
    reference("application_id", "applications"),
    ForeignKeyConstraint(["project_id", "api_id"], ["apis.project_id", "apis.id"], ondelete="CASCADE"),
    Index(None, "project_id", "api_id"),
)

# Which applications a user may reach, where management says so (`mgmt.user.add_sso_apps`). The row of "" says that it
# does: whose last application is deleted then reaches none, and not all.
user_applications = Table(
    "user_applications",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("user_id"),
    text("application_id"),
    *owned("user_id", "application_id"),
    reference("user_id", "users"),
    Index(None, "project_id", "application_id"),
)

# What a user has allowed an application, or a tenant all of its users.
consents = Table(
    "consents",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("application_id"),
    text("user_id", null=True),
    text("tenant_id", null=True),
    text("scopes"),  # JSON: by audience, "" for the provider's own
    text("granted_by"),
    integer("created_at"),
    integer("updated_at"),
    *owned("id"),
    reference("application_id", "applications"),
    reference("user_id", "users"),
    reference("tenant_id", "tenants"),
    Index("uq_consents_application_id_user_id", "project_id", "application_id", "user_id", unique=True),
    Index(None, "project_id", "user_id"),
    Index(None, "project_id", "tenant_id"),
)
