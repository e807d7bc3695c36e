"""A FastAPI application beside a real Avow, and browsers that visit it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from avow.sdk.integration.session import Tokens
from tests.applications import OWN_PAGE, REFRESH_COOKIE, SESSION_COOKIE, Network, avow, network, server, sign_in
from tests.fastapi.shop import new_shop

__all__ = ["avow", "network", "server", "sign_in"]

Open = Callable[..., "Visitor"]


class Visitor:
    """A browser, or a program, at the shop."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def keep(self, tokens: Tokens) -> "Visitor":
        """Put tokens into the browser's cookies."""
        self.client.cookies.clear()
        for name, token in ((SESSION_COOKIE, tokens.session), (REFRESH_COOKIE, tokens.refresh)):
            if token:
                self.client.cookies.set(name, token, domain="shop.example.com")
        return self

    @property
    def kept(self) -> Tokens:
        return Tokens(*(self.client.cookies.get(name) or "" for name in (SESSION_COOKIE, REFRESH_COOKIE)))

    def get(self, path: str, token: str | None = None, **options: Any) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.get(path, headers=headers | options.pop("headers", {}), **options)

    def post(self, path: str, **options: Any) -> Any:
        return self.client.post(path, headers=options.pop("headers", OWN_PAGE), **options)

    def bring(self, tokens: Tokens, **options: Any) -> Any:
        """Post tokens as the login page does when its flow has ended."""
        return self.post("/auth/store", json={"sessionJwt": tokens.session, "refreshJwt": tokens.refresh}, **options)


@pytest.fixture
def open_shop(network: Network) -> Iterator[Open]:
    """Give a function that starts the application with these settings, and returns a browser at it."""
    opened: list[TestClient] = []

    def act(**said: Any) -> Visitor:
        app = new_shop(network, **said)
        client = TestClient(app, "https://shop.example.com", raise_server_exceptions=False, follow_redirects=False)
        client.__enter__()
        opened.append(client)
        return Visitor(client)

    yield act
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def visitor(open_shop: Open) -> Visitor:
    return open_shop()
