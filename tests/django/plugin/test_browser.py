"""The login page in Chromium under a strict CSP, over http on localhost; a stand-in takes the component's place."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.django.plugin.conftest import MIDDLEWARE, Configure, SignIn
from tests.django.plugin.urls import urlpatterns as pages
from tests.django.plugin.visitor import OUR_COOKIES, tokens_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("kind", ["sqlite"], indirect=True)]

POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'"
# What the component does at the end: it stores the tokens, then tells the page.
STAND_IN = """
customElements.define("avow-login", class extends HTMLElement {
  finish(sessionJwt, refreshJwt) {
    localStorage.setItem("DS", sessionJwt);
    localStorage.setItem("DSR", refreshJwt);
    this.dispatchEvent(new CustomEvent("success", { detail: { sessionJwt, refreshJwt }, bubbles: true }));
  }
});
"""


def component(request: HttpRequest) -> HttpResponse:
    return HttpResponse(STAND_IN, content_type="text/javascript")


urlpatterns = [path("component.js", component), *pages]


def strict(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer every page with the policy, as a middleware."""

    def answer(request: HttpRequest) -> Any:
        response = get_response(request)
        response["Content-Security-Policy"] = POLICY
        connections.close_all()  # each request has a thread of its own here
        return response

    return answer


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module", autouse=True)
def in_playwrights_loop() -> Iterator[None]:
    """Let Django use its database although Playwright keeps an event loop in this thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def url(configure: Configure) -> Iterator[str]:
    configure(
        ROOT_URLCONF="tests.django.plugin.test_browser",
        MIDDLEWARE=["tests.django.plugin.test_browser.strict", *MIDDLEWARE],
        ALLOWED_HOSTS=["localhost"],
        AVOW_WEB_COMPONENT_SRC="/component.js",
    )
    server = make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def finish(page: "Page", session: Any) -> None:
    """End the flow with the tokens of a session."""
    tokens = tokens_of(session)
    page.evaluate("([s, r]) => document.querySelector('avow-login').finish(s, r)", [tokens.session, tokens.refresh])


def test_flow_signs_in_and_leaves_nothing_for_scripts(url: str, page: "Page", sign_up: SignIn) -> None:
    refusals: list[str] = []
    page.on("console", lambda message: refusals.append(message.text) if "Content Security" in message.text else None)
    session = sign_up()
    page.goto(f"{url}/auth/login/?next=/whoami")
    finish(page, session)
    page.wait_for_url(f"{url}/whoami")
    assert session["userId"] in page.content()
    assert page.evaluate("[localStorage.length, document.cookie.includes('avow')]") == [0, False]
    kept = {cookie["name"]: cookie for cookie in page.context.cookies() if cookie["name"] in OUR_COOKIES}
    assert set(kept) == set(OUR_COOKIES)
    for cookie in kept.values():
        assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Lax")
    assert refusals == []


def test_refused_sign_in_is_told(url: str, page: "Page", sign_up: SignIn) -> None:
    from django.contrib.auth.models import User

    session = sign_up()
    User.objects.create_user(session["userId"], password="wonder land 1")
    page.goto(f"{url}/auth/login/")
    finish(page, session)
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert re.search("belongs to somebody else", alert.inner_text())
    assert page.evaluate("localStorage.length") == 0


def test_tab_whose_form_is_of_before_a_sign_in_elsewhere_goes_on(url: str, page: "Page", sign_up: SignIn) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{url}/auth/login/?next=/whoami")
    finish(page, sign_up())
    page.wait_for_url(f"{url}/whoami")
    # Django has changed the secret that the other tab's form was made with.
    with other.expect_response(f"{url}/auth/store_jwt") as refused:
        finish(other, sign_up())
    assert refused.value.status == 403
    other.get_by_role("button", name="Start again").click()
    other.get_by_role("link", name="Continue").click()
    other.wait_for_url(f"{url}/whoami")
