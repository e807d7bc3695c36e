"""A project on both databases whose server may call loopback, and a provider there that the test holds."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from avow.testing.clock import MovableClock
from avow.testing.server import Avow, Server
from tests.bed.openid import OpenIdPeer, openid_peer
from tests.bed.plugin import DATABASES
from tests.bed.social import Social
from tests.bed.visitor import Visitor
from tests.served import server_over
from tests.server.api import START

SETTINGS = {"callable_networks": (ip_network("127.0.0.0/8"),)}


@pytest.fixture(scope="session", params=DATABASES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    clock = MovableClock(lambda: START)
    with server_over(request.param, request.getfixturevalue, clock, settings=SETTINGS) as started:
        yield started


@pytest.fixture
def peer(avow: Avow) -> Iterator[OpenIdPeer]:
    with openid_peer(avow.server.clock) as found:
        yield found


@pytest.fixture
def social(avow: Avow, peer: OpenIdPeer) -> Social:
    """Give a project in which the provider is set up."""
    found = Social(avow, peer)
    found.configure()
    return found


@pytest.fixture
def visitor(avow: Avow) -> Visitor:
    return Visitor(avow.server.site)
