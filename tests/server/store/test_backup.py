"""The online copy of a SQLite database."""

import stat
import threading
from functools import partial
from pathlib import Path

import pytest

from avow.core.vault import Vault
from avow.server.store import Store, StoreRefused, Tx, backup, check_schema, open_store
from avow.server.store.opening import sqlite_path
from avow.testing.clock import FileClock
from tests.server.store.conftest import INSERT_TENANT, PROJECT, TENANTS, bump, version


def test_copy_is_a_database_of_its_own(sqlite_store: Store, tmp_path: Path, vault: Vault, clock: FileClock) -> None:
    sqlite_store.run(PROJECT, bump)
    backup(sqlite_store.url, str(tmp_path / "copy.db"))
    sqlite_store.run(PROJECT, bump)
    copy = open_store(f"sqlite:///{tmp_path}/copy.db", vault=vault, clock=clock)
    check_schema(copy)
    assert copy.look(PROJECT, version) == 2
    assert copy.run(PROJECT, bump) == 1
    copy.close()
    assert {path.name for path in tmp_path.iterdir()} >= {"copy.db"}
    assert not list(tmp_path.glob("*.part"))


def test_copy_is_for_its_owner_only(sqlite_store: Store, tmp_path: Path) -> None:
    backup(sqlite_store.url, str(tmp_path / "copy.db"))
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


def test_copy_replaces_nothing(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(StoreRefused, match="exists already"):
        backup(sqlite_store.url, str(tmp_path / "copy.db"))
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_copy_made_under_writes_holds_whole_units(sqlite_store: Store, tmp_path: Path, vault: Vault) -> None:
    stop = threading.Event()

    def insert_pair(number: int, tx: Tx) -> None:
        for each in (number, number + 1):
            tx.run(INSERT_TENANT, id=f"{each:08}", name="")

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 2
            sqlite_store.run(PROJECT, partial(insert_pair, number))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup(sqlite_store.url, str(tmp_path / f"{number}.db"))
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        copy = open_store(f"sqlite:///{tmp_path}/{number}.db", vault=vault)
        tenants = [int(name) for name in copy.look(PROJECT, lambda tx: tx.all(TENANTS, str))]
        copy.close()
        assert tenants == list(range(2, 2 + len(tenants)))
        assert len(tenants) % 2 == 0


def test_missing_folder_is_said(sqlite_store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="No such file"):
        backup(sqlite_store.url, str(tmp_path / "nowhere" / "copy.db"))


def test_missing_database_is_said(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="no database"):
        backup(sqlite_url, str(tmp_path / "copy.db"))
    assert not Path(sqlite_path(sqlite_url)).exists()


def test_postgres_is_left_to_pg_dump(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="pg_dump"):
        backup("postgresql://localhost/avow", str(tmp_path / "copy"))
