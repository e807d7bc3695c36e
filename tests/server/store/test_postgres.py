"""PostgreSQL behind the store: what is run again and what never, and a server that goes away."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest

from avow.core.vault import Vault
from avow.errors import Unavailable
from avow.server.store import Store, StoreRefused, Tx, check_schema, open_store
from avow.server.store.postgres import translate
from avow.testing.clock import FileClock
from tests.bed import postgres, programs
from tests.bed.proxy import DatabaseProxy as Proxy
from tests.server.store.conftest import OTHER, PROJECT, TENANTS, bump, insert_tenant, opened, version


@pytest.fixture
def store(postgres_store: Store) -> Store:
    return postgres_store


@pytest.fixture
def proxy(store: Store) -> Iterator[Proxy]:
    proxy = Proxy(store.url)
    yield proxy
    proxy.close()


@pytest.fixture
def distant(proxy: Proxy, vault: Vault) -> Iterator[Store]:
    """Give the same database through the proxy."""
    store = open_store(proxy.url, vault=vault, pool_size=1)
    yield store
    store.close()


def end_sessions(url: str) -> None:
    """Have the server end every other connection to the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


# --- Statements -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "translated"),
    [
        ("SELECT :a, :b_2, :a", "SELECT %(a)s, %(b_2)s, %(a)s"),
        ("SELECT ':a' , x::text", "SELECT ':a' , x::text"),
        ("SELECT 'it''s :a', :a", "SELECT 'it''s :a', %(a)s"),
        ('SELECT ":a" FROM t', 'SELECT ":a" FROM t'),
        ("SELECT 1 -- :a\n, :a", "SELECT 1 -- :a\n, %(a)s"),
        ("SELECT /* :a */ :a", "SELECT /* :a */ %(a)s"),
        ("SELECT 5 % 3, x LIKE 'a%' AND y = :a", "SELECT 5 %% 3, x LIKE 'a%%' AND y = %(a)s"),
    ],
)
def test_named_parameters_are_translated_outside_of_literals(named: str, translated: str) -> None:
    assert translate(named).decode() == translated


def test_integers_of_any_size_use_one_prepared_statement(store: Store) -> None:
    def prepared(tx: Tx) -> int | None:
        for number in [*range(8), 2**15, 2**31, 2**62]:
            tx.all("SELECT id FROM projects WHERE id = :project_id AND created_at <> :number", str, number=number)
        sql = "SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE '%created_at <>%'"
        return tx.one(sql, int)

    assert store.look(PROJECT, prepared) == 1


def test_connection_waits_for_the_disk_and_for_nothing_else(store: Store) -> None:
    names = ("synchronous_commit", "statement_timeout", "lock_timeout")
    settings = store.run(PROJECT, lambda tx: [tx.one(f"SELECT current_setting('{name}')", str) for name in names])
    assert settings == ["on", "5s", "4s"]


# --- What is run again ------------------------------------------------------------------------------------------


def test_deadlock_is_run_again(store: Store) -> None:
    for tenant in ("A", "B"):
        store.run(PROJECT, insert_tenant(tenant))
    both_hold_one = threading.Barrier(2)
    runs: list[str] = []

    def unit(first: str, second: str) -> None:
        sql = "UPDATE tenants SET name = name || :mark WHERE project_id = :project_id AND id = :id"

        def write(tx: Tx) -> None:
            runs.append(first)
            tx.run(sql, id=first, mark=first)
            if len(runs) <= 2:
                both_hold_one.wait(30)
            tx.run(sql, id=second, mark=first)

        store.run(PROJECT, write)

    threads = [threading.Thread(target=unit, args=pair) for pair in (("A", "B"), ("B", "A"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) >= 3
    find = "SELECT name FROM tenants WHERE project_id = :project_id ORDER BY id"
    names = store.look(PROJECT, lambda tx: tx.all(find, str))
    assert [sorted(name) for name in names] == [["A", "B"]] * 2


def test_unit_that_finds_a_name_taken_in_this_moment_is_run_again_and_sees_so(store: Store) -> None:
    both_have_looked = threading.Barrier(2)
    find = "SELECT id FROM tenants WHERE project_id = :project_id AND id = 'T'"
    runs: list[str] = []

    def unit(tx: Tx) -> str:
        runs.append("run")
        if tx.one(find, str) is not None:
            return "taken"
        if len(runs) <= 2:
            both_have_looked.wait(30)
        insert_tenant("T")(tx)
        return "made"

    with ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda _: store.run(PROJECT, unit), range(2))
        assert sorted(done) == ["made", "taken"]
    assert len(runs) == 3


def test_unit_that_refers_to_what_is_deleted_in_this_moment_is_run_again_and_sees_so(store: Store) -> None:
    store.run(PROJECT, insert_tenant("T"))
    has_looked, is_deleted = threading.Event(), threading.Event()
    find = "SELECT id FROM tenants WHERE project_id = :project_id AND id = 'T'"
    insert = """
        INSERT INTO tenant_domains (project_id, kind, domain, tenant_id, position)
        VALUES (:project_id, 'sso', 'example.com', 'T', 0)
    """

    def refer(tx: Tx) -> str:
        if tx.one(find, str) is None:
            return "missing"
        has_looked.set()
        is_deleted.wait(30)
        tx.run(insert)
        return "made"

    with ThreadPoolExecutor(1) as pool:
        referring = pool.submit(store.run, PROJECT, refer)
        has_looked.wait(30)
        store.run(PROJECT, lambda tx: tx.run("DELETE FROM tenants WHERE project_id = :project_id AND id = 'T'"))
        is_deleted.set()
        assert referring.result() == "missing"


def test_statement_that_breaks_a_rule_of_the_schema_is_a_bug_for_good(store: Store) -> None:
    store.run(PROJECT, insert_tenant("T"))
    with pytest.raises(psycopg.errors.UniqueViolation):
        store.run(PROJECT, insert_tenant("T"))


def test_unit_whose_connection_is_lost_before_commit_is_run_again_once(store: Store) -> None:
    runs: list[int | None] = []

    def unit(tx: Tx) -> int | None:
        tx.run("UPDATE projects SET version = version + 1 WHERE id = :project_id")
        runs.append(version(tx))
        if len(runs) == 1:
            end_sessions(store.url)
        return version(tx)

    assert store.run(PROJECT, unit) == 2
    assert runs == [2, 2]
    assert store.look(PROJECT, version) == 2


def test_unit_that_always_loses_its_connection_is_unavailable(store: Store) -> None:
    runs: list[int] = []

    def unit(tx: Tx) -> None:
        runs.append(tx.run("UPDATE projects SET version = version + 1 WHERE id = :project_id"))
        end_sessions(store.url)
        version(tx)

    with pytest.raises(Unavailable):
        store.run(PROJECT, unit)
    assert runs == [1, 1]
    assert store.look(PROJECT, version) == 1


def test_connection_lost_while_idle_is_nobodys_failure(store: Store) -> None:
    assert store.run(PROJECT, bump) == 1
    end_sessions(store.url)
    assert store.run(PROJECT, bump) == 1
    end_sessions(store.url)
    assert store.look(PROJECT, version) == 3


def test_lost_answer_to_commit_is_unavailable_and_never_run_again(store: Store, proxy: Proxy, distant: Store) -> None:
    """Case F-DB-04, for units."""
    runs: list[int] = []

    def unit(tx: Tx) -> None:
        runs.append(bump(tx))

    for number in range(20):
        proxy.cut_after = b"COMMIT"
        with pytest.raises(Unavailable) as lost:
            distant.run(PROJECT, unit)
        assert "outcome unknown" in lost.value.detail
        assert runs == [1] * (number + 1)
        until = time.monotonic() + 5
        while store.look(PROJECT, version) != number + 2 and time.monotonic() < until:
            time.sleep(0.001)
        assert store.look(PROJECT, version) == number + 2
    assert proxy.cuts == 20


def test_lost_answer_before_commit_is_run_again(store: Store, proxy: Proxy, distant: Store) -> None:
    assert distant.run(PROJECT, bump) == 1
    proxy.cut_after = b"version + 1"
    assert distant.run(PROJECT, bump) == 1
    assert proxy.cuts == 1
    assert store.look(PROJECT, version) == 3


def test_unit_that_cannot_be_done_in_the_time_left_is_not_begun(store: Store, proxy: Proxy, distant: Store) -> None:
    runs: list[int] = []

    def unit(tx: Tx) -> None:
        runs.append(bump(tx))

    proxy.delay_seconds = 0.2
    for _ in range(4):
        distant.run(PROJECT, unit)
    with pytest.raises(Unavailable):
        distant.run(PROJECT, unit, time.monotonic() + 0.1)
    proxy.delay_seconds = 0.0
    distant.run(PROJECT, unit)  # waits until the only thread is done with what it has begun
    assert runs == [1] * 5
    assert store.look(PROJECT, version) == 6


def test_unit_that_catches_a_database_error_is_a_bug(store: Store) -> None:
    def unit(tx: Tx) -> None:
        bump(tx)
        try:
            tx.run("UPDATE nothing_of_this_name SET x = 1")
        except psycopg.Error:
            return

    with pytest.raises(RuntimeError, match="caught a database error"):
        store.run(PROJECT, unit)
    assert store.look(PROJECT, version) == 1


def test_lock_that_is_not_given_within_the_time_is_unavailable(store: Store) -> None:
    with psycopg.connect(store.url) as other:
        other.execute("UPDATE projects SET name = 'held' WHERE id = 'P1'")
        started = time.monotonic()
        with pytest.raises(Unavailable):
            store.run(PROJECT, lambda tx: (tx.all("SELECT set_config('lock_timeout', '300', true)", str), bump(tx)))
        assert time.monotonic() - started < 3
        assert store.look(PROJECT, version) == 1
        other.rollback()
    assert store.run(PROJECT, bump) == 1


# --- A server that goes away ------------------------------------------------------------------------------------


@dataclass
class Server:
    """A cluster that a test may stop and start."""

    cluster: postgres.Cluster
    pid: int

    def restart(self, how: signal.Signals) -> None:
        self.stop(how)
        self.start()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        self.cluster.stop(self.pid, how)
        self.pid = 0

    def start(self) -> None:
        self.pid = self.cluster.start()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    program = programs.find_postgres()
    if program is None or program.url:
        pytest.skip("needs a PostgreSQL that the test may stop")
    cluster = postgres.new_cluster(program, "pg-store")
    server = Server(cluster, cluster.start())
    yield server
    if server.pid:
        server.stop()


@pytest.fixture
def own_store(server: Server, vault: Vault, clock: FileClock) -> Iterator[Store]:
    with postgres.fresh_database(server.cluster.url) as url:
        yield from opened(url, vault, clock)


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "it does not come about"
        time.sleep(0.01)


def recovers_within(seconds: float, store: Store) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            store.run(PROJECT, bump)
        except Unavailable:
            time.sleep(0.05)
        else:
            return True
    return False


def test_server_that_is_away_is_unavailable_at_once_and_found_again(server: Server, own_store: Store) -> None:
    """Case F-DB-03, for units."""
    assert own_store.run(PROJECT, bump) == 1
    server.stop()
    for unit in (own_store.run, own_store.look):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            unit(PROJECT, version)
        assert time.monotonic() - started < 1
    with pytest.raises(StoreRefused, match="cannot be used"):
        check_schema(own_store)
    server.start()
    assert recovers_within(5, own_store)
    assert own_store.look(PROJECT, version) == 3


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_commit_to_a_server_that_has_ended_meanwhile_is_of_unknown_outcome(
    server: Server, own_store: Store, how: signal.Signals
) -> None:
    def unit(tx: Tx) -> None:
        insert_tenant("lost")(tx)
        server.stop(how)

    try:
        with pytest.raises(Unavailable) as raised:
            own_store.run(PROJECT, unit)
        assert "lost at COMMIT, outcome unknown" in raised.value.detail
    finally:
        server.start()
    assert recovers_within(5, own_store)
    assert own_store.look(PROJECT, lambda tx: tx.all(TENANTS, str)) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_no_acknowledged_unit_is_lost_when_the_server_restarts(
    server: Server, own_store: Store, how: signal.Signals
) -> None:
    """Case F-DB-03, for units under load."""
    acknowledged: list[str] = []
    stop = threading.Event()

    def work(thread: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            name = f"{thread}.{number}"
            try:
                own_store.run(PROJECT, insert_tenant(name))
            except Unavailable:
                time.sleep(0.01)
            else:
                acknowledged.append(name)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: len(acknowledged) > 10)
        server.restart(how)
        assert recovers_within(5, own_store)
        before = len(acknowledged)
        wait_for(lambda: len(acknowledged) > before + 10)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    tenants = set(own_store.look(PROJECT, lambda tx: tx.all(TENANTS, str)))
    assert set(acknowledged) - tenants == set()


def test_standby_is_read_and_written_after_its_promotion(server: Server, own_store: Store) -> None:
    """Case F-DB-06, for units."""
    own_store.run(PROJECT, bump)
    server.stop()
    (server.cluster.home / "data" / "standby.signal").touch(0o644)
    server.start()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            assert own_store.look(PROJECT, version) == 2
            break
        except Unavailable:
            time.sleep(0.1)
    else:
        pytest.fail("the standby is not read")
    with pytest.raises(Unavailable):
        own_store.run(PROJECT, bump)
    with psycopg.connect(server.cluster.url, autocommit=True) as connection:
        connection.execute("SELECT pg_promote()")
    assert recovers_within(10, own_store)
    assert own_store.run(OTHER, bump) == 1
