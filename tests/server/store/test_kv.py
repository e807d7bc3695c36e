"""Counters of rate limits, in each of the four places; and what happens when the place is gone."""

import logging
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest
import valkey

from avow.core.vault import Vault
from avow.server.store import Kv, Store, open_kv, open_store
from avow.server.store.kv import MemoryKv, PostgresKv, SqliteKv, ValkeyKv
from avow.server.store.opening import sqlite_path
from avow.testing.clock import FileClock


@pytest.fixture(params=["memory", "sqlite", "postgres", "valkey"])
def kv(request: pytest.FixtureRequest, clock: FileClock, tmp_path: Path) -> Iterator[Kv]:
    made: Kv
    match request.param:
        case "memory":
            made = MemoryKv(clock)
        case "sqlite":
            made = SqliteKv(str(tmp_path / "avow.db.kv"), clock)
        case "postgres":
            made = PostgresKv(request.getfixturevalue("postgres_store"), clock)
        case _:
            made = ValkeyKv(request.getfixturevalue("valkey_url"), clock)
    yield made
    made.close()


def test_each_key_is_counted_for_itself(kv: Kv, clock: FileClock) -> None:
    end = clock() + 60
    assert kv.add([("a", end)]) == [1]
    assert kv.add([("b", end), ("a", end)]) == [1, 2]
    assert kv.add([("a", end), ("b", end), ("c", end)]) == [3, 2, 1]


def test_key_is_any_text(kv: Kv, clock: FileClock) -> None:
    end = clock() + 60
    keys = ["login:P1:ü@example.com", "a'b\"c", "%_:x", " ", "x" * 2000]
    assert kv.add([(key, end) for key in keys]) == [1] * 5
    assert kv.add([(key, end) for key in keys]) == [2] * 5


def test_racers_are_all_counted(kv: Kv, clock: FileClock) -> None:
    end = clock() + 60
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda _: kv.add([("a", end), ("b", end)]), range(80)))
    assert sorted(value for value, _ in values) == list(range(1, 81))
    assert sorted(value for _, value in values) == list(range(1, 81))


@pytest.mark.parametrize("kv", ["memory", "sqlite", "postgres"], indirect=True)
def test_counter_begins_anew_at_the_end_of_its_window(kv: Kv, clock: FileClock) -> None:
    clock.freeze()
    end = clock() + 60
    assert kv.add([("a", end)]) == [1]
    clock.advance(59)
    assert kv.add([("a", end)]) == [2]
    clock.advance(1)
    assert kv.add([("a", clock() + 60)]) == [1]
    assert kv.add([("a", clock() + 60)]) == [2]


def test_only_memory_may_be_asked_by_an_event_loop(kv: Kv) -> None:
    assert kv.is_instant == isinstance(kv, MemoryKv)


# --- Memory -----------------------------------------------------------------------------------------------------


def test_memory_stays_bounded(clock: FileClock) -> None:
    kv = MemoryKv(clock, most_keys=100)
    clock.freeze()
    for number in range(5000):
        kv.add([(f"{number}", clock() + 60)])
    assert len(kv._counters) <= 1200
    assert kv.add([("4999", clock() + 60)]) == [2]


def test_full_memory_is_not_swept_for_each_new_counter(clock: FileClock, monkeypatch: pytest.MonkeyPatch) -> None:
    kv, sweeps = MemoryKv(clock, most_keys=100), 0
    clock.freeze()
    sweep = kv._sweep

    def counted(now: int) -> None:
        nonlocal sweeps
        sweeps += 1
        sweep(now)

    monkeypatch.setattr(kv, "_sweep", counted)
    for number in range(5000):
        kv.add([(f"{number}", clock() + 60)])
    assert 1 <= sweeps <= 10


def test_ended_counters_are_swept(clock: FileClock) -> None:
    kv = MemoryKv(clock)
    clock.freeze()
    for number in range(1000):
        kv.add([(f"{number}", clock() + 60)])
    clock.advance(61)
    for number in range(1000, 1100):
        kv.add([(f"{number}", clock() + 60)])
    assert len(kv._counters) <= 100


# --- A file -----------------------------------------------------------------------------------------------------

_ADDER = """
import sys
from avow.server.store.kv import SqliteKv
kv = SqliteKv(sys.argv[1], lambda: 1000)
for _ in range(200):
    print(kv.add([("a", 2000)])[0])
"""


def test_processes_share_the_file(tmp_path: Path) -> None:
    path = str(tmp_path / "avow.db.kv")
    command = [sys.executable, "-c", _ADDER, path]
    adders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    values = [int(line) for adder in adders for line in adder.communicate(timeout=30)[0].split()]
    assert sorted(values) == list(range(1, 601))


def test_file_is_for_its_owner_only(tmp_path: Path, clock: FileClock) -> None:
    kv = SqliteKv(str(tmp_path / "kv"), clock)
    kv.add([("a", clock() + 60)])
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("kv*")} == {0o600}
    kv.close()


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough " * 100, b"SQLite format 3\x00" + b"?" * 5000]
)
def test_damaged_file_is_made_anew(
    tmp_path: Path, clock: FileClock, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "kv"
    path.write_bytes(content)
    kv = SqliteKv(str(path), clock)
    end = clock() + 60
    with caplog.at_level(logging.ERROR, "avow.store"):
        assert kv.add([("a", end)]) == [1]  # counted by the process alone
        assert kv.add([("a", end)]) == [1]
        assert kv.add([("a", end)]) == [2]
    assert len(caplog.records) == 1
    kv.close()


def test_file_that_stays_locked_leaves_the_process_its_own_counters(
    tmp_path: Path, clock: FileClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avow.server.store.kv._BUSY_SECONDS", 0.05)
    kv = SqliteKv(str(tmp_path / "kv"), clock)
    end = clock() + 60
    assert kv.add([("a", end)]) == [1]
    with closing(sqlite3.connect(tmp_path / "kv", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [kv.add([("a", end)]) for _ in range(3)] == [[1], [2], [3]]
    assert kv.add([("a", end)]) == [2]
    kv.close()


def test_file_that_others_use_is_waited_for_no_longer_than_the_caller_waits(tmp_path: Path, clock: FileClock) -> None:
    kv = SqliteKv(str(tmp_path / "kv"), clock)
    end = clock() + 60
    assert kv.add([("a", end)], monotonic() + 5) == [1]
    with kv._lock:
        assert kv.add([("a", end)], monotonic()) == [1]
    assert kv.fallbacks == 1
    assert kv.add([("a", end)], monotonic() + 5) == [2]
    kv.close()


@pytest.mark.parametrize("make", [MemoryKv, lambda clock: SqliteKv("kv", clock)])
def test_counters_survive_a_fork(
    tmp_path: Path, clock: FileClock, monkeypatch: pytest.MonkeyPatch, make: Callable[[FileClock], Kv]
) -> None:
    monkeypatch.chdir(tmp_path)
    kv, end = make(clock), clock() + 60
    assert kv.add([("a", end)]) == [1]
    child = os.fork()
    if child == 0:
        os._exit(0 if kv.add([("a", end)]) == [2] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert kv.add([("a", end)]) in ([2], [3])
    kv.close()


# --- PostgreSQL and Valkey --------------------------------------------------------------------------------------


def test_postgres_that_is_away_leaves_the_process_its_own_counters(clock: FileClock) -> None:
    store = open_store("postgresql://nobody@127.0.0.1:1/none", vault=Vault(b"k" * 32))
    kv, end = PostgresKv(store, clock), clock() + 60
    assert [kv.add([("a", end)]) for _ in range(3)] == [[1], [2], [3]]
    store.close()


def test_valkey_that_is_away_leaves_the_process_its_own_counters(
    clock: FileClock, caplog: pytest.LogCaptureFixture
) -> None:
    kv, end = ValkeyKv("redis://127.0.0.1:1/0", clock), clock() + 60
    with caplog.at_level(logging.ERROR, "avow.store"):
        assert [kv.add([("a", end)]) for _ in range(3)] == [[1], [2], [3]]
    assert len(caplog.records) == 1
    kv.close()


def test_valkey_forgets_a_counter_after_its_window(valkey_url: str, clock: FileClock) -> None:
    clock.advance(86_400)  # the life of a key is a duration, so a clock that differs from Valkey's does no harm
    kv = ValkeyKv(valkey_url, clock)
    kv.add([("a", clock() + 60)])
    client = valkey.Valkey.from_url(valkey_url)
    assert client.ttl("avow:kv:a") in range(55, 61)
    client.close()
    kv.close()


def test_nodes_share_valkey(valkey_url: str, clock: FileClock) -> None:
    one, two, end = ValkeyKv(valkey_url, clock), ValkeyKv(valkey_url, clock), clock() + 60
    assert [one.add([("a", end)]), two.add([("a", end)]), one.add([("a", end)])] == [[1], [2], [3]]
    one.close()
    two.close()


# --- The choice -------------------------------------------------------------------------------------------------


def test_place_fits_the_installation(sqlite_store: Store, clock: FileClock, valkey_url: str) -> None:
    assert isinstance(open_kv(sqlite_store, clock=clock), MemoryKv)
    shared = open_kv(sqlite_store, clock=clock, processes=4)
    assert isinstance(shared, SqliteKv)
    shared.add([("a", clock() + 60)])
    assert Path(f"{sqlite_path(sqlite_store.url)}.kv").exists()
    shared.close()
    distant = open_kv(sqlite_store, clock=clock, valkey_url=valkey_url)
    assert isinstance(distant, ValkeyKv)
    distant.close()


def test_postgres_counts_for_all_nodes(postgres_store: Store, clock: FileClock) -> None:
    assert isinstance(open_kv(postgres_store, clock=clock), PostgresKv)
