"""When our browser SDK ends a session, and when it keeps one: late answers, broken servers, wrong clocks, cookies."""

import datetime
import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Dev
from tests.browser.test_sdk import SERVED, application, opened, signed_in  # noqa: F401 - one is a fixture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route

pytestmark = pytest.mark.browser
KEPT = "[!!localStorage.DS, !!localStorage.DSR]"
# What a page that listens has been told: the user's address, whose the claims are, and whether somebody is signed in.
LISTEN = """users = []; subjects = []; states = [];
  sdk.onUserChange((user) => users.push(user && user.email));
  sdk.onClaimsChange((claims) => subjects.push(claims && claims.sub));
  sdk.onIsAuthenticatedChange((is) => states.push(is)); 0"""


def cors(page: "Page", **more: str) -> dict[str, str]:
    return {
        "access-control-allow-origin": page.evaluate("location.origin"),
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "retry-after",
        **more,
    }


def posts(page: "Page", path: str) -> list[str]:
    """Note what is posted to a path from now on."""
    found: list[str] = []

    def note(sent: "Request") -> None:
        if sent.url.endswith(path) and sent.method == "POST":
            found.append(sent.url)

    page.on("request", note)
    return found


def token() -> str:
    """Return what a page reads as a session token of ten minutes."""
    claims = json.dumps({"exp": int(time.time()) + 600, "iat": int(time.time())})
    return f"h.{urlsafe_b64encode(claims.encode()).decode().rstrip('=')}.s"


@pytest.mark.parametrize("path", ["/", "/shop"])
@pytest.mark.parametrize("domain", ["", "example.test", "app.example.test"])
def test_signing_out_removes_the_cookie_of_an_enclosing_domain(browser: "Browser", domain: str, path: str) -> None:
    script = (Path(SERVED) / "avow.js").read_text()
    ends = int(time.time()) + 600
    answer = {"sessionJwt": token(), "refreshJwt": "r", "sessionExpiration": ends, "cookiePath": path, "user": {}}
    answer |= {"cookieDomain": domain} if domain else {}

    def serve(route: "Route") -> None:
        url = route.request.url
        if url.endswith("/sdk/avow.js"):
            route.fulfill(body=script, content_type="text/javascript")
        elif "/v1/auth/" in url:
            route.fulfill(body=json.dumps(answer if "verify" in url else {}), content_type="application/json")
        else:
            made = "sdk = Avow({ projectId: 'P1', sessionTokenViaCookie: true })"
            html = f"<!doctype html><script src='/sdk/avow.js'></script><script>{made}</script>"
            route.fulfill(body=html, content_type="text/html")

    context = browser.new_context()
    context.route("**/*", serve)
    page = context.new_page()
    page.goto("https://app.example.test/shop/")
    assert page.evaluate("sdk.otp.verify.email('a', '1').then(answer => answer.ok)")
    assert [each["name"] for each in context.cookies()] == ["DS"]
    page.reload()
    assert page.evaluate("sdk.logout().then(answer => answer.ok)")
    assert context.cookies() == []
    assert page.evaluate("sdk.isAuthenticated()") is False
    context.close()


def test_late_refusal_of_an_old_token_ends_no_newer_session(application: Any, dev: Dev, mail: str) -> None:  # noqa: F811
    page = opened(application())
    old = signed_in(page, dev, mail)["data"]["refreshJwt"]
    page.evaluate("sdk.logout()")
    page.evaluate("token => localStorage.setItem('DSR', token)", old)
    page.reload()
    held: list[Any] = []
    page.route(
        f"{dev.url}/v1/auth/refresh",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )
    with page.expect_request(f"{dev.url}/v1/auth/refresh"):
        page.evaluate("late = sdk.refresh(); 0")
    signed_in(page, dev, "second-" + mail)
    page.wait_for_timeout(100)
    held[0].continue_()
    assert page.evaluate("late.then(answer => [answer.ok, answer.code])") == [False, 401]
    assert page.evaluate(KEPT) == [True, True]


@pytest.mark.parametrize("status", [400, 403, 404, 408, 421, 401])
def test_no_session_ends_by_what_a_proxy_says(application: Any, dev: Dev, mail: str, status: int) -> None:  # noqa: F811
    context = application()
    page = opened(context)
    signed_in(page, dev, mail)
    headers = cors(page, **{"content-type": "text/html"})
    context.route(
        f"{dev.url}/v1/auth/refresh",
        lambda route: route.fulfill(status=status, headers=headers, body="<h1>Proxy</h1>"),
    )
    assert page.evaluate("sdk.refresh().then(answer => answer.code)") == status
    assert page.evaluate(KEPT) == [True, True]


def test_no_session_ends_by_a_call_with_wrong_arguments(application: Any, dev: Dev, mail: str) -> None:  # noqa: F811
    page = opened(application())
    signed_in(page, dev, mail)
    assert page.evaluate("sdk.myTenants('x').then(answer => answer.code)") == 400
    assert page.evaluate("sdk.me('x.y.z').then(answer => answer.code)") == 401
    assert page.evaluate(KEPT) == [True, True]


@pytest.mark.parametrize("status", [0, 403, 429, 503])
def test_signing_out_is_done_here_whatever_the_server_says(
    application: Any,  # noqa: F811
    dev: Dev,
    mail: str,
    status: int,
) -> None:
    context = application()
    page = opened(context)
    signed_in(page, dev, mail)
    page.evaluate("localStorage.setItem('dls_last_auth', '{}'); localStorage.setItem('avow-flow-x', '1 2')")
    headers = cors(page)
    context.route(
        f"{dev.url}/v1/auth/logout",
        lambda route: route.fulfill(status=status, headers=headers, body="{}") if status else route.abort(),
    )
    assert page.evaluate("sdk.logout().then(answer => [answer.ok, answer.code])") == [False, status]
    assert page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.parametrize("wait", ["", "120"], ids=["growing", "as the server says"])
def test_refresh_that_failed_is_tried_again(application: Any, dev: Dev, mail: str, wait: str) -> None:  # noqa: F811
    context = application()
    page = opened(context)
    page.clock.install()
    page.reload()
    signed_in(page, dev, mail)
    asked = posts(page, "/v1/auth/refresh")
    headers = cors(page, **({"retry-after": wait} if wait else {}))
    context.route(
        f"{dev.url}/v1/auth/refresh",
        lambda route: (
            route.fulfill(status=503, headers=headers, body="{}")
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    with page.expect_response(f"{dev.url}/v1/auth/refresh"):
        page.clock.run_for(590_000)
    page.wait_for_timeout(200)
    assert len(asked) == 1
    if wait:
        page.clock.run_for(110_000)
        assert len(asked) == 1
    context.unroute(f"{dev.url}/v1/auth/refresh")
    with page.expect_response(lambda got: got.url.endswith("/refresh") and got.status == 200):
        page.clock.run_for(15_000)


@pytest.mark.parametrize("ahead", [900, -900])
def test_clock_of_the_device_does_not_count(application: Any, dev: Dev, mail: str, ahead: int) -> None:  # noqa: F811
    page = opened(application())
    page.clock.install(time=datetime.datetime.fromtimestamp(time.time() + ahead, datetime.UTC))
    page.reload()
    signed_in(page, dev, mail)
    page.reload()
    assert page.evaluate("sdk.isAuthenticated()") is True
    asked = posts(page, "/v1/auth/refresh")
    page.clock.run_for(500_000)
    assert asked == []
    with page.expect_request(f"{dev.url}/v1/auth/refresh"):
        page.clock.run_for(90_000)


def test_one_tab_without_an_answer_holds_up_the_others_for_a_moment_only(
    application: Any,  # noqa: F811
    dev: Dev,
    mail: str,
) -> None:
    context = application("<script>AbortSignal.timeout = ((make) => (time) => make.call(AbortSignal, time / 15))"
                          f"(AbortSignal.timeout)</script><script src='{dev.url}/sdk/avow.js'></script>")  # fmt: skip
    first, second = opened(context), opened(context)
    signed_in(first, dev, mail)
    second.reload()
    first.route(f"{dev.url}/v1/auth/refresh", lambda route: None)
    first.evaluate("lost = sdk.refresh(); 0")
    assert second.evaluate("sdk.refresh().then(answer => answer.ok)") is True
    assert first.evaluate("lost.then(answer => answer.error.errorCode)") == "J151000"
    assert first.evaluate(KEPT) == [True, True]


def test_clients_of_one_page_hear_of_each_other_until_they_are_stopped(
    application: Any,  # noqa: F811
    dev: Dev,
    mail: str,
) -> None:
    page = opened(application())
    page.evaluate(f"told = []; other = Avow({{ projectId: '{dev.project_id}' }});"
                  "other.onUserChange((user) => told.push(user?.email));"
                  "other.onIsAuthenticatedChange((is) => told.push(is)); 0")  # fmt: skip
    signed_in(page, dev, mail)
    assert page.evaluate("told") == [True, mail]
    page.evaluate("other.stop(); sdk.logout()")
    assert page.evaluate("told") == [True, mail]


def test_names_of_the_page_stay_the_pages_own(application: Any, dev: Dev) -> None:  # noqa: F811
    own = "<script>window.Descope = function own() { return {} }; window.Avow = 'mine'</script>"
    page = opened(application(f"{own}<script src='{dev.url}/sdk/avow-login.js'></script>"))
    assert page.evaluate("[Descope.name, Avow, typeof AvowLogin]") == ["own", "mine", "function"]


@pytest.mark.parametrize("call", ["logout", "logoutAll"])
def test_signing_out_works_without_storage(application: Any, dev: Dev, mail: str, call: str) -> None:  # noqa: F811
    context = application()
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError') } })"
    )
    page = opened(context)
    signed_in(page, dev, mail)
    assert page.evaluate(f"sdk.{call}().then(answer => answer.ok)") is True
    assert page.evaluate("sdk.getSessionToken()") == ""


def test_other_tabs_learn_who_signs_in_there_and_out(application: Any, dev: Dev, mail: str) -> None:  # noqa: F811
    context = application()
    first, second = opened(context), opened(context)
    second.evaluate(LISTEN)
    asked: list[str] = []
    second.on("request", lambda sent: asked.append(sent.method) if sent.url.endswith("/me") else None)
    someone = signed_in(first, dev, mail)["data"]["user"]["userId"]
    second.wait_for_function("mail => users.includes(mail)", arg=mail)
    other = signed_in(first, dev, "second-" + mail)["data"]["user"]["userId"]
    second.wait_for_function("mail => users.includes(mail)", arg="second-" + mail)
    first.evaluate("sdk.logout()")
    second.wait_for_function("states.length === 2")
    # Between two people nobody is named, and each is asked for once.
    assert second.evaluate("users") == [mail, None, "second-" + mail, None]
    assert second.evaluate("subjects") == [someone, other, None]
    assert second.evaluate("states") == [True, False]
    assert asked.count("GET") == 2


def test_other_tab_learns_of_new_claims_and_asks_nobody(application: Any, dev: Dev, mail: str) -> None:  # noqa: F811
    context = application()
    first, second = opened(context), opened(context)
    second.evaluate(LISTEN)
    signed_in(first, dev, mail)
    second.wait_for_function("users.length")
    asked: list[str] = []
    second.on("request", lambda sent: asked.append(sent.url))
    second.evaluate("ends = []; sdk.onClaimsChange((claims) => ends.push(claims.exp)); 0")
    first.wait_for_timeout(1100)  # tokens name seconds
    first.evaluate("sdk.refresh()")
    second.wait_for_function("ends.length")
    assert second.evaluate("users") == [mail]
    assert asked == []


def test_tab_that_takes_what_another_refreshed_tells_whose_it_is(
    application: Any,  # noqa: F811
    dev: Dev,
    mail: str,
) -> None:
    context = application()
    first, second = opened(context), opened(context)
    second.evaluate(LISTEN)
    second.evaluate("addEventListener('storage', (event) => event.stopImmediatePropagation(), true); 0")
    second.evaluate(f"sdk.stop(); sdk = Avow({{ projectId: '{dev.project_id}' }}); 0")  # listens after that one
    second.evaluate(LISTEN)
    signed_in(second, dev, mail)
    second.evaluate("navigator.locks.request(`avow-refresh-${sdk.projectId}`, () => new Promise(go => free = go)); 0")
    second.wait_for_function("!!globalThis.free")
    second.evaluate("late = sdk.refresh(); 0")
    signed_in(first, dev, "second-" + mail)
    second.evaluate("free(); late")
    second.wait_for_function("mail => users.includes(mail)", arg="second-" + mail)
    assert second.evaluate("new Set(subjects).size") == 2


def test_late_answer_about_who_it_is_names_nobody_who_has_left(
    application: Any,  # noqa: F811
    dev: Dev,
    mail: str,
) -> None:
    page = opened(application())
    signed_in(page, dev, mail)
    page.reload()
    page.evaluate(LISTEN)
    held: list[Any] = []
    page.route(
        f"{dev.url}/v1/auth/me",
        lambda route: held.append(route) if route.request.method == "GET" else route.continue_(),
    )
    with page.expect_request(lambda sent: sent.url.endswith("/me") and sent.method == "GET"):
        page.evaluate("late = sdk.me(); 0")
    signed_in(page, dev, "second-" + mail)
    held[0].continue_()
    assert page.evaluate("late.then((answer) => answer.data.email)") == mail
    assert page.evaluate("users") == ["second-" + mail]
