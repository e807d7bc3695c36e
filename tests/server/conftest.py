"""Routes in the process on both databases: a project of its own for each test, a clock that only tests move."""

from collections.abc import Callable, Iterator

import pytest

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
    server.clock.reset()
    server.inbox.clear()
    return server.project


@pytest.fixture
def avow(make_project: Callable[..., Avow]) -> Avow:
    return make_project()


@pytest.fixture
def api(avow: Avow) -> Api:
    return Api(avow)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    return Statements(monkeypatch)
