"""Protected views of the integrations, to which tokens are presented as a browser's cookies."""

import contextlib
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from importlib import import_module

from avow.testing.server import BASE_URL, Avow

__all__ = ["django_view"]

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
