"""Foundation."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "kv",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_kv")),
    )
    op.create_index(op.f("ix_kv_expires_at"), "kv", ["expires_at"], unique=False)
    op.create_table(
        "meta",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "projects",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("environment", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("issuer_host", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
    )
    op.create_index("uq_projects_issuer_host", "projects", ["issuer_host"], unique=True)
    op.create_table(
        "audit_events",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("device", TEXT, nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_audit_events_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_audit_events")),
    )
    op.create_index(
        op.f("ix_audit_events_project_id_occurred_at_id"),
        "audit_events",
        ["project_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_audit_events_project_id_user_id_occurred_at"),
        "audit_events",
        ["project_id", "user_id", "occurred_at"],
        unique=False,
    )
    op.create_table(
        "challenges",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("binding", TEXT, nullable=False),
        sa.Column("attempts_left", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_challenges_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_challenges")),
    )
    op.create_index(
        op.f("ix_challenges_project_id_expires_at"), "challenges", ["project_id", "expires_at"], unique=False
    )
    op.create_index("uq_challenges_subject", "challenges", ["project_id", "purpose", "subject"], unique=True)
    op.create_table(
        "counters",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_counters_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_counters")),
    )
    op.create_index(op.f("ix_counters_project_id_ends_at"), "counters", ["project_id", "ends_at"], unique=False)
    op.create_table(
        "management_keys",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("secret_mac", sa.LargeBinary(), nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("status IN ('active', 'revoked')", name=op.f("ck_management_keys_status")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_management_keys_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_management_keys")),
    )
    op.create_table(
        "message_templates",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("template", TEXT, nullable=False),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("locale", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("html", TEXT, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_message_templates_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "template", "method", "locale", name=op.f("pk_message_templates")),
    )
    op.create_table(
        "outbox",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("challenge_id", TEXT, nullable=True),
        sa.Column("template", TEXT, nullable=False),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("locale", TEXT, nullable=False),
        sa.Column("address_mac", sa.LargeBinary(), nullable=False),
        sa.Column("phone_prefix", TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("error", TEXT, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'leased', 'sent', 'dropped', 'failed')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_outbox_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "due_at"], unique=False)
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["method", "due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'leased')"),
        postgresql_where=sa.text("state IN ('waiting', 'leased')"),
    )
    op.create_index(
        op.f("ix_outbox_project_id_address_mac_created_at"),
        "outbox",
        ["project_id", "address_mac", "created_at"],
        unique=False,
    )
    op.create_index(op.f("ix_outbox_project_id_created_at"), "outbox", ["project_id", "created_at"], unique=False)
    op.create_index(
        op.f("ix_outbox_project_id_phone_prefix_created_at"),
        "outbox",
        ["project_id", "phone_prefix", "created_at"],
        unique=False,
    )
    op.create_table(
        "permissions",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_permissions_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_permissions")),
    )
    op.create_index("uq_permissions_name", "permissions", ["project_id", "name"], unique=True)
    op.create_table(
        "project_settings",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_project_settings_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_project_settings")),
    )
    op.create_table(
        "signing_keys",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("key_set", TEXT, nullable=False),
        sa.Column("algorithm", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("public_jwk", TEXT, nullable=False),
        sa.Column("sealed_private", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("promoted_at", sa.BigInteger(), nullable=True),
        sa.Column("unpublish_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("key_set IN ('session', 'oidc')", name=op.f("ck_signing_keys_key_set")),
        sa.CheckConstraint("state IN ('next', 'active', 'retired', 'removed')", name=op.f("ck_signing_keys_state")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_signing_keys_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_signing_keys")),
    )
    op.create_index(
        "uq_signing_keys_state",
        "signing_keys",
        ["project_id", "key_set", "state"],
        unique=True,
        sqlite_where=sa.text("state IN ('next', 'active')"),
        postgresql_where=sa.text("state IN ('next', 'active')"),
    )
    op.create_table(
        "tenants",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_tenants_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_tenants")),
    )
    op.create_table(
        "users",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("given_name", TEXT, nullable=False),
        sa.Column("middle_name", TEXT, nullable=False),
        sa.Column("family_name", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("email_folded", TEXT, nullable=False),
        sa.Column("is_email_verified", sa.BigInteger(), nullable=False),
        sa.Column("phone", TEXT, nullable=False),
        sa.Column("is_phone_verified", sa.BigInteger(), nullable=False),
        sa.Column("picture", TEXT, nullable=False),
        sa.Column("is_test", sa.BigInteger(), nullable=False),
        sa.Column("credential_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status IN ('enabled', 'disabled', 'invited')", name=op.f("ck_users_status")),
        sa.CheckConstraint("is_email_verified IN (0, 1)", name=op.f("ck_users_is_email_verified")),
        sa.CheckConstraint("is_phone_verified IN (0, 1)", name=op.f("ck_users_is_phone_verified")),
        sa.CheckConstraint("is_test IN (0, 1)", name=op.f("ck_users_is_test")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_users_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_users")),
    )
    op.create_index(
        op.f("ix_users_project_id_created_at_id"), "users", ["project_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_users_project_id_email_folded"), "users", ["project_id", "email_folded"], unique=False)
    op.create_index(op.f("ix_users_project_id_phone"), "users", ["project_id", "phone"], unique=False)
    op.create_table(
        "login_ids",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("login_id", TEXT, nullable=False),
        sa.Column("typed", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_login_ids_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_login_ids_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "login_id", name=op.f("pk_login_ids")),
    )
    op.create_index(op.f("ix_login_ids_project_id_user_id"), "login_ids", ["project_id", "user_id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id"],
            ["tenants.project_id", "tenants.id"],
            name=op.f("fk_memberships_project_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_memberships_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_memberships_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", "tenant_id", name=op.f("pk_memberships")),
    )
    op.create_index(
        op.f("ix_memberships_project_id_tenant_id_user_id"),
        "memberships",
        ["project_id", "tenant_id", "user_id"],
        unique=False,
    )
    op.create_table(
        "roles",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id"],
            ["tenants.project_id", "tenants.id"],
            name=op.f("fk_roles_project_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_roles_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_roles")),
    )
    op.create_index(
        "uq_roles_project_name",
        "roles",
        ["project_id", "name"],
        unique=True,
        sqlite_where=sa.text("tenant_id IS NULL"),
        postgresql_where=sa.text("tenant_id IS NULL"),
    )
    op.create_index(
        "uq_roles_tenant_name",
        "roles",
        ["project_id", "tenant_id", "name"],
        unique=True,
        sqlite_where=sa.text("tenant_id IS NOT NULL"),
        postgresql_where=sa.text("tenant_id IS NOT NULL"),
    )
    op.create_table(
        "sessions",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=True),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("rotates", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_why", TEXT, nullable=True),
        sa.Column("amr", TEXT, nullable=False),
        sa.Column("claims", TEXT, nullable=False),
        sa.Column("unsigned_claims", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("device", TEXT, nullable=False),
        sa.CheckConstraint("rotates IN (0, 1)", name=op.f("ck_sessions_rotates")),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_sessions_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_sessions_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_project_id_expires_at"), "sessions", ["project_id", "expires_at"], unique=False)
    op.create_index(
        op.f("ix_sessions_project_id_user_id_created_at"),
        "sessions",
        ["project_id", "user_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "membership_roles",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("role_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "role_id"],
            ["roles.project_id", "roles.id"],
            name=op.f("fk_membership_roles_project_id_role_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id", "tenant_id"],
            ["memberships.project_id", "memberships.user_id", "memberships.tenant_id"],
            name=op.f("fk_membership_roles_project_id_user_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_membership_roles_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", "tenant_id", "role_id", name=op.f("pk_membership_roles")),
    )
    op.create_index(
        op.f("ix_membership_roles_project_id_role_id"), "membership_roles", ["project_id", "role_id"], unique=False
    )
    op.create_table(
        "role_permissions",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("role_id", TEXT, nullable=False),
        sa.Column("permission_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "permission_id"],
            ["permissions.project_id", "permissions.id"],
            name=op.f("fk_role_permissions_project_id_permission_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "role_id"],
            ["roles.project_id", "roles.id"],
            name=op.f("fk_role_permissions_project_id_role_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_role_permissions_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "role_id", "permission_id", name=op.f("pk_role_permissions")),
    )
    op.create_index(
        op.f("ix_role_permissions_project_id_permission_id"),
        "role_permissions",
        ["project_id", "permission_id"],
        unique=False,
    )
    op.create_table(
        "user_roles",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("role_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "role_id"],
            ["roles.project_id", "roles.id"],
            name=op.f("fk_user_roles_project_id_role_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_user_roles_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_user_roles_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", "role_id", name=op.f("pk_user_roles")),
    )
    op.create_index(op.f("ix_user_roles_project_id_role_id"), "user_roles", ["project_id", "role_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE kv SET UNLOGGED")

    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA application_id = 1098280823")
