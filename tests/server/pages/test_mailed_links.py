"""The pages that mailed links lead to: looking does nothing, and who asked elsewhere is asked first."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from avow import DeliveryMethod
from avow.server.projects import actions as projects
from avow.testing.server import Avow
from tests.factories import new_email
from tests.server.pages.browsing import Browser, Page

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/19 Safari/605"
)


def shown_number(page: Page) -> str:
    """The number on the page that waits."""
    return page.part('<p class="avow-number.*?</p>').rpartition(" ")[2]


def numbered(avow: Avow, mail: str, page: Page) -> tuple[str, list[str]]:
    """The link with the number that the page shows, and the other two."""
    number = shown_number(page)
    sent = avow.messages(mail)[0].links
    return next(each.url for each in sent if each.id == number), [each.url for each in sent if each.id != number]


# --- Magic links -----------------------------------------------------------------------------------------------


def test_link_completes_at_once_in_the_browser_that_asked(browser: Browser) -> None:
    mail = new_email()
    page = browser.ask(mail, "link")
    assert page.heading == "Check your messages"
    page = browser.get(browser.avow.link(mail))
    assert "data-submit" in page.form().attributes
    page = browser.submit(page.form())
    assert page.heading == "Your account"
    assert mail in page.text


def test_link_elsewhere_shows_who_asked_and_needs_a_click(avow: Avow) -> None:
    mail = new_email()
    Browser(avow).ask(mail, "link")
    other = Browser(avow, device=PHONE)
    page = other.get(avow.link(mail))
    assert "data-submit" not in page.form().attributes
    assert "Firefox on Linux" in page.text
    assert "203.0.113.7" in page.text
    assert mail in page.text
    assert other.submit(page.form()).heading == "Your account"


def test_browser_that_asked_for_another_link_needs_a_click(avow: Avow) -> None:
    own, others = new_email(), new_email()
    browser = Browser(avow)
    browser.ask(own, "link")
    Browser(avow).ask(others, "link")
    assert "data-submit" not in browser.get(avow.link(others)).form().attributes


def test_link_that_was_replaced_does_not_complete_at_once(avow: Avow) -> None:
    """Somebody else asks for the same account meanwhile: their link is not the one this browser asked for."""
    mail = new_email()
    browser = Browser(avow)
    browser.ask(mail, "link")
    Browser(avow, device=PHONE).ask(mail, "link")
    page = browser.get(avow.link(mail))
    assert "data-submit" not in page.form().attributes
    assert "iPhone" in page.text


def test_looking_does_not_use_a_link_up(browser: Browser) -> None:
    mail = new_email()
    browser.ask(mail, "link")
    link = browser.avow.link(mail)
    for verb in ("HEAD", "GET", "GET"):
        page = Browser(browser.avow).get(link, verb=verb)
        assert page.status == 200
        assert page.set_cookies == []
    assert browser.submit(browser.get(link).form()).heading == "Your account"


def test_link_works_once(browser: Browser) -> None:
    mail = new_email()
    browser.ask(mail, "link")
    page = browser.get(browser.avow.link(mail))
    browser.submit(page.form())
    again = browser.submit(page.form())
    assert (again.status, again.heading) == (401, "This link does not work any more")
    assert browser.get(browser.avow.link(mail)).status == 410


@pytest.mark.parametrize("token", ["", "x", "C" + "a" * 52, "<script>", "a" * 512])
def test_what_is_no_link_says_what_to_do(browser: Browser, token: str) -> None:
    for kind in ("magic-link", "enchanted-link"):
        page = browser.get(f"/{kind}/{browser.avow.project_id}?t={token}")
        assert (page.status, page.heading) == (410, "This link does not work any more")
        assert "Ask for a new link" in page.text


def test_expired_link_says_what_to_do(browser: Browser) -> None:
    mail = new_email()
    browser.ask(mail, "link")
    page = browser.get(browser.avow.link(mail))
    browser.avow.advance(601)
    assert browser.get(browser.avow.link(mail)).status == 410
    page = browser.submit(page.form())
    assert (page.status, page.heading) == (401, "Check your messages")
    assert page.alert == "The link is not valid any more. Ask for a new one."


def test_older_browser_elsewhere_is_asked_twice(avow: Avow) -> None:
    mail = new_email()
    Browser(avow).ask(mail, "link")
    older = Browser(avow, metadata=False)
    page = older.submit(older.get(avow.link(mail)).form())
    assert page.heading == "Sign in to Acme?"
    assert "data-submit" not in page.form().attributes
    assert older.submit(page.form()).heading == "Your account"


def test_link_of_the_api_leads_to_this_page(avow: Avow) -> None:
    mail = new_email()
    with avow.client() as client:
        client.magiclink.sign_up_or_in(DeliveryMethod.EMAIL, mail)
    browser = Browser(avow)
    page = browser.get(avow.link(mail))
    assert page.heading == "Sign in to Acme?"
    assert browser.submit(page.form()).heading == "Your account"


def test_page_that_waits_for_a_link_notices_the_sign_in(browser: Browser) -> None:
    mail = new_email()
    page = browser.ask(mail, "link")
    assert "data-poll" in page.html
    assert browser.get(page.url, accept="application/json").html == '{"state":"waiting"}'
    browser.submit(browser.get(browser.avow.link(mail)).form())
    assert browser.get(page.url, accept="application/json").html == '{"state":"done"}'
    assert browser.get(page.url).heading == "Your account"


def test_approved_next_follows_a_link_in_the_browser_that_asked(make_avow: Callable[..., Avow]) -> None:
    browser = Browser(make_avow(approved_redirects=["https://app.example.com"]))
    mail = new_email()
    browser.ask(mail, "link", query="?next=https%3A%2F%2Fapp.example.com%2Fhome")
    page = browser.submit(browser.get(browser.avow.link(mail)).form())
    assert page.headers["location"] == "https://app.example.com/home"


# --- Enchanted links -------------------------------------------------------------------------------------------


def test_right_number_signs_in_the_page_that_waits(avow: Avow) -> None:
    mail = new_email()
    browser, phone = Browser(avow), Browser(avow, device=PHONE)
    page = browser.ask(mail, "number")
    right, _ = numbered(avow, mail, page)
    there = phone.get(right)
    assert there.part("<output>.*?</output>") == shown_number(page)
    assert "Firefox on Linux" in there.text
    assert browser.get(page.url, accept="application/json").html == '{"state":"waiting"}'
    there = phone.submit(there.form())
    assert there.text.endswith("You can close this page; you are signed in on the other device.")
    assert not [name for name in phone.cookies if "refresh" in name]
    assert browser.get(page.url, accept="application/json").html == '{"state":"clicked"}'
    page = browser.submit(browser.get(page.url).form(), "polling")
    assert page.heading == "Your account"


def test_wrong_number_stops_the_sign_in(avow: Avow) -> None:
    mail = new_email()
    browser, phone = Browser(avow), Browser(avow, device=PHONE)
    page = browser.ask(mail, "number")
    right, others = numbered(avow, mail, page)
    there = phone.submit(phone.get(others[0]).form())
    assert (there.status, there.heading) == (401, "That was not the number")
    assert phone.get(right).status == 410
    page = browser.get(page.url)
    assert browser.get(page.url, accept="application/json").html == '{"state":"clicked"}'
    page = browser.submit(page.form(), "polling")
    assert (page.status, page.alert) == (401, "The link is not valid any more. Ask for a new one.")
    assert "data-poll" not in page.html
    assert browser.get(page.url, accept="application/json").html == '{"state":"waiting"}'


def test_page_of_a_wrong_number_does_not_tell(avow: Avow) -> None:
    mail = new_email()
    page = Browser(avow).ask(mail, "number")
    right, others = numbered(avow, mail, page)
    texts = set()
    for link in (right, *others):
        shown = Browser(avow).get(link)
        assert shown.status == 200
        texts.add(re.sub(r"<output>.*?</output>|nonce=\S+|value=\S+|nonce-[\w-]+", "", shown.html))
    assert len(texts) == 1


def test_number_cannot_be_continued_before_the_click(browser: Browser) -> None:
    page = browser.ask(new_email(), "number")
    again = browser.submit(page.form(), "polling")
    assert again.heading == "Check your messages"


def test_looking_at_numbers_uses_nothing_up(avow: Avow) -> None:
    mail = new_email()
    browser = Browser(avow)
    page = browser.ask(mail, "number")
    right, others = numbered(avow, mail, page)
    for link in (*others, right):
        for verb in ("HEAD", "GET"):
            assert Browser(avow).get(link, verb=verb).set_cookies == []
    assert "Confirmed" in Browser(avow).submit(Browser(avow).get(right).form()).text


# --- Settings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["link", "number"])
def test_link_of_a_method_switched_off_meanwhile_is_refused_and_kept(how: str, avow: Avow) -> None:
    mail = new_email()
    browser, phone = Browser(avow), Browser(avow, device=PHONE)
    page = browser.ask(mail, how)
    link = numbered(avow, mail, page)[0] if how == "number" else avow.link(mail)
    form = phone.get(link).form()
    avow.run(lambda tx: projects.change_settings(tx, {"sign_in_methods": ["otp"]}, actor="test"))
    avow.advance(1)
    assert phone.submit(form).status == 400
    avow.run(lambda tx: projects.change_settings(tx, {"sign_in_methods": None}, actor="test"))
    avow.advance(1)
    assert phone.submit(form).status == 200


@pytest.mark.parametrize("metadata", [True, False])
def test_whoever_comes_back_from_a_provider_goes_on_in_any_browser(avow: Avow, *, metadata: bool) -> None:
    browser = Browser(avow, metadata=metadata)
    mail = new_email()
    browser.ask(mail, "link")
    mark = parse_qs(urlsplit(avow.link(mail)).query)["descope-login-flow"][0]
    asked = urlencode({"descope-login-flow": mark, "code": "abc"})
    page = browser.get(f"/login/{avow.project_id}/return?{asked}")
    assert browser.submit(page.form()).status != 410
