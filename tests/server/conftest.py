"""Routes in the process on both databases: a project of its own for each test, a clock that only tests move."""

from collections.abc import Callable, Iterator

import pytest

from avow.server.store import Tx
from avow.server.store.kv import MemoryKv
from avow.server.store.rows import SWEEP_COUNTERS
from avow.testing.clock import MovableClock
from avow.testing.server import Avow, Server
from tests.bed.plugin import DATABASES
from tests.served import server_over
from tests.server.api import START, Api, Statements


@pytest.fixture(scope="session", params=DATABASES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with server_over(request.param, request.getfixturevalue, MovableClock(lambda: START)) as started:
        yield started


@pytest.fixture
def make_project(server: Server) -> Callable[..., Avow]:
    server.site.courier.run_once()  # letters that an earlier test did not read
    server.clock.reset()
    server.inbox.clear()
    forget_callers(server)
    return server.project


def forget_callers(server: Server) -> None:
    """Count from nothing: all tests begin in one minute, and ask from one address."""
    kv = server.site.kv
    if isinstance(kv, MemoryKv):
        kv.close()
        return

    def sweep(tx: Tx) -> None:
        tx.now += 24 * 3600
        tx.run(SWEEP_COUNTERS)

    server.site.store.run_anywhere(sweep)


@pytest.fixture
def avow(make_project: Callable[..., Avow]) -> Avow:
    return make_project()


@pytest.fixture
def api(avow: Avow) -> Api:
    return Api(avow)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    return Statements(monkeypatch)
