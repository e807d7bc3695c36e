"""One refresh-like unit through the store, beside the same statements on the bare driver.

    python -m bench.store [--rounds 7] [--seconds 0.4] [--postgres URL]

Clients are coroutines of one event loop, as in the server. The bare driver has no units, no projects, no row classes
and commits each transaction by itself. Ratios are taken round by round, of a candidate and the bare driver right
before it: what a machine and a write-ahead log are like changes within seconds.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import uvloop
from msgspec import Struct

from avow.core.vault import Vault
from avow.server.store import Job, Store, Tx, create, open_store
from avow.server.store.files import connect as connect_sqlite
from avow.server.store.opening import sqlite_path
from avow.server.store.postgres import connect as connect_postgres
from avow.server.store.postgres import translate

__all__ = ["main"]

PROJECT = "P1"
USERS = 2000
CLIENTS = 32
POOL = 8

MOST_CPU = 2.0
LEAST_SPEED = 5.0

CONTINUE = """
UPDATE sessions SET generation = generation + 1, rotated_at = :now, last_used_at = :now
WHERE project_id = :project_id AND id = :id AND revoked_at IS NULL AND expires_at > :now
RETURNING id, user_id, generation, expires_at, amr, claims
"""
PROFILE = """
SELECT u.id, u.status, u.name, u.email, u.credential_version, r.name
FROM users u
LEFT JOIN user_roles x ON x.project_id = u.project_id AND x.user_id = u.id
LEFT JOIN roles r ON r.project_id = x.project_id AND r.id = x.role_id
WHERE u.project_id = :project_id AND u.id = :user_id
"""

Work = Callable[[], int]
"""Run for a while and return how many transactions were committed."""


class SessionRow(Struct, frozen=True):
    """The session after it was continued."""

    id: str
    user_id: str
    generation: int
    expires_at: int
    amr: str
    claims: str


class ProfileRow(Struct, frozen=True):
    """The user, once per role."""

    id: str
    status: str
    name: str
    email: str
    credential_version: int
    role: str | None


@dataclass(frozen=True, slots=True)
class Measured:
    """One candidate in one round."""

    per_second: float
    cpu_microseconds: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A candidate and what it is compared with; a bar of 0 is none."""

    name: str
    baseline: str
    most_cpu: float = 0.0
    least_speed: float = 0.0


def refresh(tx: Tx, session_id: str) -> list[ProfileRow]:
    """Continue a session and find its user."""
    session = tx.one(CONTINUE, SessionRow, id=session_id)
    if session is None:
        raise LookupError(session_id)
    return tx.all(PROFILE, ProfileRow, user_id=session.user_id)


# --- Candidates -------------------------------------------------------------------------------------------------


def _session_ids() -> Iterator[str]:
    return itertools.cycle([f"S{number:026d}" for number in range(USERS)])


def through_store(store: Store, clients: int, seconds: float) -> Work:
    """Return the work of so many coroutines that hand units to the store."""
    ids = _session_ids()

    async def client(submit: Callable[[str], asyncio.Future[object]], until: float) -> int:
        done = 0
        while time.perf_counter() < until:
            await submit(next(ids))
            done += 1
        return done

    async def all_clients() -> int:
        loop = asyncio.get_running_loop()

        def wake(jobs: list[Job]) -> None:
            loop.call_soon_threadsafe(_resolve, jobs)

        def submit(session_id: str) -> asyncio.Future[object]:
            waiter: asyncio.Future[object] = loop.create_future()
            store.write(PROJECT, lambda tx: refresh(tx, session_id), wake, waiter)
            return waiter

        until = time.perf_counter() + seconds
        return sum(await asyncio.gather(*(client(submit, until) for _ in range(clients))))

    return lambda: uvloop.run(all_clients())  # the loop that serves


def _resolve(jobs: list[Job]) -> None:
    for job in jobs:
        if job.error is None:
            job.waiter.set_result(job.result)
        else:
            job.waiter.set_exception(job.error)


def bare_sqlite(path: str, clients: int, seconds: float) -> Work:
    """Return the work of threads that share one connection and commit each transaction by itself."""
    connection = connect_sqlite(path, is_reader=False)
    turn = threading.Lock()
    ids = _session_ids()

    def transaction() -> None:
        with turn:
            execute = connection.execute
            execute("BEGIN IMMEDIATE")
            now = int(time.time())
            session = execute(CONTINUE, {"project_id": PROJECT, "id": next(ids), "now": now}).fetchone()
            execute(PROFILE, {"project_id": PROJECT, "user_id": session[1]}).fetchall()
            execute("COMMIT")

    return lambda: _in_threads(transaction, clients, seconds)


def bare_sqlite_groups(path: str, size: int, seconds: float) -> Work:
    """Return the work of one thread that commits so many transactions together: the least that the driver can take."""
    connection = connect_sqlite(path, is_reader=False)
    ids = _session_ids()

    def work() -> int:
        execute, done, until = connection.execute, 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            execute("BEGIN IMMEDIATE")
            now = int(time.time())
            for _ in range(size):
                session = execute(CONTINUE, {"project_id": PROJECT, "id": next(ids), "now": now}).fetchone()
                execute(PROFILE, {"project_id": PROJECT, "user_id": session[1]}).fetchall()
            execute("COMMIT")
            done += size
        return done

    return work


def bare_psycopg(url: str, clients: int, seconds: float) -> Work:
    """Return the work of threads with a connection each."""
    own = threading.local()
    ids = _session_ids()
    continue_sql, profile_sql = translate(CONTINUE), translate(PROFILE)
    connections = [connect_postgres(url) for _ in range(clients)]

    def transaction() -> None:
        if not hasattr(own, "cursor"):
            own.cursor = spare.pop().cursor()
        execute = own.cursor.execute
        execute("BEGIN READ WRITE")
        now = int(time.time())
        session = execute(continue_sql, {"project_id": PROJECT, "id": next(ids), "now": now}).fetchone()
        execute(profile_sql, {"project_id": PROJECT, "user_id": session[1]}).fetchall()
        execute("COMMIT")

    spare: list[psycopg.Connection] = []

    def work() -> int:
        spare[:] = connections
        return _in_threads(transaction, clients, seconds)

    return work


def _in_threads(transaction: Callable[[], None], clients: int, seconds: float) -> int:
    until = time.perf_counter() + seconds

    def client() -> int:
        done = 0
        while time.perf_counter() < until:
            transaction()
            done += 1
        return done

    if clients == 1:
        return client()
    with ThreadPoolExecutor(clients) as pool:
        return sum(future.result() for future in [pool.submit(client) for _ in range(clients)])


# --- Measuring --------------------------------------------------------------------------------------------------


def measure(work: Work) -> Measured:
    """Run the work once; the CPU is that of the whole process."""
    began, cpu = time.perf_counter(), time.process_time()
    done = work()
    return Measured(done / (time.perf_counter() - began), (time.process_time() - cpu) / done * 1e6)


def compare(title: str, candidates: Mapping[str, Work], pairs: list[Pair], rounds: int) -> bool:
    """Run each pair in rounds, the baseline right before the candidate; print them; return whether the bars hold."""
    results: list[list[tuple[Measured, Measured]]] = [[] for _ in pairs]
    for number in range(rounds + 1):
        for place, pair in enumerate(pairs):
            both = measure(candidates[pair.baseline]), measure(candidates[pair.name])
            if number:  # the first round warms up
                results[place].append(both)
    print(f"\n{title}\n{'':<40}  {'per s':>8}  {'CPU us':>8}")
    for pair, rows in zip(pairs, results, strict=True):
        for name, each in zip((pair.baseline, pair.name), zip(*rows, strict=True), strict=True):
            speed = statistics.median(one.per_second for one in each)
            print(f"{name:<40}  {speed:8.0f}  {statistics.median(one.cpu_microseconds for one in each):8.1f}")
    return all([_judge(pair, rows) for pair, rows in zip(pairs, results, strict=True)])


def _judge(pair: Pair, rows: list[tuple[Measured, Measured]]) -> bool:
    cpu = sorted(mine.cpu_microseconds / base.cpu_microseconds for base, mine in rows)
    speed = sorted(mine.per_second / base.per_second for base, mine in rows)
    is_cheap = not pair.most_cpu or statistics.median(cpu) <= pair.most_cpu
    is_fast = statistics.median(speed) >= pair.least_speed
    cpu_bar = f"  {'within' if is_cheap else 'OVER'} {pair.most_cpu:g}" if pair.most_cpu else ""
    speed_bar = f"  {'at least' if is_fast else 'UNDER'} {pair.least_speed:g}" if pair.least_speed else ""
    print(
        f"{pair.name} / {pair.baseline}\n  CPU    {_spread(cpu)}{cpu_bar}\n  speed  {_spread(speed)}{speed_bar}",
        flush=True,
    )
    return is_cheap and is_fast


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):6.2f} [{ratios[0]:.2f} .. {ratios[-1]:.2f}]"


def fill(tx: Tx) -> None:
    """Insert the project, its users with three roles each, and a session of each user."""
    far = tx.now + 10**9
    tx.run("INSERT INTO projects (id, name, environment, version, created_at) VALUES (:project_id, '', '', 1, :now)")
    for number in range(3):
        tx.run(
            "INSERT INTO roles (project_id, id, name, description, created_at)"
            " VALUES (:project_id, :id, :id, '', :now)",
            id=f"R{number}",
        )
    for number in range(USERS):
        user = f"U{number:026d}"
        tx.run(
            "INSERT INTO users (project_id, id, status, name, given_name, middle_name, family_name, email,"
            " email_folded, is_email_verified, phone, is_phone_verified, picture, is_test, credential_version,"
            " created_at, updated_at)"
            " VALUES (:project_id, :id, 'enabled', 'Jane Doe', '', '', '', :email, :email, 1, '', 0, '', 0, 1,"
            " :now, :now)",
            id=user,
            email=f"user{number}@example.com",
        )
        for role in range(3):
            tx.run(
                "INSERT INTO user_roles (project_id, user_id, role_id) VALUES (:project_id, :user, :role)",
                user=user,
                role=f"R{role}",
            )
        tx.run(
            "INSERT INTO sessions (project_id, id, user_id, generation, rotates, rotated_at, created_at, expires_at,"
            " last_used_at, amr, claims, unsigned_claims, address, device) VALUES (:project_id, :id, :user, 1, 1, :now,"
            " :now, :far, :now, 'email', '{}', '{}', '203.0.113.9', 'Mozilla/5.0')",
            id=f"S{number:026d}",
            user=user,
            far=far,
        )


@contextmanager
def filled(url: str) -> Iterator[Store]:
    """Create a database, fill it, and give an open store on it."""
    create(url)
    store = open_store(url, vault=Vault(b"bench" * 8), pool_size=POOL)
    try:
        store.run(PROJECT, fill)
        yield store
    finally:
        store.close()


def sqlite_bars(rounds: int, seconds: float) -> bool:
    """Compare on a SQLite file under synchronous=FULL."""
    with tempfile.TemporaryDirectory() as folder, filled(f"sqlite:///{folder}/avow.db") as store:
        path = sqlite_path(store.url)
        candidates = {
            "sqlite3, 1 client": bare_sqlite(path, 1, seconds),
            f"sqlite3, {CLIENTS} clients, one commit each": bare_sqlite(path, CLIENTS, seconds),
            f"sqlite3, {CLIENTS} to a commit": bare_sqlite_groups(path, CLIENTS, seconds),
            "store, 1 client": through_store(store, 1, seconds),
            f"store, {CLIENTS} clients": through_store(store, CLIENTS, seconds),
        }
        pairs = [
            Pair("store, 1 client", "sqlite3, 1 client", most_cpu=MOST_CPU),
            Pair(f"store, {CLIENTS} clients", f"sqlite3, {CLIENTS} to a commit"),  # for information
            Pair(
                f"store, {CLIENTS} clients",
                f"sqlite3, {CLIENTS} clients, one commit each",
                most_cpu=MOST_CPU,
                least_speed=LEAST_SPEED,
            ),
        ]
        return compare("SQLite, WAL, synchronous=FULL", candidates, pairs, rounds)


def postgres_bars(url: str, rounds: int, seconds: float) -> bool:
    """Compare on PostgreSQL, with as many connections on both sides."""
    with filled(url) as store:
        candidates = {
            "psycopg, 1 thread": bare_psycopg(url, 1, seconds),
            f"psycopg, {POOL} threads": bare_psycopg(url, POOL, seconds),
            "store, 1 client": through_store(store, 1, seconds),
            f"store, {CLIENTS} clients": through_store(store, CLIENTS, seconds),
        }
        pairs = [
            Pair("store, 1 client", "psycopg, 1 thread"),  # for information
            Pair(f"store, {CLIENTS} clients", f"psycopg, {POOL} threads", most_cpu=MOST_CPU),
        ]
        return compare(f"PostgreSQL, {POOL} connections", candidates, pairs, rounds)


def main(postgres_url: str = "", *, rounds: int = 7, seconds: float = 0.4) -> bool:
    """Compare on SQLite and, with the URL of an empty database, on PostgreSQL; return whether the bars hold."""
    is_kept = sqlite_bars(rounds, seconds)
    return (postgres_bars(postgres_url, rounds, seconds) if postgres_url else True) and is_kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--postgres", default="", help="URL of an empty PostgreSQL database")
    arguments = parser.parse_args()
    sys.exit(0 if main(arguments.postgres, rounds=arguments.rounds, seconds=arguments.seconds) else 1)
