"""A client of the JWT layer over https: keeps tokens as each mode has them, and sends cookies as a browser does."""

import base64
import json
from typing import Any

import jwt as pyjwt
from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware
from django.test import Client
from django.urls import reverse

ORIGIN = "https://testserver"
PASSWORD = "wonder land 1"
Claims = dict[str, Any]


class BrowserClient(Client):
    """Django's test client with CSRF checks; sends a cookie only to its path, and a Secure one only over https."""

    def _base_environ(self, **request: Any) -> dict[str, Any]:
        environ: dict[str, Any] = super()._base_environ(**request)  # type: ignore[misc]
        path, is_secure = request.get("PATH_INFO", "/"), request.get("wsgi.url_scheme") == "https"
        environ["HTTP_COOKIE"] = "; ".join(
            f"{name}={cookie.coded_value}"
            for name, cookie in self.cookies.items()
            if is_below(path, cookie["path"] or "/") and (is_secure or not cookie["secure"]) and cookie.value
        )
        return environ


def is_below(path: str, prefix: str) -> bool:
    """Match paths as RFC 6265 section 5.1.4 says."""
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/")


class OwnCsrf(CsrfViewMiddleware):
    """A project's own form of Django's middleware."""


class Visitor:
    """Somebody who uses a project in whichever mode it is."""

    def __init__(self) -> None:
        """Begin without any token or cookie."""
        self.client = BrowserClient(enforce_csrf_checks=True)
        self.access = self.refresh = ""

    @property
    def mode(self) -> str:
        """Return the mode that the project is in."""
        return str(getattr(settings, "AVOW_JWT_MODE", getattr(settings, "DJWTO_MODE", "JSON")))

    def sign_in(self, password: str = PASSWORD, name: str = "alice", **headers: str) -> Any:
        """Post name and password to the endpoint."""
        return self._kept(self.send("post", reverse("login"), {"username": name, "password": password}, headers))

    def post(self, route: str, kind: str = "access", *, csrf: bool = True, path: str = "", **data: str) -> Any:
        """Post to a route by its name, with the token of a kind."""
        form = data | ({"jwt_type": "refresh"} if kind == "refresh" and self.mode != "JSON" else {})
        return self._kept(self.send("post", path or reverse(route), form, self.headers(kind, csrf=csrf)))

    def delete(self, route: str, *, csrf: bool = True) -> Any:
        """Send a DELETE with the access token."""
        return self.send("delete", reverse(route), {}, self.headers("access", csrf=csrf))

    def get(self, path: str, kind: str = "access") -> Any:
        """Get a page with the token of a kind."""
        return self.send("get", path, {}, self.headers(kind, csrf=False))

    def send(self, method: str, path: str, data: Claims, headers: dict[str, str]) -> Any:
        """Send a request as it is said."""
        return getattr(self.client, method)(path, data, secure=True, headers=headers)

    def headers(self, kind: str, *, csrf: bool) -> dict[str, str]:
        """Return what goes with a request for it to bring a token, and in the cookie modes the CSRF token."""
        if self.mode == "JSON":
            token = getattr(self, kind)
            return {"authorization": f"Bearer {token}"} if token else {}
        cookie = self.client.cookies.get("csrftoken")
        return {"X-CSRFToken": cookie.value, "Referer": f"{ORIGIN}/"} if csrf and cookie else {}

    def has(self, *, access: str | None = None, refresh: str | None = None) -> None:
        """Hold other tokens from now on."""
        self.access = self.access if access is None else access
        self.refresh = self.refresh if refresh is None else refresh
        if self.mode != "JSON":
            self._put("jwt_access" if self.mode == "ONE-COOKIE" else "jwt_access_token", self.access, "/")
            self._put("jwt_refresh", self.refresh, "/api/token/refresh")

    def readable_claims(self) -> Claims:
        """Return what scripts of a page read in TWO-COOKIES."""
        found: Claims = json.loads(base64.b64decode(self.client.cookies["jwt_access_payload"].value))
        return found

    def _put(self, name: str, value: str, path: str) -> None:
        self.client.cookies[name] = value
        self.client.cookies[name]["path"] = path
        self.client.cookies[name]["secure"] = True

    def _kept(self, response: Any) -> Any:
        """Keep the tokens of an answer."""
        if self.mode == "JSON":
            body = response.json() if "json" in response.get("Content-Type", "") else {}
            self.access, self.refresh = body.get("access", self.access), body.get("refresh", self.refresh)
        else:
            name = "jwt_access" if self.mode == "ONE-COOKIE" else "jwt_access_token"
            values = {key: cookie.value for key, cookie in self.client.cookies.items()}
            self.access, self.refresh = values.get(name, ""), values.get("jwt_refresh", "")
        return response


def claims_of(token: str) -> Claims:
    """Return what a token says, unverified."""
    found: Claims = pyjwt.decode(token, options={"verify_signature": False})
    return found
