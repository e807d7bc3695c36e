"""Management."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "attribute_definitions",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("details", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('user', 'tenant', 'accesskey')", name=op.f("ck_attribute_definitions_kind")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_attribute_definitions_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "kind", "name", name=op.f("pk_attribute_definitions")),
    )
    op.create_table(
        "attribute_values",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("owner_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_attribute_values_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "kind", "owner_id", "name", "value", name=op.f("pk_attribute_values")),
    )
    op.create_index(
        op.f("ix_attribute_values_project_id_kind_name_value_owner_id"),
        "attribute_values",
        ["project_id", "kind", "name", "value", "owner_id"],
        unique=False,
    )
    op.create_table(
        "audit_webhooks",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("filters", TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_audit_webhooks_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_audit_webhooks")),
    )
    op.create_table(
        "flows",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("is_disabled", sa.BigInteger(), nullable=False),
        sa.Column("etag", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("screens", TEXT, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("is_disabled IN (0, 1)", name=op.f("ck_flows_is_disabled")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_flows_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_flows")),
    )
    op.create_table(
        "imports",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("refusals", TEXT, nullable=False),
        sa.Column("report_bytes", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_imports_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_imports")),
    )
    op.create_table(
        "jwt_templates",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_jwt_templates_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_jwt_templates")),
    )
    op.create_index("uq_jwt_templates_name", "jwt_templates", ["project_id", "name"], unique=True)
    op.create_table(
        "lists",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_lists_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_lists")),
    )
    op.create_index("uq_lists_name", "lists", ["project_id", "name"], unique=True)
    op.create_table(
        "password_policies",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("policy", TEXT, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_password_policies_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "tenant_id", name=op.f("pk_password_policies")),
    )
    op.create_table(
        "themes",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_themes_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_themes")),
    )
    op.create_table(
        "access_keys",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("secret_mac", sa.LargeBinary(), nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=True),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("custom_claims", TEXT, nullable=False),
        sa.Column("custom_attributes", TEXT, nullable=False),
        sa.Column("permitted_ips", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("status IN ('active', 'inactive')", name=op.f("ck_access_keys_status")),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_access_keys_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_access_keys_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_access_keys")),
    )
    op.create_index(
        op.f("ix_access_keys_project_id_created_at_id"), "access_keys", ["project_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_access_keys_project_id_user_id"), "access_keys", ["project_id", "user_id"], unique=False)
    op.create_table(
        "audit_deliveries",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("webhook", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'leased', 'dead')", name=op.f("ck_audit_deliveries_state")),
        sa.ForeignKeyConstraint(
            ["project_id", "webhook"],
            ["audit_webhooks.project_id", "audit_webhooks.name"],
            name=op.f("fk_audit_deliveries_project_id_webhook"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_audit_deliveries_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "webhook", "event_id", name=op.f("pk_audit_deliveries")),
    )
    op.create_index("ix_audit_deliveries_dead", "audit_deliveries", ["project_id", "state", "due_at"], unique=False)
    op.create_index(
        "ix_audit_deliveries_open",
        "audit_deliveries",
        ["project_id", "webhook", "due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'leased')"),
        postgresql_where=sa.text("state IN ('waiting', 'leased')"),
    )
    op.create_table(
        "groups",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("display", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("sso_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id"],
            ["tenants.project_id", "tenants.id"],
            name=op.f("fk_groups_project_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_groups_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "tenant_id", "id", name=op.f("pk_groups")),
    )
    op.create_table(
        "passkeys",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("rp_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_passkeys_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_passkeys_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_passkeys")),
    )
    op.create_index(
        op.f("ix_passkeys_project_id_user_id_created_at"),
        "passkeys",
        ["project_id", "user_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "password_history",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("encoded", TEXT, nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_password_history_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_password_history_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", "id", name=op.f("pk_password_history")),
    )
    op.create_table(
        "passwords",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("encoded", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'temporary', 'expired')", name=op.f("ck_passwords_state")),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_passwords_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_passwords_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_passwords")),
    )
    op.create_table(
        "provider_tokens",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("provider", TEXT, nullable=False),
        sa.Column("provider_user_id", TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_provider_tokens_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_provider_tokens_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", "provider", name=op.f("pk_provider_tokens")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_recovery_codes_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_recovery_codes_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", "id", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "sso_connections",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("settings", TEXT, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('none', 'saml', 'oidc', 'xaa')", name=op.f("ck_sso_connections_kind")),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id"],
            ["tenants.project_id", "tenants.id"],
            name=op.f("fk_sso_connections_project_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_sso_connections_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "tenant_id", "id", name=op.f("pk_sso_connections")),
    )
    op.create_table(
        "tenant_domains",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("domain", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sso_id", TEXT, server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('provisioning', 'sso')", name=op.f("ck_tenant_domains_kind")),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id"],
            ["tenants.project_id", "tenants.id"],
            name=op.f("fk_tenant_domains_project_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_tenant_domains_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "kind", "domain", name=op.f("pk_tenant_domains")),
    )
    op.create_index(
        op.f("ix_tenant_domains_project_id_tenant_id_kind"),
        "tenant_domains",
        ["project_id", "tenant_id", "kind"],
        unique=False,
    )
    op.create_table(
        "totp_seeds",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("sealed_seed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_totp_seeds_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_totp_seeds_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_totp_seeds")),
    )
    op.create_table(
        "trusted_devices",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("device_type", TEXT, nullable=False),
        sa.Column("last_location", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_trusted_devices_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_trusted_devices_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_trusted_devices")),
    )
    op.create_index(
        op.f("ix_trusted_devices_project_id_user_id_last_used_at"),
        "trusted_devices",
        ["project_id", "user_id", "last_used_at"],
        unique=False,
    )
    op.create_table(
        "access_key_roles",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("key_id", TEXT, nullable=False),
        sa.Column("role_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "key_id"],
            ["access_keys.project_id", "access_keys.id"],
            name=op.f("fk_access_key_roles_project_id_key_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "role_id"],
            ["roles.project_id", "roles.id"],
            name=op.f("fk_access_key_roles_project_id_role_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_access_key_roles_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "key_id", "role_id", name=op.f("pk_access_key_roles")),
    )
    op.create_index(
        op.f("ix_access_key_roles_project_id_role_id"), "access_key_roles", ["project_id", "role_id"], unique=False
    )
    op.create_table(
        "access_key_tenants",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("key_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "key_id"],
            ["access_keys.project_id", "access_keys.id"],
            name=op.f("fk_access_key_tenants_project_id_key_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id"],
            ["tenants.project_id", "tenants.id"],
            name=op.f("fk_access_key_tenants_project_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_access_key_tenants_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "key_id", "tenant_id", name=op.f("pk_access_key_tenants")),
    )
    op.create_index(
        op.f("ix_access_key_tenants_project_id_tenant_id_key_id"),
        "access_key_tenants",
        ["project_id", "tenant_id", "key_id"],
        unique=False,
    )
    op.create_table(
        "group_members",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("group_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id", "group_id"],
            ["groups.project_id", "groups.tenant_id", "groups.id"],
            name=op.f("fk_group_members_project_id_tenant_id_group_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_group_members_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_group_members_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "tenant_id", "group_id", "user_id", name=op.f("pk_group_members")),
    )
    op.create_index(
        op.f("ix_group_members_project_id_user_id"), "group_members", ["project_id", "user_id"], unique=False
    )
    op.create_table(
        "tenant_default_roles",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("role_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "role_id"],
            ["roles.project_id", "roles.id"],
            name=op.f("fk_tenant_default_roles_project_id_role_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id"],
            ["tenants.project_id", "tenants.id"],
            name=op.f("fk_tenant_default_roles_project_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_tenant_default_roles_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "tenant_id", "role_id", name=op.f("pk_tenant_default_roles")),
    )
    op.create_index(
        op.f("ix_tenant_default_roles_project_id_role_id"),
        "tenant_default_roles",
        ["project_id", "role_id"],
        unique=False,
    )
    op.create_table(
        "access_key_tenant_roles",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("key_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("role_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "key_id", "tenant_id"],
            ["access_key_tenants.project_id", "access_key_tenants.key_id", "access_key_tenants.tenant_id"],
            name=op.f("fk_access_key_tenant_roles_project_id_key_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "role_id"],
            ["roles.project_id", "roles.id"],
            name=op.f("fk_access_key_tenant_roles_project_id_role_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_access_key_tenant_roles_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "key_id", "tenant_id", "role_id", name=op.f("pk_access_key_tenant_roles")
        ),
    )
    op.create_index(
        op.f("ix_access_key_tenant_roles_project_id_role_id"),
        "access_key_tenant_roles",
        ["project_id", "role_id"],
        unique=False,
    )
    op.add_column("audit_events", sa.Column("method", TEXT, server_default="", nullable=False))
    op.add_column("audit_events", sa.Column("device_kind", TEXT, server_default="", nullable=False))
    op.add_column("audit_events", sa.Column("is_unsent", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(
        op.f("ix_audit_events_project_id_tenant_id_occurred_at"),
        "audit_events",
        ["project_id", "tenant_id", "occurred_at"],
        unique=False,
    )
    op.create_index(
        "ix_audit_events_unsent",
        "audit_events",
        ["project_id", "occurred_at"],
        unique=False,
        sqlite_where=sa.text("is_unsent = 1"),
        postgresql_where=sa.text("is_unsent = 1"),
    )
    op.add_column("management_keys", sa.Column("description", TEXT, server_default="", nullable=False))
    op.add_column("management_keys", sa.Column("permitted_ips", TEXT, server_default="[]", nullable=False))
    op.add_column("management_keys", sa.Column("rights", TEXT, server_default="*", nullable=False))
    op.add_column("management_keys", sa.Column("tenant_id", TEXT, nullable=True))
    op.add_column("management_keys", sa.Column("deactivated_at", sa.BigInteger(), nullable=True))
    op.add_column("membership_roles", sa.Column("given_by", TEXT, server_default="", nullable=False))
    op.drop_index(op.f("ix_membership_roles_project_id_role_id"), table_name="membership_roles")
    op.create_index(
        op.f("ix_membership_roles_project_id_role_id_tenant_id_user_id"),
        "membership_roles",
        ["project_id", "role_id", "tenant_id", "user_id"],
        unique=False,
    )
    op.add_column("projects", sa.Column("tags", TEXT, server_default="[]", nullable=False))
    op.add_column("projects", sa.Column("deleted_at", sa.BigInteger(), nullable=True))
    op.add_column("roles", sa.Column("is_default", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("roles", sa.Column("is_private", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(op.f("ix_roles_project_id_name"), "roles", ["project_id", "name"], unique=False)
    op.add_column("sessions", sa.Column("impersonator", TEXT, server_default="", nullable=False))
    op.create_index(
        "ix_sessions_impersonator",
        "sessions",
        ["project_id", "impersonator"],
        unique=False,
        sqlite_where=sa.text("impersonator != ''"),
        postgresql_where=sa.text("impersonator != ''"),
    )
    op.add_column("tenants", sa.Column("is_disabled", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("tenants", sa.Column("enforces_sso", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("tenants", sa.Column("parent_id", TEXT, nullable=True))
    op.add_column("tenants", sa.Column("role_inheritance", TEXT, server_default="", nullable=False))
    op.add_column("tenants", sa.Column("custom_attributes", TEXT, server_default="{}", nullable=False))
    op.add_column("tenants", sa.Column("details", TEXT, server_default="{}", nullable=False))
    op.add_column("tenants", sa.Column("settings", TEXT, server_default="{}", nullable=False))
    op.create_index(
        op.f("ix_tenants_project_id_created_at_id"), "tenants", ["project_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_tenants_project_id_name"), "tenants", ["project_id", "name"], unique=False)
    op.drop_index(op.f("ix_user_roles_project_id_role_id"), table_name="user_roles")
    op.create_index(
        op.f("ix_user_roles_project_id_role_id_user_id"),
        "user_roles",
        ["project_id", "role_id", "user_id"],
        unique=False,
    )
    op.add_column("users", sa.Column("name_folded", TEXT, server_default="", nullable=False))
    op.add_column("users", sa.Column("custom_attributes", TEXT, server_default="{}", nullable=False))
    op.add_column("users", sa.Column("external_ids", TEXT, server_default="[]", nullable=False))
    op.add_column("users", sa.Column("recovery_email", TEXT, server_default="", nullable=False))
    op.add_column("users", sa.Column("is_recovery_email_verified", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("recovery_phone", TEXT, server_default="", nullable=False))
    op.add_column("users", sa.Column("is_recovery_phone_verified", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("is_email_vouched", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("is_phone_vouched", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("is_anonymous", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("impersonation_until", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_index(op.f("ix_users_project_id_created_at_id"), table_name="users")
    op.drop_index(op.f("ix_users_project_id_email_folded"), table_name="users")
    op.drop_index(op.f("ix_users_project_id_phone"), table_name="users")
    op.create_index(
        "ix_users_anonymous",
        "users",
        ["project_id", "created_at"],
        unique=False,
        sqlite_where=sa.text("is_anonymous = 1"),
        postgresql_where=sa.text("is_anonymous = 1"),
    )
    op.create_index(
        "ix_users_listed", "users", ["project_id", "created_at", "id", "is_test", "is_anonymous"], unique=False
    )
    op.create_index(
        op.f("ix_users_project_id_email_folded_id"), "users", ["project_id", "email_folded", "id"], unique=False
    )
    op.create_index(
        op.f("ix_users_project_id_name_folded_id"), "users", ["project_id", "name_folded", "id"], unique=False
    )
    op.create_index(op.f("ix_users_project_id_phone_id"), "users", ["project_id", "phone", "id"], unique=False)
    op.create_index(
        op.f("ix_users_project_id_updated_at_id"), "users", ["project_id", "updated_at", "id"], unique=False
    )
    op.create_index(
        "ix_users_test",
        "users",
        ["project_id", "id"],
        unique=False,
        sqlite_where=sa.text("is_test = 1"),
        postgresql_where=sa.text("is_test = 1"),
    )
