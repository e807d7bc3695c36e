"""What SQLite's planner is told: of every index, and so that no statement reads the rows of other projects."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from avow.server.store import CROSS_PROJECT, create
from avow.server.store.migrate import in_transaction, upgrade
from avow.server.store.opening import sqlite_path
from tests.architecture.test_statements import STATEMENTS, Statement, _parameters

_FOUND_ALREADY = {"f", "w", "few", "who"}  # aliases of what a statement has gathered or was given
_UNBOUND = {name for name, _ in CROSS_PROJECT}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    url = f"sqlite:///{tmp_path_factory.mktemp('planning')}/avow.db"
    create(url)
    with closing(sqlite3.connect(sqlite_path(url), isolation_level=None)) as connection:
        yield connection


def _indexes(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    found = connection.execute("SELECT tbl_name, name FROM sqlite_master WHERE type = 'index'").fetchall()
    return {(table, name) for table, name in found if table != "alembic_version"}


def test_planner_is_told_of_every_index(file: sqlite3.Connection) -> None:
    assert {(table, name) for table, name in file.execute("SELECT tbl, idx FROM sqlite_stat1")} == _indexes(file)


def test_migration_tells_it_too(file: sqlite3.Connection, tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/older.db"
    with closing(sqlite3.connect(sqlite_path(url))) as empty:
        empty.execute("PRAGMA journal_mode = WAL")
    in_transaction(url, upgrade)
    query = "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx"
    with closing(sqlite3.connect(sqlite_path(url))) as migrated:
        assert migrated.execute(query).fetchall() == file.execute(query).fetchall()


@pytest.mark.parametrize(
    "statement", [each for each in STATEMENTS if each.name not in _UNBOUND], ids=lambda each: str(each)
)
def test_statement_reads_no_table_whole(statement: Statement, file: sqlite3.Connection) -> None:
    plan = file.execute(f"EXPLAIN QUERY PLAN {statement.sql}", dict.fromkeys(_parameters(statement.sql))).fetchall()
    walked = [found[1] for _, _, _, line in plan if (found := re.match(r"SCAN (?:TABLE )?([a-z]\w*)", line))]
    assert not set(walked) - _FOUND_ALREADY
