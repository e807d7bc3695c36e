"""Places whose server may call loopback, and an OpenID provider there of which the test holds the key."""

from collections.abc import Iterator
from ipaddress import IPv4Network

import pytest

from avow.testing.clock import MovableClock
from avow.testing.server import Server
from tests.bed.openid import OpenIdPeer, openid_peer
from tests.bed.plugin import DATABASES
from tests.bed.tenant_op import TenantOp
from tests.factories import make_tenant
from tests.security.conftest import MakePlace
from tests.security.place import in_process
from tests.served import server_over

APP = "https://app.example.com"


@pytest.fixture(scope="session", params=DATABASES)
def calling_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Give a server in this process that may call loopback, on SQLite and on PostgreSQL."""
    settings = {"callable_networks": (IPv4Network("127.0.0.0/8"),)}
    with server_over(request.param, request.getfixturevalue, MovableClock(), settings=settings) as started:
        yield started


@pytest.fixture
def make_calling_place(calling_server: Server) -> MakePlace:
    """Give a function that makes a project with settings on that server."""
    calling_server.clock.reset()
    calling_server.inbox.clear()
    return lambda **settings: in_process(calling_server, **{"approved_redirects": [APP], **settings})


@pytest.fixture
def peer(calling_server: Server) -> Iterator[OpenIdPeer]:
    """Give an OpenID provider."""
    with openid_peer(calling_server.clock) as started:
        yield started


@pytest.fixture
def other_peer(calling_server: Server) -> Iterator[OpenIdPeer]:
    """Give another one, which the attacker holds."""
    with openid_peer(calling_server.clock) as started:
        yield started


@pytest.fixture
def op(make_calling_place: MakePlace, peer: OpenIdPeer) -> TenantOp:
    """Give tenant T1, which signs in at the provider."""
    place = make_calling_place()
    made = TenantOp(place.avow, make_tenant(place.avow, tenant_id="T1"), peer)
    made.configure()
    return made
