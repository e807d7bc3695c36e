"""Brings the tables of an older release up to this one's; the only code of the server that loads Alembic.

SQLite: foreign keys off, then everything in one transaction under the lock file, checked before the commit.
PostgreSQL: everything in one transaction under an advisory lock.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from avow.server.store.checks import ensure
from avow.server.store.files import connect
from avow.server.store.jobs import WAIT_SECONDS
from avow.server.store.lockfile import LockFile
from avow.server.store.opening import is_sqlite, sqlite_path
from avow.server.store.places import place_of
from avow.server.store.planning import statistics_sql
from avow.server.store.postgres import MIGRATION_LOCK
from avow.server.store.refused import StoreRefused
from avow.server.store.schema import metadata

__all__ = ["Change", "in_transaction", "migrate", "upgrade"]

Change = Callable[[Connection], None]


def migrate(url: str) -> str:
    """Bring a database to this release's schema, and create one where there is none.

    Returns:
        "created", "migrated" or "current".

    Raises:
        StoreRefused: The database is damaged, foreign, or of a newer release; it is not changed.
    """
    outcome = ensure(url)
    if outcome != "older":
        return outcome
    in_transaction(url, upgrade)
    return "migrated"


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that the database has not seen, up to a revision; the caller commits."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    if revision == "head" and connection.dialect.name == "sqlite":
        for statement in statistics_sql(metadata):
            connection.exec_driver_sql(statement)


def in_transaction(url: str, change: Change) -> None:
    """Run `change` in one transaction, alone on the database, and commit it.

    Raises:
        StoreRefused: On SQLite, `change` left broken references; nothing is changed.
    """
    if is_sqlite(url):
        _in_sqlite(sqlite_path(url), change)
    else:
        _in_postgres(url, change)


def _in_sqlite(path: str, change: Change) -> None:
    lock = LockFile(f"{path}.lock")
    try:
        with lock.held(WAIT_SECONDS):
            raw = connect(path, is_reader=False)
            try:
                # A table that is rebuilt would else take the rows that refer to it along. Off before BEGIN, since
                # the setting does nothing inside a transaction.
                raw.execute("PRAGMA foreign_keys = OFF")
                connection = _lend("sqlite://", raw)
                raw.execute("BEGIN IMMEDIATE")
                change(connection)
                if broken := raw.execute("PRAGMA foreign_key_check").fetchall():
                    raise StoreRefused(f"The migration would break {len(broken)} references; nothing is changed.")
                raw.execute("COMMIT")
            finally:
                raw.close()
    finally:
        lock.close()


def _in_postgres(url: str, change: Change) -> None:
    place = place_of(url)
    with psycopg.connect(place.url) as raw:
        if place.settings:
            raw.execute(place.settings.encode())
            raw.commit()  # SQLAlchemy rolls back first, and would take it back
        connection = _lend("postgresql+psycopg://", raw)
        raw.execute("SET LOCAL lock_timeout = '10s'")
        raw.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        change(connection)


def _lend(dialect: str, raw: sqlite3.Connection | psycopg.Connection) -> Connection:
    """Return SQLAlchemy's view of an open connection.

    It looks around and rolls back first, so the transaction begins after this. It believes in a transaction of its
    own, never ended here, so that Alembic commits nothing in between; the owner of the connection alone ends it.
    """
    connection = create_engine(dialect, creator=lambda: raw, poolclass=NullPool).connect()
    connection.detach()
    connection.begin()
    return connection
