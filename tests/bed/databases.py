"""Databases that have the tables of this release already: made once for a run, copied for each test."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from avow.server.store import create
from tests.bed import postgres, run

_TEMPLATE = "avow_test_template"


def new_sqlite_url() -> str:
    """Return the URL of a SQLite database that does not exist yet, in a folder of its own."""
    home = run.folder() / f"sqlite-{secrets.token_hex(6)}"
    home.mkdir(mode=0o700)
    return f"sqlite:///{home}/avow.sqlite3"


def remove_sqlite(url: str) -> None:
    """Remove a database that `new_sqlite_url` named."""
    shutil.rmtree(_file(url).parent, ignore_errors=True)


@contextlib.contextmanager
def ready_sqlite() -> Iterator[str]:
    """Give a SQLite database with the tables, and remove it."""

    def prepare() -> str:
        made = new_sqlite_url()
        create(made)
        return made

    template = run.once("sqlite-template", prepare)
    url = new_sqlite_url()
    shutil.copy(_file(template), _file(url))
    try:
        yield url
    finally:
        remove_sqlite(url)


@contextlib.contextmanager
def ready_postgres(admin_url: str) -> Iterator[str]:
    """Give a PostgreSQL database with the tables, and drop it."""

    def prepare() -> str:
        # A template left by an earlier run on the same server may be of another release.
        postgres.drop_database(admin_url, _TEMPLATE)
        postgres.create_database(admin_url, _TEMPLATE)
        create(postgres.database_url(admin_url, _TEMPLATE))
        return _TEMPLATE

    with postgres.fresh_database(admin_url, run.once("postgres-template", prepare)) as url:
        yield url


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
