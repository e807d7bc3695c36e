"""Cells that the SAML identity provider brings: headers of pages, script, redirects, hostile documents, replay."""

import time
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

import pytest

from avow.testing.server import Avow, Server
from tests.bed.cases import Case
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.factories import new_email
from tests.saml.sp import SP_KEY, Asking, leaving
from tests.security.calls import within
from tests.security.conftest import MakePlace
from tests.security.pages.test_pages import REDIRECTS, SCRIPTS
from tests.security.place import NO_LIMITS
from tests.security.presenting import Canary
from tests.server.pages.browsing import Browser, Page
from tests.server.samlidp.wiki import Wiki, make_wiki


@pytest.fixture
def https() -> Iterator[Avow]:
    """Give a project on a server that people reach over TLS."""
    url = new_sqlite_url()
    server = Server(url, settings={"public_url": "https://auth.example.com", "is_development": False})
    yield server.project("Acme", **NO_LIMITS)
    server.close()
    remove_sqlite(url)


def works(wiki: Wiki) -> bool:
    """Tell whether somebody can sign in there."""
    browser, id = Browser(wiki.avow), f"_control{time.monotonic_ns()}"
    browser.sign_in(new_email())
    return wiki.told(wiki.ask(browser, id=id), id).session_index is not None


def somebody(wiki: Wiki) -> Browser:
    browser = Browser(wiki.avow)
    browser.sign_in(new_email())
    return browser


def test_s_web_05_headers_of_the_page_that_posts_by_itself(case: Case, https: Avow) -> None:
    wiki = make_wiki(https)
    case.control(lambda: works(wiki))
    browser, nonces = somebody(wiki), set()
    shown = {
        "SAML assertion": wiki.ask(browser),
        "SAML refusal": wiki.ask(Browser(https), id="_ask2", IsPassive="true"),
        "SAML message that is not believed": wiki.ask(browser, id="_ask3", issuer="x"),
    }
    for name, page in shown.items():
        with case.cell(name):
            headers = page.headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["strict-transport-security"] == "max-age=31536000"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["x-frame-options"] == "DENY"
            assert headers["cache-control"] == "no-store"
            rules = {each.split()[0]: each.split()[1:] for each in headers["content-security-policy"].split(";")}
            assert all(
                rules[each] == ["'none'"] for each in ("default-src", "frame-ancestors", "object-src", "base-uri")
            )
            [nonce] = rules["script-src"]
            assert nonce.startswith("'nonce-")
            assert nonce not in nonces
            nonces.add(nonce)


def test_s_web_06_texts_of_saml_requests(case: Case, make_each_place: MakePlace) -> None:
    wiki = make_wiki(make_each_place().avow)
    case.control(lambda: works(wiki))
    browser = somebody(wiki)
    for at, text in enumerate(SCRIPTS):
        with case.cell(f"RelayState of a SAML request, {text!r}"):
            page = wiki.ask(browser, text, id=f"_relay{at}")
            assert page.form().fields["RelayState"] == text
            assert not set(text) & set("<>\"'&") or text not in page.html
        with case.cell(f"issuer, destination and subject of a SAML request, {text!r}"):
            said = text.replace("&", "&amp;").replace("<", "&lt;")
            subject = f"<saml:Subject><saml:NameID>{said}@x</saml:NameID></saml:Subject>"
            pages = [
                wiki.ask(browser, id=f"_issuer{at}", issuer=text),
                wiki.ask(browser, id=f"_where{at}", destination=text),
                wiki.ask(Browser(wiki.avow), id=f"_whom{at}", inside=subject),
            ]
            assert [page.status for page in pages[:2]] == [400, 400]
            assert not [page for page in pages if set(text) & set("<>\"'&") and text in page.html]


def test_s_web_07_addresses_of_saml_requests(case: Case, make_each_place: MakePlace) -> None:
    wiki = make_wiki(make_each_place().avow)
    case.control(lambda: works(wiki))
    browser = somebody(wiki)

    def stays(page: Page) -> bool:
        return (page.status, page.forms, page.headers.get("location", "")) == (400, [], "")

    for at, url in enumerate(REDIRECTS):
        with case.cell(f"AssertionConsumerServiceURL, {url[:60]!r}"):
            assert stays(wiki.ask(browser, id=f"_acs{at}", AssertionConsumerServiceURL=url))
        with case.cell(f"RelayState of a sign-in that begins here, {url[:60]!r}"):
            page = browser.get(f"{wiki.idp['idpInitiatedUrl']}?{urlencode({'RelayState': url, 'next': url})}")
            assert "RelayState" not in page.form().fields
        with case.cell(f"RelayState of a SAML log-out, {url[:60]!r}"):
            said = wiki.told(wiki.ask(browser, id=f"_in{at}"), f"_in{at}")
            asked = leaving(
                wiki.now, "x", said.session_index or "", id=f"_out{at}", destination=wiki.idp["idpLogoutUrl"]
            )
            page = browser.get(f"{wiki.idp['idpLogoutUrl']}?{asked.query(url, algorithm='rsa-sha256')}", follow=False)
            assert page.headers["location"].startswith("https://wiki.example.com/left?SAMLResponse=")
            assert "\n" not in page.headers["location"]


def test_s_sam_05_documents_of_service_providers(case: Case, make_each_place: MakePlace, canary: Canary) -> None:
    wiki = make_wiki(make_each_place().avow)
    case.control(lambda: works(wiki))
    browser, plain = somebody(wiki), wiki.asking().document
    entities = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10}">' for at in range(1, 10))
    named = plain.replace("https://wiki.example.com/saml", "&e;")
    documents: dict[str, str | bytes] = {
        "an external entity, a file": f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>{named}',
        "an external entity": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{canary.url}/e">]>{named}',
        "an internal entity": f'<!DOCTYPE x [<!ENTITY e "https://wiki.example.com/saml">]>{named}',
        "entities of entities": f'<!DOCTYPE x [<!ENTITY e0 "x">{entities}]>{plain.replace("_ask1", "&e9;")}',
        "an external document type": f'<!DOCTYPE x SYSTEM "{canary.url}/dtd">{plain}',
        "a parameter entity": f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{canary.url}/p"> %p;]>{plain}',
        "an inclusion": plain.replace(
            "</saml:Issuer>",
            f'</saml:Issuer><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{canary.url}/x"/>',
        ),
        "UTF-16": f"<!DOCTYPE x>{plain}".encode("utf-16"),
        "UTF-7": b'<?xml version="1.0" encoding="utf-7"?>+ADw-!DOCTYPE x+AD4-' + plain.encode(),
    }
    calls = len(canary.calls)  # of tests before this one
    for name, document in documents.items():
        with case.cell(f"SAML request with {name}"):
            text = document if isinstance(document, str) else document.decode("latin-1")
            asking = Asking(text, "_ask1", SP_KEY)
            page = within(1, partial(wiki.post, browser, asking, signs=False))
            assert (page.status, page.forms) == (400, [])
    assert len(canary.calls) == calls


def test_s_sam_08_replay_of_requests(case: Case, make_each_place: MakePlace) -> None:
    wiki = make_wiki(make_each_place().avow)
    case.control(lambda: works(wiki))
    browser = somebody(wiki)
    url = wiki.url(wiki.asking())
    said = wiki.told(browser.get(url))
    with case.cell("SAML request, once more"):
        assert [browser.get(url).status for _ in range(2)] == [400, 400]
        assert somebody(wiki).get(url).status == 400
        assert wiki.post(browser, wiki.asking()).status == 400
    asked = leaving(wiki.now, said.name_id.value, destination=wiki.idp["idpLogoutUrl"])
    url = f"{wiki.idp['idpLogoutUrl']}?{asked.query(algorithm='rsa-sha256')}"
    assert browser.get(url).status == 303
    with case.cell("SAML log-out, once more"):
        assert browser.get(url).status == 400
