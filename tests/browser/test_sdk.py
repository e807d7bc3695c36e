"""Our browser SDK on an application's page of another origin: refreshing, who it is, signing out, several tabs."""

import gzip
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Dev

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

SERVED = Path(__file__).parents[2] / "src" / "avow" / "web" / "served"
MAKE = "Descope({ projectId: %s, persistTokens: true, autoRefresh: true })"


@pytest.fixture
def application(browser: "Browser", dev: Dev) -> Iterator["Callable[..., BrowserContext]"]:
    """Give a function that opens a browser profile for an application whose pages load our script."""
    page = {"head": ""}

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made = MAKE % json.dumps(dev.project_id)
            html = f"<!doctype html><title>App</title>{page['head']}<script>sdk = {made}</script>".encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(html)))
            self.end_headers()
            self.wfile.write(html)

        def log_message(self, *_: object) -> None:
            pass

    contexts: list[BrowserContext] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        Thread(target=server.serve_forever, daemon=True).start()

        def act(head: str = "") -> "BrowserContext":
            page["head"] = head or f'<script src="{dev.url}/sdk/avow.js"></script>'
            contexts.append(browser.new_context(base_url=f"http://localhost:{server.server_port}"))
            return contexts[-1]

        yield act
        for context in contexts:
            context.close()
        server.shutdown()


def opened(context: "BrowserContext") -> "Page":
    page = context.new_page()
    page.goto("/")
    return page


def signed_in(page: "Page", dev: Dev, mail: str) -> dict[str, Any]:
    """Sign up by a code; return what the SDK answered."""
    assert page.evaluate("mail => sdk.otp.signUpOrIn.email(mail)", mail)["ok"]
    answer: dict[str, Any] = page.evaluate("([m, c]) => sdk.otp.verify.email(m, c)", [mail, dev.message(mail)["code"]])
    assert answer["ok"], answer
    return answer


def test_a_page_learns_who_it_is_and_signs_out(application: Any, dev: Dev, mail: str) -> None:
    page = opened(application())
    assert page.evaluate("sdk.getSessionToken()") == ""
    assert page.evaluate("sdk.refresh()")["ok"] is False
    page.evaluate("told = []; sdk.onSessionTokenChange((now, before) => told.push([!!now, !!before])); 0")
    issued = signed_in(page, dev, mail)["data"]
    assert page.evaluate("sdk.getSessionToken()") == issued["sessionJwt"]
    assert page.evaluate("sdk.me()")["data"]["email"] == mail
    assert page.evaluate("sdk.isAuthenticated()") is True
    page.reload()
    assert page.evaluate("sdk.refresh()")["ok"] is True
    page.evaluate("told = []; sdk.onIsAuthenticatedChange(now => told.push(now)); 0")
    assert page.evaluate("sdk.logout()")["ok"] is True
    assert page.evaluate("[sdk.getSessionToken(), sdk.getRefreshToken(), told]") == ["", "", [False]]
    page.reload()
    assert page.evaluate("sdk.refresh()")["ok"] is False


def test_wrong_code_says_what_the_server_said_and_keeps_nothing(application: Any, mail: str) -> None:
    page = opened(application())
    assert page.evaluate("mail => sdk.otp.signUpOrIn.email(mail)", mail)["data"]["maskedEmail"]
    answer = page.evaluate("mail => sdk.otp.verify.email(mail, '000000')", mail)
    assert (answer["ok"], answer["code"], answer["error"]["errorCode"]) == (False, 401, "E061102")
    assert page.evaluate("localStorage.length") == 0


_HOLD = (
    "globalThis.turns ||= [];"
    "navigator.locks.request(`avow-refresh-${sdk.projectId}`, () => new Promise(free => turns.push(free))); 0"
)
_REFRESH = "answer = sdk.refresh(); 0"
_WAITING = "count => navigator.locks.query().then(({ held, pending }) => held.length && pending.length === count)"


def test_tabs_refresh_one_after_the_other_and_share_what_came(application: Any, dev: Dev, mail: str) -> None:
    context = application()
    first, second = opened(context), opened(context)
    signed_in(first, dev, mail)
    second.reload()
    first_token = first.evaluate("sdk.getSessionToken()")
    asked: list[str] = []
    context.on("request", lambda sent: asked.append(sent.url) if sent.url.endswith("/v1/auth/refresh") else None)
    # Tokens name seconds: of this one another has to come.
    first.wait_for_timeout(1100)
    # Between the turns of the tabs is one of the test, in which the second learns what the first has kept.
    for number, (page, asks) in enumerate(((first, _HOLD), (first, _REFRESH), (first, _HOLD), (second, _REFRESH))):
        page.evaluate(asks)
        page.wait_for_function(_WAITING, arg=number)
    first.evaluate("turns.shift()()")
    second.wait_for_function("token => sdk.getSessionToken() !== token", arg=first_token)
    first.wait_for_function("turns.length")
    first.evaluate("turns.shift()()")
    answers = [page.evaluate("answer") for page in (first, second)]
    assert [answer["ok"] for answer in answers] == [True, True]
    assert len(asked) == 1
    tokens = {page.evaluate("sdk.getSessionToken()") for page in (first, second)}
    assert len(tokens) == 1
    assert first_token not in tokens


def test_signing_out_in_one_tab_is_told_in_the_other(application: Any, dev: Dev, mail: str) -> None:
    context = application()
    first = opened(context)
    signed_in(first, dev, mail)
    second = opened(context)
    second.evaluate("told = []; sdk.onIsAuthenticatedChange(now => told.push(now)); 0")
    first.evaluate("sdk.logout()")
    second.wait_for_function("told.length == 1 && told[0] === false && sdk.getSessionToken() === ''")


def test_nobody_is_signed_out_by_a_busy_or_absent_server(application: Any, dev: Dev, mail: str) -> None:
    context = application()
    page = opened(context)
    token = signed_in(page, dev, mail)["data"]["sessionJwt"]
    headers = {
        "access-control-allow-origin": page.evaluate("location.origin"),
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "retry-after",
        "retry-after": "3",
    }
    context.route(f"{dev.url}/v1/auth/me", lambda route: route.fulfill(status=503, headers=headers, body="{}"))
    context.route(f"{dev.url}/v1/auth/refresh", lambda route: route.abort())
    assert page.evaluate("sdk.me()")["error"]["retryAfter"] == 3
    assert page.evaluate("sdk.refresh()")["error"]["errorCode"] == "J151000"
    assert page.evaluate("sdk.getSessionToken()") == token


def test_session_is_refreshed_before_it_ends(application: Any, dev: Dev, mail: str) -> None:
    context = application()
    page = opened(context)
    page.clock.install()
    page.reload()
    signed_in(page, dev, mail)
    with page.expect_request(f"{dev.url}/v1/auth/refresh"):
        page.clock.run_for(590_000)  # of ten minutes, less the twenty seconds


def test_the_module_is_the_same_client(application: Any, dev: Dev, mail: str) -> None:
    module = f'import Made, {{ Avow }} from "{dev.url}/sdk/avow.mjs"; window.same = Made === Avow'
    page = opened(application(f"<script type=module>{module}</script><script>function Descope() {{}}</script>"))
    page.wait_for_function("window.same === true")
    assert page.evaluate(f"import('{dev.url}/sdk/avow.mjs').then(m => m.Avow({{projectId: 'P1'}}).baseUrl)") == dev.url


@pytest.mark.parametrize(
    ("files", "most"),
    [
        (("avow.js",), 4_000),
        (("avow.mjs",), 4_000),
        (("avow-login.js",), 12_000),
        (("avow-login.mjs", "avow.mjs", "screens.mjs"), 12_000),
    ],
    ids=["sdk", "sdk module", "component", "component module"],
)
def test_what_a_page_loads_is_small(files: tuple[str, ...], most: int) -> None:
    assert sum(len(gzip.compress((SERVED / name).read_bytes(), 9)) for name in files) <= most
