"""A Django project beside a real Avow, both on SQLite and both on PostgreSQL, with each way to keep tokens."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import override_settings
from django.urls import clear_url_caches

from avow import AsyncClient, Client, DeliveryMethod
from avow.django import clients, settings
from avow.embed.async_transport import AsyncInProcessTransport
from avow.embed.transport import InProcessTransport
from avow.errors import Unreachable
from avow.sdk.transport import Request, Response
from avow.testing.server import BASE_URL, Avow, Server
from tests.bed.plugin import DATABASES
from tests.django.jwt.conftest import default_database, postgres_settings, sqlite_settings
from tests.django.plugin.visitor import Visitor
from tests.factories import make_member, new_email
from tests.served import server_over

__all__ = ["postgres_settings", "sqlite_settings"]

Configure = Callable[..., None]
SignIn = Callable[..., Any]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "avow.django.middleware.AvowMiddleware",
]
BACKENDS = ["django.contrib.auth.backends.ModelBackend", "avow.django.authentication.AvowBackend"]


class Network:
    """Carries calls to the server in the process, and remembers them; `is_away` cuts it."""

    def __init__(self, avow: Avow) -> None:
        self.avow = avow
        self.paths: list[str] = []
        self.is_away = False

    def client(self) -> Client:
        return Client(**self._arguments(), transport=_Counted(self))

    def async_client(self) -> AsyncClient:
        return AsyncClient(**self._arguments(), transport=_AsyncCounted(self))

    def note(self, request: Request) -> None:
        self.paths.append(request.path)
        if self.is_away:
            raise Unreachable

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
        self.network, self.inner = network, InProcessTransport(network.avow.server.site)

    def send(self, request: Request) -> Response:
        self.network.note(request)
        return self.inner.send(request)

    def close(self) -> None:
        pass


class _AsyncCounted:
    def __init__(self, network: Network) -> None:
        self.network, self.inner = network, AsyncInProcessTransport(network.avow.server.site)

    async def send(self, request: Request) -> Response:
        self.network.note(request)
        return await self.inner.send(request)

    async def close(self) -> None:
        pass


@pytest.fixture(scope="session", params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def server(kind: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    with server_over(kind, request.getfixturevalue) as started:
        yield started


@pytest.fixture(autouse=True)
def database(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    with default_database(request.getfixturevalue(f"{kind}_settings")):
        yield kind
        for model in (Session, Group, User):
            model._default_manager.all().delete()
        cache.clear()


@pytest.fixture
def avow(server: Server) -> Avow:
    server.clock.reset()
    server.inbox.clear()
    return server.project()


@pytest.fixture
def network(avow: Avow) -> Network:
    return Network(avow)


@pytest.fixture(autouse=True)
def configure(database: str, network: Network) -> Iterator[Configure]:
    """Configure the project: `configure(AVOW_TOKEN_STORE="session")`; what is not said is the default."""
    with contextlib.ExitStack() as until_the_end:

        def change(**named: Any) -> None:
            until_the_end.enter_context(override_settings(**named))
            clear_url_caches()

        change(
            ROOT_URLCONF="tests.django.plugin.urls",
            MIDDLEWARE=MIDDLEWARE,
            AUTHENTICATION_BACKENDS=BACKENDS,
            LOGIN_URL="avow:login",
            LOGIN_REDIRECT_URL="/plain",
            AVOW_PROJECT_ID=network.avow.project_id,
            AVOW_BASE_URL=BASE_URL,
            AVOW_MANAGEMENT_KEY=network.avow.management_key,
            AVOW_CLIENT=network.client,
            AVOW_ASYNC_CLIENT=network.async_client,
        )
        yield change
    clear_url_caches()


@pytest.fixture(params=[settings.COOKIE, settings.SESSION])
def store(request: pytest.FixtureRequest, configure: Configure) -> str:
    """Keep tokens in each way in turn."""
    configure(AVOW_TOKEN_STORE=request.param)
    name: str = request.param
    return name


@pytest.fixture
def sign_up(avow: Avow) -> SignIn:
    """Give a function that signs somebody up by a code, or in again, and returns the session as the SDK has it."""

    def act(email: str | None = None, *, roles: dict[str, list[str]] | None = None, **tenant: Any) -> Any:
        address, client = email or new_email(), clients.client()
        for _ in range(2 if roles is not None or tenant else 1):  # roles are in the tokens of the next sign-in
            client.otp.sign_up_or_in(DeliveryMethod.EMAIL, address)
            session = client.otp.verify_code(DeliveryMethod.EMAIL, address, avow.code(address))
            if (roles is not None or tenant) and session["firstSeen"]:
                make_member(avow, session["userId"], roles_of_project=roles, **tenant)
        return session

    return act


@pytest.fixture
def visitor() -> Visitor:
    """Give a browser, that nobody has signed in with yet."""
    return Visitor()
