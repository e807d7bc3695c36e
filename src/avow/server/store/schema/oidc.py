"""Tables of the OpenID provider: grants with their codes and refresh tokens, and requests on their way."""

from sqlalchemy import CheckConstraint, Column, Index, Table

from avow.server.store.schema.columns import TEXT, data, flag, integer, metadata, owned, reference, text

__all__ = ["oidc_grants", "oidc_logouts", "oidc_requests"]

# One row is one grant: its code, the family of its refresh tokens, and what every token of it says.
oidc_grants = Table(
    "oidc_grants",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("application_id"),
    text("user_id"),
    text("session_id"),  # of the provider; the grant ends with it
    text("sid"),  # what tokens call the session: the one that it began in
    text("tenant_id"),  # the one that was chosen, or ""
    text("issuer"),  # fixed at the authorization, in every token
    text("scopes"),
    text("audience"),  # JSON list; empty for our own userinfo
    text("details"),  # JSON: nonce, claims request, what the session had shown
    integer("auth_time"),
    text("dpop_jkt"),  # the key that tokens are bound to, or ""
    data("code_mac"),
    text("redirect_uri"),
    text("challenge"),  # of PKCE, S256, or ""
    integer("code_expires_at"),
    integer("code_used_at", null=True),
    *flag("is_offline"),  # has refresh tokens
    *flag("rotates"),
    integer("generation"),  # of the refresh token; 0 before the code is spent
    integer("rotated_at"),  # before the code is spent: when the grant ends once it is
    integer("created_at"),
    integer("expires_at"),  # before the code is spent: with the code
    integer("revoked_at", null=True),
    text("revoked_why"),
    *owned("id"),
    reference("application_id", "applications"),
    reference("user_id", "users"),
    Index(None, "project_id", "application_id", "user_id"),
    Index(None, "project_id", "user_id"),
    Index(None, "project_id", "session_id"),
    Index(None, "project_id", "expires_at"),
)

# An authorization request that was pushed, or waits for sign-in or consent; a device that waits for its person.
oidc_requests = Table(
    "oidc_requests",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("kind"),  # authorize | pushed | device
    text("application_id"),  # no reference: one that says itself what it is has no row before somebody allows it
    text("issuer"),
    text("parameters"),  # JSON, as they were sent
    data("browser_mac", null=True),  # of the browser whose request it is
    data("secret_mac", null=True),  # of the device code
    text("user_code", null=True),
    text("user_id"),  # who allowed it
    text("session_id"),
    text("state"),  # waiting | allowed | denied
    integer("polled_at"),
    integer("created_at"),
    integer("expires_at"),
    integer("taken_at", null=True),
    *owned("id"),
    Index("uq_oidc_requests_user_code", "project_id", "user_code", unique=True),
    CheckConstraint("kind IN ('authorize', 'pushed', 'device')", name="kind"),
    CheckConstraint("state IN ('waiting', 'allowed', 'denied')", name="state"),
    Index(None, "project_id", "expires_at"),
)

# Log-outs that an application is to be told of: one for each application and issuer of a session that ended. No
# reference to user and session: they may go first.
oidc_logouts = Table(
    "oidc_logouts",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("application_id"),
    text("user_id"),
    text("session_id"),
    text("issuer"),
    text("state"),  # waiting | leased; told or given up, the row goes
    integer("attempts"),
    integer("due_at"),
    integer("leased_until"),
    integer("created_at"),
    text("error"),
    *owned("id"),
    reference("application_id", "applications"),
    CheckConstraint("state IN ('waiting', 'leased')", name="state"),
    Index(None, "project_id", "application_id", "due_at"),
    Index("ix_oidc_logouts_due", "due_at"),
)
