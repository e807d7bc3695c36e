"""Databases that are refused: what the operator reads, and that the file is left as it was."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from avow.core.vault import Vault
from avow.server.store import Store, StoreRefused, check_schema, check_secret, create, ensure, open_store
from avow.server.store.opening import sqlite_path
from avow.server.store.revisions import REVISIONS
from avow.testing.clock import FileClock
from tests.server.store.conftest import PROJECT, version


def flip_bytes(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for offset in range(4096, len(content), 512):
        content[offset] ^= 0xFF
    path.write_bytes(content)


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_text(path: Path) -> None:
    path.write_text("Dear diary, this is no database but long enough to be mistaken for one. " * 100)


def make_foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE things (id INTEGER)")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100_000])


def set_revision(revision: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return change


REFUSED = [
    (flip_bytes, "damaged"),
    (cut_off, "damaged"),
    (make_empty, "empty file"),
    (make_text, "not a SQLite database"),
    (make_foreign, "another program"),
    (set_revision("9999"), "newer than this release"),
]


@pytest.mark.parametrize(("spoil", "sentence"), REFUSED)
def test_spoiled_database_is_refused_and_left_alone(
    sqlite_url: str, vault: Vault, spoil: Callable[[Path], None], sentence: str
) -> None:
    """Case F-DB-07, for the check before a start."""
    create(sqlite_url)
    path = Path(sqlite_path(sqlite_url))
    check_schema(open_store(sqlite_url, vault=vault))
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StoreRefused, match=sentence) as refused:
        check_schema(open_store(sqlite_url, vault=vault))
    assert str(refused.value).count("\n") == 0
    assert path.read_bytes() == before
    with pytest.raises(StoreRefused):
        ensure(sqlite_url)
    assert path.read_bytes() == before


@pytest.mark.parametrize("spoil", [make_empty, make_text, make_foreign])
def test_units_open_no_spoiled_database(sqlite_url: str, vault: Vault, spoil: Callable[[Path], None]) -> None:
    create(sqlite_url)
    path = Path(sqlite_path(sqlite_url))
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StoreRefused):
        open_store(sqlite_url, vault=vault).look(PROJECT, version)
    assert path.read_bytes() == before


def test_missing_database_is_refused_and_not_made(sqlite_url: str, vault: Vault) -> None:
    with pytest.raises(StoreRefused, match="avow migrate"):
        check_schema(open_store(sqlite_url, vault=vault))
    with pytest.raises(StoreRefused):
        open_store(sqlite_url, vault=vault).look(PROJECT, version)
    assert not Path(sqlite_path(sqlite_url)).exists()


def test_empty_file_is_filled_only_when_a_fresh_database_is_asked_for(sqlite_url: str, vault: Vault) -> None:
    Path(sqlite_path(sqlite_url)).touch()
    with pytest.raises(StoreRefused, match="empty file"):
        ensure(sqlite_url)
    create(sqlite_url)
    check_schema(open_store(sqlite_url, vault=vault))


def test_database_is_not_created_twice(database_url: str) -> None:
    create(database_url)
    with pytest.raises(StoreRefused, match="already"):
        create(database_url)


def test_ensure_creates_once(database_url: str) -> None:
    assert [ensure(database_url), ensure(database_url)] == ["created", "current"]


@pytest.mark.parametrize("url", ["mysql://localhost/avow", "sqlite://avow.db", "sqlite:///", "sqlite:///a?mode=ro", ""])
def test_url_that_is_neither_kind_is_refused(url: str, vault: Vault) -> None:
    with pytest.raises(StoreRefused, match="sqlite:///"):
        open_store(url, vault=vault)


def test_path_of_a_url_is_decoded() -> None:
    assert sqlite_path("sqlite:////var/lib/my%20avow.db") == "/var/lib/my avow.db"
    assert sqlite_path("sqlite:///avow.db") == "avow.db"


def test_newer_schema_is_refused(store: Store) -> None:
    store.run_anywhere(lambda tx: tx.run("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreRefused, match="newer than this release"):
        check_schema(store)


def test_database_without_tables_is_refused(postgres_url: str, vault: Vault) -> None:
    with pytest.raises(StoreRefused, match="avow migrate"):
        check_schema(open_store(postgres_url, vault=vault))


def test_older_schema_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avow.server.store.checks.HEAD", "9999")
    monkeypatch.setattr("avow.server.store.checks.REVISIONS", (*REVISIONS, "9999"))
    with pytest.raises(StoreRefused, match="older than 9999"):
        check_schema(store)
    assert ensure(store.url) == "older"


# --- The secret key ---------------------------------------------------------------------------------------------


def test_fresh_database_remembers_its_secret_key(store: Store, vault: Vault) -> None:
    check_secret(store, vault)
    check_secret(store, Vault(b"k" * 32))
    with pytest.raises(StoreRefused, match="AVOW_SECRET_KEY"):
        check_secret(store, Vault(b"other" * 8))
    check_secret(store, vault)


def test_successor_of_the_secret_key_is_accepted(store: Store, vault: Vault) -> None:
    check_secret(store, vault)
    check_secret(store, Vault(b"n" * 32, previous=(b"k" * 32,)))


def test_wrong_secret_key_changes_nothing(store: Store, vault: Vault, clock: FileClock) -> None:
    check_secret(store, vault)
    with pytest.raises(StoreRefused):
        check_secret(store, Vault(b"other" * 8))
    found = store.look_anywhere(lambda tx: tx.all("SELECT value FROM meta WHERE name = 'secret_check'", str))
    assert found == [vault.check_value()]
