"""What a unit may rely on, on both databases."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import msgspec
import pytest

from avow.core.vault import Vault
from avow.errors import Unavailable
from avow.server.store import Job, Store, Tx
from avow.server.store.jobs import refuse_late
from avow.testing.clock import FileClock
from tests.server.store.conftest import (
    BUMP,
    INSERT_TENANT,
    OTHER,
    PROJECT,
    TENANTS,
    VERSION,
    Answers,
    Held,
    bump,
    version,
)

Hold = Callable[[Store], Held]


class Odd(Exception):
    pass


def insert_tenant(tx: Tx, tenant_id: str) -> int:
    return tx.run(INSERT_TENANT, id=tenant_id, name=tenant_id)


# --- What is written --------------------------------------------------------------------------------------------


def test_unit_that_returns_is_committed_and_answered(store: Store) -> None:
    assert store.run(PROJECT, bump) == 1
    assert store.look(PROJECT, version) == 2


def test_unit_that_raises_wrote_nothing_and_its_error_is_delivered(store: Store) -> None:
    def unit(tx: Tx) -> None:
        bump(tx)
        raise Odd

    with pytest.raises(Odd):
        store.run(PROJECT, unit)
    assert store.look(PROJECT, version) == 1


def test_unit_sees_its_own_writes(store: Store) -> None:
    assert store.run(PROJECT, lambda tx: (bump(tx), version(tx))) == (1, 2)


def test_unit_that_fails_leaves_the_others_of_its_group_alone(store: Store, hold: Hold) -> None:
    def fail(tx: Tx) -> None:
        bump(tx)
        raise Odd

    answers = Answers()
    held = hold(store)
    jobs = [store.write(PROJECT, unit, answers.done) for unit in (bump, fail, bump)]
    held.release()
    answers.wait(3)
    assert [job.result for job in jobs] == [1, None, 1]
    assert isinstance(jobs[1].error, Odd)
    assert store.look(PROJECT, version) == 3


def test_unit_that_only_looks_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match=r"read-?only"):
        store.look(PROJECT, bump)
    assert store.look(PROJECT, version) == 1


def test_wrong_statement_is_a_bug_and_no_unavailability(store: Store) -> None:
    with pytest.raises(Exception, match="nothing_of_this_name") as raised:
        store.run(PROJECT, lambda tx: tx.run("UPDATE nothing_of_this_name SET x = 1"))
    assert not isinstance(raised.value, Unavailable)


def test_one_winner_among_racers_for_one_row(store: Store) -> None:
    store.run(PROJECT, lambda tx: insert_tenant(tx, "T1"))

    def consume(tx: Tx) -> str | None:
        return tx.one("DELETE FROM tenants WHERE project_id = :project_id AND id = :id RETURNING id", str, id="T1")

    with ThreadPoolExecutor(16) as pool:
        winners = [each for each in pool.map(lambda _: store.run(PROJECT, consume), range(16)) if each]
    assert winners == ["T1"]


# --- Projects ---------------------------------------------------------------------------------------------------


def test_statement_sees_the_project_of_its_unit_only(store: Store) -> None:
    store.run(PROJECT, lambda tx: insert_tenant(tx, "T1"))
    assert store.look(PROJECT, lambda tx: tx.all(TENANTS, str)) == ["T1"]
    assert store.look(OTHER, lambda tx: tx.all(TENANTS, str)) == []


@pytest.mark.parametrize("name", ["project_id", "now"])
def test_what_tx_binds_cannot_be_passed(store: Store, name: str) -> None:
    with pytest.raises(TypeError):
        store.run(PROJECT, lambda tx: tx.run(BUMP, **{name: OTHER}))


def test_database_refuses_a_reference_into_another_project(store: Store) -> None:
    store.run(PROJECT, lambda tx: insert_tenant(tx, "T1"))
    role = """
    INSERT INTO roles (project_id, id, tenant_id, name, description, created_at)
    VALUES (:project_id, 'R1', :tenant_id, 'r', '', :now)
    """
    with pytest.raises(Exception, match=r"(?i)foreign key") as raised:
        store.run(OTHER, lambda tx: tx.run(role, tenant_id="T1"))
    assert not isinstance(raised.value, Unavailable)
    assert store.run(PROJECT, lambda tx: tx.run(role, tenant_id="T1")) == 1


def test_unit_of_no_project_cannot_run_a_statement_of_one(store: Store) -> None:
    with pytest.raises(Exception, match="project_id"):
        store.look_anywhere(lambda tx: tx.one(VERSION, int))


# --- Tx ---------------------------------------------------------------------------------------------------------


def test_now_stands_still_within_a_unit(store: Store, clock: FileClock) -> None:
    def unit(tx: Tx) -> tuple[int | None, int | None]:
        first = tx.one("SELECT :now + version FROM projects WHERE id = :project_id", int)
        clock.advance(100)
        return first, tx.one("SELECT :now + version FROM projects WHERE id = :project_id", int)

    first, second = store.run(PROJECT, unit)
    assert first == second


def test_one_with_several_rows_is_a_bug(store: Store) -> None:
    store.run(PROJECT, lambda tx: (insert_tenant(tx, "T1"), insert_tenant(tx, "T2")))
    with pytest.raises(LookupError):
        store.look(PROJECT, lambda tx: tx.one(TENANTS, str))


def test_audit_event_is_written_with_the_unit(store: Store, clock: FileClock) -> None:
    clock.freeze(1_790_000_000)
    store.run(PROJECT, lambda tx: tx.audit("code.refused", outcome="refused", user_id="U1", data={"b": 1, "a": "x"}))
    sql = "SELECT action, outcome, actor, user_id, occurred_at, data FROM audit_events WHERE project_id = :project_id"
    event = store.look(PROJECT, lambda tx: tx.one(sql, lambda *columns: columns))
    assert event is not None
    assert event[:5] == ("code.refused", "refused", "anyone", "U1", clock())
    assert msgspec.json.decode(event[5]) == {"a": "x", "b": 1}


def test_text_bytes_integers_and_null_come_back_as_they_went(store: Store) -> None:
    insert = """
    INSERT INTO management_keys (project_id, id, name, secret_mac, status, created_at, expires_at)
    VALUES (:project_id, :id, :name, :secret_mac, 'active', :created_at, :expires_at)
    """
    find = "SELECT name, secret_mac, created_at, expires_at FROM management_keys WHERE project_id = :project_id"
    row = ("Ünïcödé 😀 % :name '", bytes(range(256)), 2**62, None)
    name, mac, created_at, expires_at = row
    store.run(
        PROJECT,
        lambda tx: tx.run(insert, id="K", name=name, secret_mac=mac, created_at=created_at, expires_at=expires_at),
    )
    assert store.look(PROJECT, lambda tx: tx.one(find, lambda *columns: columns)) == row


def test_text_sorts_and_matches_bytewise(store: Store) -> None:
    store.run(PROJECT, lambda tx: [insert_tenant(tx, name) for name in ("b", "B", "a", "é", "z")])
    assert store.look(PROJECT, lambda tx: tx.all(TENANTS, str)) == ["B", "a", "b", "z", "é"]
    like = "SELECT id FROM tenants WHERE project_id = :project_id AND id LIKE :pattern"
    assert store.look(PROJECT, lambda tx: tx.all(like, str, pattern="b%")) == ["b"]


# --- Signals ----------------------------------------------------------------------------------------------------


def test_signal_is_given_after_the_commit(store: Store) -> None:
    seen: list[int | None] = []
    heard = threading.Event()

    def listener() -> None:
        threading.Thread(target=lambda: (seen.append(store.look(PROJECT, version)), heard.set())).start()

    store.listen("mail", listener)
    store.run(PROJECT, lambda tx: (bump(tx), tx.after_commit("mail")))
    assert heard.wait(30)
    assert seen == [2]


def test_signal_of_a_unit_that_raised_is_not_given(store: Store) -> None:
    seen: list[str] = []
    store.listen("mail", lambda: seen.append("mail"))

    def unit(tx: Tx) -> None:
        tx.after_commit("mail")
        raise Odd

    with pytest.raises(Odd):
        store.run(PROJECT, unit)
    store.run(PROJECT, bump)
    assert seen == []


def test_listener_that_fails_disturbs_nobody(store: Store) -> None:
    heard = threading.Event()

    def fail() -> None:
        raise Odd

    store.listen("mail", fail)
    store.listen("mail", heard.set)
    store.run(PROJECT, lambda tx: tx.after_commit("mail"))
    assert heard.wait(30)
    assert store.run(PROJECT, bump) == 1


# --- Waiting and overload ---------------------------------------------------------------------------------------


def test_overload_is_answered_at_once(store: Store, hold: Hold) -> None:
    answers = Answers()
    held = hold(store)
    for _ in range(100):
        store.write(PROJECT, bump, answers.done)
    with pytest.raises(Unavailable):
        store.write(PROJECT, bump, lambda jobs: None)
    held.release()
    answers.wait(100)
    assert store.look(PROJECT, version) == 101


def test_unit_that_waited_too_long_is_not_run(store: Store, hold: Hold) -> None:
    answers = Answers()
    held = hold(store)
    late = store.write(PROJECT, bump, answers.done)
    late.until -= 6
    held.release()
    answers.wait(1)
    assert store.run(PROJECT, bump) == 1
    assert isinstance(late.error, Unavailable)
    assert store.look(PROJECT, version) == 2


def test_caller_does_not_wait_beyond_its_time_though_no_thread_is_free(store: Store, hold: Hold) -> None:
    held = hold(store)
    with pytest.raises(Unavailable):
        store.run(PROJECT, bump, monotonic() + 0.01)
    held.release()
    assert store.run(PROJECT, bump) == 1
    assert store.look(PROJECT, version) == 2


def test_unit_that_nobody_waits_for_any_more_is_not_run(store: Store, hold: Hold) -> None:
    answers = Answers()
    held = hold(store)
    jobs = [store.write(PROJECT, bump, answers.done) for _ in range(3)]
    jobs[1].cancel()
    held.release()
    answers.wait(3)
    assert [job.result for job in jobs] == [1, None, 1]
    assert isinstance(jobs[1].error, Unavailable)
    assert store.look(PROJECT, version) == 3


def test_unit_whose_caller_gives_up_while_it_runs_is_not_committed(store: Store) -> None:
    answers = Answers()
    runs, gone = threading.Event(), threading.Event()

    def unit(tx: Tx) -> int:
        changed = bump(tx)
        runs.set()
        assert gone.wait(10)
        return changed

    job = store.write(PROJECT, unit, answers.done)
    assert runs.wait(10)
    job.cancel()
    gone.set()
    answers.wait(1)
    assert (job.result, type(job.error)) == (None, Unavailable)
    assert store.look(PROJECT, version) == 1


def test_unit_with_too_little_time_left_is_refused() -> None:
    answers = Answers()
    now = monotonic()
    jobs = [Job(bump, PROJECT, answers.done, until=now + seconds) for seconds in (100, 200, 400)]
    waiting = list(jobs)
    refuse_late(waiting, 300)
    assert waiting == [jobs[2]]
    assert answers.groups == [jobs[:2]]
    assert [type(job.error) for job in jobs] == [Unavailable, Unavailable, type(None)]


def test_unit_cannot_wait_for_another_unit(store: Store) -> None:
    with pytest.raises(RuntimeError, match="its own tx"):
        store.run(PROJECT, lambda tx: store.look(PROJECT, version))


def test_answer_that_cannot_be_delivered_disturbs_nobody(store: Store) -> None:
    def broken(jobs: list[Job]) -> None:
        raise Odd

    store.write(PROJECT, bump, broken)
    store.write(PROJECT, bump, broken)
    assert store.run(PROJECT, bump) == 1


# --- Processes --------------------------------------------------------------------------------------------------


def test_closing_finishes_what_waits(store: Store, hold: Hold) -> None:
    answers = Answers()
    held = hold(store)
    for _ in range(5):
        store.write(PROJECT, bump, answers.done)
    threading.Timer(0.05, held.release).start()
    store.close()
    assert [job.result for job in answers.jobs] == [1] * 5


def test_closed_store_opens_again(store: Store) -> None:
    store.close()
    assert store.run(PROJECT, bump) == 1


def test_forked_process_has_connections_of_its_own(store: Store) -> None:
    store.run(PROJECT, bump)
    child = os.fork()
    if child == 0:
        os._exit(0 if store.run(PROJECT, bump) == 1 and store.look(PROJECT, version) == 3 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.run(PROJECT, bump)
    assert store.look(PROJECT, version) == 4


def test_unit_has_the_vault(store: Store, vault: Vault) -> None:
    assert store.look(PROJECT, lambda tx: tx.vault) is vault
