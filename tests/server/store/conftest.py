"""What the tests of the store share: a fresh database of either kind with two projects, and a held writer."""

import threading
from collections.abc import Callable, Iterator

import pytest

from avow.core.vault import Vault
from avow.server.store import Job, Store, Tx, create, open_store
from avow.testing.clock import FileClock

PROJECT = "P1"
OTHER = "P2"

INSERT_PROJECT = """
INSERT INTO projects (id, name, environment, version, created_at) VALUES (:project_id, :name, '', 1, :now)
"""
VERSION = "SELECT version FROM projects WHERE id = :project_id"
BUMP = "UPDATE projects SET version = version + 1 WHERE id = :project_id"
INSERT_TENANT = "INSERT INTO tenants (project_id, id, name, created_at) VALUES (:project_id, :id, :name, :now)"
TENANTS = "SELECT id FROM tenants WHERE project_id = :project_id ORDER BY id"


@pytest.fixture
def vault() -> Vault:
    return Vault(b"k" * 32)


@pytest.fixture
def store(database_url: str, vault: Vault, clock: FileClock) -> Iterator[Store]:
    yield from opened(database_url, vault, clock)


@pytest.fixture
def sqlite_store(sqlite_url: str, vault: Vault, clock: FileClock) -> Iterator[Store]:
    yield from opened(sqlite_url, vault, clock)


@pytest.fixture
def postgres_store(postgres_url: str, vault: Vault, clock: FileClock) -> Iterator[Store]:
    yield from opened(postgres_url, vault, clock)


def opened(url: str, vault: Vault, clock: Callable[[], int]) -> Iterator[Store]:
    create(url)
    store = open_store(url, vault=vault, clock=clock, pool_size=4, capacity=100)
    for project_id in (PROJECT, OTHER):
        store.run(project_id, lambda tx: tx.run(INSERT_PROJECT, name="A project"))
    yield store
    store.close()


def version(tx: Tx) -> int | None:
    return tx.one(VERSION, int)


def bump(tx: Tx) -> int:
    return tx.run(BUMP)


def insert_tenant(tenant_id: str) -> Callable[[Tx], int]:
    return lambda tx: tx.run(INSERT_TENANT, id=tenant_id, name="")


class Answers:
    """What a store answered, group by group; `done` is handed in with the units."""

    def __init__(self) -> None:
        self.groups: list[list[Job]] = []
        self._arrived = threading.Semaphore(0)

    def done(self, jobs: list[Job]) -> None:
        self.groups.append(jobs)
        self._arrived.release(len(jobs))

    def wait(self, count: int) -> None:
        for _ in range(count):
            assert self._arrived.acquire(timeout=10)

    @property
    def jobs(self) -> list[Job]:
        return [job for group in self.groups for job in group]


class Held:
    """Keeps the threads of a store busy, so that what is handed in meanwhile waits."""

    def __init__(self, store: Store, threads: int) -> None:
        self._go_on = threading.Event()
        self._busy = threading.Semaphore(0)
        for _ in range(threads):
            store.write(PROJECT, self._unit, lambda jobs: None)
        for _ in range(threads):
            assert self._busy.acquire(timeout=30)

    def _unit(self, tx: Tx) -> None:
        self._busy.release()
        assert self._go_on.wait(10)

    def release(self) -> None:
        self._go_on.set()


@pytest.fixture
def hold() -> Iterator[Callable[[Store], Held]]:
    held: list[Held] = []

    def hold_store(store: Store) -> Held:
        held.append(Held(store, 1 if store.url.startswith("sqlite") else 4))
        return held[-1]

    yield hold_store
    for each in held:
        each.release()
