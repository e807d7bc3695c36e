"""AuthnRequests of service providers: what is read of them, what they are told, and what only the person is."""

from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import quote

import pytest

from avow.core.saml import Reason, SamlRefused
from avow.core.saml.idp import AuthnAsked, of_form, of_query, read_authn_request, statuses
from avow.core.saml.idp.asked import Subject
from avow.core.saml.idp.incoming import MAX_RELAY_STATE
from avow.core.saml.idp.parties import EMAIL, PERSISTENT, UNSPECIFIED
from tests.core.saml.idp.stage import NOW, OWN, SSO, sp
from tests.saml.maker import make_idp
from tests.saml.sp import ACS, POST, SP_KEY, Asking, asking, deflated, metadata, query

THIEF = make_idp("https://evil.example.com", "thief")
POLICY = "<samlp:NameIDPolicy {}/>"
CONTEXT = "<samlp:RequestedAuthnContext{}>{}</samlp:RequestedAuthnContext>"
CLASS = "<saml:AuthnContextClassRef>{}</saml:AuthnContextClassRef>"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def read(asked: Asking, relay_state: str | None = None, *, now: int = NOW, **changes: Any) -> AuthnAsked:
    """Return what an address says that carries a request, signed."""
    return read_authn_request(of_query(asked.query(relay_state, algorithm="rsa-sha256")), sp(**changes), OWN, now)


def read_form(asked: Asking, relay_state: str = "", **changes: Any) -> AuthnAsked:
    return read_authn_request(of_form(asked.posted, relay_state), sp(**changes), OWN, NOW)


def ask(**changes: Any) -> Asking:
    return asking(NOW, **{"destination": SSO, **changes})


def refused(call: Any) -> Reason:
    with pytest.raises(SamlRefused) as raised:
        call()
    return raised.value.reason


def test_request_in_an_address_is_read() -> None:
    found = read(ask(ForceAuthn="true", IsPassive="1"), "state 1&2+3")
    assert (found.id, found.issued_at, found.acs_url) == ("_ask1", NOW, ACS)
    assert (found.relay_state, found.forces_authn, found.is_passive) == ("state 1&2+3", True, True)
    assert (found.name_id_format, found.subject, found.classes, found.status) == ("", None, (), None)


def test_request_in_a_form_is_read() -> None:
    found = read_form(ask(AssertionConsumerServiceURL=ACS, ProtocolBinding=POST).signed(), "state")
    assert (found.id, found.acs_url, found.relay_state, found.status) == ("_ask1", ACS, "state", None)


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-sha384", "rsa-sha512"])
@pytest.mark.parametrize("lower", [False, True])
def test_signature_covers_the_characters_as_they_were_sent(algorithm: str, *, lower: bool) -> None:
    said = ask().query("a/b", algorithm=algorithm, lower=lower)
    assert read_authn_request(of_query(said), sp(), OWN, NOW).id == "_ask1"
    other = said.replace("a%2fb" if lower else "a%2Fb", "a%2F%62")
    assert refused(lambda: read_authn_request(of_query(other), sp(), OWN, NOW)) is Reason.SIGNATURE_INVALID


def test_wishes_are_read() -> None:
    subject = f'<saml:Subject><saml:NameID Format="{EMAIL}">mia@example.com</saml:NameID></saml:Subject>'
    context = CONTEXT.format(' Comparison="minimum"', CLASS.format(PASSWORD) + CLASS.format("urn:x"))
    found = read(ask(inside=subject + POLICY.format(f'Format="{PERSISTENT}" AllowCreate="true"') + context))
    assert found.subject == Subject("mia@example.com", EMAIL)
    assert (found.name_id_format, found.comparison) == (PERSISTENT, "minimum")
    assert (found.classes, found.status) == ((PASSWORD, "urn:x"), None)
    assert read(ask(inside=POLICY.format(f'Format="{UNSPECIFIED}"'))).name_id_format == ""


def test_unsigned_requests_are_taken_where_nothing_is_known_to_check_them_with() -> None:
    for certificates in ((), ("placeholder",)):
        known: dict[str, Any] = {"certificates": certificates, "needs_signature": False}
        for said in (ask().query(), ask().query(algorithm="rsa-sha256")):
            assert read_authn_request(of_query(said), sp(**known), OWN, NOW).id == "_ask1"
        assert read_form(ask().signed(), **known).id == "_ask1"
        assert read_form(asking(NOW), **known).id == "_ask1"


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        (POLICY.format('Format="urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"'), statuses.NAME_ID_POLICY),
        (POLICY.format('SPNameQualifier="https://other.example.com"'), statuses.NAME_ID_POLICY),
        ("<saml:Subject/>", statuses.SUBJECT),
        ('<saml:Subject><saml:NameID>a</saml:NameID><saml:SubjectConfirmation Method="x"/></saml:Subject>',
         statuses.SUBJECT),
        (CONTEXT.format("", "<saml:AuthnContextDeclRef>urn:x</saml:AuthnContextDeclRef>"), statuses.CONTEXT),
        (CONTEXT.format(' Comparison="odd"', CLASS.format(PASSWORD)), statuses.CONTEXT),
    ],
)  # fmt: skip
def test_what_we_do_not_do_is_told(inside: str, told: statuses.Status) -> None:
    assert read(ask(inside=inside)).status == told


def test_answers_by_another_binding_are_declined_where_the_answer_would_go() -> None:
    found = read(ask(ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"))
    assert (found.acs_url, found.status) == (ACS, statuses.BINDING)


def test_application_of_one_format_has_no_other() -> None:
    asked = ask(inside=POLICY.format(f'Format="{PERSISTENT}"'))
    assert read(asked, name_id_format=EMAIL).status == statuses.NAME_ID_POLICY
    assert read(asked, name_id_format=PERSISTENT).status is None


def test_answer_goes_to_addresses_of_the_service_provider_only() -> None:
    more: dict[str, Any] = {
        "further_acs": ("https://wiki.example.com/other",),
        "indexes": {0: ACS, 3: "https://wiki.example.com/3"},
    }
    named = ask(AssertionConsumerServiceURL="https://wiki.example.com/other")
    assert read(named, **more).acs_url == "https://wiki.example.com/other"
    assert read(ask(AssertionConsumerServiceIndex="3"), **more).acs_url == "https://wiki.example.com/3"
    elsewhere: tuple[dict[str, str], ...] = (
        {"AssertionConsumerServiceURL": "https://evil.example.com/acs"},
        {"AssertionConsumerServiceURL": ACS + "/"},
        {"AssertionConsumerServiceURL": ACS + "?x"},
        {"AssertionConsumerServiceURL": ACS.upper()},
        {"AssertionConsumerServiceURL": ""},
        {"AssertionConsumerServiceURL": "javascript:alert(1)"},
        {"AssertionConsumerServiceIndex": "1"},
        {"AssertionConsumerServiceIndex": "03"},
        {"AssertionConsumerServiceIndex": ""},
        {"AssertionConsumerServiceURL": ACS, "AssertionConsumerServiceIndex": "0"},
    )
    for attributes in elsewhere:
        assert refused(lambda given=attributes: read(ask(**given), **more)) is Reason.ACS, attributes


# --- Who says it, to whom, and when ----------------------------------------------------------------------------------


def test_forged_and_altered_addresses_are_refused() -> None:
    good = ask().query("state", algorithm="rsa-sha256")
    signature = good.rpartition("&Signature=")[2]
    altered = query(ask(AssertionConsumerServiceURL=ACS).document, "state")
    rows = {
        "unsigned": (ask().query("state"), Reason.SIGNATURE_MISSING),
        "another key": (query(ask().document, "state", THIEF, algorithm="rsa-sha256"), Reason.SIGNATURE_INVALID),
        "SHA-1": (ask().query("state", algorithm="rsa-sha1"), Reason.ALGORITHM),
        "another RelayState": (good.replace("RelayState=state", "RelayState=other"), Reason.SIGNATURE_INVALID),
        "no RelayState": (good.replace("&RelayState=state", ""), Reason.SIGNATURE_INVALID),
        "another request": (f"{altered}{good[good.index('&SigAlg') :]}", Reason.SIGNATURE_INVALID),
        "no signature": (good.partition("&Signature=")[0], Reason.SIGNATURE_INVALID),
        "no algorithm": (f"{ask().query('state')}&Signature={signature}", Reason.ALGORITHM),
        "not base64": (good.replace(signature, "a*b"), Reason.SIGNATURE_FORM),
        "two requests": (f"{good}&{ask(id='_two').query()}", Reason.STRUCTURE),
        "RelayState twice": (f"{good}&RelayState=state", Reason.STRUCTURE),
        "nothing": ("RelayState=state", Reason.STRUCTURE),
        "another encoding": (f"{good}&SAMLEncoding=urn%3Ax", Reason.STRUCTURE),
    }
    for name, (said, reason) in rows.items():
        assert refused(lambda text=said: read_authn_request(of_query(text), sp(), OWN, NOW)) is reason, name


def test_forged_and_altered_forms_are_refused() -> None:
    good = ask().signed()
    rows = {
        "unsigned": (ask(), Reason.SIGNATURE_MISSING),
        "another key": (ask(key=THIEF).signed(), Reason.SIGNATURE_INVALID),
        "another destination": (Asking(good.document.replace("_ask1", "_ask2"), "", SP_KEY), Reason.SIGNATURE_INVALID),
        "altered": (Asking(good.document.replace('Version="2.0"', 'Version="2.0" ForceAuthn="0"'), "", SP_KEY),
                    Reason.SIGNATURE_INVALID),
    }  # fmt: skip
    for name, (asked, reason) in rows.items():
        assert refused(lambda given=asked: read_form(given)) is reason, name


def test_wrapped_signatures_are_refused() -> None:
    """A signed request within another one says nothing for what is around it."""
    good = ask().signed().document
    evil = ask(id="_evil", AssertionConsumerServiceURL=ACS, ForceAuthn="false").document
    body, end = evil[: -len("</samlp:AuthnRequest>")], "</samlp:AuthnRequest>"
    signature = good[good.index("<ds:Signature") : good.index("</ds:Signature>") + len("</ds:Signature>")]
    wrapped = {
        "within extensions": f"{body}<samlp:Extensions>{good}</samlp:Extensions>{end}",
        "its signature lent": body.replace("</saml:Issuer>", f"</saml:Issuer>{signature}") + end,
        "its signature lent, the original hidden": body.replace("</saml:Issuer>", f"</saml:Issuer>{signature}")
        + f"<samlp:Extensions>{good.replace(signature, '')}</samlp:Extensions>{end}",
        "the same id twice": good.replace(
            end, f'<samlp:Extensions><samlp:AuthnRequest ID="_ask1"/></samlp:Extensions>{end}'
        ),
    }
    reasons = {Reason.SIGNATURE_MISPLACED, Reason.SIGNATURE_FORM, Reason.DUPLICATE_ID}
    for name, document in wrapped.items():
        assert refused(lambda text=document: read_form(Asking(text, "", SP_KEY))) in reasons, name


def test_signature_within_an_address_is_refused() -> None:
    said = query(ask().signed().document, None, SP_KEY, algorithm="rsa-sha256")
    assert refused(lambda: read_authn_request(of_query(said), sp(), OWN, NOW)) is Reason.SIGNATURE_MISPLACED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "https://evil.example.com"}, Reason.ISSUER),
        ({"issuer": ""}, Reason.ISSUER),
        ({"destination": None}, Reason.DESTINATION),
        ({"destination": SSO + "/"}, Reason.DESTINATION),
        ({"destination": SSO.replace("/P1/", "/P2/")}, Reason.DESTINATION),
        ({"version": "1.1"}, Reason.VERSION),
        ({"id": "1 2"}, Reason.STRUCTURE),
        ({"id": "_" * 257}, Reason.STRUCTURE),
        ({"inside": "<saml:Issuer>x</saml:Issuer>"}, Reason.ISSUER),
        ({"inside": "<samlp:Unknown/>"}, Reason.STRUCTURE),
        ({"inside": "text"}, Reason.STRUCTURE),
        ({"IssueInstant": "2027-01-15T07:40:00Z"}, Reason.EXPIRED),
        ({"IssueInstant": "2027-01-15T08:10:00Z"}, Reason.TOO_EARLY),
        ({"IssueInstant": "yesterday"}, Reason.TIME),
    ],
)
def test_requests_of_others_for_others_or_of_another_time_are_refused(changes: dict[str, Any], reason: Reason) -> None:
    assert refused(lambda: read(ask(**changes))) is reason


# --- Documents that hurt ---------------------------------------------------------------------------------------------


def document_rows() -> dict[str, tuple[str | bytes, set[Reason]]]:
    plain = ask().document
    deep = "<a>" * 40 + "</a>" * 40
    return {
        "a document type": (f"<!DOCTYPE x>{plain}", {Reason.FORBIDDEN_XML}),
        "an entity": (f'<!DOCTYPE x [<!ENTITY a "b">]>{plain}', {Reason.FORBIDDEN_XML}),
        "an external entity": (
            f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>{plain}', {Reason.FORBIDDEN_XML}
        ),
        "a comment in the issuer": (plain.replace("wiki.example", "wiki.<!-- -->example"), {Reason.FORBIDDEN_XML}),
        "an instruction": (f"<?x y?>{plain}", {Reason.FORBIDDEN_XML}),
        "UTF-16": (plain.encode("utf-16"), {Reason.NOT_UTF8, Reason.NOT_XML}),
        "deep nesting": (plain.replace("</saml:Issuer>", f"</saml:Issuer>{deep}"), {Reason.TOO_LARGE}),
        "many elements": (plain.replace("</saml:Issuer>", "</saml:Issuer>" + "<a/>" * 600), {Reason.TOO_LARGE}),
        "many bytes": (plain.replace("</saml:Issuer>", f"</saml:Issuer><a>{'x' * 70_000}</a>"), {Reason.TOO_LARGE}),
        "no XML": ("x", {Reason.NOT_XML}),
        "nothing": ("", {Reason.NOT_XML}),
        "another message": (plain.replace("AuthnRequest", "LogoutRequest"), {Reason.STRUCTURE}),
    }  # fmt: skip


@pytest.mark.parametrize("name", document_rows())
def test_hostile_documents_are_refused_in_addresses_and_forms(name: str) -> None:
    document, reasons = document_rows()[name]
    data = document.encode() if isinstance(document, str) else document
    open_sp = sp(certificates=(), needs_signature=False)
    asked = f"SAMLRequest={quote(deflated(data), safe='')}"
    assert refused(lambda: read_authn_request(of_query(asked), open_sp, OWN, NOW)) in reasons
    posted = b64encode(data).decode()
    assert refused(lambda: read_authn_request(of_form(posted, ""), open_sp, OWN, NOW)) in reasons


def test_little_that_becomes_very_much_is_refused_before_it_does() -> None:
    bomb = deflated(b"<a>" + b" " * 50_000_000)
    assert len(bomb) < 80_000
    assert refused(lambda: of_query(f"SAMLRequest={quote(bomb, safe='')}")) is Reason.TOO_LARGE
    assert refused(lambda: of_query("SAMLRequest=AAAA")) is Reason.NOT_XML
    more = b64encode(b64decode(deflated(b"<a/>")) + b"x").decode()
    assert refused(lambda: of_query(f"SAMLRequest={quote(more, safe='')}")) is Reason.NOT_XML
    assert refused(lambda: of_query("SAMLRequest=%2A")) is Reason.NOT_BASE64


def test_relay_states_are_bounded() -> None:
    assert read(ask(), "x" * MAX_RELAY_STATE).relay_state == "x" * MAX_RELAY_STATE
    assert refused(lambda: read(ask(), "x" * (MAX_RELAY_STATE + 1))) is Reason.TOO_LARGE
    assert refused(lambda: read_form(ask().signed(), "x" * (MAX_RELAY_STATE + 1))) is Reason.TOO_LARGE


def test_metadata_is_no_request() -> None:
    assert refused(lambda: read_form(Asking(metadata(), "", SP_KEY))) is Reason.STRUCTURE
