"""Migrations: what they end at, what a fresh database is made of, and that a failed one changes nothing."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import sleep

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import avow.server.store
from avow.core.vault import Vault
from avow.server.store import Store, StoreRefused, check_schema, create, ensure, open_store
from avow.server.store.files import connect
from avow.server.store.migrate import in_transaction, migrate, upgrade
from avow.server.store.opening import sqlite_path
from avow.server.store.revisions import HEAD, REVISIONS
from avow.server.store.schema import metadata
from tests.bed.postgres import fresh_database
from tests.server.store.conftest import PROJECT, bump, version

FOLDER = Path(avow.server.store.__file__).parent

_POSTGRES_SCHEMA = """
SELECT 'column', c.table_name, c.column_name,
  concat_ws(' ', c.data_type, c.collation_name, c.is_nullable, c.column_default)
FROM information_schema.columns c WHERE c.table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'kind', relname, relkind::text, relpersistence::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'revision', version_num, '', '' FROM alembic_version
ORDER BY 1, 2, 3, 4
"""

_WAITS_FOR_TABLE = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'sessions'::regclass"


def sqlite_schema(url: str) -> list[tuple[object, ...]]:
    with closing(connect(sqlite_path(url), is_reader=True)) as connection:
        objects = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        tables = [name for kind, name, _, _ in objects if kind == "table"]
        columns = [(name, *row) for name in tables for row in connection.execute(f"PRAGMA table_xinfo('{name}')")]
        references = [  # without their numbers: Alembic writes them in another order
            (name, *row[2:]) for name in tables for row in connection.execute(f"PRAGMA foreign_key_list('{name}')")
        ]
        rest = [
            ("", *connection.execute("PRAGMA application_id").fetchone()),
            ("", *connection.execute("SELECT version_num FROM alembic_version").fetchone()),
        ]
    texts = [(kind, name, table, _words(sql)) for kind, name, table, sql in objects]
    return sorted([*texts, *columns, *references, *rest], key=repr)


def _words(sql: str | None) -> list[str]:
    """Return the words of a statement whatever their order: Alembic writes constraints in another one."""
    return sorted(re.findall(r"[\w']+", sql or ""))


def postgres_schema(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(_POSTGRES_SCHEMA).fetchall()


def make_by_migrations(url: str) -> None:
    if url.startswith("sqlite"):
        Path(sqlite_path(url)).touch()
    in_transaction(url, upgrade)


def _fill_0002(connection: sa.Connection) -> None:
    for sql in (
        "INSERT INTO projects (id, name, environment, version, created_at) VALUES ('P1', '', '', 1, 0)",
        """INSERT INTO tenants (project_id, id, name, created_at, enforces_sso, custom_attributes)
           VALUES ('P1', 'T1', 'Acme', 7, 1, '{"plan":"gold"}'), ('P1', 'T2', 'Bolt', 8, 0, '{}')""",
    ):
        connection.exec_driver_sql(sql)


def _tenants(
    url: str, columns: str = "id, name, created_at, enforces_sso, custom_attributes"
) -> list[Sequence[object]]:
    found: list[Sequence[object]] = []
    sql = f"SELECT {columns} FROM tenants ORDER BY id"
    in_transaction(url, lambda connection: found.extend(tuple(row) for row in connection.exec_driver_sql(sql)))
    return found


@pytest.fixture
def migrated_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a second database, made by every migration in turn."""
    if database_url.startswith("sqlite"):
        make_by_migrations(f"sqlite:///{tmp_path}/migrated.db")
        yield f"sqlite:///{tmp_path}/migrated.db"
        return
    with fresh_database(request.getfixturevalue("postgres_server_url")) as url:
        make_by_migrations(url)
        yield url


def test_fresh_database_is_what_the_migrations_make(database_url: str, migrated_url: str) -> None:
    create(database_url)
    schema_of = sqlite_schema if database_url.startswith("sqlite") else postgres_schema
    assert schema_of(database_url) == schema_of(migrated_url)


def test_migrations_end_at_the_schema(migrated_url: str) -> None:
    found: list[object] = []
    in_transaction(
        migrated_url,
        lambda connection: found.extend(
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
        ),
    )
    assert found == [], "run `python -m avow.server.store.draft NAME`"


def test_migrated_database_is_served(migrated_url: str, vault: Vault) -> None:
    store = open_store(migrated_url, vault=vault)
    check_schema(store)
    assert store.look(PROJECT, version) is None
    store.close()


def test_tenants_of_the_release_before_stay_and_are_not_being_deleted(postgres_url: str, tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/before.db", postgres_url):
        if url.startswith("sqlite"):
            Path(sqlite_path(url)).touch()
        in_transaction(url, lambda connection: upgrade(connection, "0002"))
        in_transaction(url, _fill_0002)
        before = _tenants(url)
        assert migrate(url) == "migrated"
        assert _tenants(url) == before
        assert _tenants(url, "deleted_at, takes_members, deleted_by") == [(None, 0, ""), (None, 0, "")]


def test_revisions_are_those_of_the_folder_in_their_order() -> None:
    scripts = ScriptDirectory(str(FOLDER / "migrations"))
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS
    assert scripts.get_heads() == [HEAD]


@pytest.mark.parametrize("path", sorted((FOLDER / "migrations" / "versions").glob("*.py")), ids=lambda path: path.stem)
def test_migration_only_adds(path: Path) -> None:
    """The nodes of the release before go on while it runs; an index they can do without."""
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not {name for name in calls if name.startswith(("drop_", "rename_"))} - {"drop_index"}


def test_generated_sql_is_current() -> None:
    command = [sys.executable, "-m", "avow.server.store.generate", "--check"]
    assert subprocess.run(command, check=False).returncode == 0, "run `make generate`"


def test_migrate_creates_once(database_url: str) -> None:
    assert [migrate(database_url), migrate(database_url)] == ["created", "current"]


def test_newer_database_is_not_migrated(store: Store) -> None:
    store.run_anywhere(lambda tx: tx.run("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreRefused, match="newer"):
        migrate(store.url)


def test_migration_that_has_to_wait_lets_requests_pass(postgres_url: str) -> None:
    in_transaction(postgres_url, lambda connection: upgrade(connection, "0002"))
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(postgres_url) as holder,
        psycopg.connect(postgres_url, autocommit=True) as looker,
    ):
        holder.execute("LOCK TABLE sessions IN ACCESS SHARE MODE")  # as a back-up does
        looker.execute("SET lock_timeout = '4s'")
        migrating = pool.submit(migrate, postgres_url)
        while looker.execute(_WAITS_FOR_TABLE).fetchone() == (0,):
            assert not migrating.done()
            sleep(0.02)
        assert looker.execute("SELECT COUNT(*) FROM sessions").fetchone() == (0,)
        assert not migrating.done()
        holder.rollback()
        assert migrating.result(30) == "migrated"


def test_migration_that_gets_no_lock_says_so_and_changes_nothing(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_transaction(postgres_url, lambda connection: upgrade(connection, "0002"))
    before = postgres_schema(postgres_url)
    monkeypatch.setattr("avow.server.store.migrate._PATIENCE_SECONDS", 0)
    with psycopg.connect(postgres_url) as holder:
        holder.execute("LOCK TABLE sessions IN ACCESS SHARE MODE")
        with pytest.raises(StoreRefused, match="nothing is changed"):
            migrate(postgres_url)
    assert postgres_schema(postgres_url) == before


def test_failed_migration_changes_nothing(store: Store) -> None:
    schema_of = sqlite_schema if store.url.startswith("sqlite") else postgres_schema
    before = schema_of(store.url)

    def change(connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
        connection.exec_driver_sql("UPDATE projects SET version = 99")
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")

    with pytest.raises(sa.exc.DBAPIError):
        in_transaction(store.url, change)
    assert schema_of(store.url) == before
    assert store.look(PROJECT, version) == 1
    assert store.run(PROJECT, bump) == 1


def test_migration_that_breaks_references_changes_nothing(sqlite_store: Store) -> None:
    def change(connection: sa.Connection) -> None:
        connection.exec_driver_sql("INSERT INTO tenants (project_id, id, name, created_at) VALUES ('none', 'T', '', 0)")

    with pytest.raises(StoreRefused, match="1 references"):
        in_transaction(sqlite_store.url, change)
    everything = "SELECT id FROM tenants WHERE created_at = 0"
    assert sqlite_store.look(PROJECT, lambda tx: tx.all(everything, str)) == []


def test_table_that_is_rebuilt_keeps_the_rows_that_refer_to_it(sqlite_store: Store) -> None:
    insert = "INSERT INTO tenants (project_id, id, name, created_at) VALUES (:project_id, 'T1', '', :now)"
    sqlite_store.run(PROJECT, lambda tx: tx.run(insert))

    def change(connection: sa.Connection) -> None:
        for sql in (
            "CREATE TABLE new_projects AS SELECT * FROM projects",
            "DROP TABLE projects",
            "CREATE TABLE projects (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, environment TEXT NOT NULL,"
            " version BIGINT NOT NULL, issuer_host TEXT, created_at BIGINT NOT NULL, tags TEXT NOT NULL,"
            " deleted_at BIGINT)",
            "INSERT INTO projects SELECT * FROM new_projects",
            "DROP TABLE new_projects",
        ):
            connection.exec_driver_sql(sql)

    in_transaction(sqlite_store.url, change)
    find = "SELECT id FROM tenants WHERE project_id = :project_id"
    assert sqlite_store.look(PROJECT, lambda tx: tx.all(find, str)) == ["T1"]


def test_serving_loads_neither_alembic_nor_sqlalchemy(sqlite_url: str) -> None:
    script = """
import sys
from avow.core.vault import Vault
from avow.server.store import check_schema, ensure, open_store
vault = Vault(b"k" * 32)
ensure(sys.argv[1])
store = open_store(sys.argv[1], vault=vault)
check_schema(store)
store.look_anywhere(lambda tx: tx.now)
store.close()
assert not {"alembic", "sqlalchemy", "psycopg"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script, sqlite_url], check=True)
    assert ensure(sqlite_url) == "current"
