"""A project on both databases whose server may call loopback, and identity providers there that the test holds."""

import contextlib
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest

from avow.testing.clock import MovableClock
from avow.testing.server import Avow, Server
from tests.bed.openid import openid_peer
from tests.bed.plugin import DATABASES
from tests.bed.social import Social
from tests.security.place import NO_LIMITS
from tests.served import server_over

MakeSocial = Callable[..., Social]
SETTINGS = {"callable_networks": (ip_network("127.0.0.0/8"),)}


@pytest.fixture(scope="session", params=DATABASES)
def federated_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    clock = MovableClock(lambda: 1_800_000_000)
    with server_over(request.param, request.getfixturevalue, clock, settings=SETTINGS) as started:
        yield started


@pytest.fixture
def make_social(federated_server: Server) -> Iterator[MakeSocial]:
    """Give a function that sets a new provider up, in a new project unless one is named."""
    federated_server.clock.reset()
    federated_server.inbox.clear()
    with contextlib.ExitStack() as stack:

        def make(avow: Avow | None = None, name: str = "acme", **settings: object) -> Social:
            place = avow or federated_server.project(**NO_LIMITS)
            found = Social(place, stack.enter_context(openid_peer(place.server.clock)), name)
            found.configure(**settings)
            return found

        yield make


@pytest.fixture
def social(make_social: MakeSocial) -> Social:
    return make_social()
