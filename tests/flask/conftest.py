"""A Flask application beside a real Avow, and browsers that visit it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from avow.sdk.integration.session import Tokens
from tests.applications import OWN_PAGE, REFRESH_COOKIE, SESSION_COOKIE, Network, avow, network, server, sign_in
from tests.flask.shop import new_shop

__all__ = ["avow", "network", "server", "sign_in"]

Open = Callable[..., "Visitor"]


class Visitor:
    """A browser, or a program, at the shop."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def keep(self, tokens: Tokens) -> "Visitor":
        """Put tokens into the browser's cookies."""
        for name, token in ((SESSION_COOKIE, tokens.session), (REFRESH_COOKIE, tokens.refresh)):
            self.client.set_cookie(name, token) if token else self.client.delete_cookie(name)
        return self

    @property
    def kept(self) -> Tokens:
        found = (self.client.get_cookie(name) for name in (SESSION_COOKIE, REFRESH_COOKIE))
        return Tokens(*(cookie.value if cookie else "" for cookie in found))

    def get(self, path: str, token: str | None = None, **options: Any) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.get(path, headers=headers | options.pop("headers", {}), **options)

    def page(self, path: str) -> Any:
        return self.client.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    def post(self, path: str, **options: Any) -> Any:
        return self.client.post(path, headers=options.pop("headers", OWN_PAGE), **options)

    def bring(self, tokens: Tokens, **options: Any) -> Any:
        """Post tokens as the login page does when its flow has ended."""
        return self.post("/auth/store", json={"sessionJwt": tokens.session, "refreshJwt": tokens.refresh}, **options)


@pytest.fixture
def open_shop(network: Network) -> Open:
    """Give a function that starts the application with this configuration, and returns a browser at it."""

    def act(**config: Any) -> Visitor:
        return Visitor(new_shop(network, **config).test_client())

    return act


@pytest.fixture
def visitor(open_shop: Open) -> Visitor:
    return open_shop()
