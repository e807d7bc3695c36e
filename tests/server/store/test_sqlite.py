"""SQLite behind the store: group commit, the lock file, files of the right mode, and what the machine does to it."""

import logging
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from avow.core.vault import Vault
from avow.errors import Unavailable
from avow.server.store import Job, Store, Tx, create, open_store
from avow.server.store.lockfile import LockFile
from avow.server.store.opening import sqlite_path
from avow.testing.clock import FileClock
from tests.server.store.conftest import (
    INSERT_PROJECT,
    INSERT_TENANT,
    PROJECT,
    TENANTS,
    Answers,
    Held,
    bump,
    opened,
    version,
)

Hold = Callable[[Store], Held]


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make units wait half a second for a lock instead of five."""
    monkeypatch.setattr("avow.server.store.jobs.WAIT_SECONDS", 0.5)


def path_of(store: Store) -> str:
    return sqlite_path(store.url)


def raw(tx: Tx, sql: str) -> None:
    """Do to the connection what no unit does."""
    tx._execute(sql, {})


# --- Group commit -----------------------------------------------------------------------------------------------


def test_group_is_answered_at_once_to_each_who_asked(store: Store, hold: Hold) -> None:
    first, second = Answers(), Answers()
    held = hold(store)
    jobs = [store.write(PROJECT, bump, asker.done) for asker in (first, second, first)]
    held.release()
    first.wait(2)
    second.wait(1)
    assert (first.groups, second.groups) == ([[jobs[0], jobs[2]]], [[jobs[1]]])


def test_group_has_at_most_64_units(store: Store, hold: Hold) -> None:
    answers = Answers()
    held = hold(store)
    for _ in range(70):
        store.write(PROJECT, bump, answers.done)
    held.release()
    answers.wait(70)
    assert [len(group) for group in answers.groups] == [64, 6]


def test_nobody_is_answered_before_the_commit(store: Store, hold: Hold) -> None:
    committed: list[int] = []
    answers = Answers()

    def done(jobs: list[Job]) -> None:
        with closing(sqlite3.connect(path_of(store))) as other:
            committed.append(other.execute("SELECT version FROM projects WHERE id = ?", (PROJECT,)).fetchone()[0])
        answers.done(jobs)

    held = hold(store)
    store.write(PROJECT, bump, done)
    store.write(PROJECT, bump, done)
    held.release()
    answers.wait(2)
    assert committed == [3]


def test_group_whose_transaction_is_lost_is_unavailable_as_a_whole(store: Store, hold: Hold) -> None:
    answers = Answers()
    held = hold(store)
    for unit in (bump, lambda tx: raw(tx, "ROLLBACK"), bump):
        store.write(PROJECT, unit, answers.done)
    held.release()
    answers.wait(3)
    assert [type(job.error) for job in answers.jobs] == [Unavailable] * 3
    assert [job.result for job in answers.jobs] == [None] * 3
    assert store.look(PROJECT, version) == 1
    assert store.run(PROJECT, bump) == 1


def test_group_whose_commit_fails_is_unavailable_as_a_whole(store: Store, hold: Hold) -> None:
    def break_reference(tx: Tx) -> None:
        raw(tx, "PRAGMA defer_foreign_keys = ON")
        raw(tx, "INSERT INTO tenants (project_id, id, name, created_at) VALUES ('nobody', 'T', '', 0)")

    answers = Answers()
    held = hold(store)
    for unit in (bump, break_reference):
        store.write(PROJECT, unit, answers.done)
    held.release()
    answers.wait(2)
    assert [type(job.error) for job in answers.jobs] == [Unavailable] * 2
    assert store.look(PROJECT, version) == 1
    assert store.run(PROJECT, bump) == 1


def test_statement_that_has_no_number_of_changed_rows_is_not_run_as_a_write(store: Store) -> None:
    with pytest.raises(TypeError, match="INSERT, UPDATE or DELETE"):
        store.run(PROJECT, lambda tx: tx.run("SELECT id FROM projects WHERE id = :project_id"))


def test_connection_waits_for_the_disk(store: Store) -> None:
    def settings(tx: Tx) -> list[int | None]:
        return [tx.one(f"PRAGMA {name}", int) for name in ("synchronous", "foreign_keys")]

    assert store.run(PROJECT, settings) == [2, 1]  # 2 is FULL


# --- Files ------------------------------------------------------------------------------------------------------


def test_files_are_for_their_owner_only(store: Store) -> None:
    store.run(PROJECT, bump)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in Path(path_of(store)).parent.iterdir()}
    assert modes == dict.fromkeys(["avow.sqlite3", "avow.sqlite3-wal", "avow.sqlite3-shm", "avow.sqlite3.lock"], 0o600)


def test_file_that_others_may_read_is_tightened(sqlite_url: str, vault: Vault, clock: FileClock) -> None:
    create(sqlite_url)
    path = Path(sqlite_path(sqlite_url))
    path.chmod(0o644)
    store = open_store(sqlite_url, vault=vault, clock=clock)
    store.run(PROJECT, lambda tx: tx.run(INSERT_PROJECT, name=""))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store.close()


def test_closing_leaves_one_file_that_holds_everything(store: Store) -> None:
    store.run(PROJECT, bump)
    path = Path(path_of(store))
    store.close()
    assert {file.name for file in path.parent.iterdir()} == {"avow.sqlite3", "avow.sqlite3.lock"}


# --- Other processes --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
def test_lock_file_held_elsewhere_stops_writes_and_not_reads(store: Store) -> None:
    """Case F-DB-02, for a program of Avow's own."""
    store.run(PROJECT, bump)
    with LockFile(f"{path_of(store)}.lock").held(1):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            store.run(PROJECT, bump)
        assert 0.4 < time.monotonic() - started < 2
        assert store.look(PROJECT, version) == 2
    assert store.run(PROJECT, bump) == 1


@pytest.mark.usefixtures("impatient")
def test_write_transaction_of_another_program_stops_writes_and_not_reads(store: Store) -> None:
    """Case F-DB-02, for a program that knows nothing of the lock file."""
    store.run(PROJECT, bump)
    with closing(sqlite3.connect(path_of(store), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(Unavailable):
            store.run(PROJECT, bump)
        assert 0.4 < time.monotonic() - started < 2
        assert store.look(PROJECT, version) == 2
        other.execute("ROLLBACK")
    assert store.run(PROJECT, bump) == 1


def test_unit_goes_on_when_the_lock_is_free_within_the_time(store: Store) -> None:
    lock = LockFile(f"{path_of(store)}.lock")
    assert lock.acquire(1)
    threading.Timer(0.2, lock.release).start()
    assert store.run(PROJECT, bump) == 1
    lock.close()


@pytest.mark.usefixtures("impatient")
def test_lock_that_came_too_late_is_given_back(store: Store) -> None:
    other = LockFile(f"{path_of(store)}.lock")
    with other.held(1), pytest.raises(Unavailable):
        store.run(PROJECT, bump)
    assert other.acquire(2), "an idle process keeps the lock"
    other.release()
    other.close()
    assert store.run(PROJECT, bump) == 1


_WRITER = """
import sys, time
from avow.core.vault import Vault
from avow.server.store import open_store
store = open_store(sys.argv[1], vault=Vault(b"k" * 32))
sql = "UPDATE projects SET version = version + 1 WHERE id = :project_id"
print("ready", flush=True)
sys.stdin.readline()
done = 0
until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    done += store.run("P1", lambda tx: tx.run(sql))
print(done, flush=True)
store.close()
"""


def test_four_processes_share_the_database(store: Store) -> None:
    command = [sys.executable, "-c", _WRITER, store.url, "4"]
    pipe = subprocess.PIPE
    writers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    counts = [int(writer.communicate(timeout=60)[0]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 4
    assert store.look(PROJECT, version) == 1 + sum(counts)
    assert min(counts) > sum(counts) / 4 / 5, f"a process starves: {counts}"


# --- kill -9 ----------------------------------------------------------------------------------------------------

_ACKNOWLEDGER = """
import os, sys, threading
from avow.core.vault import Vault
from avow.server.store import open_store
store = open_store(sys.argv[1], vault=Vault(b"k" * 32))
tenant = "INSERT INTO tenants (project_id, id, name, created_at) VALUES (:project_id, :id, '', :now)"
role = '''INSERT INTO roles (project_id, id, tenant_id, name, description, created_at)
          VALUES (:project_id, :id, :id, '', '', :now)'''
def work(thread):
    for number in range(1000000):
        name = f"{sys.argv[2]}.{thread}.{number}"
        store.run("P1", lambda tx: (tx.run(tenant, id=name), tx.run(role, id=name)))
        os.write(1, f"{name}\\n".encode())
threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()  # no thread of the store begins once the main one has ended
"""


def test_acknowledged_units_survive_kill_9_whole(store: Store, rounds: Callable[[int, int], int]) -> None:
    """Case F-CRS-01, for units."""
    acknowledged: set[str] = set()
    store.close()
    for cycle in range(rounds(5, 50)):
        command = [sys.executable, "-c", _ACKNOWLEDGER, store.url, str(cycle)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            acknowledged.add(writer.stdout.readline().strip())
            acknowledged.update(writer.stdout.readline().strip() for _ in range(4))
            time.sleep(0.02 * (1 + cycle % 5))
            writer.kill()
            # A line cut off by the kill acknowledges nothing.
            acknowledged.update(line.strip() for line in writer.stdout if line.endswith("\n"))
        with closing(sqlite3.connect(path_of(store))) as after:
            assert after.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    tenants = set(store.look(PROJECT, lambda tx: tx.all(TENANTS, str)))
    roles = set(store.look(PROJECT, lambda tx: tx.all("SELECT id FROM roles WHERE project_id = :project_id", str)))
    assert acknowledged - tenants == set()
    assert tenants == roles


# --- A full disk ------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 3 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    mounted = tmp_path / "disk"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", str(mounted)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts no tmpfs")
    yield mounted
    subprocess.run(["umount", "-l", str(mounted)], check=True)


def fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_full_disk_is_unavailable_once_logged_and_passes(
    small_disk: Path, vault: Vault, clock: FileClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Case F-DB-01, for units."""
    opening = opened(f"sqlite:///{small_disk}/avow.db", vault, clock)
    store = next(opening)
    ballast = small_disk / "ballast"
    fill(ballast)

    def insert(number: int) -> int:
        name = f"{number:06}" + "x" * 4000
        return store.run(PROJECT, lambda tx: tx.run(INSERT_TENANT, id=name, name=""))

    acknowledged, refused = 0, 0
    with caplog.at_level(logging.ERROR, "avow.store"):
        while refused < 5:
            try:
                acknowledged += insert(acknowledged + 100 * refused)
            except Unavailable:
                refused += 1
    assert sum("full" in record.getMessage() for record in caplog.records) == 1
    assert len(store.look(PROJECT, lambda tx: tx.all(TENANTS, str))) == acknowledged
    ballast.unlink()
    assert insert(999) == 1
    assert store.run(PROJECT, lambda tx: tx.all("PRAGMA integrity_check", str)) == ["ok"]
    assert len(store.look(PROJECT, lambda tx: tx.all(TENANTS, str))) == acknowledged + 1
    next(opening, None)
