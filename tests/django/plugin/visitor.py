"""A browser that goes to the project over https, and what it can see of whom the project takes it for."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client
from django.urls import reverse

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME
from avow.django import settings, stores
from avow.sdk.integration.session import Tokens

T = TypeVar("T")

OUR_COOKIES = ("__Host-avow-session-token", "__Host-avow-refresh-token")


def tokens_of(session: Any) -> Tokens:
    """Return the tokens of an answer of the SDK."""
    return Tokens(session[SESSION_TOKEN_NAME]["jwt"], session[REFRESH_SESSION_TOKEN_NAME]["jwt"])


class Visitor:
    """Somebody with a browser: Django's test client with CSRF checks."""

    def __init__(self) -> None:
        """Begin without any cookie."""
        self.client = Client(enforce_csrf_checks=True)

    def get(self, path: str, **more: Any) -> Any:
        """Open a page."""
        return self.client.get(path, secure=True, **more)

    def post(self, path: str, data: dict[str, str] | None = None, *, csrf: bool = True, **more: Any) -> Any:
        """Post a form, as our pages do."""
        form = dict(data or {})
        if csrf:
            form["csrfmiddlewaretoken"] = self.get("/csrf").json()["token"]
        return self.client.post(path, form, secure=True, headers={"referer": "https://testserver/"}, **more)

    def bring(self, session: Any, **more: Any) -> Any:
        """Hand over the tokens that a flow ended with."""
        tokens = session if isinstance(session, Tokens) else tokens_of(session)
        form = {name: token for name, token in (("DS", tokens.session), ("DSR", tokens.refresh)) if token}
        return self.post(reverse("avow:store_jwt"), form, **more)

    def keep(self, tokens: Tokens) -> None:
        """Hold tokens as if the project had handed them out."""
        if settings.load().uses_cookies:
            for name, token in zip(OUR_COOKIES, (tokens.session, tokens.refresh), strict=True):
                self.client.cookies[name] = token
        else:
            held = self.client.session
            held[stores.SESSION_KEY], held[stores.REFRESH_KEY] = tokens.session, tokens.refresh
            held.save()

    @property
    def kept(self) -> Tokens:
        """Return the tokens that the project has for this browser now."""
        if settings.load().uses_cookies:
            found = [self.client.cookies[name].value if name in self.client.cookies else "" for name in OUR_COOKIES]
            return Tokens(*found)
        held = self.client.session
        return Tokens(held.get(stores.SESSION_KEY, ""), held.get(stores.REFRESH_KEY, ""))

    @property
    def user_id(self) -> str:
        """Return whom the token says it is, "" for a stranger; no row is read."""
        return str(self.get("/whoami").json()["user_id"])

    @property
    def row(self) -> Any:
        """Return what a view sees of `request.user`."""
        return self.get("/row").json()

    async def aget(self, path: str, *, raise_request_exception: bool = True) -> Any:
        """Open a page of the project as it is served asynchronously, with the same cookies."""
        client = AsyncClient(raise_request_exception=raise_request_exception)
        client.cookies = self.client.cookies
        return await client.get(path, secure=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run asynchronous work in a loop of its own; its thread forgets the connection, since another test has another."""

    async def whole() -> T:
        try:
            return await work
        finally:
            await sync_to_async(_forget_connection)()

    return asyncio.run(whole())


def _forget_connection() -> None:
    connections.close_all()
    with contextlib.suppress(AttributeError):  # it had none
        del connections["default"]
