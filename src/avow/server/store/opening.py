"""From a URL to a store: opening one, and creating a fresh database from the generated SQL."""

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from avow.clock import Clock, system_clock
from avow.core.vault import Vault
from avow.server.store.files import connect
from avow.server.store.jobs import WAIT_SECONDS
from avow.server.store.lockfile import LockFile
from avow.server.store.places import place_of
from avow.server.store.refused import StoreRefused
from avow.server.store.sqlite import SqliteEngine, sentence_of
from avow.server.store.store import Announce, Engine, Store

if TYPE_CHECKING:
    import psycopg

__all__ = ["create", "is_sqlite", "open_store", "sqlite_path"]

_FOLDER = Path(__file__).parent

# "$user" comes first in the search path that PostgreSQL begins with.
_SHADOWS = """
SELECT current_user = %(schema)s
  AND EXISTS (SELECT FROM pg_tables WHERE tableowner = current_user AND schemaname NOT IN (%(schema)s, 'pg_catalog',
    'information_schema'))
"""


def open_store(
    url: str,
    *,
    vault: Vault,
    clock: Clock = system_clock,
    pool_size: int = 8,
    capacity: int = 512,
    durable: bool = True,
) -> Store:
    """Return a store on an existing database; connections open with the first unit.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://...`, which may name the schema
            of the tables: `?schema=avow`.
        vault: Handed to every unit.
        clock: Read once per unit.
        pool_size: Connections to PostgreSQL, at most.
        capacity: Units that may wait; more are answered Unavailable at once.
        durable: False drops the wait for the disk: for tests, never for data.
    """
    if is_sqlite(url):
        path = sqlite_path(url)

        def start(announce: Announce) -> Engine:
            return SqliteEngine(path, vault=vault, clock=clock, announce=announce, capacity=capacity, durable=durable)

    else:

        def start(announce: Announce) -> Engine:
            from avow.server.store.postgres import PostgresEngine  # psycopg takes a quarter of a second to import

            return PostgresEngine(
                url, vault=vault, clock=clock, announce=announce, capacity=capacity, pool_size=pool_size
            )

    return Store(url, start)


def create(url: str) -> None:
    """Make a fresh database with the tables of this release.

    Raises:
        StoreRefused: There is a database already.
    """
    if is_sqlite(url):
        _create_sqlite(sqlite_path(url))
    else:
        _create_postgres(url)


def is_sqlite(url: str) -> bool:
    """Say which database a URL means.

    Raises:
        StoreRefused: It is neither kind.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return True
    if scheme in ("postgresql", "postgres"):
        return False
    raise StoreRefused(f"The database URL has to begin with sqlite:/// or postgresql://, not with {scheme}:.")


def sqlite_path(url: str) -> str:
    """Return the file of a `sqlite:///` URL."""
    parts = urlsplit(url)
    path = unquote(parts.path[1:])
    if parts.netloc or parts.query or not path:
        raise StoreRefused("A SQLite URL is sqlite:///relative/path or sqlite:////absolute/path, and nothing else.")
    return path


def _create_sqlite(path: str) -> None:
    lock = LockFile(f"{path}.lock")
    try:
        with lock.held(WAIT_SECONDS):
            if Path(path).exists() and Path(path).stat().st_size:
                raise StoreRefused(f"There is a database at {path} already.")
            _make(path)
    finally:
        lock.close()


def _make(path: str) -> None:
    """Make the database beside its place and move it there when it is whole: a crash leaves none, not half of one."""
    part = f"{path}.part"
    for suffix in ("", "-journal", "-wal", "-shm"):
        Path(part + suffix).unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    _fill(part)
    Path(part).replace(path)
    folder = os.open(Path(path).absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _fill(path: str) -> None:
    """Write the tables in one transaction, before the first switch to WAL."""
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.executescript(f"BEGIN; {(_FOLDER / 'schema_sqlite.sql').read_text()} COMMIT;")
        finally:
            connection.close()
        connect(path, is_reader=False).close()
    except sqlite3.Error as error:
        raise StoreRefused(f"The database {path} cannot be created: {sentence_of(error)}.") from error


def _create_postgres(url: str) -> None:
    import psycopg  # takes a quarter of a second to import, and SQLite does not need it

    from avow.server.store.postgres import MIGRATION_LOCK, connect

    try:
        with connect(url) as connection:
            connection.execute("BEGIN READ WRITE")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            if connection.execute("SELECT to_regclass('alembic_version')").fetchone() != (None,):
                raise StoreRefused("The PostgreSQL database has tables of Avow already.")
            if schema := place_of(url).schema:
                _make_schema(connection, schema)
            connection.execute((_FOLDER / "schema_postgres.sql").read_bytes())
            connection.execute("COMMIT")
    except psycopg.Error as error:
        raise StoreRefused(f"The tables cannot be created: {str(error).strip().splitlines()[0]}.") from error


def _make_schema(connection: "psycopg.Connection", schema: str) -> None:
    """Make a schema unless it is there: IF NOT EXISTS would ask for the right to make one all the same.

    Raises:
        StoreRefused: An application would find our tables before its own, whose names are the same.
    """
    if connection.execute(_SHADOWS, {"schema": schema}).fetchone() == (True,):
        raise StoreRefused(
            f"The role {schema} has tables elsewhere, and PostgreSQL looks into the schema of a role's name first; "
            "name another schema."
        )
    if connection.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone() == (None,):
        connection.execute(f"CREATE SCHEMA {schema}".encode())  # `place_of` takes plain names only
