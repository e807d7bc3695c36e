"""A project with an OpenID provider on both databases, and applications of it."""

from collections.abc import Iterator

import pytest

from avow.testing.clock import MovableClock
from avow.testing.server import Avow, Server
from tests.bed.plugin import DATABASES
from tests.security.place import NO_LIMITS
from tests.served import server_over
from tests.server.oidc.relying import Rp, make_app, prepare


@pytest.fixture(scope="session", params=DATABASES)
def provider_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with server_over(request.param, request.getfixturevalue, MovableClock(lambda: 1_800_000_000)) as started:
        yield started


@pytest.fixture
def project(provider_server: Server) -> Avow:
    provider_server.clock.reset()
    provider_server.inbox.clear()
    made = provider_server.project(**NO_LIMITS)
    prepare(made)
    return made


@pytest.fixture
def c1(project: Avow) -> Rp:
    """Return a confidential application with one registered address."""
    return make_app(project, logoutUris=["https://app.example.com/bye"])


@pytest.fixture
def c2(project: Avow) -> Rp:
    """Return another application."""
    return make_app(project, redirectUris=["https://other.example.com/cb"])


@pytest.fixture
def c3(project: Avow) -> Rp:
    """Return a public application."""
    return make_app(project, preset="spa")
