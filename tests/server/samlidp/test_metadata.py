"""Metadata of both sides: ours for service providers, and theirs where an application is known by its address."""

from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from avow.core.saml import parse_metadata
from avow.testing.server import Avow
from tests.bed.openid import OpenIdPeer, Said, openid_peer
from tests.factories import new_email
from tests.saml.sp import metadata
from tests.server.pages.browsing import Browser
from tests.server.samlidp.wiki import Wiki, make_wiki


@pytest.fixture
def peer(avow: Avow) -> Iterator[OpenIdPeer]:
    """Give a server on loopback that answers what a test tells it to."""
    with openid_peer(avow.server.clock) as started:
        yield started


def known_by(avow: Avow, peer: OpenIdPeer, document: str, status: int = 200, **settings: Any) -> Wiki:
    """Make an application that is known only by the address of its metadata."""
    peer.answers["/sp"] = lambda _: Said(document.encode(), status, "application/samlmetadata+xml")
    given = {"use_metadata_info": True, "metadata_url": f"{peer.url}/sp", "entity_id": "", "acs_url": ""}
    return make_wiki(avow, **{**given, "certificate": "", "logout_redirect_url": "", **settings})


def test_our_metadata_says_where_requests_go_and_what_signs_answers(avow: Avow) -> None:
    wiki = make_wiki(avow)
    page = Browser(avow).get(wiki.idp["idpMetadataUrl"])
    assert page.headers["content-type"].startswith("application/samlmetadata+xml")
    found = parse_metadata(page.html.encode(), wiki.idp["idpEntityId"], wiki.now)
    assert (found.sso_url, found.wants_signed_requests) == (wiki.idp["idpSsoUrl"], True)
    assert found.certificates == ("".join(wiki.idp["idpCert"].splitlines()[1:-1]),)


def test_addresses_and_keys_are_those_of_the_metadata(avow: Avow, peer: OpenIdPeer) -> None:
    wiki = known_by(avow, peer, metadata())
    browser = Browser(avow)
    browser.sign_in(new_email())
    wiki.told(wiki.ask(browser))
    wiki.told(wiki.ask(browser, id="_ask2", AssertionConsumerServiceIndex="1"), "_ask2")
    other = wiki.ask(browser, id="_ask3", AssertionConsumerServiceIndex="0")
    assert other.form().action == "https://wiki.example.com/acs0"
    assert wiki.ask(browser, id="_ask4", AssertionConsumerServiceIndex="2").status == 400  # artifacts
    unsigned = f"{wiki.idp['idpSsoUrl']}?{wiki.asking('_ask5').query()}"
    assert browser.get(unsigned).status == 400
    assert len(peer.calls("/sp")) == 1
    said = wiki.told(wiki.ask(browser, id="_ask6"), "_ask6")
    left = wiki.leave(browser, said.name_id.value, said.session_index or "")
    assert left.headers["location"].startswith("https://wiki.example.com/left?SAMLResponse=")


def test_metadata_that_cannot_be_had_or_has_ended_signs_nobody_in(avow: Avow, peer: OpenIdPeer) -> None:
    browser = Browser(avow)
    browser.sign_in(new_email())
    for document, status in ((metadata(), 500), ("<!DOCTYPE x><x/>", 200), ("x", 200)):
        avow.server.site.outbound._begin_anew()
        wiki = known_by(avow, peer, document, status)
        page = wiki.ask(browser)
        assert (page.status, page.forms) == (400, [])
        assert browser.get(wiki.idp["idpMetadataUrl"]).status == 200  # ours is there all the same
    avow.server.site.outbound._begin_anew()
    wiki = known_by(avow, peer, metadata(validUntil="2027-01-15T08:30:00Z"))
    wiki.told(wiki.ask(browser, id="_ask2"), "_ask2")
    avow.advance(3000)
    assert wiki.ask(browser, id="_ask3").status == 400


def test_service_provider_is_the_entity_that_is_named(avow: Avow, peer: OpenIdPeer) -> None:
    two = (
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'
        f"{metadata(entity_id='https://other.example.com', signs=False)}{metadata()}</md:EntitiesDescriptor>"
    )
    etree.fromstring(two)
    browser = Browser(avow)
    browser.sign_in(new_email())
    assert known_by(avow, peer, two).ask(browser).status == 400
    wiki = known_by(avow, peer, two, entity_id="https://wiki.example.com/saml")
    wiki.told(wiki.ask(browser, id="_ask2"), "_ask2")
