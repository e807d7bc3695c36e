"""Metadata of SAML identity providers by address: fetched when somebody signs in, kept, and used while it can be."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from avow import AttributeMapping, SSOSAMLSettingsByMetadata
from avow.testing.server import Avow
from tests.bed.openid import OpenIdPeer, Said
from tests.bed.tenant_idp import PAGE, TenantIdp
from tests.bed.visitor import Visitor
from tests.factories import make_tenant
from tests.saml.maker import Idp

_SIGN_ON = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{}"


def metadata_of(idp: Idp, *, binding: str = "Redirect", **attributes: str) -> str:
    body = "".join(idp.certificate.splitlines()[1:-1])
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{idp.entity_id}"{more}>'
        '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate>'
        "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        f'<md:SingleSignOnService Binding="{_SIGN_ON.format(binding)}" Location="https://idp.example.com/sso"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


@pytest.fixture
def idp(project: Avow, peer: OpenIdPeer) -> TenantIdp:
    """Give a tenant that knows of its identity provider only where it describes itself."""
    made = TenantIdp(project, make_tenant(project, tenant_id="T1"))
    answer(peer, metadata_of(made.idp))
    settings = SSOSAMLSettingsByMetadata(f"{peer.url}/metadata", AttributeMapping(name="name", email="email"))
    project.client().mgmt.sso.configure_saml_settings_by_metadata("T1", settings, PAGE, ["example.com"])
    assert peer.calls("/metadata") == []
    return made


def answer(peer: OpenIdPeer, text: str, status: int = 200, kind: str = "application/samlmetadata+xml") -> None:
    peer.answers["/metadata"] = lambda _: Said(text.encode(), status, kind)


def error_of(avow: Avow) -> str:
    return Visitor(avow.server.site).get(avow.client().sso.start("T1", PAGE)["url"]).error


def forget_copies(avow: Avow) -> None:
    """Do as a server that has just been started: nothing is kept in memory."""
    avow.server.site.outbound._begin_anew()


def test_metadata_is_fetched_when_somebody_signs_in_and_kept_for_an_hour(
    idp: TenantIdp, peer: OpenIdPeer, project: Avow
) -> None:
    assert idp.sign_in()["tenants"].keys() == {"T1"}
    idp.sign_in()
    assert len(peer.calls("/metadata")) == 1
    project.advance(3601)
    idp.sign_in()
    assert len(peer.calls("/metadata")) == 2


def test_new_key_counts_once_it_is_read(idp: TenantIdp, peer: OpenIdPeer, project: Avow) -> None:
    idp.sign_in()
    renewed = TenantIdp(project, "T1", name="renewed")
    answer(peer, metadata_of(renewed.idp))
    project.advance(3601)
    journey = idp.start()
    assert idp.post(journey, idp.response(journey.told)).error == "E061301"
    assert renewed.sign_in()["tenants"].keys() == {"T1"}


def test_provider_that_is_down_goes_on_with_what_it_said_last(idp: TenantIdp, peer: OpenIdPeer, project: Avow) -> None:
    idp.sign_in()
    answer(peer, "down", 500, "text/plain")
    project.advance(3601)
    assert idp.sign_in()
    forget_copies(project)
    assert idp.sign_in()
    project.advance(7 * 86_400 - 3602)
    assert idp.sign_in()
    project.advance(1)  # a week since it said so, however often that was used
    assert error_of(project) == "E011005"


def test_what_is_kept_is_of_the_address_that_is_set_now(idp: TenantIdp, peer: OpenIdPeer, project: Avow) -> None:
    idp.sign_in()
    settings = SSOSAMLSettingsByMetadata(f"{peer.url}/elsewhere", AttributeMapping(email="email"))
    project.client().mgmt.sso.configure_saml_settings_by_metadata("T1", settings, PAGE, ["example.com"])
    assert error_of(project) == "E011005"


def test_metadata_does_not_outlive_the_end_that_it_names(idp: TenantIdp, peer: OpenIdPeer, project: Avow) -> None:
    answer(peer, metadata_of(idp.idp, validUntil="2027-01-15T08:30:00Z"))  # half an hour after the clock of the tests
    assert idp.sign_in()
    project.advance(1801)
    assert error_of(project) == "E011005"
    forget_copies(project)
    assert error_of(project) == "E011005"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<html>a page</html>", "text/html"),
        ("no XML", "application/xml"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "application/xml"),
        ("<x/>", "application/xml"),
        ("", "application/xml"),
    ],
)
def test_what_is_no_metadata_signs_nobody_in(idp: TenantIdp, peer: OpenIdPeer, text: str, kind: str) -> None:
    answer(peer, text, 200, kind)
    assert error_of(idp.avow) == "E011005"


def test_metadata_of_another_name_than_was_set_signs_nobody_in(idp: TenantIdp, peer: OpenIdPeer, project: Avow) -> None:
    settings = SSOSAMLSettingsByMetadata(
        f"{peer.url}/metadata", AttributeMapping(email="email"), idp_entity_id="https://other.example"
    )
    project.client().mgmt.sso.configure_saml_settings_by_metadata("T1", settings, PAGE, ["example.com"])
    assert error_of(project) == "E011005"


def test_request_is_posted_where_the_provider_takes_only_that(
    idp: TenantIdp, peer: OpenIdPeer, project: Avow, visitor: Visitor
) -> None:
    answer(peer, metadata_of(idp.idp, binding="POST"))
    page = visitor.get(project.client().sso.start("T1", PAGE)["url"])
    text = page.content.decode()
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert 'action="https://idp.example.com/sso"' in text
    assert 'name="SAMLRequest"' in text
    nonce = text.partition('<script nonce="')[2].partition('"')[0]
    assert f"script-src 'nonce-{nonce}'" in page.headers["content-security-policy"]
    assert "avow-elsewhere" in visitor.cookies


def test_address_that_may_not_be_called_is_not(make_unreachable: Callable[..., Any]) -> None:
    avow, peer = make_unreachable()
    make_tenant(avow, tenant_id="T1")
    settings = SSOSAMLSettingsByMetadata(f"{peer.url}/metadata", AttributeMapping(email="email"))
    avow.client().mgmt.sso.configure_saml_settings_by_metadata("T1", settings, PAGE, ["example.com"])
    assert error_of(avow) == "E011005"
    assert peer.seen == []
    assert urlsplit(peer.url).hostname == "127.0.0.1"
