"""Writes the SQL that creates a fresh database from `schema/`: `python -m avow.server.store.generate [--check]`."""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Dialect, MetaData, make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from avow.server.store.files import APPLICATION_ID
from avow.server.store.planning import statistics_sql
from avow.server.store.revisions import HEAD
from avow.server.store.schema import UNLOGGED, metadata

__all__ = ["main", "schema_sql"]

_FOLDER = Path(__file__).parent
_HEADER = "-- Generated from schema/ by `python -m avow.server.store.generate`; do not edit.\n\n"
_VERSION = f"""CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO alembic_version (version_num) VALUES ('{HEAD}');
"""  # noqa: S608 - as Alembic writes it; the revision is a constant of ours


def main() -> int:
    """Write both files, or with `--check` say whether they are current."""
    parser = argparse.ArgumentParser(description="Write the SQL of a fresh database.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is not current")
    arguments = parser.parse_args()
    stale = [path for path, text in _files() if not path.exists() or path.read_text() != text]
    if arguments.check:
        for path in stale:
            sys.stderr.write(f"{path.name} is not current; run `make generate`\n")
        return 1 if stale else 0
    for path, text in _files():
        path.write_text(text)
    return 0


def schema_sql(tables: MetaData, dialect: Dialect) -> str:
    """Return the statements that create all tables and indexes, for one database."""
    return "".join(f"{_tidy(statement)};\n\n" for statement in _statements(tables, dialect))


def _files() -> Iterator[tuple[Path, str]]:
    sqlite_head = f"PRAGMA application_id = {APPLICATION_ID};\n\n"
    sqlite_tail = "\n" + "".join(f"{statement};\n" for statement in statistics_sql(metadata))
    yield (
        _FOLDER / "schema_sqlite.sql",
        _HEADER + sqlite_head + schema_sql(metadata, _dialect("sqlite://")) + _VERSION + sqlite_tail,
    )
    yield _FOLDER / "schema_postgres.sql", _HEADER + schema_sql(metadata, _dialect("postgresql+psycopg://")) + _VERSION


def _statements(tables: MetaData, dialect: Dialect) -> Iterator[str]:
    for table in tables.sorted_tables:
        create = str(CreateTable(table).compile(dialect=dialect))
        if dialect.name == "postgresql" and table.name in UNLOGGED:
            create = create.replace("CREATE TABLE", "CREATE UNLOGGED TABLE")
        yield create
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect))


def _dialect(url: str) -> Dialect:
    return make_url(url).get_dialect()()


def _tidy(statement: str) -> str:
    return re.sub(r"[ \t]+$", "", statement.strip(), flags=re.MULTILINE)


if __name__ == "__main__":
    sys.exit(main())
