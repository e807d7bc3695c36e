"""Tables in a schema of their own, in the database of an application whose tables stay as they are."""

from collections.abc import Iterator

import psycopg
import pytest

from avow.core.vault import Vault
from avow.server.store import StoreRefused, check_schema, create, ensure, open_store
from avow.server.store.migrate import in_transaction, migrate, upgrade
from avow.server.store.places import Place, place_of
from avow.server.store.revisions import HEAD, REVISIONS
from tests.server.store.conftest import INSERT_PROJECT, PROJECT, bump, version

# Of names that Avow's tables have too, and a series of migrations by the same tool.
_APPLICATION = """
CREATE TABLE users (id integer PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Mia');
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('5f1c9e');
CREATE TABLE roles (id integer PRIMARY KEY);
CREATE INDEX ix_users_name ON users (name);
"""
_SHAPE = """
SELECT c.relname, c.relkind::text, c.oid::text, c.relfilenode::text FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1
"""
_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = %s"


def in_schema(url: str, schema: str = "sign_in") -> str:
    return f"{url}{'&' if '?' in url else '?'}schema={schema}"


def of_application(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        rows = [
            connection.execute(f"SELECT * FROM {name}").fetchall() for name in ("users", "alembic_version", "roles")
        ]
        return [*connection.execute(_SHAPE).fetchall(), *map(tuple, rows)]


@pytest.fixture
def application_url(postgres_url: str) -> Iterator[str]:
    """Give the database of an application; nothing of it may change."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute(_APPLICATION)
    before = of_application(postgres_url)
    yield postgres_url
    assert of_application(postgres_url) == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://db/app", Place("postgresql://db/app", "")),
        ("postgresql://db/app?schema=avow", Place("postgresql://db/app", "avow")),
        (
            "postgresql://u:p%3F@h1,h2/app?sslmode=require&schema=sign_in2&connect_timeout=2",
            Place("postgresql://u:p%3F@h1,h2/app?sslmode=require&connect_timeout=2", "sign_in2"),
        ),
        ("postgresql://db/app?options=-csearch_path%3Davow", Place("postgresql://db/app?options=-csearch_path%3Davow")),
    ],
)
def test_schema_is_taken_out_of_the_url(url: str, expected: Place) -> None:
    assert place_of(url) == expected


@pytest.mark.parametrize(
    "name",
    ["", "Avow", "1st", "a-b", "a;DROP SCHEMA public", "a%22", '"avow"', "pg_temp", "x" * 64, "avow,public", "é"],
)
def test_name_that_needs_quotes_is_refused(name: str) -> None:
    with pytest.raises(StoreRefused, match="schema=avow"):
        place_of(f"postgresql://db/app?schema={name}")


def test_two_schemas_are_refused() -> None:
    with pytest.raises(StoreRefused):
        place_of("postgresql://db/app?schema=avow&schema=public")


def test_password_is_not_shown() -> None:
    assert "secret" not in repr(place_of("postgresql://u:secret@db/app?schema=avow"))


def test_tables_are_made_and_used_beside_those_of_the_application(application_url: str, vault: Vault) -> None:
    url = in_schema(application_url)
    assert [ensure(url), ensure(url)] == ["created", "current"]
    store = open_store(url, vault=vault)
    check_schema(store)
    store.run(PROJECT, lambda tx: tx.run(INSERT_PROJECT, name="A project"))
    store.run(PROJECT, bump)
    assert store.look(PROJECT, version) == 2
    store.close()
    with psycopg.connect(application_url) as connection:
        assert connection.execute("SELECT version FROM sign_in.projects").fetchall() == [(2,)]
        assert connection.execute("SELECT to_regclass('public.projects')").fetchone() == (None,)


def test_older_schema_is_migrated_in_its_place(application_url: str) -> None:
    url = in_schema(application_url)
    with psycopg.connect(application_url) as connection:
        connection.execute("CREATE SCHEMA sign_in")
    in_transaction(url, lambda connection: upgrade(connection, REVISIONS[0]))
    assert ensure(url) == "older"
    assert migrate(url) == "migrated"
    assert ensure(url) == "current"
    with psycopg.connect(application_url) as connection:
        assert connection.execute("SELECT version_num FROM sign_in.alembic_version").fetchall() == [(HEAD,)]
        migrated = connection.execute(_TABLES, ("sign_in",)).fetchone()
    create(in_schema(application_url, "fresh"))
    with psycopg.connect(application_url) as connection:
        assert connection.execute(_TABLES, ("fresh",)).fetchone() == migrated


def test_role_that_may_make_no_schema_uses_the_one_that_is_there(application_url: str, vault: Vault) -> None:
    with psycopg.connect(application_url) as connection:
        connection.execute("DROP ROLE IF EXISTS avow_places")
        connection.execute("CREATE ROLE avow_places LOGIN")
    url = in_schema(application_url.replace("avow@", "avow_places@"))
    with pytest.raises(StoreRefused, match="permission denied"):
        create(url)
    with psycopg.connect(application_url) as connection:
        connection.execute("CREATE SCHEMA sign_in AUTHORIZATION avow_places")
    create(url)
    store = open_store(url, vault=vault)
    store.run(PROJECT, lambda tx: tx.run(INSERT_PROJECT, name="A project"))
    store.close()
    with psycopg.connect(application_url) as connection:
        connection.execute("DROP OWNED BY avow_places")
        connection.execute("DROP ROLE avow_places")


def test_tables_of_the_application_are_never_taken_for_ours(application_url: str) -> None:
    with pytest.raises(StoreRefused, match="newer"):
        ensure(application_url)  # without a schema: the application's own series of migrations
    assert ensure(in_schema(application_url)) == "created"


def test_schema_that_would_stand_before_the_tables_of_the_application_is_refused(application_url: str) -> None:
    """The role of the tests is called avow, and "$user" comes first in PostgreSQL's search path."""
    with pytest.raises(StoreRefused, match="name another schema"):
        create(in_schema(application_url, "avow"))


def test_schema_of_a_role_with_no_other_tables_is_taken(postgres_url: str) -> None:
    create(in_schema(postgres_url, "avow"))
    assert ensure(in_schema(postgres_url, "avow")) == "current"
