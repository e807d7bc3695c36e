"""An application's page with a login component on it, at another origin than the server; every request is noted."""

import contextlib
import http.server
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from avow import web as served_files
from avow.testing.server import Avow, Server
from tests.bed import npm
from tests.bed.counts import is_full
from tests.bed.plugin import DATABASES
from tests.served import free_port, over_http, server_over

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession, Locator, Page

# The scripts that a page may load, by the name the test gives them.
OFFICIAL = {
    "4": "@descope/web-component/dist/index.js",
    "3": "descope-web-component-3/dist/index.js",
    "sdk": "@descope/web-js-sdk/dist/index.umd.js",
}

BUNDLE = npm.FOLDER / "react_page.out.js"
OWN = {"avow": Path(served_files.__file__).parent / "served" / "avow-login.js", "react": BUNDLE}
REACT_PAGE = b"""<!doctype html>
<html lang="en"><title>Shop</title><div id="root"></div><script src="/script/react"></script></html>
"""
SDK_PAGE = b"""<!doctype html>
<html lang="en"><title>Shop</title><script src="/script/sdk"></script>
<script>
const asked = new URLSearchParams(location.search);
const projectId = asked.get("project"), baseUrl = asked.get("api");
const sdk = Descope({ projectId, baseUrl, persistTokens: true, autoRefresh: true });
const told = [];
sdk.onSessionTokenChange((token) => told.push(Boolean(token)));
const ready = sdk.refresh();
</script></html>
"""
PAGE = """<!doctype html>
<html lang="en"><title>Shop</title>
<script nonce="app">
window.told = [];
for (const name of ["ready", "success", "error", "screen-updated"])
  document.addEventListener(
    name, (event) => event.target.localName === "descope-wc" && told.push([name, event.detail]), true);
</script>
<script src="/script/{version}"></script>
<div><descope-wc {attributes}></descope-wc></div></html>
"""
# Pages without the component, by their path.
ALONE = {"/react": REACT_PAGE, "/sdk": SDK_PAGE}


class _Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path.startswith("/script/"):
            name = address.path.removeprefix("/script/")
            path = OWN.get(name) or npm.FOLDER / "node_modules" / OFFICIAL[name]
            self._send(path.read_bytes(), "text/javascript")
            return
        if address.path in ALONE:
            self._send(ALONE[address.path], "text/html; charset=utf-8")
            return
        if address.path != "/app":
            self.send_error(404)
            return
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        given: Mapping[str, str] = json.loads(asked.get("wc", "{}"))
        attributes = " ".join(f'{name}="{value}"' for name, value in given.items())
        page = PAGE.format(version=asked.get("v", "4"), attributes=attributes)
        self._send(page.encode(), "text/html; charset=utf-8", asked.get("policy", ""))

    def _send(self, body: bytes, content_type: str, policy: str = "") -> None:
        self.send_response(200)
        if policy:
            self.send_header("content-security-policy", policy)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def application_url() -> Iterator[str]:
    """Serve the application's page."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave half to full runs: of each test on both databases, the next in turn; `tests/server` runs flows on both."""
    if is_full():
        return
    twins: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and item.path.parent == Path(__file__).parent:
            database = getattr(item, "callspec", None) and item.callspec.params.get("served")
            if database:
                twins[item.nodeid.replace(str(database), "", 1)].append(item)
    pairs = [pair for pair in twins.values() if len(pair) == len(DATABASES)]
    left = {id(pair[number % 2]) for number, pair in enumerate(pairs)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) in left])
    items[:] = [item for item in items if id(item) not in left]


@dataclass(frozen=True)
class Served:
    """A server and where it answers."""

    server: Server
    url: str


@pytest.fixture(scope="module", params=DATABASES)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    port = free_port()
    url = f"http://localhost:{port}"
    settings = {"public_url": url, "callable_networks": (ip_network("127.0.0.0/8"),)}
    with (
        server_over(request.param, request.getfixturevalue, settings=settings) as server,
        over_http(server, port=port),
    ):
        yield Served(server, url)


@pytest.fixture
def avow(served: Served) -> Avow:
    return served.server.project("Shop")


@dataclass(frozen=True)
class Authenticator:
    """What makes and keeps the passkeys of a browser."""

    cdp: "CDPSession"
    number: str

    def verifies(self, yes: bool) -> None:
        """Let its user pass verification, or fail."""
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.number, "isUserVerified": yes})

    @property
    def uses(self) -> list[int]:
        """Return how often each of its passkeys was used, its creation included."""
        told = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.number})
        return [each["signCount"] for each in told["credentials"]]


@dataclass
class Visitor:
    """A browser profile on the application's page."""

    context: "BrowserContext"
    page: "Page"
    application: str
    api: str
    project_id: str
    foreign: list[str] = field(default_factory=list)
    friends: list[str] = field(default_factory=list)
    version: str = "4"

    def open(self, flow: str = "sign-up-or-in", *, version: str = "", policy: str = "", **attributes: str) -> None:
        """Open the page with the component on it, under a Content-Security-Policy of its own."""
        given = {"project-id": self.project_id, "flow-id": flow, "base-url": self.api, **attributes}
        given = {name.replace("_", "-"): value for name, value in given.items()}
        self.page.goto(
            f"{self.application}/app?"
            + urlencode({"v": version or self.version, "wc": json.dumps(given), "policy": policy})
        )

    def field(self, name: str) -> "Locator":
        """Return a field of the screen; the component renames those that are no e-mail address until they are used."""
        return self.page.locator(f'descope-wc input[name="{name}"], descope-wc input[name="user-{name}"]').first

    def button(self, interaction: str) -> "Locator":
        """Return a button of the screen."""
        return self.page.locator(f'descope-wc [data-type="button"][id="{interaction}"]')

    def heading(self) -> str:
        """Return the heading of the screen."""
        return self.page.locator("descope-wc h1").inner_text()

    @property
    def error(self) -> "Locator":
        """Return where the screen says what was wrong."""
        return self.page.locator('descope-wc [data-type="error-message"]')

    def sign_in(self, mail: str, code: "Callable[[str], str]") -> Any:
        """Sign somebody in with a code, and offer them no passkey; return the event's detail."""
        self.open("otp")
        self.field("email").fill(mail)
        self.button("code").click()
        self.field("code").wait_for()
        self.field("code").fill(code(mail))
        self.button("verify").click()
        return self.event("success")

    def event(self, name: str) -> Any:
        """Wait for an event of the component and return its detail."""
        # Until then the browser may be at somebody else's page, which tells nothing.
        try:
            self.page.wait_for_function(
                "(name) => window.told?.some(([each]) => each === name)", arg=name, timeout=15_000
            )
        except PlaywrightTimeout as error:  # say where the browser was left
            there = self.page.evaluate("[location.href, window.told, document.body?.innerText]")
            error.add_note(f"No {name}: {there}")
            raise
        return self.page.evaluate("(name) => told.find(([each]) => each === name)[1]", name)

    def screens_shown(self) -> int:
        """Return how many screens the component has shown on this page."""
        shown: int = self.page.evaluate("told.filter(([name]) => name === 'screen-updated').length")
        return shown

    def wait_for_screen(self, shown: int) -> None:
        """Wait for one more than that after an error; ours shows it where it is.

        The official one shows it before it draws the screen anew with what was typed: what is typed meanwhile is lost.
        """
        if self.version != "avow":
            self.page.wait_for_function(
                "(shown) => told.filter(([name]) => name === 'screen-updated').length > shown", arg=shown
            )

    def plug_in(self) -> Authenticator:
        """Give the browser an authenticator that verifies its user."""
        cdp = self.context.new_cdp_session(self.page)
        cdp.send("WebAuthn.enable", {})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        return Authenticator(cdp, cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"])


@pytest.fixture
def make_visitor(
    browser: "Browser", served: Served, application_url: str, avow: Avow
) -> Iterator[Callable[..., Visitor]]:
    """Give a function that opens a fresh browser profile; requests to anybody else are noted and refused."""
    with contextlib.ExitStack() as stack:

        def make(**options: Any) -> Visitor:
            context = stack.enter_context(contextlib.closing(browser.new_context(**{"locale": "en-GB", **options})))
            page = context.new_page()
            visitor = Visitor(context, page, application_url, served.url, avow.project_id)

            def judge(route: Any) -> None:
                if route.request.url.startswith((application_url, served.url, *visitor.friends)):
                    route.continue_()
                else:
                    visitor.foreign.append(route.request.url)
                    route.abort()

            context.route("**/*", judge)
            return visitor

        yield make


@pytest.fixture
def visitor(make_visitor: Callable[..., Visitor]) -> Visitor:
    return make_visitor()
