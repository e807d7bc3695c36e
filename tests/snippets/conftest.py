"""The names that the manual's code blocks use, and a project for them on both databases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pytest

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME, DeliveryMethod, DescopeClient
from avow.testing.server import Avow, Server
from tests.bed.plugin import DATABASES
from tests.factories import make_member, new_email
from tests.served import server_over

# Identity providers of the tests listen there.
_LOOPBACK = {"callable_networks": (IPv4Network("127.0.0.0/8"),)}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    user_id: str
    session_token: str
    refresh_token: str


@pytest.fixture(scope="session", params=DATABASES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with server_over(request.param, request.getfixturevalue, settings=_LOOPBACK) as started:
        yield started


@pytest.fixture
def avow(server: Server) -> Avow:
    server.clock.reset()
    server.inbox.clear()
    return server.project()


@pytest.fixture
def descope_client(avow: Avow) -> DescopeClient:
    return avow.client()


@pytest.fixture
def email() -> str:
    return new_email("desmond")


@pytest.fixture
def sign_in(avow: Avow, descope_client: DescopeClient) -> Callable[[], Visitor]:
    def act() -> Visitor:
        address = new_email()
        descope_client.otp.sign_up_or_in(DeliveryMethod.EMAIL, address)
        session: Any = descope_client.otp.verify_code(DeliveryMethod.EMAIL, address, avow.code(address))
        tokens = (session[SESSION_TOKEN_NAME]["jwt"], session[REFRESH_SESSION_TOKEN_NAME]["jwt"])
        return Visitor(session["userId"], *tokens)

    return act


@pytest.fixture
def visitor(sign_in: Callable[[], Visitor]) -> Visitor:
    return sign_in()


@pytest.fixture
def session_token(visitor: Visitor) -> str:
    return visitor.session_token


@pytest.fixture
def refresh_token(visitor: Visitor) -> str:
    return visitor.refresh_token


@pytest.fixture
def jwt_response(avow: Avow, descope_client: DescopeClient, visitor: Visitor) -> Any:
    """Return the answer of a session validation of somebody who holds what the manual asks for."""
    make_member(
        avow,
        visitor.user_id,
        roles_of_project={"Role to validate": ["Permission to validate"]},
        tenant_id="my-tenant-ID",
        roles_in_tenant={"Role in tenant": ["Permission in tenant"]},
    )
    return descope_client.refresh_session(visitor.refresh_token)
