"""Drafts the newest migration from what `schema/` says now: `python -m avow.server.store.draft NAME`.

For a change of the tables: add a number to `revisions.REVISIONS`, change `schema/`, run this, read what it wrote.
A migration that is not released yet is drafted anew in the same way.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from avow.server.store.files import APPLICATION_ID
from avow.server.store.migrate import upgrade
from avow.server.store.revisions import HEAD, REVISIONS
from avow.server.store.schema import UNLOGGED, metadata

__all__ = ["main"]

_FOLDER = Path(__file__).parent / "migrations" / "versions"
_TEXT = "sa.Text().with_variant(sa.TEXT(collation='C'), 'postgresql')"
_MARK = f"""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA application_id = {APPLICATION_ID}")
"""
_UNLOGGED = """
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE {table} SET UNLOGGED")
"""
_TEMPLATE = '''"""{title}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before!r}

TEXT = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    {body}
'''


def main() -> int:
    """Write the draft of the newest revision."""
    parser = argparse.ArgumentParser(description="Draft the newest migration from schema/.")
    parser.add_argument("name", help="a word or two, such as: passkeys")
    name = parser.parse_args().name
    path = _FOLDER / f"{HEAD}_{name.replace(' ', '_')}.py"
    path.write_text(_draft(name))
    formatter = [sys.executable, "-m", "ruff", "format", "-q", str(path)]
    return subprocess.run(formatter, check=False).returncode  # noqa: S603 - a path of this repository


def _draft(name: str) -> str:
    before = next(iter(REVISIONS[-2:-1]), None)
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        if before:
            upgrade(connection, before)
        operations = produce_migrations(MigrationContext.configure(connection), metadata).upgrade_ops
    if operations is None:
        raise RuntimeError("Alembic found nothing to compare")
    body = render_python_code(operations).replace(_TEXT, "TEXT")
    body = re.sub(r"^ *# ###.*\n?", "", body, flags=re.MULTILINE).strip()
    for table in sorted(UNLOGGED):
        if f"op.create_table('{table}'" in body:
            body += _UNLOGGED.format(table=table)
    if not before:
        body += _MARK
    return _TEMPLATE.format(title=name.capitalize(), revision=HEAD, before=before, body=body)


if __name__ == "__main__":
    sys.exit(main())
