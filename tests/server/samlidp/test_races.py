"""Many at once: a request is answered once, one that was posted is one browser's, and a log-out counts once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from avow.testing.server import Avow
from tests.factories import new_email
from tests.saml.sp import leaving
from tests.server.pages.browsing import Browser, Page
from tests.server.samlidp.wiki import Wiki, make_wiki

AT_ONCE = 8


@pytest.fixture
def wiki(avow: Avow) -> Wiki:
    return make_wiki(avow)


def at_once(call: Callable[[int], Page]) -> list[int]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sorted(page.status for page in pool.map(call, range(AT_ONCE)))


def same(browser: Browser) -> Browser:
    """Return another window of a browser."""
    made = Browser(browser.avow)
    made.cookies = dict(browser.cookies)
    return made


def test_request_is_answered_once(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    url = wiki.url(wiki.asking())
    assert at_once(lambda _: same(browser).get(url)) == [200] + [400] * (AT_ONCE - 1)
    waiting = wiki.post(browser, wiki.asking("_ask2"), follow=False).headers["location"]
    assert at_once(lambda _: same(browser).get(waiting)) == [200] + [400] * (AT_ONCE - 1)


def test_posted_request_is_one_browser_s(wiki: Wiki) -> None:
    where = wiki.post(Browser(wiki.avow), wiki.asking(), follow=False).headers["location"]
    found = at_once(lambda _: Browser(wiki.avow).get(where, follow=False))
    assert found == [303] + [400] * (AT_ONCE - 1)


def test_log_out_counts_once(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    said = wiki.told(wiki.ask(browser))
    asked = leaving(wiki.now, said.name_id.value, said.session_index or "", destination=wiki.idp["idpLogoutUrl"])
    url = f"{wiki.idp['idpLogoutUrl']}?{asked.query(algorithm='rsa-sha256')}"
    assert at_once(lambda _: same(browser).get(url)) == [303] + [400] * (AT_ONCE - 1)
