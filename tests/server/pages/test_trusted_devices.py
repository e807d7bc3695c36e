"""Trusted devices on pages: asked for one factor, as long as they are trusted; every other device for two."""

import pytest

from avow.testing.server import Avow
from tests.factories import change_settings, make_totp_seed, make_user, new_email
from tests.phones import Phone, holding
from tests.server.pages.browsing import Browser, Page

_DAY_SECONDS = 86_400


@pytest.fixture
def mail(avow: Avow) -> str:
    """Give somebody with an app, in a project that trusts devices for a week."""
    change_settings(avow, {"mfa": "enrolled", "trusted_device_days": 7})
    avow.advance(2)
    return new_email()


@pytest.fixture
def phone(avow: Avow, mail: str) -> Phone:
    return holding(make_totp_seed(avow, make_user(avow, mail)))


def with_the_app(browser: Browser, mail: str, phone: Phone) -> Page:
    page = browser.sign_in(mail)
    assert page.heading == "Enter the code of your app"
    return browser.submit(page.form(), "verify", code=phone.code(browser.avow.server.clock()))


def sign_out(browser: Browser, what: str = "end") -> None:
    page = browser.get(f"/account/{browser.avow.project_id}")
    browser.submit(next(each for each in page.forms if ("do", what) in each.buttons), what)
    browser.avow.advance(60)


def test_device_that_showed_two_factors_is_asked_for_one(browser: Browser, mail: str, phone: Phone) -> None:
    assert with_the_app(browser, mail, phone).heading == "Your account"
    [cookie] = [value for name, value in browser.cookies.items() if "device" in name]
    sign_out(browser)
    page = browser.sign_in(mail)
    assert page.heading == "Your account"
    assert cookie not in page.html


def test_another_device_is_asked_for_both(browser: Browser, mail: str, phone: Phone) -> None:
    with_the_app(browser, mail, phone)
    browser.avow.advance(60)
    assert with_the_app(Browser(browser.avow), mail, phone).heading == "Your account"


def test_device_is_trusted_for_its_days_and_no_longer(browser: Browser, mail: str, phone: Phone) -> None:
    with_the_app(browser, mail, phone)
    sign_out(browser)
    browser.avow.advance(7 * _DAY_SECONDS - 90)
    assert browser.sign_in(mail).heading == "Your account"
    sign_out(browser)
    assert browser.sign_in(mail).heading == "Enter the code of your app"


def test_signing_out_everywhere_trusts_no_device(browser: Browser, mail: str, phone: Phone) -> None:
    with_the_app(browser, mail, phone)
    sign_out(browser, "end-all")
    assert browser.sign_in(mail).heading == "Enter the code of your app"


def test_device_of_one_person_is_not_anothers(browser: Browser, mail: str, phone: Phone) -> None:
    with_the_app(browser, mail, phone)
    sign_out(browser)
    other = new_email()
    make_totp_seed(browser.avow, make_user(browser.avow, other))
    assert browser.sign_in(other).heading == "Enter the code of your app"


def test_device_stays_trusted_though_a_passkey_is_offered_in_between(browser: Browser, mail: str, phone: Phone) -> None:
    page = browser.get(f"/login/{browser.avow.project_id}")
    fields = {**page.form().fields, "do": "code", "email": mail, "canPasskey": "yes"}  # as the script says
    page = browser.post(page.form().action, fields)
    page = browser.submit(page.form(), "verify", code=browser.avow.code(mail))
    page = browser.submit(page.form(), "verify", code=phone.code(browser.avow.server.clock()))
    assert page.heading == "Sign in faster next time"
    assert browser.submit(page.form(), "later").heading == "Your account"
    sign_out(browser)
    assert browser.sign_in(mail).heading == "Your account"


def test_step_up_asks_on_a_trusted_device_too(browser: Browser, mail: str, phone: Phone) -> None:
    with_the_app(browser, mail, phone)
    sign_out(browser)
    browser.sign_in(mail)
    page = browser.get(f"/account/{browser.avow.project_id}?notice=prove")
    begin = next(each for each in page.forms if each.fields.get("flow") == "step-up")
    assert browser.submit(begin).heading == "Enter the code of your app"
