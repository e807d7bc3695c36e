"""Providers and identity providers on the hosted pages: away, and back to the flow in the browser that began it."""

import re
from html import unescape

import pytest

from avow.testing.server import Avow
from tests.bed.social import Social
from tests.bed.visitor import Visitor
from tests.factories import change_settings
from tests.server.oidc.relying import landed, make_app
from tests.server.pages.browsing import Browser, Page


def away_to(browser: Browser, start: str = "") -> tuple[Page, str]:
    """Press the provider's button; return the page that leads there, and its link."""
    page = browser.get(start or f"/login/{browser.avow.project_id}")
    page = browser.submit(page.form(), "social.acme")
    return page, unescape(re.findall(r'<a class="avow-button avow-main"[^>]*href="([^"]+)"', page.html)[0])


def test_provider_leads_back_to_the_page_that_began(avow: Avow, social: Social, visitor: Visitor) -> None:
    change_settings(avow, {"approved_redirects": ("https://shop.example.com",)})  # our own pages need no approval
    avow.advance(2)
    browser = Browser(avow)
    _, link = away_to(browser)
    back = social.come_back(social.open(link, visitor))
    page = browser.get(back.location)
    assert "data-submit" in page.form().attributes
    assert browser.submit(page.form()).heading == "Your account"


@pytest.mark.parametrize(("allows", "policy"), [(True, "unsafe-none"), (False, "same-origin")])
def test_popup_of_an_application_that_allows_it_comes_back_from_a_provider(
    avow: Avow, social: Social, visitor: Visitor, allows: bool, policy: str
) -> None:
    rp = make_app(avow, allowsPopups=allows)
    browser = rp.browser()
    there, link = away_to(browser, rp.url())
    back = social.come_back(social.open(link, visitor))
    assert back.headers.get("cross-origin-opener-policy", "unsafe-none") == "unsafe-none"  # leads on to our own page
    page = browser.get(back.location)
    last = browser.submit(page.form(), follow=False)
    told = [each.headers["cross-origin-opener-policy"] for each in (there, page, last)]
    assert told == [policy] * 3
    assert landed(browser.get(last.headers["location"]))["code"]


def test_what_a_provider_says_is_no_other_browsers(avow: Avow, social: Social, visitor: Visitor) -> None:
    _, link = away_to(Browser(avow))
    back = social.come_back(social.open(link, visitor))
    victim = Browser(avow)
    away_to(victim)
    page = victim.get(back.location)
    assert page.status == 410
    assert not [name for name in victim.cookies if "refresh" in name]


def test_provider_that_says_no_is_told_on_the_first_screen(avow: Avow, social: Social, visitor: Visitor) -> None:
    browser = Browser(avow)
    _, link = away_to(browser)
    back = social.come_back(social.open(link, visitor), error="access_denied")
    page = browser.submit(browser.get(back.location).form())
    assert page.heading == "Sign in to " + page.part("<bdi>.*?</bdi>")
    assert page.alert
