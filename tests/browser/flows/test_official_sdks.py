"""The official browser SDK and the React SDK, unmodified, with our server as their base URL."""

import contextlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from avow import AuthException
from avow.testing.server import Avow
from tests.bed import npm
from tests.browser.flows.conftest import BUNDLE, Visitor
from tests.factories import change_settings, new_email

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.browser

SOURCE = Path(__file__).with_name("react_page.js")
SDK = """
async ([projectId, baseUrl]) => {
  window.sdk = Descope({ projectId, baseUrl, persistTokens: true, autoRefresh: true });
  window.seen = [];
  sdk.onSessionTokenChange((token) => seen.push(Boolean(token)));
  const refreshed = await sdk.refresh();
  const me = await sdk.me();
  return [refreshed.ok, me.data?.email, Boolean(sdk.getSessionToken())];
}
"""
LIFETIME_SECONDS = 590  # nearly the ten minutes of a session token; twenty seconds before its end the SDK refreshes


@pytest.fixture(autouse=True)
def without_passkeys(avow: Avow) -> None:
    """Have nobody offered a passkey."""
    change_settings(avow, {"sign_in_methods": ("otp",)})
    avow.advance(2)


@pytest.fixture(scope="module")
def react_page() -> None:
    """Make the application of the React SDK one script."""
    entry = npm.FOLDER / "react_page.js"
    shutil.copy(SOURCE, entry)
    command = ["node_modules/.bin/esbuild", entry.name, "--bundle", "--minify", f"--outfile={BUNDLE.name}"]
    subprocess.run(
        [*command, '--define:process.env.NODE_ENV="production"'], cwd=npm.FOLDER, check=True, capture_output=True
    )


def opened(visitor: Visitor, path: str, page: "Page | None" = None) -> "Page":
    """Open a page without the component in a tab; in one more unless one is given."""
    page = page or visitor.context.new_page()
    page.goto(f"{visitor.application}/{path}?project={visitor.project_id}&api={visitor.api}")
    return page


def signed_in(visitor: Visitor, avow: Avow, mail: str) -> "Page":
    """Sign up by a code on the page of the SDK alone."""
    page = opened(visitor, "sdk", visitor.page)
    page.evaluate("ready")
    assert page.evaluate("mail => sdk.otp.signUpOrIn.email(mail)", mail)["ok"]
    assert page.evaluate("([m, c]) => sdk.otp.verify.email(m, c)", [mail, avow.code(mail)])["ok"]
    page.evaluate("told.length = 0")
    return page


def session_of(page: "Page") -> str:
    """Return the session token that a page has."""
    token: str = page.evaluate("sdk.getSessionToken()")
    return token


def live_on(avow: Avow, *pages: "Page") -> None:
    """Move the clocks of the server and of the browser on, until each page has refreshed by itself."""
    with contextlib.ExitStack() as said:
        for page in pages:  # what each says when a new session has come, and it knows when to refresh next
            said.enter_context(page.expect_console_message(lambda told: "Setting refresh timer" in told.text))
        avow.advance(LIFETIME_SECONDS)
        pages[0].context.clock.run_for(LIFETIME_SECONDS * 1000)


def test_page_of_component_and_sdk_refreshes_knows_and_signs_out(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.sign_in(mail, avow.code)
    page = visitor.page
    page.add_script_tag(url=f"{visitor.application}/script/sdk")
    assert page.evaluate(SDK, [visitor.project_id, visitor.api]) == [True, mail, True]
    refresh_token = page.evaluate("sdk.getRefreshToken()")
    assert page.evaluate("sdk.logout().then((answer) => answer.ok)") is True
    assert page.evaluate("[localStorage.DS, localStorage.DSR]") == [None, None]
    assert page.evaluate("seen.at(-1)") is False
    with pytest.raises(Exception, match="E"):
        avow.client().refresh_session(refresh_token)


@pytest.mark.usefixtures("react_page")
def test_react_application_signs_in_stays_signed_in_and_signs_out(visitor: Visitor, avow: Avow) -> None:
    page, mail = visitor.page, new_email()
    page.goto(f"{visitor.application}/react?project={visitor.project_id}&api={visitor.api}")
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    visitor.field("code").fill(avow.code(mail))
    visitor.button("verify").click()
    page.locator("#who", has_text=mail).wait_for()
    page.reload()
    page.locator("#who", has_text=mail).wait_for()
    page.locator("#out").click()
    visitor.field("email").wait_for()


def test_session_is_refreshed_by_itself_as_time_passes(visitor: Visitor, avow: Avow) -> None:
    visitor.context.clock.install(time=avow.server.clock())
    mail = new_email()
    page = signed_in(visitor, avow, mail)
    tokens = [session_of(page)]
    for _ in range(3):
        live_on(avow, page)
        page.wait_for_function("token => sdk.getSessionToken() !== token", arg=tokens[-1])
        tokens.append(session_of(page))
        assert page.evaluate("sdk.me()")["data"]["email"] == mail
    assert len(set(tokens)) == 4
    assert avow.client().validate_session(tokens[-1])["sub"]
    with pytest.raises(AuthException):
        avow.client().validate_session(tokens[0])
    assert page.evaluate("told.every(Boolean)") is True


@pytest.mark.parametrize("rotation", ["sole-holder", "always"])
def test_two_tabs_stay_signed_in_as_time_passes(visitor: Visitor, avow: Avow, rotation: str) -> None:
    change_settings(avow, {"rotation": rotation})
    avow.advance(2)
    visitor.context.clock.install(time=avow.server.clock())
    mail = new_email()
    first = signed_in(visitor, avow, mail)
    second = opened(visitor, "sdk")
    assert second.evaluate("ready.then((answer) => answer.ok)") is True
    for _ in range(3):
        live_on(avow, first, second)
    for page in (first, second):
        assert page.evaluate("sdk.me()")["data"]["email"] == mail
        assert page.evaluate("sdk.refresh()")["ok"] is True
        assert page.evaluate("told.every(Boolean)") is True
        assert avow.client().validate_session(session_of(page))["sub"]


@pytest.mark.parametrize("rotation", ["sole-holder", "always"])
def test_two_tabs_that_refresh_with_one_token_stay_signed_in(visitor: Visitor, avow: Avow, rotation: str) -> None:
    change_settings(avow, {"rotation": rotation})
    avow.advance(2)
    mail = new_email()
    first = signed_in(visitor, avow, mail)
    second = opened(visitor, "sdk")
    second.evaluate("ready")
    kept = first.evaluate("sdk.getRefreshToken()")
    held: list[Route] = []

    def hold(route: "Route") -> None:
        """Let both go on when both have asked."""
        if route.request.method != "POST":
            route.fallback()
            return
        held.append(route)
        if len(held) == 2:
            for each in held:
                each.continue_()

    visitor.context.route("**/v1/auth/refresh*", hold)
    for _ in range(3):
        for page in (first, second):
            page.evaluate("answer = sdk.refresh(); 0")
        for page in (first, second):
            assert page.evaluate("answer.then((each) => each.ok)") is True
        assert len({each.request.headers["authorization"] for each in held}) == 1
        held.clear()
        avow.advance(60)  # a refresh token that another has followed is taken for half a minute more
    assert (first.evaluate("sdk.getRefreshToken()") != kept) is (rotation == "always")
    for page in (first, second):
        assert page.evaluate("sdk.me()")["data"]["email"] == mail
        assert page.evaluate("told.every(Boolean)") is True


@pytest.mark.usefixtures("react_page")
def test_two_tabs_of_a_react_application_stay_signed_in_as_time_passes(visitor: Visitor, avow: Avow) -> None:
    visitor.context.clock.install(time=avow.server.clock())
    mail = new_email()
    signed_in(visitor, avow, mail)
    tabs = [opened(visitor, "react", visitor.page), opened(visitor, "react")]
    for page in tabs:
        page.locator("#who", has_text=mail).wait_for()
    for _ in range(3):
        live_on(avow, *tabs)
    for page in tabs:
        page.locator("#who", has_text=mail).wait_for()
        page.reload()
        page.locator("#who", has_text=mail).wait_for()
