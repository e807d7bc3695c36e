"""Methods."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "providers",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("settings", TEXT, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_providers_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_providers")),
    )
    op.create_table(
        "saml_assertions",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_saml_assertions_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_saml_assertions")),
    )
    op.create_index(
        op.f("ix_saml_assertions_project_id_expires_at"), "saml_assertions", ["project_id", "expires_at"], unique=False
    )
    op.create_table(
        "saml_keys",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("certificate", TEXT, nullable=False),
        sa.Column("sealed_private", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_saml_keys_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_saml_keys")),
    )
    op.create_table(
        "identities",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("way", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("protocol", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("protocol IN ('oauth', 'saml', 'oidc')", name=op.f("ck_identities_protocol")),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id"],
            ["tenants.project_id", "tenants.id"],
            name=op.f("fk_identities_project_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name=op.f("fk_identities_project_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_identities_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "way", "issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_project_id_tenant_id"), "identities", ["project_id", "tenant_id"], unique=False)
    op.create_index(op.f("ix_identities_project_id_user_id"), "identities", ["project_id", "user_id"], unique=False)
    op.create_table(
        "saml_metadata",
        sa.Column("project_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sso_id", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "tenant_id", "sso_id"],
            ["sso_connections.project_id", "sso_connections.tenant_id", "sso_connections.id"],
            name=op.f("fk_saml_metadata_project_id_tenant_id_sso_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_saml_metadata_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "tenant_id", "sso_id", name=op.f("pk_saml_metadata")),
    )
    op.add_column("passkeys", sa.Column("is_backup_eligible", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("passkeys", sa.Column("is_backed_up", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("passkeys", sa.Column("transports", TEXT, server_default="", nullable=False))
    op.add_column("passkeys", sa.Column("aaguid", TEXT, server_default="", nullable=False))
    op.add_column("passwords", sa.Column("is_own", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("sessions", sa.Column("awaits_factor", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("sessions", sa.Column("strong_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("totp_seeds", sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("totp_seeds", sa.Column("is_own", sa.BigInteger(), server_default="0", nullable=False))
