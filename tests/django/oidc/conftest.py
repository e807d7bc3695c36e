"""A Django project on SQLite and PostgreSQL, beside npm oidc-provider and a provider whose answers the test holds."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import override_settings
from django.urls import clear_url_caches

from avow.clock import system_clock
from avow.django.oidc.provider import provider as provider_of_project
from tests.bed.openid import OpenIdPeer, openid_peer
from tests.bed.openid_provider import OpenIdProvider
from tests.bed.plugin import DATABASES
from tests.django.jwt.conftest import default_database, postgres_settings, sqlite_settings
from tests.django.oidc.visitor import Visitor

__all__ = ["postgres_settings", "sqlite_settings"]

Configure = Callable[..., None]

BACKENDS = ["django.contrib.auth.backends.ModelBackend", "avow.django.oidc.authentication.OidcBackend"]
CALLBACK = "https://testserver/callback"


@pytest.fixture(scope="session", params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(autouse=True)
def database(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    with default_database(request.getfixturevalue(f"{kind}_settings")):
        yield kind
        for model in (Session, Group, User):
            model._default_manager.all().delete()


@pytest.fixture(autouse=True)
def project(database: str) -> Iterator[Configure]:
    """Configure the project: `project(LOGIN_URL="/login")`; what is not said is the default."""
    with contextlib.ExitStack() as until_the_end:

        def change(**named: Any) -> None:
            until_the_end.enter_context(override_settings(**named))
            provider_of_project.cache_clear()
            clear_url_caches()

        change(
            ROOT_URLCONF="tests.django.oidc.urls",
            AUTHENTICATION_BACKENDS=BACKENDS,
            LOGIN_URL="avow_oidc:login",
            CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": database}},
        )
        yield change
        cache.clear()
    clear_url_caches()


@pytest.fixture
def peer() -> Iterator[OpenIdPeer]:
    """Give a provider that keeps to the books until a test says otherwise."""
    with openid_peer(system_clock) as started:
        started.client = ("shop", "a-secret-of-the-shop")
        yield started


@pytest.fixture
def configure(project: Configure, peer: OpenIdPeer) -> Configure:
    """Configure sign-in at the peer: `configure(keep_tokens=True)`."""

    def change(**said: Any) -> None:
        known = {"issuer": peer.url, "client_id": peer.client[0], "client_secret": peer.client[1]}
        project(AVOW_OIDC=known | said)

    change()
    return change


@pytest.fixture
def at_provider(project: Configure, openid_provider: OpenIdProvider) -> Callable[..., OpenIdProvider]:
    """Give a function that registers the project at npm oidc-provider, and configures it."""

    def register(registered: dict[str, Any] | None = None, **said: Any) -> OpenIdProvider:
        client_id, secret = openid_provider.register(CALLBACK, **(registered or {}))
        project(AVOW_OIDC={"issuer": openid_provider.url, "client_id": client_id, "client_secret": secret, **said})
        return openid_provider

    return register


@pytest.fixture
def visitor() -> Visitor:
    """Give a browser that nobody has signed in with yet."""
    return Visitor()
