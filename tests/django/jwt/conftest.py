"""A project with Django's own users and the JWT layer, on SQLite or PostgreSQL, in each mode."""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.urls import clear_url_caches

from avow.django.jwt.models import JWTBlacklist, RefreshFamily
from tests.bed.postgres import fresh_database
from tests.django.jwt.visitor import Visitor

KEY = "a signing key of the tests, with more than 64 bytes, as HS512 wants it to be"
MODES = ("JSON", "ONE-COOKIE", "TWO-COOKIES")
Configure = Callable[..., None]


@contextlib.contextmanager
def default_database(settings: dict[str, Any]) -> Iterator[None]:
    """Have Django's default database be another one."""
    before = connections.settings["default"]

    def use(one: dict[str, Any]) -> None:
        connections.close_all()
        connections.settings["default"] = one
        with contextlib.suppress(AttributeError):
            del connections["default"]

    use(connections.configure_settings({"default": settings})["default"])
    try:
        yield
    finally:
        use(before)


@pytest.fixture(scope="session")
def sqlite_settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file: Path = tmp_path_factory.mktemp("django") / "db.sqlite3"
    options = {"init_command": "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL;", "transaction_mode": "IMMEDIATE"}
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": options}
    with default_database(settings):
        call_command("migrate", verbosity=0)
    return settings


@pytest.fixture(scope="session")
def postgres_settings(postgres_server_url: str) -> Iterator[dict[str, Any]]:
    with fresh_database(postgres_server_url) as url:
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query)["host"][0]
        settings = {
            "ENGINE": "django.db.backends.postgresql",
            **{"NAME": parts.path[1:], "USER": parts.username or "", "HOST": host, "PORT": parts.port or ""},
        }
        with default_database(settings):
            call_command("migrate", verbosity=0)
        yield settings


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the name of the kind of Django's database, SQLite unless a test asks for both by `both_databases`."""
    with default_database(request.getfixturevalue(f"{request.param}_settings")):
        yield request.param
        for model in (JWTBlacklist, RefreshFamily, User):
            model._default_manager.all().delete()


@pytest.fixture(autouse=True)
def configure(database: str) -> Iterator[Configure]:
    """Configure the project: `configure(DJWTO_MODE="ONE-COOKIE")`; what is not said is the default."""
    with contextlib.ExitStack() as until_the_end:

        def change(**settings: Any) -> None:
            until_the_end.enter_context(override_settings(**settings))
            clear_url_caches()

        change(ROOT_URLCONF="tests.django.jwt.urls", DJWTO_SIGNING_KEY=KEY)
        yield change
    clear_url_caches()


@pytest.fixture
def alice() -> Any:
    return User.objects.create_user("alice", "alice@example.com", "wonder land 1")


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest, configure: Configure) -> str:
    """Set each mode in turn."""
    configure(DJWTO_MODE=request.param)
    name: str = request.param
    return name


@pytest.fixture(params=MODES[1:])
def cookie_mode(request: pytest.FixtureRequest, configure: Configure) -> str:
    """Set each mode with cookies in turn."""
    configure(DJWTO_MODE=request.param)
    name: str = request.param
    return name


@pytest.fixture
def visitor(alice: Any) -> Visitor:
    """Give a browser, or a program, that nobody has signed in with yet."""
    return Visitor()


@pytest.fixture
def signals() -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Give a function that listens to a signal by name and returns what comes, as it comes."""
    from avow.django.jwt import signals as known

    with contextlib.ExitStack() as until_the_end:

        def listen(name: str, sender: str | None = None) -> list[dict[str, Any]]:
            heard: list[dict[str, Any]] = []

            def receive(sender: object, **sent: Any) -> None:
                heard.append({"sender": sender, **{key: value for key, value in sent.items() if key != "signal"}})

            signal = getattr(known, name)
            uid = secrets.token_hex(4)
            signal.connect(receive, sender=sender, weak=False, dispatch_uid=uid)
            until_the_end.callback(signal.disconnect, sender=sender, dispatch_uid=uid)
            return heard

        yield listen
