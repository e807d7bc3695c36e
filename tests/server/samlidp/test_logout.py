"""Log-outs that SAML applications ask for: whose session ends, who is told, and who cannot ask."""

import zlib
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from avow.server.sessions import actions as sessions
from avow.testing.server import Avow
from tests.factories import new_email
from tests.saml.sp import leaving
from tests.server.pages.browsing import Browser, Page
from tests.server.samlidp.wiki import LEFT, Wiki, elsewhere, make_wiki


@pytest.fixture
def wiki(avow: Avow) -> Wiki:
    return make_wiki(avow)


def answer(page: Page) -> list[str]:
    """Return the codes of the answer that a browser carries to the service provider."""
    where = urlsplit(page.headers["location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == LEFT
    said = {name: values[0] for name, values in parse_qs(where.query).items()}
    assert said["RelayState"] == "bye"
    assert said["Signature"]
    root = etree.fromstring(zlib.decompress(b64decode(said["SAMLResponse"]), -15))
    assert root.get("InResponseTo", "").startswith("_leave")
    return [each.get("Value", "").rpartition(":")[2] for each in root.iter("{*}StatusCode")]


def signed_in(wiki: Wiki, browser: Browser, id: str = "_ask1") -> Any:
    return wiki.told(wiki.ask(browser, id=id), id)


def has_session(wiki: Wiki, browser: Browser) -> bool:
    return browser.get(f"/account/{wiki.avow.project_id}").url.startswith("/account/")


def test_log_out_ends_the_session_and_is_answered(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    said = signed_in(wiki, browser)
    page = wiki.leave(browser, said.name_id.value, said.session_index)
    assert answer(page) == ["Success"]
    assert not [name for name in browser.cookies if "refresh" in name]
    assert wiki.ask(browser, id="_ask2").url.startswith("/login/")


def test_log_out_in_a_form_ends_the_session_though_it_brings_no_cookie(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    said = signed_in(wiki, browser)
    url = wiki.idp["idpLogoutUrl"]
    asked = leaving(wiki.now, said.name_id.value, said.session_index, destination=url).signed()
    page = elsewhere(browser, url, {"SAMLRequest": asked.posted, "RelayState": "bye"}, follow=False)
    assert answer(page) == ["Success"]
    assert not has_session(wiki, browser)


def test_log_out_without_session_index_is_of_all_sessions_there(wiki: Wiki) -> None:
    email, browsers = new_email(), [Browser(wiki.avow) for _ in range(3)]
    for browser in browsers:
        browser.sign_in(email)
    said = [signed_in(wiki, browser, f"_ask{at}") for at, browser in enumerate(browsers[:2])]
    assert answer(wiki.leave(browsers[0], said[0].name_id.value)) == ["Success"]
    assert [has_session(wiki, each) for each in browsers] == [False, False, True]


def test_session_of_somebody_else_stays(wiki: Wiki) -> None:
    browser, other = Browser(wiki.avow), Browser(wiki.avow)
    browser.sign_in(new_email())
    other.sign_in(new_email("bob"))
    mine, theirs = signed_in(wiki, browser), signed_in(wiki, other, "_ask2")
    for at, (name, index) in enumerate(
        [(mine.name_id.value, theirs.session_index), (theirs.name_id.value, "_made-up"), ("nobody", "")]
    ):
        page = wiki.leave(browser, name, *([index] if index else []), id=f"_leave{at}")
        assert answer(page) == ["Requester", "UnknownPrincipal"]
    assert has_session(wiki, browser)
    assert has_session(wiki, other)


def test_log_out_ends_the_session_that_took_the_place_of_an_earlier_one(wiki: Wiki) -> None:
    browser, email = Browser(wiki.avow), new_email()
    browser.sign_in(email)
    said = signed_in(wiki, browser)
    wiki.avow.advance(5)
    anew = wiki.sign_in(browser, wiki.ask(browser, id="_ask2", ForceAuthn="true"), email)
    assert wiki.told(anew, "_ask2").session_index == said.session_index
    assert answer(wiki.leave(browser, said.name_id.value, said.session_index)) == ["Success"]
    assert not has_session(wiki, browser)
    assert not [name for name in browser.cookies if "refresh" in name]


def test_log_out_of_whoever_was_here_before_leaves_somebody_else_alone(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    said = signed_in(wiki, browser)
    wiki.avow.advance(5)
    wiki.sign_in(browser, wiki.ask(browser, id="_ask2", ForceAuthn="true"), new_email("bob"))
    assert answer(wiki.leave(browser, said.name_id.value, said.session_index)) == ["Success"]
    assert has_session(wiki, browser)


def test_other_applications_of_the_session_are_named_in_the_answer(wiki: Wiki) -> None:
    second = make_wiki(wiki.avow)
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    said = signed_in(wiki, browser)
    signed_in(second, browser, "_ask2")
    assert answer(wiki.leave(browser, said.name_id.value, said.session_index)) == ["Success", "PartialLogout"]


def test_log_out_counts_once(wiki: Wiki) -> None:
    browser, email = Browser(wiki.avow), new_email()
    browser.sign_in(email)
    said = signed_in(wiki, browser)
    assert answer(wiki.leave(browser, said.name_id.value)) == ["Success"]
    browser.sign_in(email)
    signed_in(wiki, browser, "_ask2")
    assert wiki.leave(browser, said.name_id.value).status == 400
    assert has_session(wiki, browser)


def test_nobody_logs_others_out(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    said = signed_in(wiki, browser)
    name, index = said.name_id.value, said.session_index
    url = wiki.idp["idpLogoutUrl"]
    unsigned = leaving(wiki.now, name, index, destination=url)
    pages = [
        browser.get(f"{url}?{unsigned.query()}"),
        elsewhere(browser, url, {"SAMLRequest": unsigned.posted}),
        wiki.leave(browser, name, index, issuer="https://evil.example.com"),
        wiki.leave(browser, name, index, destination="https://evil.example.com"),
        browser.get(f"{url}?SAMLResponse=x"),
        browser.get(url),
    ]
    assert [each.status for each in pages] == [400] * len(pages)
    assert has_session(wiki, browser)


def test_service_provider_without_certificate_names_the_session(avow: Avow) -> None:
    wiki = make_wiki(avow, signs=False, logout_redirect_url="")
    browser = Browser(avow)
    browser.sign_in(new_email())
    said = signed_in(wiki, browser)
    assert wiki.leave(browser, said.name_id.value).status == 400
    assert has_session(wiki, browser)
    page = wiki.leave(browser, said.name_id.value, said.session_index)
    assert "notice=signed-out" in page.url
    assert not has_session(wiki, browser)


def test_openid_clients_hear_of_it(wiki: Wiki) -> None:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    said = signed_in(wiki, browser)
    sql = "SELECT id FROM sessions WHERE project_id = :project_id AND revoked_at IS NULL"
    (id,) = wiki.avow.run(lambda tx: tx.all(sql, str))
    wiki.avow.run(lambda tx: sessions.hear(tx, id))
    wiki.leave(browser, said.name_id.value, said.session_index)
    heard = "SELECT id FROM sessions WHERE project_id = :project_id AND is_heard = 1 AND revoked_at IS NOT NULL"
    assert wiki.avow.run(lambda tx: tx.all(heard, str)) == [id]
