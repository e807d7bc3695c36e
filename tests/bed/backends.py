"""The three back ends on which race, session, otp and fault tests run, and the servers over them."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import pytest

from avow.testing.clock import FileClock
from tests.bed import run, valkey
from tests.bed.server import Servers, launch


@dataclass(frozen=True, slots=True)
class Backend:
    """One of the back ends.

    Attributes:
        name: `sqlite-1`, `sqlite-4` or `postgres-2`.
        instances: Server processes.
        is_sqlite: On SQLite; otherwise on PostgreSQL, with limits counted in Valkey.
    """

    name: str
    instances: int
    is_sqlite: bool


BACKENDS = (Backend("sqlite-1", 1, True), Backend("sqlite-4", 4, True), Backend("postgres-2", 2, False))


class Launch(Protocol):
    """Runs servers until the test ends; each call on a database of its own."""

    def __call__(self, backend: Backend, settings: Mapping[str, str] | None = None) -> Servers:
        """Start the servers of a back end; `settings` are further variables."""
        ...


@contextlib.contextmanager
def running(
    backend: Backend, value: Callable[[str], str], clock: FileClock, settings: Mapping[str, str] | None = None
) -> Iterator[Servers]:
    """Run a back end's servers over a fresh database that has its tables.

    Args:
        backend: Which.
        value: Returns the value of a fixture: the URL of the run's PostgreSQL or Valkey, started when asked for.
        clock: What all of them read.
        settings: Further variables.
    """
    from tests.bed.databases import ready_postgres, ready_sqlite  # here, so that the bed loads without the server

    database = ready_sqlite() if backend.is_sqlite else ready_postgres(value("postgres_server_url"))
    cache = "" if backend.is_sqlite else valkey.empty_database(value("valkey_server_url"), of_servers=True)
    with (
        database as database_url,
        launch(database_url, clock, instances=backend.instances, valkey_url=cache, settings=settings) as servers,
    ):
        yield servers


@pytest.fixture(scope="session", params=BACKENDS, ids=lambda backend: backend.name)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Give one back end after the other."""
    chosen: Backend = request.param
    return chosen


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest, backend: Backend) -> Iterator[Servers]:
    """Give the running servers of a back end, shared by the tests of a worker: each makes its own projects.

    Their clock only ever goes forward; a test that kills, stops or reconfigures takes `launch_servers`.
    """
    clock = FileClock(run.folder() / f"clock-{backend.name}-{run.worker_number()}")
    with running(backend, request.getfixturevalue, clock) as started:
        yield started


@pytest.fixture
def launch_servers(request: pytest.FixtureRequest, clock: FileClock) -> Iterator[Launch]:
    """Give a function that runs servers of this test alone."""
    with contextlib.ExitStack() as stack:

        def start(backend: Backend, settings: Mapping[str, str] | None = None) -> Servers:
            return stack.enter_context(running(backend, request.getfixturevalue, clock, settings))

        yield start
