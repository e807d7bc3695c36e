"""What the script of Avow's own pages does when a browser goes back, stops, waits or is refused a passkey."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Dev
from tests.browser.test_sign_in import ask, expect_signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

pytestmark = pytest.mark.browser
OpenPage = Callable[..., "Page"]


def posted(page: "Page") -> list[str]:
    """Note what is posted from now on."""
    found: list[str] = []

    def note(sent: "Request") -> None:
        if sent.method == "POST" and "/login/" in sent.url:
            found.append(sent.post_data or "")

    page.on("request", note)
    return found


def test_nobody_goes_back_to_the_account_after_signing_out(
    browser: "Browser", chromium: str, dev: Dev, mail: str
) -> None:
    flags = ["--no-sandbox"]
    started = browser.browser_type.launch(
        executable_path=chromium, args=flags, ignore_default_args=["--disable-back-forward-cache"]
    )
    page = started.new_page(locale="en-GB")
    page.add_init_script("addEventListener('pageshow', ({ persisted }) => { window.was ||= persisted })")
    ask(page, dev, mail, "Continue")
    page.get_by_label("Code", exact=True).fill(dev.message(mail)["code"])
    expect_signed_in(page, mail)
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.evaluate("history.back()")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Sign in to "))
    expect(page.get_by_role("status")).to_have_count(0)  # the notice of the page that was left
    expect(page.get_by_text(mail)).to_have_count(0)
    started.close()


def test_form_that_was_stopped_can_be_sent_again(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    page.clock.install()
    page.goto(f"{dev.url}/login")
    page.get_by_label("E-mail address or phone number").fill(mail)
    sent = posted(page)
    # As after the browser's stop button: the page stays, and no answer comes.
    page.route("**/login/**", lambda route: route.fulfill(status=204))
    go_on = page.get_by_role("button", name="Continue", exact=True)
    go_on.click(no_wait_after=True)
    page.wait_for_timeout(200)
    go_on.click(no_wait_after=True)
    page.wait_for_timeout(200)
    assert len(sent) == 1
    page.unroute("**/login/**")
    page.clock.run_for(7_000)
    go_on.click()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    assert len(sent) == 2


def test_waiting_page_that_answered_a_form_does_not_send_it_again(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    ask(page, dev, mail, "Send me a link")
    page.locator("[data-poll]").wait_for()
    page.evaluate("const again = document.querySelector('button[value=resend]'); again.disabled = false; again.click()")
    expect(page.get_by_role("alert")).to_be_visible()
    sent = posted(page)
    other = page.context.new_page()
    other.goto(dev.message(mail)["link"])
    expect_signed_in(other, mail)
    page.bring_to_front()
    expect_signed_in(page, mail)  # by itself, or past the offer that the other tab stood at
    assert [each for each in sent if "resend" in each] == []


def test_passkey_that_the_field_was_not_given_says_nothing_of_later_steps(
    open_page: OpenPage, dev: Dev, mail: str
) -> None:
    page = open_page(bypass_csp=True)  # wait_for_function evaluates a string
    page.add_init_script(
        "PublicKeyCredential.isConditionalMediationAvailable = async () => true;"
        "navigator.credentials.get = () => { asked = 1;"
        " return Promise.reject(new DOMException('', 'NotAllowedError')) }"
    )
    page.goto(f"{dev.url}/login")
    page.wait_for_function("window.asked")
    page.get_by_label("E-mail address or phone number").fill(mail)
    sent = posted(page)
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    assert len(sent) == 1
    assert "failure" not in sent[0]


@pytest.mark.parametrize("has_script", [True, False])
def test_passkeys_are_offered_where_scripts_run(open_page: OpenPage, dev: Dev, has_script: bool) -> None:
    page = open_page(java_script_enabled=has_script)
    page.goto(f"{dev.url}/login")
    expect(page.get_by_role("button", name="Send me a link")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible(visible=has_script)
