"""Tables of the ways in that users have, and access keys."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Table

from avow.server.store.schema.columns import (
    TEXT,
    added_integer,
    added_text,
    data,
    integer,
    metadata,
    owned,
    reference,
    text,
)

__all__ = [
    "access_key_roles",
    "access_key_tenant_roles",
    "access_key_tenants",
    "access_keys",
    "passkeys",
    "password_history",
    "passwords",
    "provider_tokens",
    "recovery_codes",
    "totp_seeds",
    "trusted_devices",
]

passwords = Table(
    "passwords",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("user_id"),
    text("encoded"),  # core.passwords: algorithm, parameters, salt and hash in one text
    text("state"),  # active | temporary (must be replaced at the next sign-in) | expired
    integer("set_at"),
    # Nobody reads the next two: wrong ones are counted in `counters`, of users and of login IDs that nobody has alike.
    integer("failures"),
    integer("locked_until", null=True),
    added_integer("is_own"),  # not set by management of the whole project: goes when the owner comes
    *owned("user_id"),
    reference("user_id", "users"),
    CheckConstraint("state IN ('active', 'temporary', 'expired')", name="state"),
)

# Earlier passwords, where a policy forbids their reuse.
password_history = Table(
    "password_history",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("user_id"),
    text("id"),
    text("encoded"),
    integer("set_at"),
    *owned("user_id", "id"),
    reference("user_id", "users"),
)

totp_seeds = Table(
    "totp_seeds",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("user_id"),
    data("sealed_seed"),
    integer("created_at"),
    added_integer("last_step"),  # time step of the newest code that was taken; older ones are refused
    added_integer("is_own"),  # made by its user, not given by management: goes when the owner of the account comes
    *owned("user_id"),
    reference("user_id", "users"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("user_id"),
    text("id"),
    data("mac"),
    integer("created_at"),
    *owned("user_id", "id"),
    reference("user_id", "users"),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),  # credential id, base64url
    text("user_id"),
    text("rp_id"),
    text("kind"),  # platform | cross-platform
    text("display_name"),
    data("public_key"),  # COSE
    integer("sign_count"),
    integer("created_at"),
    integer("last_used_at", null=True),
    added_integer("is_backup_eligible"),  # may be copied to other devices of its owner
    added_integer("is_backed_up"),
    added_text("transports"),  # space-separated
    added_text("aaguid"),  # make of the authenticator, where it says so
    *owned("id"),
    reference("user_id", "users"),
    Index(None, "project_id", "user_id", "created_at"),
)

trusted_devices = Table(
    "trusted_devices",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("user_id"),
    data("mac"),
    text("name"),
    text("device_type"),
    text("last_location"),
    integer("created_at"),
    integer("last_used_at"),
    integer("expires_at"),
    *owned("id"),
    reference("user_id", "users"),
    Index(None, "project_id", "user_id", "last_used_at"),
)

# Tokens of outside providers, kept for users who signed in there.
provider_tokens = Table(
    "provider_tokens",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("user_id"),
    text("provider"),
    text("provider_user_id"),
    data("sealed"),  # JSON: access token, refresh token
    text("scopes"),  # space-separated
    integer("expires_at", null=True),
    integer("updated_at"),
    *owned("user_id", "provider"),
    reference("user_id", "users"),
)

access_keys = Table(
    "access_keys",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("name"),
    text("description"),
    data("secret_mac"),
    text("status"),  # active | inactive
    text("user_id", null=True),  # a key that acts for a user goes with the user
    text("created_by"),  # key:<id> | user:<id>
    text("custom_claims"),  # JSON object, top level of its tokens
    text("custom_attributes"),  # JSON object, as shown
    text("permitted_ips"),  # JSON list of networks; empty: from anywhere
    integer("created_at"),
    integer("expires_at", null=True),
    *owned("id"),
    reference("user_id", "users"),
    CheckConstraint("status IN ('active', 'inactive')", name="status"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "project_id", "user_id"),
)

access_key_roles = Table(
    "access_key_roles",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("key_id"),
    text("role_id"),
    *owned("key_id", "role_id"),
    reference("key_id", "access_keys"),
    reference("role_id", "roles"),
    Index(None, "project_id", "role_id"),
)

access_key_tenants = Table(
    "access_key_tenants",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("key_id"),
    text("tenant_id"),
    *owned("key_id", "tenant_id"),
    reference("key_id", "access_keys"),
    reference("tenant_id", "tenants"),
    Index(None, "project_id", "tenant_id", "key_id"),
)

access_key_tenant_roles = Table(
    "access_key_tenant_roles",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("key_id"),
    text("tenant_id"),
    text("role_id"),
    *owned("key_id", "tenant_id", "role_id"),
    ForeignKeyConstraint(
        ["project_id", "key_id", "tenant_id"],
        ["access_key_tenants.project_id", "access_key_tenants.key_id", "access_key_tenants.tenant_id"],
        ondelete="CASCADE",
    ),
    reference("role_id", "roles"),
    Index(None, "project_id", "role_id"),
)
