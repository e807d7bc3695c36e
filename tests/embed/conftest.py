"""Applications with Avow inside, one of each kind on each database, shared by the tests of a run."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.bed.postgres import fresh_database
from tests.bed.smtp import SmtpSink, smtp_server
from tests.embed.shops import KINDS, Shop, environment_of, opened

# The tables of an application that has the same names for them.
APPLICATION = """
CREATE TABLE users (id integer PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Mia');
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('5f1c9e');
"""
_ITS_TABLES = """
SELECT relname::text, relkind::text, oid::text, relfilenode::text
FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1
"""
_ITS_ROWS = """
SELECT ctid::text, xmin::text, xmax::text, name FROM public.users
UNION ALL SELECT ctid::text, xmin::text, xmax::text, version_num FROM public.alembic_version
"""


@contextlib.contextmanager
def database(name: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a place for Avow's data: a file, or a schema in the database of an application."""
    if name == "sqlite":
        url = new_sqlite_url()
        yield url
        remove_sqlite(url)
        return
    with fresh_database(request.getfixturevalue("postgres_server_url")) as url:
        with psycopg.connect(url) as connection:
            connection.execute(APPLICATION)
        before = its_tables(url)
        yield f"{url}&schema=sign_in"
        assert its_tables(url) == before


def its_tables(url: str) -> list[tuple[object, ...]]:
    """Return the application's tables, and their rows with who wrote or locked them."""
    with psycopg.connect(url) as connection:
        return [*connection.execute(_ITS_TABLES).fetchall(), *connection.execute(_ITS_ROWS).fetchall()]


@pytest.fixture(scope="session")
def django_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a fresh Django project, its own database migrated."""
    folder = tmp_path_factory.mktemp("django") / "project"
    folder.mkdir()
    environment = environment_of(folder, {}, 0)
    for command in (["django", "startproject", "mysite", "."], ["django", "migrate", "--settings", "mysite.settings"]):
        subprocess.run([sys.executable, "-m", *command], cwd=folder, env=environment, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def mails() -> Iterator[SmtpSink]:
    with smtp_server() as sink:
        yield sink


# Each kind on a file; on PostgreSQL one that is synchronous and one that is not.
SHOPS = [*((kind, "sqlite") for kind in KINDS), ("flask", "postgres"), ("django-asgi", "postgres")]


@pytest.fixture(scope="session", params=SHOPS, ids="-".join)
def shop(
    request: pytest.FixtureRequest, mails: SmtpSink, django_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Give a running application with Avow inside."""
    kind, name = request.param
    folder = tmp_path_factory.mktemp(f"{kind}-{name}")
    with database(name, request) as url, opened(kind, folder, url, mails, django_template) as started:
        yield started
