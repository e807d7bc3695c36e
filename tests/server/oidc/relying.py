"""A relying party for tests: an application of a project, its browser, and the calls that it makes itself."""

import base64
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from avow.core.oidc.pkce import challenge_of
from avow.core.tokens import KeySet, SigningKey
from avow.server.applications import actions, apis
from avow.server.keys import actions as keys
from avow.server.projects import actions as projects
from avow.server.site import answer
from avow.server.store import Tx
from avow.server.visit import Request, Response
from avow.testing.server import Avow
from avow.wire.applications import ApiPermission, CreateApi, CreateApplication
from tests.server.pages.browsing import Browser, Page

REDIRECT = "https://app.example.com/cb"
API = "https://api.example.com"
VERIFIER = "v" * 43
CHALLENGE = challenge_of(VERIFIER)
# A server remembers hosts for two seconds of its clock, which each test sets back: no two tests meet at one time.
_STEPS = itertools.count(3, 5)


@cache
def made_keys() -> tuple[SigningKey, SigningKey]:
    """Return keys of an OpenID set; RSA keys take so long that all tests share them."""
    return keys.generate("RS256")


def prepare(avow: Avow) -> None:
    """Give a project its OpenID keys."""

    def unit(tx: Tx) -> None:
        keys.insert_set(tx, keys.OIDC, made_keys())
        projects.bump(tx)

    avow.run(unit)
    avow.advance(1)


def take_root(avow: Avow, host: str = "id.example.com") -> str:
    """Give a project the root of a host; return the host, of which each test has its own."""
    own = f"{avow.project_id[-8:].lower()}.{host}"
    avow.run(lambda tx: projects.set_issuer_host(tx, own, actor="test"))
    avow.advance(next(_STEPS))
    return own


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a client: status, headers, and the JSON of it."""

    status: int
    headers: dict[str, str]
    body: Any

    def __getitem__(self, name: str) -> Any:
        assert self.status in (200, 201), self.body
        return self.body[name]

    @property
    def error(self) -> tuple[int, str]:
        """Return status and error."""
        return self.status, self.body.get("error", "")


@dataclass
class Rp:
    """An application and what it keeps.

    Attributes:
        avow: The project.
        id, secret: Of the application.
        redirect: Its address.
        host: Of the root issuer, or "" for the project's own path.
    """

    avow: Avow
    id: str
    secret: str = field(default="", repr=False)
    redirect: str = REDIRECT
    host: str = ""

    @property
    def prefix(self) -> str:
        return "" if self.host else f"/{self.avow.project_id}"

    @property
    def issuer(self) -> str:
        return f"http://{self.host}/" if self.host else f"{self.avow.base_url}/{self.avow.project_id}"

    # --- Browser ---

    def browser(self, **headers: str) -> Browser:
        """Return a new browser."""
        said: dict[str, Any] = {**({"host": self.host} if self.host else {}), **headers}
        return Browser(self.avow, **said)

    def url(self, **changes: Any) -> str:
        """Return the address of an authorization request; "" takes a parameter away."""
        asked = {
            "client_id": self.id,
            "redirect_uri": self.redirect,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "xyz",
            "nonce": "n-0S6",
            **changes,
        }
        pairs = [(name, each) for name, value in asked.items() for each in _several(value) if each]
        return f"{self.prefix}/authorize?{urlencode(pairs)}"

    def ask(self, browser: Browser, **changes: Any) -> Page:
        """Send a browser with an authorization request, and follow it as far as the server leads."""
        return browser.get(self.url(**changes))

    def sign_in(self, browser: Browser, page: Page, email: str) -> Page:
        """Sign in on the page that asks for it."""
        page = browser.submit(page.form(), "code", email=email)
        return browser.submit(page.form(), "verify", code=self.avow.code(email))

    def code(self, browser: Browser, email: str, **changes: Any) -> str:
        """Return a code for somebody, who signs in if need be."""
        page = self.ask(browser, **changes)
        if page.status == 200:
            page = self.sign_in(browser, page, email)
        return landed(page)["code"]

    # --- Calls ---

    def basic(self, id: str = "", secret: str = "") -> str:
        text = f"{id or self.id}:{secret or self.secret}"
        return "Basic " + base64.b64encode(text.encode()).decode()

    def call(
        self,
        path: str,
        form: Mapping[str, Any] | None = None,
        *,
        verb: str = "POST",
        as_json: Any = None,
        query: str = "",
        **headers: str,
    ) -> Reply:
        """Call an endpoint below the issuer."""
        pairs = [(name, each) for name, value in (form or {}).items() for each in _several(value)]
        body = json.dumps(as_json).encode() if as_json is not None else urlencode(pairs).encode()
        said = {name.replace("_", "-"): value for name, value in headers.items() if value}
        if verb == "POST":
            kind = "application/json" if as_json is not None else "application/x-www-form-urlencoded"
            said.setdefault("content-type", kind)
        if self.host:
            said["host"] = self.host
        request = Request(verb, self.prefix + path, query, said, body, "203.0.113.9", len(said))
        response = self._send(request)
        return Reply(response.status, dict(response.headers), json.loads(response.body) if response.body else None)

    def _send(self, request: Request) -> Response:
        return answer(self.avow.server.site, request)

    def token(self, form: Mapping[str, Any], **headers: str) -> Reply:
        """Call the token endpoint as this client."""
        if self.secret and "authorization" not in headers:
            headers["authorization"] = self.basic()
        elif not self.secret:
            form = {"client_id": self.id, **form}
        return self.call("/oauth/token", form, **headers)

    def redeem(self, code: str, **changes: Any) -> Reply:
        """Redeem a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect, **changes}
        return self.token({name: value for name, value in form.items() if value})

    def refresh(self, token: str, **changes: Any) -> Reply:
        """Use a refresh token."""
        return self.token({"grant_type": "refresh_token", "refresh_token": token, **changes})

    def userinfo(self, token: str) -> Reply:
        """Ask who a token is about."""
        return self.call("/userinfo", verb="GET", authorization=f"Bearer {token}")

    def tokens(self, browser: Browser, email: str, **changes: Any) -> Reply:
        """Take somebody through the whole exchange."""
        verifier = VERIFIER if "code_challenge" in changes else ""
        return self.redeem(self.code(browser, email, **changes), code_verifier=verifier)

    def key_set(self) -> KeySet:
        """Return the keys that the issuer publishes."""
        reply = self.call("/.well-known/jwks.json", verb="GET")
        return KeySet.from_jwks(json.dumps(reply.body).encode())


def landed(page: Page) -> dict[str, str]:
    """Return what an application is told in the address that it is called back at."""
    where = page.headers.get("location", "")
    assert where.startswith(("https://", "com.example")), (page.status, where, page.text[:300])
    return {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}


def claims(token: str) -> dict[str, Any]:
    """Return what a token says, unverified."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def header(token: str) -> dict[str, Any]:
    """Return the header of a token."""
    first = token.split(".")[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    return found


def make_app(avow: Avow, *, host: str = "", preset: str = "regular-web", trusted: bool = True, **settings: Any) -> Rp:
    """Make an application; settings by their names on the wire."""
    given = {"redirectUris": [REDIRECT], **settings} if preset != "machine" else settings
    body = CreateApplication(name="Shop", preset=preset, trusted=trusted, settings=given)  # type: ignore[arg-type]
    id, secret = avow.run(lambda tx: actions.create(tx, body, is_open=False, actor="test"))
    avow.advance(1)
    return Rp(avow, id, secret, host=host)


def make_api(avow: Avow, *scopes: str, identifier: str = API, **fields: Any) -> str:
    """Make an API that knows these scopes; return its identifier."""
    permissions = tuple(ApiPermission(name=each) for each in scopes)
    body = CreateApi(identifier=identifier, permissions=permissions, **fields)
    avow.run(lambda tx: apis.create(tx, body, actor="test"))
    avow.advance(1)
    return identifier


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
