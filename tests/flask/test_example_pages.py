"""examples/flask in Chromium: the Flask tutorial's pages, with our scripts and with the official ones."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import npm
from tests.bed.programs import FINDERS, missing_sentence
from tests.examples import LOOKS, Example, get, opened, problems_of, running_example, sign_in
from tests.factories import new_email

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# What unpkg answers at the addresses that the pages load with `--scripts official`.
OFFICIAL = {
    "https://unpkg.com/@descope/web-component@latest/dist/index.js": "@descope/web-component/dist/index.js",
    "https://unpkg.com/@descope/web-js-sdk@latest/dist/index.umd.js": "@descope/web-js-sdk/dist/index.umd.js",
}
# The official component loads these beside; our screens use none of them.
WIDGETS = "@descope/web-components-ui"


@pytest.fixture(scope="module", params=["own", "official"])
def scripts(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "official" and FINDERS["oidc-provider"]() is None:
        pytest.skip(missing_sentence("oidc-provider"))
    return name


@pytest.fixture(scope="module")
def example(scripts: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with running_example("examples.flask", tmp_path_factory.mktemp("flask"), "--scripts", scripts) as at:
        yield at


@pytest.fixture
def page(browser: "Browser", example: Example) -> "Iterator[Page]":
    with opened(browser, example.url, example.avow_url) as fresh:
        for address, file in OFFICIAL.items():
            fresh.route(address, answering(npm.FOLDER / "node_modules" / file))
        fresh.route(re.compile(f"/npm/{WIDGETS}@"), answering(None))
        yield fresh


def answering(file: Path | None) -> Any:
    body = file.read_bytes() if file else b"window.DescopeUI = {};"
    return lambda route: route.fulfill(body=body, content_type="text/javascript")


def test_pages_of_the_document(page: "Page", example: Example, scripts: str) -> None:
    from playwright.sync_api import expect

    mail = new_email()
    page.goto(example.url)
    link = page.locator("#login-or-profile")
    expect(link).to_have_text("Login")
    link.click()
    page.wait_for_url(f"{example.url}/login")
    sign_in(page, example, mail, is_official=scripts == "official")
    page.wait_for_url(f"{example.url}/profile")
    expect(page.locator("#email")).to_have_text(mail)
    expect(page.locator("#name")).to_have_text("-")
    expect(page.locator("#secret")).to_have_text(re.compile("^Only you see this, U"))
    loaded = page.evaluate("[...document.scripts].map((each) => each.src)")
    assert any(each.startswith("https://unpkg.com/") for each in loaded) is (scripts == "official")

    page.get_by_role("link", name="Home").click()
    expect(page.locator("#login-or-profile")).to_have_text("Profile")  # by refresh()
    page.goto(f"{example.url}/login")
    page.wait_for_url(f"{example.url}/profile")  # nobody signs in twice
    token = page.evaluate("sdk.getSessionToken()")
    assert get(f"{example.url}/get_secret_message", token).status == 200

    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{example.url}/login")
    page.goto(f"{example.url}/profile")
    page.wait_for_url(f"{example.url}/login")
    page.goto(example.url)
    expect(page.locator("#login-or-profile")).to_have_text("Login")


def test_secret_message_is_json_and_401_without_a_token(page: "Page", example: Example) -> None:
    page.goto(example.url)
    asked = page.evaluate(
        """async () => { const answer = await fetch("/get_secret_message");
        return [answer.status, answer.headers.get("content-type"), Object.keys(await answer.json())]; }"""
    )
    assert asked == [401, "application/json", ["error"]]


@pytest.mark.parametrize("scripts", ["own"], indirect=True)
@pytest.mark.parametrize("look", LOOKS)
def test_pages_can_be_read_and_pressed_by_everybody(look: str, browser: "Browser", example: Example) -> None:
    problems = []
    with opened(browser, example.url, example.avow_url, **LOOKS[look]) as page:
        page.goto(example.url)
        problems += problems_of(page, f"flask-home-{look}")
        page.goto(f"{example.url}/login")
        page.get_by_label("E-mail address or phone number").wait_for()
        problems += problems_of(page, f"flask-login-{look}")
        sign_in(page, example, new_email())
        page.wait_for_url(f"{example.url}/profile")
        page.get_by_text("Only you see this").wait_for()
        problems += problems_of(page, f"flask-profile-{look}")
    assert problems == []
