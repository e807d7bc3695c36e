"""Tenant deletion."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("tenants", sa.Column("deleted_at", sa.BigInteger(), nullable=True))
    op.add_column("tenants", sa.Column("takes_members", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("tenants", sa.Column("deleted_by", TEXT, server_default="", nullable=False))
    op.create_index(
        "ix_tenants_deleted",
        "tenants",
        ["project_id", "id"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
