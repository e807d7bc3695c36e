"""Passkeys on Avow's own pages in Chromium with its virtual authenticator: offered, shown, named, refused."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Dev
from tests.browser.test_sign_in import ask

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

pytestmark = pytest.mark.browser
OpenPage = Callable[..., "Page"]
OPTIONS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def plugged_in(page: "Page") -> tuple["CDPSession", str]:
    """Give the browser an authenticator, whose id comes back."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable", {})
    return cdp, cdp.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})["authenticatorId"]


def with_passkey(page: "Page", dev: Dev, mail: str) -> None:
    """Sign in by code and take the passkey that is offered then."""
    ask(page, dev, mail, "Continue")
    page.get_by_label("Code", exact=True).fill(dev.message(mail)["code"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in faster next time")
    page.get_by_role("button", name="Create a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_passkey_is_created_and_signs_in_from_the_first_field(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    plugged_in(page)
    with_passkey(page, dev, mail)
    page.get_by_role("button", name="Sign out", exact=True).click()
    # The first field offers it by itself, and the virtual authenticator answers at once.
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account", timeout=10_000)
    expect(page.get_by_text(mail).first).to_be_visible()
    expect(page.get_by_text('"webauthn"')).to_be_visible()


def test_passkey_is_named_and_removed_on_the_account_page(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    plugged_in(page)
    with_passkey(page, dev, mail)
    page.locator("details.item summary").click()
    page.get_by_label("Name", exact=True).fill("My laptop")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.locator("details.item summary").click()
    page.get_by_role("button", name=re.compile("^Remove .*My laptop")).click()
    # A session that has not shown the passkey has to, before it takes it away.
    expect(page.get_by_role("alert")).to_contain_text("Confirm first that it is you")
    page.get_by_role("button", name="Confirm that it is you").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account", timeout=10_000)
    page.locator("details.item summary").click()
    page.get_by_role("button", name=re.compile("^Remove .*My laptop")).click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.locator("details.item")).to_have_count(0)


def test_refused_passkey_leaves_other_ways(open_page: OpenPage, dev: Dev, mail: str) -> None:
    page = open_page()
    cdp, authenticator = plugged_in(page)
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.goto(f"{dev.url}/login")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("No passkey was used. Try again, or another way.", timeout=10_000)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Sign in to "))
    page.get_by_label("E-mail address or phone number").fill(mail)
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_label("Code", exact=True)).to_be_focused()


def test_passkeys_are_offered_anew_on_a_page_that_is_open_for_long(open_page: OpenPage, dev: Dev) -> None:
    page = open_page()
    page.add_init_script("""let asked = 0;
      PublicKeyCredential.isConditionalMediationAvailable = async () => true;
      navigator.credentials.get = ({ signal }) => new Promise((_, refuse) => {
        document.documentElement.dataset.asked = ++asked;
        signal.addEventListener("abort", () => refuse(new DOMException("", "AbortError")));
      });""")
    page.clock.install()
    page.goto(f"{dev.url}/login")
    expect(page.locator("html")).to_have_attribute("data-asked", "1")
    with page.expect_request("**/v1/auth/webauthn/signin/start"):
        page.clock.fast_forward(251_000)
    expect(page.locator("html")).to_have_attribute("data-asked", "2")
