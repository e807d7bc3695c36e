"""Brings the tables of an older release up to this one's; the only code of the server that loads Alembic.

SQLite: foreign keys off, then everything in one transaction under the lock file, checked before the commit.
PostgreSQL: everything in one transaction under an advisory lock, beside servers of the older release. A table that is
changed is locked, and whoever asks for it meanwhile waits behind the migration, even while that only waits for the
table itself: so it takes its locks within seconds or gives all of them back, and tries again.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import errors
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
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

# More than the second after which PostgreSQL interrupts an autovacuum that is in the way; and a request that came
# upon the first of the locks is still answered within its five seconds.
_LOCKS_SECONDS = 2.0
_PAUSE_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0
_IN_THE_WAY = (errors.LockNotAvailable, errors.DeadlockDetected)


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
    until = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return _try_in_postgres(url, change)
        except (DBAPIError, psycopg.Error) as error:
            if not isinstance(error.orig if isinstance(error, DBAPIError) else error, _IN_THE_WAY):
                raise
            if monotonic() > until:
                raise StoreRefused(
                    "Other connections hold the tables, such as a back-up or a long query; nothing is changed. "
                    "Run the command again when they have ended."
                ) from error
        sleep(_PAUSE_SECONDS)


def _try_in_postgres(url: str, change: Change) -> None:
    place = place_of(url)
    with psycopg.connect(place.url) as raw:
        if place.settings:
            raw.execute(place.settings.encode())
            raw.commit()  # SQLAlchemy rolls back first, and would take it back
        connection = _lend("postgresql+psycopg://", raw)
        raw.execute("SET LOCAL lock_timeout = '10s'")
        raw.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        until = monotonic() + _LOCKS_SECONDS

        @event.listens_for(connection, "before_cursor_execute")
        def hurry(*_: object) -> None:
            left_ms = max(1, int((until - monotonic()) * 1000))  # 0 would be for ever
            raw.execute(f"SET LOCAL lock_timeout = {left_ms}".encode())

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
