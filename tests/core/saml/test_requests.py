"""Requests to identity providers, read again by other people's code."""

import zlib
from base64 import b64decode
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree
from signxml.verifier import VerifyResult, XMLVerifier

from avow.core.saml import Asked, Binding, PostForm, RedirectUrl, ServiceProvider, authn_request
from tests.saml.stage import NOW, SP, cast, described, key

IDP = described(cast().idp)
P = "{urn:oasis:names:tc:SAML:2.0:protocol}"
A = "{urn:oasis:names:tc:SAML:2.0:assertion}"


def redirect(asked: Asked, sso_url: str = IDP.sso_url, *, is_signed: bool = True) -> str:
    made = authn_request(replace(IDP, sso_url=sso_url), SP, asked, NOW, key=key() if is_signed else None)
    assert isinstance(made, RedirectUrl)
    return made.url


def form(asked: Asked, *, is_signed: bool = True) -> PostForm:
    made = authn_request(replace(IDP, binding=Binding.POST), SP, asked, NOW, key=key() if is_signed else None)
    assert isinstance(made, PostForm)
    return made


def document_of(url: str) -> Any:
    (value,) = parse_qs(urlsplit(url).query)["SAMLRequest"]
    return etree.fromstring(zlib.decompress(b64decode(value), -15))


def test_redirect_carries_the_request() -> None:
    url = redirect(Asked(id="_abc", relay_state="state 1&2"))
    assert url.startswith(f"{IDP.sso_url}?SAMLRequest=")
    assert parse_qs(urlsplit(url).query)["RelayState"] == ["state 1&2"]
    request = document_of(url)
    assert dict(request.attrib) == {
        "ID": "_abc",
        "Version": "2.0",
        "IssueInstant": "2027-01-15T08:00:00Z",
        "Destination": IDP.sso_url,
        "AssertionConsumerServiceURL": SP.acs_url,
        "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    }
    assert [child.tag for child in request] == [f"{A}Issuer", f"{P}NameIDPolicy"]
    assert request.findtext(f"{A}Issuer") == SP.entity_id


def test_signature_covers_the_query_as_it_is_sent() -> None:
    query = urlsplit(redirect(Asked(id="_abc", relay_state="state"))).query
    message, _, signature = query.partition("&Signature=")
    assert [part.partition("=")[0] for part in message.split("&")] == ["SAMLRequest", "RelayState", "SigAlg"]
    assert "rsa-sha256" in unquote(message)
    public = load_pem_x509_certificate(key().certificate.encode()).public_key()
    assert isinstance(public, RSAPublicKey)
    public.verify(b64decode(unquote(signature)), message.encode(), PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(b64decode(unquote(signature)), message.encode() + b"x", PKCS1v15(), SHA256())


def test_request_is_unsigned_without_a_key() -> None:
    assert "Sig" not in redirect(Asked(id="_abc"), is_signed=False)
    assert "RelayState" not in redirect(Asked(id="_abc"))


def test_query_of_the_address_is_kept() -> None:
    url = redirect(Asked(id="_abc"), "https://idp.example.com/sso?tenant=1", is_signed=False)
    assert url.startswith("https://idp.example.com/sso?tenant=1&SAMLRequest=")


def test_what_is_asked_stands_in_the_request() -> None:
    contexts = ("https://refeds.org/profile/mfa", "urn:x")
    asked = Asked(id="_a", forces_authn=True, is_passive=True, contexts=contexts, login_hint="a&b@example.com")
    request = document_of(redirect(asked))
    assert (request.get("ForceAuthn"), request.get("IsPassive")) == ("true", "true")
    assert [each.text for each in request.iter(f"{A}AuthnContextClassRef")] == list(contexts)
    assert request.findtext(f"{A}Subject/{A}NameID") == "a&b@example.com"
    tags = [child.tag.rpartition("}")[2] for child in request]
    assert tags == ["Issuer", "Subject", "NameIDPolicy", "RequestedAuthnContext"]


def test_form_carries_the_request_and_its_signature() -> None:
    made = form(Asked(id="_abc", relay_state="state"))
    fields = dict(made.fields)
    assert (made.action, fields["RelayState"]) == (IDP.sso_url, "state")
    found = XMLVerifier().verify(b64decode(fields["SAMLRequest"]), x509_cert=key().certificate, id_attribute="ID")
    assert isinstance(found, VerifyResult)
    assert found.signed_xml is not None
    assert found.signed_xml.get("ID") == "_abc"
    children = [child.tag for child in etree.fromstring(b64decode(fields["SAMLRequest"]))]
    assert children[1] == "{http://www.w3.org/2000/09/xmldsig#}Signature"


def test_form_is_unsigned_without_a_key() -> None:
    made = form(Asked(id="_abc"), is_signed=False)
    ((name, value),) = made.fields
    assert name == "SAMLRequest"
    assert [child.tag for child in etree.fromstring(b64decode(value))] == [f"{A}Issuer", f"{P}NameIDPolicy"]


@pytest.mark.parametrize("id", ["", "1a", "a b", 'a"', "a" * 129, "é", "_a\n"])
def test_id_that_is_no_name_is_refused(id: str) -> None:
    with pytest.raises(ValueError, match="the id of a request"):
        redirect(Asked(id=id))


def test_relay_state_has_at_most_80_bytes() -> None:
    assert "RelayState" in redirect(Asked(id="_a", relay_state="é" * 40))
    with pytest.raises(ValueError, match="80 bytes"):
        redirect(Asked(id="_a", relay_state="é" * 40 + "x"))


def test_text_that_xml_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        redirect(Asked(id="_a", login_hint="a\x00b"))


def test_names_are_escaped() -> None:
    sp = ServiceProvider(entity_id="a<b&'c\"", acs_url="https://sp.example.com/acs?a=1&b='2'")
    made = authn_request(IDP, sp, Asked(id="_a"), NOW, key=None)
    assert isinstance(made, RedirectUrl)
    request = document_of(made.url)
    assert request.findtext(f"{A}Issuer") == sp.entity_id
    assert request.get("AssertionConsumerServiceURL") == sp.acs_url
