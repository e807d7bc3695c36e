"""The script between the login component and an application, when the application cannot be reached."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Route, expect

from avow.sdk import integration

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCRIPT = (Path(integration.__file__).parent / "browser" / "login.js").read_text()
PAGE = """<!doctype html><div id="login" data-avow-store="/store" data-avow-next="/" {more}></div>
<script>for (const name of ["DS", "DSR"]) localStorage.setItem(name, "a token");</script>
<script>{script}</script>"""
END = """document.getElementById("login").dispatchEvent(
  new CustomEvent("success", { detail: { sessionJwt: "s", refreshJwt: "r" } }))"""


@pytest.mark.browser
@pytest.mark.parametrize("more", ["", 'data-avow-csrf="x"'], ids=["json", "form"])
@pytest.mark.parametrize("answer", ["none", "no JSON", "null"])
def test_sign_in_that_the_application_does_not_take_is_told_and_leaves_no_token(
    browser: "Browser", more: str, answer: str
) -> None:
    page = browser.new_page()

    def serve(route: Route) -> None:
        if not route.request.url.endswith("/store"):
            route.fulfill(body=PAGE.format(script=SCRIPT, more=more), content_type="text/html")
        elif answer == "none":
            route.abort()
        else:
            route.fulfill(status=502, body="null" if answer == "null" else "<html>")

    page.route("**/*", serve)
    page.goto("http://localhost:8000/login")
    page.evaluate(END)
    expect(page.get_by_role("alert")).to_have_text("The sign-in could not be completed. Please try again.")
    assert page.evaluate("localStorage.length") == 0
    page.close()
