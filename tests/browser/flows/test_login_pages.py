"""The login pages of applications, with our component on them, when the application does not take the tokens."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Request, Route, expect

from avow.sdk import integration
from avow.testing.server import Avow
from tests.browser.flows.conftest import Visitor
from tests.factories import new_email

pytestmark = pytest.mark.browser
SCRIPT = (Path(integration.__file__).parent / "browser" / "login.js").read_text()
BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError') } })"


class Application:
    """An application that answers what it is told to, and then takes what comes."""

    def __init__(self, visitor: Visitor, **attributes: str) -> None:
        self.answers: list[int] = []
        self.posted: list[Request] = []
        self.visitor = visitor
        self._attributes = {"data_avow_store": "/store", "data_avow_next": "/in", **attributes}
        visitor.version = "avow"
        visitor.context.route(f"{visitor.application}/store", self._store)
        visitor.context.route(f"{visitor.application}/in", lambda route: route.fulfill(body="You are in"))

    def _store(self, route: Route) -> None:
        self.posted.append(route.request)
        status = self.answers.pop(0) if self.answers else 200
        route.fulfill(status=status, body="{}") if status else route.abort()

    def sign_in(self, avow: Avow) -> None:
        """Sign somebody in on the login page."""
        visitor, mail = self.visitor, new_email()
        visitor.open("otp", **self._attributes)
        visitor.page.add_script_tag(content=SCRIPT)
        visitor.field("email").fill(mail)
        visitor.button("code").click()
        visitor.field("code").wait_for()
        visitor.field("code").fill(avow.code(mail))
        visitor.button("later").click()


@pytest.fixture(params=[{}, {"data_avow_csrf": "x"}], ids=["json", "form"])
def application(make_visitor: Callable[..., Visitor], request: pytest.FixtureRequest) -> Application:
    return Application(make_visitor(), **request.param)


@pytest.mark.parametrize("failure", [0, 429, 503])
def test_tokens_are_posted_again_when_the_application_was_away(
    application: Application, avow: Avow, failure: int
) -> None:
    application.answers = [failure, failure]
    application.sign_in(avow)
    page = application.visitor.page
    expect(page.get_by_role("alert")).to_have_text("The sign-in could not be completed. Please try again.")
    expect(page.locator("descope-wc")).to_have_count(0)  # its form has done its part
    expect(page.get_by_role("button", name="Try again")).to_be_focused()
    assert page.evaluate("[localStorage.DS, localStorage.DSR]") == [None, None]
    with page.expect_request("**/store"):
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url("**/in")
    assert len({request.post_data for request in application.posted}) == 1
    assert len(application.posted) == 3


@pytest.mark.parametrize("status", [400, 401, 403])
def test_login_begins_anew_when_the_application_refuses(application: Application, avow: Avow, status: int) -> None:
    application.answers = [status]
    application.sign_in(avow)
    page = application.visitor.page
    page.get_by_role("button", name="Start again").click()
    application.visitor.field("email").wait_for()
    application.sign_in(avow)
    page.wait_for_url("**/in")


def test_login_goes_on_without_storage(application: Application, avow: Avow) -> None:
    application.visitor.context.add_init_script(BLOCKED)
    application.sign_in(avow)
    application.visitor.page.wait_for_url("**/in")
    sent = application.posted[0].post_data or ""
    assert "csrfmiddlewaretoken=x" in sent or set(json.loads(sent)) == {"sessionJwt", "refreshJwt"}
