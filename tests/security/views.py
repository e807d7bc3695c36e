"""Protected views of the integrations, to which tokens are presented as a browser's cookies."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any

from avow.testing.server import BASE_URL, Avow

__all__ = ["APIS", "ApiView", "django_view", "fastapi_view", "flask_view"]

Visit = Callable[[str, str], int]


@contextlib.contextmanager
def django_view(avow: Avow) -> Iterator[Visit]:
    """Give a function that opens a page for people who are signed in, with a session and a refresh token as cookies.

    It returns the status: 200 for a page that was shown, 302 for a stranger who is sent to the login page.
    """
    import_module("tests.django.conftest")  # configures Django, once in a process
    from django.test import Client, override_settings
    from django.urls import clear_url_caches

    from avow.django import settings

    def visit(session_token: str, refresh_token: str) -> int:
        said = settings.load()
        jar = SimpleCookie({said.session_cookie_name: session_token, said.refresh_cookie_name: refresh_token})
        header = "; ".join(f"{name}={one.coded_value}" for name, one in jar.items() if one.value)
        as_sent = header.encode().decode("latin-1")  # as servers hand bytes on
        status: int = Client().get("/T1/login", secure=True, HTTP_COOKIE=as_sent).status_code
        return status

    with override_settings(
        ROOT_URLCONF="tests.django.plugin.urls",
        MIDDLEWARE=["avow.django.middleware.AvowMiddleware"],
        LOGIN_URL="avow:login",
        AVOW_PROJECT_ID=avow.project_id,
        AVOW_BASE_URL=BASE_URL,
        AVOW_CLIENT=avow.client,
    ):
        clear_url_caches()
        yield visit
    clear_url_caches()


@dataclass(frozen=True, slots=True)
class ApiView:
    """A view for people who are signed in; each way to show a token returns the status, 401 for a stranger.

    Attributes:
        by_header: Takes a session token.
        by_cookies: Takes a session token and a refresh token.
    """

    by_header: Callable[[str], int]
    by_cookies: Callable[[str, str], int]


def flask_view(avow: Avow) -> ApiView:
    """Return the view of a Flask application."""
    from flask import Flask

    from avow.flask import Avow as Extension
    from avow.flask import login_required

    app = Flask("protected")
    app.config.update(TESTING=True, AVOW_PROJECT_ID=avow.project_id, AVOW_BASE_URL=BASE_URL, AVOW_CLIENT=avow.client)
    Extension(app)

    @app.get("/")
    @login_required
    def home() -> str:
        return "secret"

    def ask(name: str, value: str) -> int:
        return (
            app.test_client(use_cookies=False).get("/", environ_overrides={f"HTTP_{name.upper()}": value}).status_code
        )

    return ApiView(
        lambda token: ask("authorization", f"Bearer {token}"),
        lambda session, refresh: ask("cookie", _cookie_header(session, refresh)),
    )


def fastapi_view(avow: Avow) -> ApiView:
    """Return the view of a FastAPI application."""
    from fastapi import FastAPI

    from avow.fastapi import Avow as Extension
    from avow.fastapi import CurrentSession

    app = FastAPI()
    Extension(app, project_id=avow.project_id, base_url=BASE_URL, client=avow.async_client)

    @app.get("/")
    async def home(session: CurrentSession) -> str:
        return session.user_id

    def ask(name: str, value: str) -> int:
        return asyncio.run(_status(app, (name.encode(), value.encode("latin-1"))))

    return ApiView(
        lambda token: ask("authorization", f"Bearer {token}"),
        lambda session, refresh: ask("cookie", _cookie_header(session, refresh)),
    )


APIS: dict[str, Callable[[Avow], ApiView]] = {"Flask": flask_view, "FastAPI": fastapi_view}


def _cookie_header(session_token: str, refresh_token: str) -> str:
    jar = SimpleCookie({"__Host-avow-session-token": session_token, "__Host-avow-refresh-token": refresh_token})
    header = "; ".join(f"{name}={one.coded_value}" for name, one in jar.items() if one.value)
    return header.encode().decode("latin-1")  # as servers hand bytes on


async def _status(app: Any, header: tuple[bytes, bytes]) -> int:
    """Speak ASGI by hand: no client takes anything away from the header."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"shop.example.com"), header],
        "client": ("192.0.2.7", 4711),
        "server": ("shop.example.com", 443),
    }
    await app(scope, receive, send)
    return statuses[0]
