"""A browser that goes to the project over https, and to a provider and back."""

from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from tests.bed.openid import OpenIdPeer
from tests.bed.openid_provider import OpenIdProvider


class Visitor:
    """Somebody with a browser: Django's test client with CSRF checks."""

    def __init__(self) -> None:
        """Begin without any cookie."""
        self.client = Client(enforce_csrf_checks=True)

    def get(self, path: str, **more: Any) -> Any:
        """Open a page."""
        return self.client.get(path, secure=True, **more)

    def post(self, path: str, data: dict[str, str] | None = None, **more: Any) -> Any:
        """Post a form."""
        return self.client.post(path, data or {}, secure=True, headers={"referer": "https://testserver/"}, **more)

    def begin(self, path: str = "/login") -> str:
        """Begin to sign in; return where the browser is sent."""
        answer = self.get(path)
        assert answer.status_code == 302, answer.content
        return str(answer["location"])

    def come_back(self, url: str) -> Any:
        """Open the address that the provider sent the browser to."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://testserver/callback"
        return self.get(f"{parts.path}?{parts.query}")

    def sign_in(self, provider: OpenIdPeer | OpenIdProvider, login: str = "jane", path: str = "/login") -> Any:
        """Go through a whole sign-in; return what the callback answers."""
        url = self.begin(path)
        back = provider.authorize(url) if isinstance(provider, OpenIdPeer) else provider.sign_in(url, login)
        return self.come_back(back)

    def click_logout(self) -> Any:
        """Follow a link of the site's own page, as browsers say."""
        return self.get("/logout", headers={"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate"})

    @property
    def user(self) -> str:
        """Return whom the project takes the browser for, "" for nobody."""
        return str(self.get("/").json()["user"])

    @property
    def session(self) -> dict[str, Any]:
        """Return what Django's session holds."""
        return dict(self.get("/").json()["session"])

    @property
    def session_key(self) -> str:
        """Return the cookie of Django's session."""
        cookie = self.client.cookies.get("sessionid")
        return cookie.value if cookie else ""
