"""A person signs in with Chromium against a real `avow dev`, the inbox beside it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Dev

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
OpenPage = Callable[..., "Page"]
# What is focused, and whether somebody who looks at the page sees it.
FOCUSED = """() => { const on = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(on);
  return [on.textContent.trim(), outlineStyle !== "none" && outlineWidth !== "0px"]; }"""


def ask(page: "Page", dev: Dev, mail: str, button: str) -> None:
    page.goto(f"{dev.url}/login")
    page.get_by_label("E-mail address or phone number").fill(mail)
    page.get_by_role("button", name=button, exact=True).click()


def expect_signed_in(page: "Page", mail: str) -> None:
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("^(Your account|Sign in faster next time)$"), timeout=10_000)
    if heading.inner_text() != "Your account":
        page.get_by_role("button", name="Not now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account", timeout=10_000)
    expect(page.get_by_text(mail).first).to_be_visible()


def test_newcomer_signs_in_by_code_with_the_inbox_beside(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    page.goto(dev.url)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address or phone number").fill(mail)
    page.get_by_role("button", name="Continue", exact=True).click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the inbox").click()
    inbox = opened.value
    letter = inbox.locator("article").filter(has_text=mail)
    code = letter.locator("output").inner_text()
    page.wait_for_load_state()  # the script that sends the last digit is there
    page.get_by_label("Code", exact=True).press_sequentially(code)
    expect_signed_in(page, mail)
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("status")).to_have_text("The session was refreshed.")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


def test_newcomer_signs_in_by_link_with_the_inbox_beside(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    ask(page, dev, mail, "Send me a link")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your messages")
    inbox = page.context.new_page()
    inbox.goto(dev.inbox_url)
    with inbox.context.expect_page() as opened:
        inbox.locator("article").filter(has_text=mail).get_by_role("link", name="Open the link").click()
    expect_signed_in(opened.value, mail)
    page.bring_to_front()
    expect_signed_in(page, mail)


def test_link_opened_on_another_device_tells_who_asked_and_waits(open_page: OpenPage, dev: Dev, mail: str) -> None:
    ask(open_page(), dev, mail, "Send me a link")
    other = open_page()
    other.goto(dev.message(mail)["link"])
    expect(other.get_by_text("Chrome on Linux")).to_be_visible()
    expect(other.get_by_text("127.0.0.1")).to_be_visible()
    other.wait_for_timeout(300)
    expect(other.get_by_role("heading", level=1)).to_have_text(re.compile("^Sign in to "))
    other.get_by_role("button", name="Sign in here").click()
    expect_signed_in(other, mail)


def test_number_chosen_on_another_device_signs_in_the_waiting_page(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    ask(page, dev, mail, "Confirm on another device")
    number = page.locator(".avow-number bdi").inner_text()
    phone = open_page(viewport={"width": 360, "height": 700})
    phone.goto(next(link["url"] for link in dev.message(mail)["links"] if link["id"] == number))
    expect(phone.locator("output")).to_have_text(number)
    phone.get_by_role("button", name="Yes, that is the number").click()
    expect(phone.get_by_text("You can close this page")).to_be_visible()
    expect_signed_in(page, mail)


def test_pasted_code_is_cleaned_and_sent(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page, dev, mail, "Continue")
    code = dev.message(mail)["code"]
    page.evaluate("text => navigator.clipboard.writeText(text)", f" {code[:3]}-{code[3:]} ")
    page.get_by_label("Code", exact=True).press("ControlOrMeta+V")
    expect_signed_in(page, mail)


def test_wrong_code_leaves_the_cursor_in_the_field(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    ask(page, dev, mail, "Continue")
    code = dev.message(mail)["code"]
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.keyboard.type(f"{(int(code) + 1) % 1_000_000:06d}")
    expect(page.get_by_role("alert")).to_have_text("That code is not right. Tries left: 4.")
    expect(page.get_by_role("button", name=re.compile("^Send again in "))).to_be_disabled()
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.keyboard.type(code)
    expect_signed_in(page, mail)


def tab_to(page: "Page", name: str) -> None:
    """Press Tab until what has this name is focused; each stop on the way can be seen."""
    for _ in range(30):
        page.keyboard.press("Tab")
        found, is_seen = page.evaluate(FOCUSED)
        assert is_seen, found
        if found == name:
            return
    raise AssertionError(f"{name} is not reached")


def test_keyboard_alone_is_enough(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    page.goto(dev.url)
    tab_to(page, "Sign in")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type(mail)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Continue", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.keyboard.type(dev.message(mail)["code"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in faster next time")
    tab_to(page, "Not now")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    tab_to(page, "Change (Profile)")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Mia May")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Mia May").first).to_be_visible()
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


def test_everything_works_without_script(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page(java_script_enabled=False)
    ask(page, dev, mail, "Continue")
    page.get_by_label("Code", exact=True).fill(dev.message(mail)["code"])
    page.keyboard.press("Enter")
    expect_signed_in(page, mail)
    other = f"link-{mail}"
    ask(page, dev, other, "Send me a link")
    page.goto(dev.message(other)["link"])
    page.get_by_role("button", name="Sign in here").click()
    expect_signed_in(page, other)
    third = f"number-{mail}"
    ask(page, dev, third, "Confirm on another device")
    number = page.locator(".avow-number bdi").inner_text()
    phone = open_page(java_script_enabled=False)
    phone.goto(next(link["url"] for link in dev.message(third)["links"] if link["id"] == number))
    phone.get_by_role("button", name="Yes, that is the number").click()
    page.get_by_role("button", name="Continue").click()
    expect_signed_in(page, third)


def test_inbox_without_script_shows_the_time_and_no_dead_button(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page(java_script_enabled=False)
    ask(page, dev, mail, "Continue")
    dev.message(mail)
    page.goto(dev.inbox_url)
    letter = page.locator("article").filter(has_text=mail)
    assert letter.locator("time").inner_text().endswith("UTC")
    assert not letter.get_by_text("Copy").is_visible()


def test_back_and_forth_keeps_what_was_typed(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    ask(page, dev, mail, "Continue")
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_label("E-mail address or phone number")).to_have_value(mail)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your messages")


def test_address_with_the_number_instead_of_the_name_of_this_machine_works(
    open_page: OpenPage, dev: Dev, mail: str
) -> None:
    numeric = Dev(dev.url.replace("localhost", "127.0.0.1"), dev.project_id, dev.inbox_url)
    page = open_page()
    ask(page, numeric, mail, "Continue")
    page.wait_for_load_state()  # the script that sends the last digit is there
    page.get_by_label("Code", exact=True).press_sequentially(dev.message(mail)["code"])
    expect_signed_in(page, mail)
