"""Places for security cases: a project on a server in this process (on one database or on both), or on each of the
three back ends.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from avow.testing.clock import FileClock
from avow.testing.server import Server
from tests.bed import run, valkey
from tests.bed.backends import Backend
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.bed.plugin import DATABASES
from tests.bed.postgres import fresh_database
from tests.bed.server import SECRET_KEY, Servers, launch
from tests.security.place import Place, in_process, on_servers
from tests.security.presenting import Canary, Stage, listening, set_stage
from tests.security.production import Production, install, place_of, served

MakePlace = Callable[..., Place]


@dataclass(frozen=True, slots=True)
class Fleet:
    """The processes of a back end, and a server in this process on the same database: it makes and reads letters."""

    backend: Backend
    servers: Servers
    local: Server


@pytest.fixture(scope="session")
def fleet(request: pytest.FixtureRequest, backend: Backend) -> Iterator[Fleet]:
    """Give the processes of one back end after the other; their clock only ever goes forward."""
    clock = FileClock(run.folder() / f"clock-security-{backend.name}-{run.worker_number()}")
    with _fleet(request, backend, clock) as started:
        yield started


@contextlib.contextmanager
def _fleet(request: pytest.FixtureRequest, backend: Backend, clock: FileClock) -> Iterator[Fleet]:
    with contextlib.ExitStack() as stack:
        if backend.is_sqlite:
            url, cache = new_sqlite_url(), ""
            stack.callback(remove_sqlite, url)
        else:
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres_server_url")))
            cache = valkey.empty_database(request.getfixturevalue("valkey_server_url"), of_servers=True)
        local = Server(url, clock=clock, settings={"secret_key": SECRET_KEY})
        stack.callback(local.close)
        servers = stack.enter_context(launch(url, clock, instances=backend.instances, valkey_url=cache))
        yield Fleet(backend, servers, local)


@pytest.fixture
def make_place(fleet: Fleet) -> Iterator[MakePlace]:
    """Give a function that makes a project with settings, on one back end after the other."""
    made: list[Place] = []

    def make(**settings: object) -> Place:
        made.append(on_servers(fleet.local, fleet.servers, **settings))
        return made[-1]

    yield make
    for place in made:
        place.http.close()


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    """Give a new project on one back end after the other."""
    return make_place()


@pytest.fixture
def local_place(avow_server: Server) -> Place:
    """Give a new project on the server in this process."""
    _start_over(avow_server)
    return in_process(avow_server)


@pytest.fixture
def make_local_place(avow_server: Server) -> MakePlace:
    """Give a function that makes a project with settings on the server in this process."""
    _start_over(avow_server)
    return lambda **settings: in_process(avow_server, **settings)


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    """Give an installation on SQLite, made by the commands and served by `avow serve`."""
    installation = install(tmp_path / "data")
    with served(installation) as running, place_of(installation, running) as place:
        yield Production(installation, running, place)


@pytest.fixture
def make_server() -> Iterator[Callable[..., Server]]:
    """Give a function that starts a server in this process with settings of its own, on SQLite."""
    with contextlib.ExitStack() as stack:

        def make(**settings: object) -> Server:
            url = new_sqlite_url()
            stack.callback(remove_sqlite, url)
            server = Server(url, settings={"secret_key": SECRET_KEY, **settings})
            stack.callback(server.close)
            return server

        yield make


@pytest.fixture(scope="session", params=DATABASES)
def server_on_each(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Give a server in this process, on SQLite and then on PostgreSQL."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = new_sqlite_url()
            stack.callback(remove_sqlite, url)
        else:
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres_server_url")))
        clock = FileClock(run.folder() / f"clock-security-{request.param}-{run.worker_number()}")
        server = Server(url, clock=clock)
        stack.callback(server.close)
        yield server


@pytest.fixture
def make_each_place(server_on_each: Server) -> MakePlace:
    """Give a function that makes a project with settings on a server in this process, on SQLite and on PostgreSQL."""
    _start_over(server_on_each)
    return lambda **settings: in_process(server_on_each, **settings)


@pytest.fixture
def each_place(make_each_place: MakePlace) -> Place:
    """Give a new project on a server in this process, on SQLite and on PostgreSQL."""
    return make_each_place()


def _start_over(server: Server) -> None:
    """Carry the letters that earlier tests left, since the inbox keeps two hundred alone, and set the clock back."""
    server.site.courier.run_once()
    server.inbox.clear()
    server.clock.reset()


@pytest.fixture(scope="session")
def canary() -> Iterator[Canary]:
    """Give a listener that nobody may call."""
    with listening() as found:
        yield found


@pytest.fixture(scope="session", params=["ES256", "RS256", "EdDSA"])
def stage(request: pytest.FixtureRequest, avow_server: Server, canary: Canary) -> Stage:
    """Give the forged tokens of one algorithm after the other, and the project whose tokens they would be."""
    avow_server.clock.reset()
    return set_stage(in_process(avow_server), request.param, canary.url)
