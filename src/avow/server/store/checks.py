"""What a server asks of its database before it serves: the right schema, a sound file, the right secret key."""

import sqlite3
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from avow.core.vault import Vault
from avow.server.store.files import look_at_file
from avow.server.store.opening import create, is_sqlite, sqlite_path
from avow.server.store.refused import StoreRefused
from avow.server.store.revisions import HEAD, REVISIONS
from avow.server.store.rows import FIND_CHECK, FIND_REVISION, INSERT_CHECK, CheckRow
from avow.server.store.sqlite import sentence_of
from avow.server.store.store import Store
from avow.server.store.tx import Tx

if TYPE_CHECKING:
    from psycopg import ConnectionInfo

__all__ = ["check_schema", "check_secret", "ensure", "judge_revision", "revision_of"]

# A damaged file is looked for as far as this time allows, so that a large database does not delay the start.
_CHECK_SECONDS = 0.25

_OLDEST_POSTGRES = 140000


def check_schema(store: Store) -> None:
    """Make sure that the database is Avow's, sound, and of exactly this release's schema.

    Raises:
        StoreRefused: With the sentence for the operator; the database is not changed.
    """
    judge_revision(revision_of(store.url))


def check_secret(store: Store, vault: Vault) -> None:
    """Make sure that the database was made with this secret key; a fresh one remembers it.

    Raises:
        StoreRefused: It was made with another one.
    """

    def unit(tx: Tx) -> str:
        tx.run(INSERT_CHECK, value=vault.check_value())
        row = tx.one(FIND_CHECK, CheckRow)
        return row.value if row else ""

    if not vault.recognises(store.run_anywhere(unit)):
        raise StoreRefused(
            "AVOW_SECRET_KEY is not the key that this database was made with; set the key it was made with."
        )


def ensure(url: str) -> str:
    """Create the database if there is none, and say whether it has to be migrated; loads no Alembic.

    Returns:
        "created", "current" or "older".

    Raises:
        StoreRefused: It is damaged, foreign, or of a newer release; it is not changed.
    """
    revision = None if _is_missing(url) else revision_of(url)
    if revision is None:
        try:
            create(url)
        except StoreRefused:
            revision = revision_of(url)  # another node may have created it meanwhile
            if revision is None:
                raise
        else:
            return "created"
    if revision in REVISIONS and revision != HEAD:
        return "older"
    judge_revision(revision)
    return "current"


def revision_of(url: str) -> str | None:
    """Return the schema revision that a database says it has, or None when it has no tables of Avow.

    Raises:
        StoreRefused: It cannot be opened, or is damaged.
    """
    return _sqlite_revision(sqlite_path(url)) if is_sqlite(url) else _postgres_revision(url)


def judge_revision(revision: str | None) -> None:
    """Refuse every schema but this release's.

    Raises:
        StoreRefused: It is older, newer, or not there.
    """
    if revision is None:
        raise StoreRefused("The database has no tables of Avow; create them with `avow migrate`.")
    if revision not in REVISIONS:
        raise StoreRefused(
            f"The database has schema {revision}, which is newer than this release knows ({HEAD}); start the newer "
            "release."
        )
    if revision != HEAD:
        raise StoreRefused(f"The database has schema {revision}, older than {HEAD}; run `avow migrate` first.")


def _is_missing(url: str) -> bool:
    return is_sqlite(url) and not Path(sqlite_path(url)).exists()


def _sqlite_revision(path: str) -> str | None:
    look_at_file(path)
    try:
        connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            _check_pages(connection, path)
            row = connection.execute(FIND_REVISION).fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreRefused(f"The database {path} cannot be used: {sentence_of(error)}; restore a back-up.") from error
    return row[0] if row else None


def _check_pages(connection: sqlite3.Connection, path: str) -> None:
    until = monotonic() + _CHECK_SECONDS
    connection.set_progress_handler(lambda: monotonic() > until, 10_000)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return  # large, and sound as far as it was read
    finally:
        connection.set_progress_handler(None, 0)
    if found != ("ok",):
        raise StoreRefused(f"The database {path} is damaged ({found[0]}); restore a back-up.")


def _check_server(info: "ConnectionInfo") -> None:
    if info.server_version < _OLDEST_POSTGRES:
        raise StoreRefused(f"The database server is PostgreSQL {info.server_version // 10000}; Avow needs 14 or newer.")
    if info.parameter_status("server_encoding") != "UTF8":
        raise StoreRefused("The PostgreSQL database is not in UTF8; create one with ENCODING 'UTF8'.")


def _postgres_revision(url: str) -> str | None:
    import psycopg  # takes a quarter of a second to import, and SQLite does not need it

    from avow.server.store.postgres import connect

    try:
        with connect(url) as connection:
            _check_server(connection.info)
            if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
                return None
            row = connection.execute(FIND_REVISION).fetchone()
    except psycopg.Error as error:
        raise StoreRefused(f"PostgreSQL cannot be used: {str(error).strip().splitlines()[0]}.") from error
    return row[0] if row else None
