"""Servers in this process for the tests of pages, one on each database, and browsers on a fresh project."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from avow.testing.clock import MovableClock
from avow.testing.server import Avow, Server
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.bed.plugin import DATABASES
from tests.bed.postgres import fresh_database
from tests.server.api import START
from tests.server.conftest import forget_callers
from tests.server.pages.browsing import Browser


@pytest.fixture(scope="session", params=DATABASES)
def pages_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = new_sqlite_url()
            stack.callback(remove_sqlite, url)
        else:
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres_server_url")))
        server = Server(url, clock=MovableClock(lambda: START))
        stack.callback(server.close)
        yield server


@pytest.fixture
def make_avow(pages_server: Server) -> Callable[..., Avow]:
    """Give a function that makes a project with settings."""
    pages_server.clock.reset()
    pages_server.inbox.clear()
    forget_callers(pages_server)
    return lambda **settings: pages_server.project("Acme", **settings)


@pytest.fixture
def avow(make_avow: Callable[..., Avow]) -> Avow:
    return make_avow()


@pytest.fixture
def browser(avow: Avow) -> Browser:
    return Browser(avow)
