"""What the tests of Flask and FastAPI applications share: a real Avow on each database, and people who sign in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from avow import AsyncClient, Client, DeliveryMethod
from avow.core.tokens import SigningKey
from avow.embed.async_transport import AsyncInProcessTransport
from avow.embed.transport import InProcessTransport
from avow.errors import Unreachable
from avow.sdk.integration.session import Tokens
from avow.sdk.integration.unread import claims_of
from avow.sdk.transport import Request, Response
from avow.sdk.validate import SESSION_LIFETIME_SECONDS
from avow.server.keys import actions as keys
from avow.server.site import Site
from avow.server.store import Tx
from avow.testing.server import BASE_URL, Avow, Server
from tests.bed.plugin import DATABASES
from tests.factories import make_access_key, make_member, new_email
from tests.forgeries import Forgery, forgeries
from tests.served import server_over

__all__ = ["Network", "SignIn", "avow", "network", "server", "sign_in", "tokens_of"]

SignIn = Callable[..., Tokens]

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
SESSION_COOKIE, REFRESH_COOKIE = "__Host-avow-session-token", "__Host-avow-refresh-token"


class Network:
    """Carries calls to the server in the process, and remembers them; `is_away` cuts it.

    `proxy_says` has something before the server answer refreshes by that status.
    """

    def __init__(self, avow: Avow) -> None:
        self.avow = avow
        self.paths: list[str] = []
        self.is_away = False
        self.proxy_says = 0

    def client(self) -> Client:
        return Client(**self._arguments(), transport=_Counted(self))

    def async_client(self) -> AsyncClient:
        return AsyncClient(**self._arguments(), transport=_AsyncCounted(self))

    def note(self, request: Request) -> Response | None:
        """Remember a request; return what a proxy answers it, if anything."""
        self.paths.append(request.path)
        if self.is_away:
            raise Unreachable
        is_stopped = self.proxy_says and request.path.endswith("/refresh")
        return Response(self.proxy_says, {}, (), b"<html>no</html>") if is_stopped else None

    @property
    def site(self) -> Site:
        return self.avow.server.site

    def _arguments(self) -> dict[str, Any]:
        return {
            "project_id": self.avow.project_id,
            "management_key": self.avow.management_key,
            "base_url": BASE_URL,
            "clock": self.avow.server.clock,
            "retry_delays_seconds": (),
        }


class _Counted:
    def __init__(self, network: Network) -> None:
        self.network, self.inner = network, InProcessTransport(network.site)

    def send(self, request: Request) -> Response:
        return self.network.note(request) or self.inner.send(request)

    def close(self) -> None:
        pass


class _AsyncCounted:
    def __init__(self, network: Network) -> None:
        self.network, self.inner = network, AsyncInProcessTransport(network.site)

    async def send(self, request: Request) -> Response:
        return self.network.note(request) or await self.inner.send(request)

    async def close(self) -> None:
        self.network.paths.append("closed")


@pytest.fixture(scope="session", params=DATABASES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with server_over(request.param, request.getfixturevalue) as started:
        yield started


@pytest.fixture
def avow(server: Server) -> Avow:
    server.clock.reset()
    server.inbox.clear()
    return server.project()


@pytest.fixture
def network(avow: Avow) -> Network:
    return Network(avow)


@pytest.fixture
def sign_in(avow: Avow) -> SignIn:
    """Give a function that signs somebody up by a code, or in again, and returns their tokens."""
    return lambda email=None, **member: signed_in(avow, email, **member)


def signed_in(avow: Avow, email: str | None = None, **member: Any) -> Tokens:
    """Sign somebody in to a project; `member` says what they are given first, as `make_member` takes it."""
    address, client = email or new_email(), avow.client()
    for _ in range(2 if member else 1):  # roles are in the tokens of the next sign-in
        client.otp.sign_up_or_in(DeliveryMethod.EMAIL, address)
        session = client.otp.verify_code(DeliveryMethod.EMAIL, address, avow.code(address))
        if member and session["firstSeen"]:
            make_member(avow, session["userId"], **member)
    return tokens_of(session)


def tokens_of(session: Any) -> Tokens:
    return Tokens(session["sessionToken"]["jwt"], session["refreshSessionToken"]["jwt"])


def signing_key(avow: Avow) -> SigningKey:
    """Return the key that signs the project's session tokens, with its private half."""

    def unit(tx: Tx) -> SigningKey:
        rows = keys.published(tx)
        return keys.opened(tx, next(row for row in rows if (row.key_set, row.state) == (keys.SESSION, "active")))

    return avow.run(unit)


def forged_tokens(avow: Avow, session_token: str) -> list[Forgery]:
    """Return every forgery of a session token that can stand in a header."""
    made = forgeries(signing_key(avow), claims_of(session_token), max_lifetime_seconds=SESSION_LIFETIME_SECONDS)
    return [forgery for forgery in made if forgery.over_the_wire]


def machine_token(avow: Avow, **fields: Any) -> str:
    """Return the session token of a new access key."""
    return avow.client().exchange_access_key(make_access_key(avow, **fields)[1])["sessionToken"]["jwt"]
