"""Tenants with identity providers of which the tests hold the keys; the server may call loopback."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest

from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.testing.clock import MovableClock
from avow.testing.server import Avow, Server
from tests.bed.openid import OpenIdPeer, openid_peer
from tests.bed.plugin import DATABASES
from tests.bed.tenant_idp import TenantIdp
from tests.bed.visitor import Visitor
from tests.factories import make_tenant
from tests.served import server_over
from tests.server.api import START

_LOOPBACK = {"callable_networks": (IPv4Network("127.0.0.0/8"),)}


@pytest.fixture(scope="session", params=DATABASES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    clock = MovableClock(lambda: START)
    with server_over(request.param, request.getfixturevalue, clock, settings=_LOOPBACK) as started:
        yield started


@pytest.fixture
def peer(server: Server) -> Iterator[OpenIdPeer]:
    """Give an OpenID provider; it answers at other paths whatever a test tells it to."""
    with openid_peer(server.clock) as started:
        yield started


@pytest.fixture
def make_unreachable(
    request: pytest.FixtureRequest, peer: OpenIdPeer
) -> Iterator[Callable[[], tuple[Avow, OpenIdPeer]]]:
    """Give a function that makes a project on a server which may not call loopback, and who listens there."""
    with server_over("sqlite", request.getfixturevalue, MovableClock(lambda: START)) as started:
        yield lambda: (started.project(approved_redirects=["https://app.example.com"]), peer)


@pytest.fixture
def project(make_project: Callable[..., Avow]) -> Avow:
    return make_project(approved_redirects=["https://app.example.com"])


@pytest.fixture
def visitor(project: Avow) -> Visitor:
    return Visitor(project.server.site)


@pytest.fixture
def idp(project: Avow) -> TenantIdp:
    """Give a tenant whose SAML identity provider is set up."""
    made = TenantIdp(project, make_tenant(project, tenant_id="T1"))
    made.configure()
    return made


@pytest.fixture
def refusals(project: Avow) -> Callable[[], list[dict[str, Any]]]:
    """Give a function that returns the sign-ins elsewhere that came to nothing, as the audit tells of them."""

    def read() -> list[dict[str, Any]]:
        found = project.client().mgmt.audit.search(actions=["federation.refused"])["audits"]
        return [dict(each["data"]) for each in found]

    return read


@pytest.fixture
def find_user(project: Avow) -> Callable[[str], Profile]:
    """Give a function that returns a user by login ID, with all they hold."""

    def read(login_id: str) -> Profile:
        found = project.run(lambda tx: users.find_by_login_id(tx, login_id))
        assert found is not None, login_id
        return found

    return read
