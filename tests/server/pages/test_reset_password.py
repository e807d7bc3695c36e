"""The page that a link of a password reset leads to: looking does nothing; a good password signs in."""

import re
from collections.abc import Callable

import pytest

from avow.core.passwords import hashed, verify
from avow.server.passwords import actions as passwords
from avow.testing.server import Avow
from tests.factories import change_settings, make_totp_seed, make_user, new_email
from tests.server.pages.browsing import Browser, Page

GOOD, NEW = "correct horse battery", "staple of another kind"


@pytest.fixture
def mail(avow: Avow) -> str:
    """The address of somebody with a password."""
    make_person(avow, mail := new_email())
    return mail


def make_person(avow: Avow, mail: str) -> str:
    user_id, encoded = make_user(avow, mail), hashed(GOOD)
    avow.run(lambda tx: passwords.insert(tx, user_id, encoded))
    return user_id


def link(avow: Avow, mail: str) -> str:
    with avow.client() as client:
        client.password.send_reset(mail)
    return avow.link(mail)


def stored(avow: Avow, mail: str) -> str:
    with avow.client() as client:
        user_id = client.mgmt.user.load(mail)["user"]["userId"]
    held = avow.run(lambda tx: passwords.held(tx, user_id))
    assert held is not None
    return held.encoded


def test_good_password_is_set_and_signs_in(browser: Browser, mail: str) -> None:
    page = browser.get(link(browser.avow, mail))
    assert page.heading == "Choose a new password"
    assert mail in page.text
    assert "At least 8 characters" in page.text
    page = browser.submit(page.form(), password=NEW)
    assert page.heading == "Your account"
    assert verify(stored(browser.avow, mail), NEW)


def test_looking_does_nothing_and_sets_no_cookie(browser: Browser, mail: str) -> None:
    where = link(browser.avow, mail)
    for verb in ("HEAD", "GET", "GET"):
        page = Browser(browser.avow).get(where, verb=verb)
        assert (page.status, page.set_cookies) == (200, [])
    assert browser.submit(browser.get(where).form(), password=NEW).heading == "Your account"


def test_link_works_once(browser: Browser, mail: str) -> None:
    where = link(browser.avow, mail)
    page = browser.get(where)
    browser.submit(page.form(), password=NEW)
    again = browser.submit(page.form(), password="yet another one here")
    assert (again.status, again.heading) == (410, "This link does not work any more")
    assert verify(stored(browser.avow, mail), NEW)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "Use at least 8 characters."),
        ("short", "Use at least 8 characters."),
        ("x" * 300, "Use at most 256 characters."),
        ("password1234", "Others would guess this one. Use another."),
    ],
)
def test_bad_password_says_why_and_the_link_goes_on(browser: Browser, mail: str, password: str, said: str) -> None:
    page = browser.submit(browser.get(link(browser.avow, mail)).form(), password=password)
    assert (page.status, page.alert) == (400, said)
    assert 'aria-invalid="true"' in page.html
    assert not password or password not in page.html
    assert verify(stored(browser.avow, mail), GOOD)
    assert browser.submit(page.form(), password=NEW).heading == "Your account"


def test_rules_and_earlier_passwords_are_told(avow: Avow, mail: str) -> None:
    with avow.client() as client:
        rules = {"uppercase": True, "lowercase": True, "number": True, "nonAlphanumeric": True}
        client.mgmt.password.configure_settings("", {**rules, "reuse": True, "reuseAmount": 2})
        client.mgmt.user.set_active_password(mail, "Good one, 2026")
    browser = Browser(avow)
    page = browser.get(link(avow, mail))
    for password, said in (
        ("NO SMALL ONE 1", "Use a small letter too."),
        ("no capitals 1", "Use a capital letter too."),
        ("No digits here", "Use a digit too."),
        ("NoSigns4711", "Use a sign too, one that is neither letter nor digit."),
        ("Good one, 2026", "This is one of your last passwords. Use another."),
    ):
        page = browser.submit(page.form(), password=password)
        assert (page.status, page.alert) == (400, said)
    assert browser.submit(page.form(), password="Better one, 2026").heading == "Your account"


def test_older_browser_is_asked_twice(avow: Avow, mail: str) -> None:
    older = Browser(avow, metadata=False)
    page = older.submit(older.get(link(avow, mail)).form(), password=NEW)
    assert (page.status, page.heading) == (200, "Choose a new password")
    assert verify(stored(avow, mail), GOOD)
    assert older.submit(page.form(), password=NEW).heading == "Your account"


def test_form_of_another_site_sets_nothing(avow: Avow, mail: str) -> None:
    browser = Browser(avow)
    form = browser.get(link(avow, mail)).form()
    fields = {**form.fields, "password": NEW}
    page = browser.post(form.action, fields, origin="https://evil.example.org", sec_fetch_site="cross-site")
    assert page.status == 403
    assert verify(stored(avow, mail), GOOD)


@pytest.mark.parametrize("token", ["", "x", "C" + "a" * 52, "<script>"])
def test_what_is_no_link_says_what_to_do(browser: Browser, token: str) -> None:
    path = f"/reset-password/{browser.avow.project_id}"
    for page in (browser.get(f"{path}?t={token}"), browser.post(path, {"t": token, "password": NEW})):
        assert (page.status, page.heading) == (410, "This link does not work any more")


def test_link_of_a_sign_in_sets_no_password(browser: Browser, mail: str) -> None:
    browser.ask(mail, "link")
    token = browser.avow.link(mail).rpartition("t=")[2]
    page = browser.post(f"/reset-password/{browser.avow.project_id}", {"t": token, "password": NEW})
    assert page.status == 410
    other = browser.get(link(browser.avow, mail).replace("/reset-password/", "/magic-link/"))
    assert other.status == 410


def test_second_factor_is_not_skipped(avow: Avow, mail: str) -> None:
    with avow.client() as client:
        user_id = client.mgmt.user.load(mail)["user"]["userId"]
    make_totp_seed(avow, user_id)
    browser = Browser(avow)
    for policy in ("off", "enrolled"):
        change_settings(avow, {"mfa": policy})
        avow.advance(2)
        page = browser.submit(browser.get(link(avow, mail)).form(), password=NEW)
        assert page.status == 400
        assert page.alert.startswith("This page cannot take the second step")
        assert verify(stored(avow, mail), GOOD)
        assert not re.search("avow-session-|avow-refresh-", str(page.set_cookies))


def test_project_without_passwords_has_no_such_page(make_avow: Callable[..., Avow]) -> None:
    avow = make_avow(sign_in_methods=["otp"])
    page: Page = Browser(avow).post(f"/reset-password/{avow.project_id}", {"t": "x", "password": NEW})
    assert page.status == 400


@pytest.mark.parametrize("language", ["de", "fr", "es", "ar"])
def test_page_speaks_the_readers_language(avow: Avow, mail: str, language: str) -> None:
    browser = Browser(avow)
    browser.headers["accept-language"] = language
    page = browser.get(link(avow, mail))
    assert f'<html lang="{language}"' in page.html
    assert page.heading != "Choose a new password"
    assert browser.submit(page.form(), password="short").alert
