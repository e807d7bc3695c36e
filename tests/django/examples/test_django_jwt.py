"""examples/django_jwt over https in Chromium: its page, in each of the three modes."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from examples.django_jwt.people import LOOK, PASSWORD
from tests.examples import LOOKS, ROOT, Example, opened, problems_of, running_example

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

README = (ROOT / "examples" / "django_jwt" / "README.md").read_text(encoding="utf-8")
COOKIES = {
    "JSON": set(),
    "ONE-COOKIE": {"jwt_access", "jwt_refresh"},
    "TWO-COOKIES": {"jwt_access_token", "jwt_access_payload", "jwt_refresh"},
}
VALID: dict[str, object] = {"msg": "Token is valid"}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=COOKIES)
def mode(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def example(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    folder = tmp_path_factory.mktemp("django_jwt")
    with running_example("examples.django_jwt", folder, "--mode", mode, has_avow=False) as at:
        yield at


@pytest.fixture
def page(browser: "Browser", example: Example) -> "Iterator[Page]":
    with opened(browser, example.url, ignore_https_errors=True) as fresh:
        fresh.goto(example.url)
        yield fresh


def press(page: "Page", name: str) -> tuple[int, Any]:
    """Press a button; return the status and body that the page shows."""
    from playwright.sync_api import expect

    page.evaluate("document.getElementById('answer').textContent = ''")
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#answer")).to_have_text(re.compile(r"^\d"))
    status, _, said = page.locator("#answer").inner_text().partition(" ")
    return int(status), json.loads(said)


def sign_in(page: "Page", name: str, password: str = PASSWORD) -> tuple[int, Any]:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    return press(page, "Sign in")


def kept(page: "Page") -> set[str]:
    return {str(each.get("name")) for each in page.context.cookies() if str(each.get("name")).startswith("jwt")}


def test_tokens_are_where_the_mode_says(page: "Page", mode: str) -> None:
    status, said = sign_in(page, "mia")
    assert status == 200
    assert set(said) == ({"refresh", "access"} if mode == "JSON" else {"msg"})
    # The refresh cookie goes to its own path only, so that the page's context has to be asked for all of them.
    assert kept(page) == COOKIES[mode]
    hidden = {each.get("name") for each in page.context.cookies() if each.get("httpOnly")}
    assert hidden == COOKIES[mode] - {"jwt_access_payload"}
    assert all(each.get("secure") for each in page.context.cookies())
    seen = page.locator("#seen").inner_text()
    assert ("mia" in seen) is (mode != "ONE-COOKIE")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_page_signs_in_refreshes_and_logs_out(page: "Page", mode: str) -> None:
    assert press(page, "Who am I")[0] == 401
    assert sign_in(page, "mia", "wrong")[0] == 401
    assert sign_in(page, "mia")[0] == 200
    assert press(page, "Who am I") == (200, {"id": 1, "username": "mia", "perms": [LOOK]})
    assert press(page, "Look at users") == (200, {"users": ["mia", "noah"]})
    assert press(page, "Validate the access token") == (200, VALID)
    assert press(page, "Validate the refresh token") == (200, VALID)
    for button in ("Refresh the access token", "Renew both tokens", "Refresh the access token"):
        assert press(page, button)[0] == 200
        assert press(page, "Who am I")[0] == 200
    before: Any = page.context.cookies()
    assert press(page, "Log out")[0] == 200
    assert press(page, "Who am I")[0] == 401
    assert press(page, "Refresh the access token")[0] in {401, 403}
    if mode != "JSON":
        page.context.add_cookies(before)  # somebody copied them
        assert press(page, "Who am I")[0] == 401


def test_who_lacks_the_permission_is_refused(page: "Page") -> None:
    sign_in(page, "noah")
    assert press(page, "Look at users") == (403, {"error": "Invalid permissions for jwt token."})
    assert press(page, "Who am I")[0] == 200


def test_cookies_count_with_the_csrf_token_only(page: "Page", mode: str) -> None:
    sign_in(page, "mia")
    status = page.evaluate("fetch('/validate_access/', { method: 'POST' }).then((answer) => answer.status)")
    assert status == (401 if mode == "JSON" else 403)


@pytest.mark.parametrize("look", LOOKS)
def test_page_can_be_read_and_pressed_by_everybody(look: str, mode: str, browser: "Browser", example: Example) -> None:
    with opened(browser, example.url, ignore_https_errors=True, **LOOKS[look]) as page:
        page.goto(example.url)
        sign_in(page, "mia")
        press(page, "Who am I")
        assert problems_of(page, f"django_jwt-{mode}-{look}") == []


def test_readme_names_the_command_and_every_mode() -> None:
    assert "python -m examples.django_jwt" in README
    assert all(f"`{name}`" in README for name in COOKIES)
