"""What we say to service providers, read by our own service provider's code and, signatures apart, by lxml."""

import zlib
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree

from avow.core.saml import (
    Demand,
    Expected,
    IdentityProvider,
    PostForm,
    Reason,
    RedirectUrl,
    SamlRefused,
    ServiceProvider,
    parse_metadata,
    read_response,
)
from avow.core.saml.assertions import NameId
from avow.core.saml.idp import LogoutService, Said, Sent, idp_metadata, logout_response, refusal, response, statuses
from avow.core.saml.idp.parties import EMAIL, PERSISTENT, SERVED
from avow.core.saml.parties import Binding
from tests.core.saml.idp.stage import NOW, OWN, SLO, SSO, sp
from tests.saml.sp import ACS, ENTITY
from tests.saml.stage import key

BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
P = "{urn:oasis:names:tc:SAML:2.0:protocol}"
A = "{urn:oasis:names:tc:SAML:2.0:assertion}"


def said(**changes: Any) -> Said:
    given: dict[str, Any] = {
        "response_id": "_response",
        "id": "_assertion",
        "in_response_to": "_ask1",
        "acs_url": ACS,
        "relay_state": "state",
        "name_id": NameId(value="mia@example.com", format=EMAIL),
        "attributes": (Sent("mail", BASIC, ("mia@example.com",)), Sent("groups", BASIC, ("a", "b"))),
        "session_index": "_session",
        "session_ends_at": NOW + 3600,
        "authn_at": NOW - 60,
        "authn_context": "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
    }
    return Said(**(given | changes))


def fields(form: PostForm) -> dict[str, str]:
    return dict(form.fields)


def read(form: PostForm, request_id: str | None = "_ask1", **changes: Any) -> Any:
    """Read a response as our own service provider would."""
    idp = IdentityProvider(entity_id=OWN.entity_id, sso_url=SSO, certificates=(key().certificate,))
    given: dict[str, Any] = {
        "idp": idp,
        "sp": ServiceProvider(entity_id=ENTITY, acs_url=ACS),
        "request_id": request_id,
        "demand": Demand.BOTH,
        "accepts_unsolicited": request_id is None,
    }
    return read_response(fields(form)["SAMLResponse"], Expected(**(given | changes)), NOW)


def test_assertion_and_response_are_signed_and_say_who_signed_in() -> None:
    form = response(OWN, sp(), said(), key(), NOW)
    assert (form.action, fields(form)["RelayState"]) == (ACS, "state")
    found = read(form)
    assert (found.name_id.value, found.name_id.format, found.id) == ("mia@example.com", EMAIL, "_assertion")
    assert (found.values("mail"), found.values("groups")) == (("mia@example.com",), ("a", "b"))
    assert (found.authn_at, found.session_index, found.session_ends_at) == (NOW - 60, "_session", NOW + 3600)
    assert found.in_response_to == "_ask1"
    with pytest.raises(SamlRefused) as elsewhere:
        read(form, sp=ServiceProvider(entity_id="https://other.example.com", acs_url=ACS))
    assert elsewhere.value.reason is Reason.AUDIENCE


def test_answer_to_nobody_names_no_request() -> None:
    form = response(OWN, sp(), said(in_response_to="", relay_state="", attributes=()), key(), NOW)
    assert "RelayState" not in fields(form)
    found = read(form, None)
    assert (found.in_response_to, found.attributes) == (None, ())


def test_names_for_one_service_provider_say_so() -> None:
    named = NameId(value="U1", format=PERSISTENT, sp_name_qualifier=ENTITY)
    assert read(response(OWN, sp(), said(name_id=named), key(), NOW)).name_id == named


@pytest.mark.parametrize("text", ["<b>&\"'</b>", "]]>", "a\x00b\x0bc\ufffe", "\U0001f511 é", "line\nbreak"])
def test_texts_of_people_stay_texts(text: str) -> None:
    form = response(OWN, sp(), said(attributes=(Sent("na<me", BASIC, (text,)),)), key(), NOW)
    plain = "".join(each for each in text if each not in "\x00\x0b\ufffe")
    assert read(form).values("na<me") == (plain,)


def test_refusal_says_why_and_nothing_of_a_person() -> None:
    form = refusal(OWN, ACS, "_ask1", "state", statuses.PASSIVE, key(), "_r", NOW)
    with pytest.raises(SamlRefused, match="Responder NoPassive") as no:
        read(form)
    assert no.value.reason is Reason.STATUS
    root = etree.fromstring(b64decode(fields(form)["SAMLResponse"]))
    assert root.find(f"{A}Assertion") is None
    assert root.get("InResponseTo") == "_ask1"


def test_log_out_is_answered_by_a_signed_address() -> None:
    to = LogoutService("https://wiki.example.com/left?x=1")
    made = logout_response(OWN, to, "_leave1", "st&te", statuses.SUCCESS, key(), "_r", NOW)
    assert isinstance(made, RedirectUrl)
    assert made.url.startswith("https://wiki.example.com/left?x=1&SAMLResponse=")
    query = urlsplit(made.url).query.removeprefix("x=1&")
    message, _, signature = query.partition("&Signature=")
    public: Any = load_pem_x509_certificate(key().certificate.encode()).public_key()
    public.verify(b64decode(unquote(signature)), message.encode(), PKCS1v15(), SHA256())
    root = etree.fromstring(zlib.decompress(b64decode(parse_qs(query)["SAMLResponse"][0]), -15))
    assert (root.tag, root.get("InResponseTo"), root.get("Destination")) == (f"{P}LogoutResponse", "_leave1", to.url)
    assert parse_qs(query)["RelayState"] == ["st&te"]


def test_log_out_is_answered_by_a_signed_form() -> None:
    to = LogoutService("https://wiki.example.com/left", Binding.POST)
    made = logout_response(OWN, to, "_leave1", "", statuses.PARTIAL_LOGOUT, key(), "_r", NOW)
    assert isinstance(made, PostForm)
    root = etree.fromstring(b64decode(fields(made)["SAMLResponse"]))
    codes = [each.get("Value", "").rpartition(":")[2] for each in root.iter(f"{P}StatusCode")]
    assert codes == ["Success", "PartialLogout"]
    assert root.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is not None


def test_metadata_says_what_service_providers_need() -> None:
    document = idp_metadata(OWN, sp(), [key().certificate]).encode()
    found = parse_metadata(document, "", NOW)
    assert (found.entity_id, found.sso_url, found.wants_signed_requests) == (OWN.entity_id, SSO, True)
    assert found.certificates == ("".join(key().certificate.splitlines()[1:-1]),)
    root = etree.fromstring(document)
    md = "{urn:oasis:names:tc:SAML:2.0:metadata}"
    assert {each.get("Location") for each in root.iter(f"{md}SingleLogoutService")} == {SLO}
    assert {each.get("Binding", "") for each in root.iter(f"{md}SingleSignOnService")} == set(Binding)
    assert [each.text for each in root.iter(f"{md}NameIDFormat")] == list(SERVED)
    one = idp_metadata(OWN, sp(name_id_format=EMAIL, needs_signature=False), [key().certificate])
    assert f"<md:NameIDFormat>{EMAIL}</md:NameIDFormat><md:SingleSignOnService" in one
    assert 'WantAuthnRequestsSigned="false"' in one
