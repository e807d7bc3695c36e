"""The official login component, unmodified, with our server as its base URL: version 4, and where it differs 3.70."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from avow.testing.server import Avow
from tests.browser.flows.conftest import Visitor
from tests.factories import new_email
from tests.server.api import wrong

pytestmark = pytest.mark.browser


def to_code(visitor: Visitor, mail: str, **attributes: str) -> None:
    visitor.open(**attributes)
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()


def finish_code(visitor: Visitor, code: str) -> None:
    visitor.field("code").fill(code)
    if visitor.version != "avow" or len(code) < 6:  # ours sends the last digit by itself
        visitor.button("verify").click()


@pytest.mark.parametrize("version", ["4", "3"])
def test_code_signs_in_with_only_the_base_url_set(visitor: Visitor, avow: Avow, version: str) -> None:
    mail = new_email()
    to_code(visitor, mail, version=version)
    finish_code(visitor, avow.code(mail))
    visitor.button("later").click()
    told = visitor.event("success")
    assert told["user"]["email"] == mail
    kept = visitor.page.evaluate("[localStorage.DS, localStorage.DSR]")
    assert kept == [told["sessionJwt"], told["refreshJwt"]]
    assert avow.client().validate_session(told["sessionJwt"])["sub"] == told["user"]["userId"]


def test_nothing_is_asked_of_anybody_else_when_the_bundle_is_ours_too(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    to_code(visitor, mail, base_cdn_url=visitor.api)
    finish_code(visitor, avow.code(mail))
    visitor.button("later").click()
    visitor.event("success")
    assert visitor.foreign == []


def test_wrong_code_is_told_and_the_right_one_still_taken(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    to_code(visitor, mail)
    code = avow.code(mail)
    shown = visitor.screens_shown()
    finish_code(visitor, wrong(code))
    visitor.wait_for_screen(shown)
    visitor.page.wait_for_function(
        """() => document.querySelector("descope-wc").shadowRoot
            .querySelector('[data-type="error-message"]')?.textContent.includes("4")"""
    )
    finish_code(visitor, code)
    visitor.button("later").click()
    assert visitor.event("success")["user"]["email"] == mail


def test_enter_goes_on_from_each_field(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.open()
    visitor.field("email").fill(mail)
    visitor.field("email").press("Enter")
    visitor.field("code").wait_for()
    if visitor.version == "avow":  # sends the last digit that is typed by itself
        visitor.field("code").evaluate("(field, code) => { field.value = code; }", avow.code(mail))
    else:
        visitor.field("code").fill(avow.code(mail))
    visitor.field("code").press("Enter")
    visitor.button("later").click()
    assert visitor.event("success")["user"]["email"] == mail


def test_code_can_be_sent_again_and_the_address_changed(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    to_code(visitor, mail)
    visitor.button("back").click()
    visitor.field("email").wait_for()
    expect(visitor.field("email")).to_have_value(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    finish_code(visitor, avow.code(mail))
    visitor.button("later").wait_for()


def test_link_opened_in_another_tab_signs_both_in(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.open()
    visitor.field("email").fill(mail)
    visitor.button("link").click()
    visitor.button("resend").wait_for()
    other = visitor.context.new_page()
    other.goto(avow.link(mail))
    other.wait_for_function("told.some(([name]) => name === 'ready')")
    visitor.button("later").wait_for()  # it asks every two seconds, and comes as far as the other tab is by then
    other.locator('descope-wc [data-type="button"][id="later"]').click()
    other.wait_for_function("told.some(([name]) => name === 'success')")
    visitor.button("later").click()
    assert visitor.event("success")["user"]["email"] == mail
    assert "descope-login-flow" not in other.url


def test_link_opened_in_another_browser_asks_first(
    make_visitor: Callable[..., Visitor], visitor: Visitor, avow: Avow
) -> None:
    mail = new_email()
    visitor.open()
    visitor.field("email").fill(mail)
    visitor.button("link").click()
    visitor.button("resend").wait_for()
    elsewhere = make_visitor()
    elsewhere.page.goto(avow.link(mail))
    elsewhere.button("confirm").click()
    elsewhere.button("later").click()
    assert elsewhere.event("success")["user"]["email"] == mail
    assert visitor.page.evaluate("localStorage.DS") is None


def test_number_chosen_elsewhere_signs_in_whoever_waits(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.open()
    visitor.field("email").fill(mail)
    visitor.button("number").click()
    number = visitor.page.locator("descope-wc .avow-number bdi").inner_text()
    [right] = [each for each in avow.links(mail) if each.id == number]
    token = right.url.rpartition("t=")[2].partition("&")[0]
    avow.client().enchantedlink.verify(token)
    visitor.button("later").click()
    assert visitor.event("success")["user"]["email"] == mail


def test_passkey_is_created_after_a_code_and_signs_in(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.plug_in()
    to_code(visitor, mail)
    finish_code(visitor, avow.code(mail))
    visitor.button("create").click()
    assert visitor.event("success")["user"]["email"] == mail
    visitor.page.evaluate("localStorage.clear()")
    # Not offered in the field, where the virtual authenticator would answer at once.
    visitor.context.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    visitor.open()
    visitor.button("passkey").click()
    assert visitor.event("success")["user"]["email"] == mail


@pytest.mark.parametrize("version", ["4", "3"])
def test_refused_passkey_asks_for_no_screen_that_is_gone(visitor: Visitor, avow: Avow, version: str) -> None:
    """The official component draws the screen of a ceremony when it is over: late, over the one that follows."""
    mail, gone = new_email(), []
    visitor.page.on("response", lambda answer: gone.append(answer.url) if answer.status == 404 else None)
    visitor.plug_in().verifies(False)
    visitor.open("passkey", version=version)
    visitor.event("ready")
    shown = visitor.screens_shown()
    visitor.button("passkey").click()
    visitor.page.get_by_text("No passkey was used. Try again, or another way.").wait_for()
    visitor.wait_for_screen(shown)  # it draws the screen anew behind the text
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    assert [url for url in gone if "/pages/" in url] == []


def test_passkey_is_offered_in_the_field(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.plug_in()
    to_code(visitor, mail)
    finish_code(visitor, avow.code(mail))
    visitor.button("create").click()
    visitor.event("success")
    visitor.page.evaluate("localStorage.clear()")
    visitor.open()
    # The virtual authenticator answers what is asked of it conditionally at once.
    assert visitor.event("success")["user"]["email"] == mail


def test_password_signs_up_and_in(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    for way in ("sign-up", "sign-in"):
        visitor.open("password")
        visitor.field("email").fill(mail)
        visitor.button("password").click()
        visitor.button("sign-in").wait_for()
        if way == "sign-up":
            visitor.button("sign-up").click()
            visitor.field("new-password").fill("a horse that reads 7 maps")
            visitor.button("save").click()
        else:
            visitor.field("password").fill("a horse that reads 7 maps")
            visitor.button("sign-in").click()
        assert visitor.event("success")["user"]["loginIds"] == [mail]


def test_flow_that_took_too_long_begins_again_by_itself(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    to_code(visitor, mail, restart_on_error="true")
    code = avow.code(mail)  # a letter that is under way when its code ends is not sent
    avow.advance(3600)
    finish_code(visitor, code)
    visitor.field("email").wait_for()


def test_language_of_the_page_is_that_of_the_screens(visitor: Visitor) -> None:
    visitor.open(locale="de")
    visitor.field("email").wait_for()
    assert visitor.page.locator("descope-wc form.avow-screen").get_attribute("lang") == "de"


def test_screens_work_under_a_strict_policy_of_the_page(visitor: Visitor, avow: Avow) -> None:
    api, mail = visitor.api, new_email()
    visitor.open(
        base_cdn_url=api,
        policy=f"default-src 'none'; script-src 'self' 'nonce-app' {api}; style-src {api}; connect-src {api}",
    )
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    finish_code(visitor, avow.code(mail))
    visitor.button("later").click()
    assert visitor.event("success")["user"]["email"] == mail
