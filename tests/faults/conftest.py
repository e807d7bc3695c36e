"""The servers of fault cases: of a back end, shared by tests that put them back in order, or of one test alone."""

import contextlib
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import pytest

from avow.testing.clock import FileClock
from avow.testing.server import Server
from tests.bed import postgres, programs, run, valkey
from tests.bed.backends import BACKENDS, Backend
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.bed.server import SECRET_KEY, launch
from tests.faults.fleet import Fleet, in_fleet

SQLITE_1, SQLITE_4, POSTGRES_2 = BACKENDS


@dataclass(frozen=True, slots=True)
class Way:
    """How the servers of a test reach what they need, where it is not the usual way.

    Attributes:
        database_url: The database as this process reaches it; an empty one.
        served_url: The same database as the servers reach it, through a proxy.
        valkey_url: Where they count limits.
    """

    database_url: str = ""
    served_url: str = ""
    valkey_url: str | None = None


class MakeFleet(Protocol):
    """Runs servers until the test ends; each call on a database of its own."""

    def __call__(self, backend: Backend, way: Way = Way(), settings: Mapping[str, str] | None = None) -> Fleet:
        """Start the servers of a back end; `settings` are further variables."""
        ...


@pytest.fixture(scope="session")
def fleet(request: pytest.FixtureRequest, backend: Backend) -> Iterator[Fleet]:
    """Give the servers of one back end after the other; who kills them starts them. The clock only goes forward."""
    clock = FileClock(run.folder() / f"clock-faults-{backend.name}-{run.worker_number()}")
    with running_fleet(request, backend, clock, Way(), {}) as started:
        started.kill()
        started.start()
        yield started


@pytest.fixture(autouse=True)
def _nobody_dies_unasked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a server dead which nobody stopped, and start it for the tests that follow."""
    yield
    if "fleet" not in request.fixturenames:
        return
    fleet: Fleet = request.getfixturevalue("fleet")
    said = fleet.said()
    if fleet.mend():
        pytest.fail(f"a server ended by itself\n{said}")


@pytest.fixture
def make_fleet(request: pytest.FixtureRequest, clock: FileClock) -> Iterator[MakeFleet]:
    """Give a function that runs servers of this test alone."""
    with contextlib.ExitStack() as stack:

        def make(backend: Backend, way: Way = Way(), settings: Mapping[str, str] | None = None) -> Fleet:
            return stack.enter_context(running_fleet(request, backend, clock, way, settings or {}))

        yield make


@contextlib.contextmanager
def running_fleet(
    request: pytest.FixtureRequest, backend: Backend, clock: FileClock, way: Way, settings: Mapping[str, str]
) -> Iterator[Fleet]:
    """Run the servers of a back end over a database that is made here."""
    with contextlib.ExitStack() as stack:
        url, cache = way.database_url, way.valkey_url
        if not url and backend.is_sqlite:
            url = new_sqlite_url()
            stack.callback(remove_sqlite, url)
        elif not url:
            url = stack.enter_context(postgres.fresh_database(request.getfixturevalue("postgres_server_url")))
        if cache is None:
            cache = "" if backend.is_sqlite else valkey.empty_database(request.getfixturevalue("valkey_server_url"))
        local = Server(url, clock=clock, settings={"secret_key": SECRET_KEY})
        stack.callback(local.close)
        served = way.served_url or url
        servers = stack.enter_context(
            launch(served, clock, instances=backend.instances, valkey_url=cache, settings=settings)
        )
        yield stack.enter_context(in_fleet(backend, servers, local))


@dataclass(slots=True)
class OwnPostgres:
    """A PostgreSQL server that a test may stop and start; `pid` is 0 while it is stopped."""

    cluster: postgres.Cluster
    pid: int

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it by a signal: SIGINT ends its sessions, SIGQUIT is a crash."""
        self.cluster.stop(self.pid, how)
        self.pid = 0

    def start(self) -> None:
        """Start it."""
        self.pid = self.cluster.start()


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[OwnPostgres]:
    """Give a running PostgreSQL server that tests may stop and start."""
    program = programs.find_postgres()
    if program is None or program.url:
        pytest.skip("needs a PostgreSQL that the test may stop")
    cluster = postgres.new_cluster(program, f"pg-faults-{run.worker_number()}")
    server = OwnPostgres(cluster, cluster.start())
    yield server
    if server.pid:
        server.stop()
