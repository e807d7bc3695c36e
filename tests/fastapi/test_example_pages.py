"""examples/fastapi in Chromium: the login page leads to the description, whose forms then work as the person."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from examples.fastapi.app import ROLE
from tests.examples import LOOKS, Example, opened, problems_of, running_example, sign_in
from tests.factories import new_email

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# The description's own scripts come from a CDN, which a test does not ask: this stands in for them.
FORMS = """const SwaggerUIBundle = () => ({ initOAuth() {} });
Object.assign(SwaggerUIBundle, { presets: {}, SwaggerUIStandalonePreset: {} });"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with running_example("examples.fastapi", tmp_path_factory.mktemp("fastapi")) as at:
        yield at


@pytest.fixture
def page(browser: "Browser", example: Example) -> "Iterator[Page]":
    with opened(browser, example.url, example.avow_url) as fresh:
        fresh.route(
            re.compile("swagger-ui-bundle"), lambda route: route.fulfill(body=FORMS, content_type="text/javascript")
        )
        fresh.route(re.compile(r"swagger-ui\.css|favicon\.png"), lambda route: route.fulfill(body=""))
        yield fresh


def call(page: "Page", verb: str, path: str, body: object = None) -> tuple[int, Any]:
    """Call the API from a page of the application, as the forms of /docs do."""
    status, text = page.evaluate(
        """async ([method, path, body]) => {
        const headers = body === null ? {} : { "content-type": "application/json" };
        const answer = await fetch(path, { method, headers, body });
        return [answer.status, await answer.text()]; }""",
        [verb, path, None if body is None else json.dumps(body)],
    )
    return status, json.loads(text) if text else None


def test_person_reads_is_refused_given_the_role_and_writes(page: "Page", example: Example) -> None:
    mail = new_email()
    page.goto(f"{example.url}/auth/login")
    sign_in(page, example, mail)
    page.wait_for_url(f"{example.url}/docs")
    assert page.evaluate("[Object.values(localStorage).filter((each) => each.includes('eyJ')), document.cookie]") == [
        [],
        "",
    ]
    assert call(page, "GET", "/articles") == (200, {})
    assert call(page, "POST", "/articles", {"title": "Fog"})[0] == 403
    example.command("user", "add-role", mail, ROLE)
    assert call(page, "POST", "/articles", {"title": "Fog"})[0] == 403
    assert call(page, "POST", "/auth/refresh")[0] == 200
    assert call(page, "POST", "/articles", {"title": "Fog"}) == (201, {"number": 1})
    assert call(page, "GET", "/me")[1]["roles"] == [ROLE]
    assert call(page, "DELETE", "/articles/1")[0] == 204
    assert call(page, "POST", "/auth/logout")[0] == 200
    assert call(page, "GET", "/articles")[0] == 401


@pytest.mark.parametrize("look", LOOKS)
def test_login_page_can_be_read_and_pressed_by_everybody(look: str, browser: "Browser", example: Example) -> None:
    with opened(browser, example.url, example.avow_url, **LOOKS[look]) as page:
        page.goto(f"{example.url}/auth/login")
        page.get_by_label("E-mail address or phone number").wait_for()
        assert problems_of(page, f"fastapi-login-{look}") == []
