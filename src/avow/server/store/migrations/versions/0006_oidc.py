"""Oidc."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "apis",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("identifier", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("lifetime_seconds", sa.BigInteger(), nullable=False),
        sa.Column("algorithm", TEXT, nullable=False),
        sa.Column("has_rbac", sa.BigInteger(), nullable=False),
        sa.Column("allows_offline", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("allows_offline IN (0, 1)", name=op.f("ck_apis_allows_offline")),
        sa.CheckConstraint("has_rbac IN (0, 1)", name=op.f("ck_apis_has_rbac")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_apis_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_apis")),
    )
    op.create_index("uq_apis_identifier", "apis", ["project_id", "identifier"], unique=True)
    op.create_table(
        "applications",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("logo", TEXT, nullable=False),
        sa.Column("is_enabled", sa.BigInteger(), nullable=False),
        sa.Column("is_trusted", sa.BigInteger(), nullable=False),
        sa.Column("login_page_url", TEXT, nullable=False),
        sa.Column("force_authentication", sa.BigInteger(), nullable=False),
        sa.Column("settings", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('oidc', 'saml', 'wsfed', 'third-party', 'published')", name=op.f("ck_applications_kind")
        ),
        sa.CheckConstraint("force_authentication IN (0, 1)", name=op.f("ck_applications_force_authentication")),
        sa.CheckConstraint("is_enabled IN (0, 1)", name=op.f("ck_applications_is_enabled")),
        sa.CheckConstraint("is_trusted IN (0, 1)", name=op.f("ck_applications_is_trusted")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_applications_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_applications")),
    )
    op.create_index(op.f("ix_applications_project_id_kind"), "applications", ["project_id", "kind"], unique=False)
    op.create_table(
        "oidc_requests",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("parameters", TEXT, nullable=False),
        sa.Column("browser_mac", sa.LargeBinary(), nullable=True),
        sa.Column("secret_mac", sa.LargeBinary(), nullable=True),
        sa.Column("user_code", TEXT, nullable=True),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("polled_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('authorize', 'pushed', 'device')", name=op.f("ck_oidc_requests_kind")),
        sa.CheckConstraint("state IN ('waiting', 'allowed', 'denied')", name=op.f("ck_oidc_requests_state")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_oidc_requests_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_oidc_requests")),
    )
    op.create_index(
        op.f("ix_oidc_requests_project_id_expires_at"), "oidc_requests", ["project_id", "expires_at"], unique=False
    )
    op.create_index("uq_oidc_requests_user_code", "oidc_requests", ["project_id", "user_code"], unique=True)
    op.create_table(
        "api_permissions",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("api_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "api_id"],
            ["apis.project_id", "apis.id"],
            name=op.f("fk_api_permissions_project_id_api_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_api_permissions_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "api_id", "name", name=op.f("pk_api_permissions")),
    )
    op.create_table(
        "application_apis",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("api_id", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "api_id"],
            ["apis.project_id", "apis.id"],
            name=op.f("fk_application_apis_project_id_api_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "application_id"],
            ["applications.project_id", "applications.id"],
            name=op.f("fk_application_apis_project_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_application_apis_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "application_id", "api_id", name=op.f("pk_application_apis")),
    )
    op.create_index(
        op.f("ix_application_apis_project_id_api_id"), "application_apis", ["project_id", "api_id"], unique=False
    )
    op.create_table(
        "application_secrets",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id", "application_id"],
            ["applications.project_id", "applications.id"],
            name=op.f("fk_application_secrets_project_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_application_secrets_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "application_id", "id", name=op.f("pk_application_secrets")),
    )
    op.create_table(
        "consents",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=True),
        sa.Column("tenant_id", TEXT, nullable=True),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("granted_by", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "application_id"],
            ["applications.project_id", "applications.id"],
            name=op.f("fk_consents_project_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id"],
            ["tenants.project_id", "tenants.id"],
            name=op.f("fk_consents_project_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_consents_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_consents_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_project_id_tenant_id"), "consents", ["project_id", "tenant_id"], unique=False)
    op.create_index(op.f("ix_consents_project_id_user_id"), "consents", ["project_id", "user_id"], unique=False)
    op.create_index(
        "uq_consents_application_id_user_id", "consents", ["project_id", "application_id", "user_id"], unique=True
    )
    op.create_table(
        "oidc_grants",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("sid", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("audience", TEXT, nullable=False),
        sa.Column("details", TEXT, nullable=False),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("dpop_jkt", TEXT, nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=False),
        sa.Column("redirect_uri", TEXT, nullable=False),
        sa.Column("challenge", TEXT, nullable=False),
        sa.Column("code_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("code_used_at", sa.BigInteger(), nullable=True),
        sa.Column("is_offline", sa.BigInteger(), nullable=False),
        sa.Column("rotates", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_why", TEXT, nullable=False),
        sa.CheckConstraint("is_offline IN (0, 1)", name=op.f("ck_oidc_grants_is_offline")),
        sa.CheckConstraint("rotates IN (0, 1)", name=op.f("ck_oidc_grants_rotates")),
        sa.ForeignKeyConstraint(
            ["project_id", "application_id"],
            ["applications.project_id", "applications.id"],
            name=op.f("fk_oidc_grants_project_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_oidc_grants_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_oidc_grants_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_oidc_grants")),
    )
    op.create_index(
        op.f("ix_oidc_grants_project_id_application_id_user_id"),
        "oidc_grants",
        ["project_id", "application_id", "user_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_oidc_grants_project_id_expires_at"), "oidc_grants", ["project_id", "expires_at"], unique=False
    )
    op.create_index(
        op.f("ix_oidc_grants_project_id_session_id"), "oidc_grants", ["project_id", "session_id"], unique=False
    )
    op.create_index(op.f("ix_oidc_grants_project_id_user_id"), "oidc_grants", ["project_id", "user_id"], unique=False)
    op.create_table(
        "oidc_logouts",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'leased')", name=op.f("ck_oidc_logouts_state")),
        sa.ForeignKeyConstraint(
            ["project_id", "application_id"],
            ["applications.project_id", "applications.id"],
            name=op.f("fk_oidc_logouts_project_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_oidc_logouts_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_oidc_logouts")),
    )
    op.create_index("ix_oidc_logouts_due", "oidc_logouts", ["due_at"], unique=False)
    op.create_index(
        op.f("ix_oidc_logouts_project_id_application_id_due_at"),
        "oidc_logouts",
        ["project_id", "application_id", "due_at"],
        unique=False,
    )
    op.create_table(
        "saml_requests",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("asked", TEXT, nullable=False),
        sa.Column("browser_mac", sa.LargeBinary(), nullable=True),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id", "application_id"],
            ["applications.project_id", "applications.id"],
            name=op.f("fk_saml_requests_project_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_saml_requests_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_saml_requests")),
    )
    op.create_index(
        op.f("ix_saml_requests_project_id_expires_at"), "saml_requests", ["project_id", "expires_at"], unique=False
    )
    op.create_table(
        "saml_signins",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("name_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "application_id"],
            ["applications.project_id", "applications.id"],
            name=op.f("fk_saml_signins_project_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_saml_signins_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_saml_signins_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_saml_signins")),
    )
    op.create_index(
        op.f("ix_saml_signins_project_id_application_id_name_id"),
        "saml_signins",
        ["project_id", "application_id", "name_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_saml_signins_project_id_expires_at"), "saml_signins", ["project_id", "expires_at"], unique=False
    )
    op.create_index(
        op.f("ix_saml_signins_project_id_session_id"), "saml_signins", ["project_id", "session_id"], unique=False
    )
    op.create_index(op.f("ix_saml_signins_project_id_user_id"), "saml_signins", ["project_id", "user_id"], unique=False)
    op.create_index(
        "uq_saml_signins_session",
        "saml_signins",
        ["project_id", "application_id", "session_id", "name_id"],
        unique=True,
    )
    op.create_table(
        "user_applications",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_user_applications_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_user_applications_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", "application_id", name=op.f("pk_user_applications")),
    )
    op.create_index(
        op.f("ix_user_applications_project_id_application_id"),
        "user_applications",
        ["project_id", "application_id"],
        unique=False,
    )
    op.add_column("sessions", sa.Column("is_heard", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(
        "ix_sessions_heard",
        "sessions",
        ["project_id", "revoked_at"],
        unique=False,
        sqlite_where=sa.text("is_heard = 1 AND revoked_at IS NOT NULL"),
        postgresql_where=sa.text("is_heard = 1 AND revoked_at IS NOT NULL"),
    )
