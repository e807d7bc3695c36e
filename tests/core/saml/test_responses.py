"""What a response says, and to the second until when it is believed."""

from dataclasses import replace
from typing import Any

import pytest

from avow.core.saml import (
    SKEW_SECONDS,
    Assertion,
    Demand,
    Envelope,
    NameId,
    Reason,
    SamlRefused,
    new_key,
    peek,
    read_response,
)
from tests.saml.maker import (
    EMAIL,
    PERSISTENT,
    TRANSIENT,
    Confirmation,
    How,
    assertion_xml,
    encrypted,
    make_idp,
    posted,
    response_xml,
)
from tests.saml.pieces import ALICE, of_response, said
from tests.saml.stage import NOW, SP, TOLD, cast, described, expected

SUBJECT_ID = "urn:oasis:names:tc:SAML:attribute:subject-id"
PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
MFA = "https://refeds.org/profile/mfa"


def read(document: str, now: int = NOW, demand: Demand = Demand.ASSERTION, **changes: Any) -> Assertion:
    return read_response(posted(document), expected(demand, **changes), now)


def reason_of(document: str, now: int = NOW, demand: Demand = Demand.ASSERTION, **changes: Any) -> Reason:
    with pytest.raises(SamlRefused) as refused:
        read(document, now, demand, **changes)
    return refused.value.reason


def confirmed(ends_in: int) -> Confirmation:
    return Confirmation(recipient=SP.acs_url, answers="_request1", ends_in=ends_in)


def test_assertion_is_read_whole() -> None:
    document = said(cast(), TOLD, attributes={"email": (ALICE,), "groups": ("admins", "", "users"), "empty": ()})
    assert read(document) == Assertion(
        id="_assertion1",
        issuer=cast().idp.entity_id,
        in_response_to="_request1",
        name_id=NameId(value=ALICE, format=EMAIL),
        attributes=read(document).attributes,
        authn_at=NOW - 5,
        authn_context="urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        session_index="_session1",
        session_ends_at=NOW + 3600,
        accepted_until=NOW + 300 + SKEW_SECONDS,
    )
    assert [(each.name, each.values) for each in read(document).attributes] == [
        ("email", (ALICE,)),
        ("groups", ("admins", "", "users")),
        ("empty", ()),
    ]


# --- Times -----------------------------------------------------------------------------------------------------------


def test_response_is_believed_until_the_second_it_says() -> None:
    document = said(cast(), TOLD)
    until = read(document).accepted_until
    assert read(document, until - 1).accepted_until == until
    assert reason_of(document, until) is Reason.EXPIRED


@pytest.mark.parametrize(
    ("changes", "until"),
    [
        ({"ends_in": 100}, 100),
        ({"ends_in": None}, 300),
        ({"ends_in": 86_400, "confirmations": (confirmed(86_400),)}, 600),
        ({"confirmations": (confirmed(50),)}, 50),
        ({"ends_in": None, "confirmations": (confirmed(10), confirmed(590))}, 590),
    ],
    ids=["the conditions", "the confirmation when not", "its making, whatever it allows itself", "either", "the later"],
)  # fmt: skip
def test_what_ends_first_ends_it(changes: dict[str, Any], until: int) -> None:
    document = said(cast(), TOLD, **changes)
    assert read(document).accepted_until == NOW + until + SKEW_SECONDS
    assert reason_of(document, NOW + until + SKEW_SECONDS) is Reason.EXPIRED


def test_clocks_may_differ_by_the_skew_to_the_second() -> None:
    early = said(cast(), TOLD, issued_in=SKEW_SECONDS, starts_in=SKEW_SECONDS, outer={"issued_in": SKEW_SECONDS})
    assert read(early).subject == ALICE
    assert reason_of(early, NOW - 1) is Reason.TOO_EARLY
    assert SKEW_SECONDS <= 180


def test_session_that_ended_within_the_skew_is_believed() -> None:
    document = said(cast(), TOLD, session_ends_in=-SKEW_SECONDS + 1)
    assert read(document).session_ends_at == NOW - SKEW_SECONDS + 1
    assert reason_of(document, NOW + 1) is Reason.EXPIRED


def test_fractions_of_seconds_are_read() -> None:
    document = said(cast(), TOLD)
    for fraction in (".5Z", ".123456789Z", "+00:00"):
        changed = response_xml(cast().idp, TOLD, assertion_xml(cast().idp, TOLD)).replace('Z"', f'{fraction}"')
        assert read(of_response(cast(), changed), demand=Demand.RESPONSE).authn_at == read(document).authn_at


# --- Unasked ---------------------------------------------------------------------------------------------------------


def unsolicited() -> str:
    confirmations = (Confirmation(recipient=SP.acs_url),)
    return said(cast(), TOLD, outer={"answers": None}, confirmations=confirmations)


def test_unsolicited_response_is_accepted_where_it_is_allowed_only() -> None:
    assert read(unsolicited(), request_id=None, accepts_unsolicited=True).in_response_to is None
    assert reason_of(unsolicited(), request_id=None) is Reason.UNSOLICITED
    assert reason_of(unsolicited(), accepts_unsolicited=True) is Reason.IN_RESPONSE_TO


def test_answer_to_a_request_is_never_unsolicited() -> None:
    stripped = said(cast(), TOLD, outer={"answers": None})
    for document in (said(cast(), TOLD), stripped):
        assert reason_of(document, request_id=None, accepts_unsolicited=True) is Reason.IN_RESPONSE_TO


# --- Who -------------------------------------------------------------------------------------------------------------


def test_name_of_any_lasting_format_is_the_subject() -> None:
    for attributes in ("", f'Format="{PERSISTENT}"', f'Format="{EMAIL}"', f'SPNameQualifier="{SP.entity_id}"'):
        found = read(said(cast(), TOLD, name_id="x1", name_id_attributes=attributes))
        assert found.subject == "x1"
        assert not found.name_id.is_transient
    assert read(said(cast(), TOLD)).name_id.is_email


def test_transient_name_is_nobodys() -> None:
    transient: dict[str, Any] = {"name_id_attributes": f'Format="{TRANSIENT}"'}
    assert read(said(cast(), TOLD, **transient)).subject is None
    for name in (SUBJECT_ID, PAIRWISE_ID):
        assert read(said(cast(), TOLD, **transient, attributes={name: ("a@example.com",)})).subject == "a@example.com"
    both = {SUBJECT_ID: ("s@example.com",), PAIRWISE_ID: ("p@example.com",)}
    assert read(said(cast(), TOLD, **transient, attributes=both)).subject == "p@example.com"
    for values in ((), ("",), ("a@example.com", "b@example.com")):
        assert read(said(cast(), TOLD, **transient, attributes={SUBJECT_ID: values})).subject is None


def test_values_that_are_no_texts_are_left_out() -> None:
    name_id = '<saml:NameID Format="x">opaque</saml:NameID>'
    document = said(cast(), TOLD, attributes={"a": ("<x>1</x>", name_id, "text", f"{name_id}{name_id}")})
    nil = '<saml:Attribute Name="n"><saml:AttributeValue xsi:nil="true"/></saml:Attribute>'
    assert read(document).values("a") == ("opaque", "text")
    after = f"<saml:AttributeStatement>{nil}</saml:AttributeStatement>"
    assert read(said(cast(), TOLD, after=after)).values("n") == ()


# --- How strong ------------------------------------------------------------------------------------------------------


def test_two_factors_are_what_the_identity_provider_says() -> None:
    assert not read(said(cast(), TOLD)).is_multi_factor
    assert read(said(cast(), TOLD, context=MFA), needs_multi_factor=True).is_multi_factor
    said_by_entra = {
        "http://schemas.microsoft.com/claims/authnmethodsreferences": (
            "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password",
            "http://schemas.microsoft.com/claims/multipleauthn",
        )
    }
    assert read(said(cast(), TOLD, attributes=said_by_entra), needs_multi_factor=True).is_multi_factor


def test_class_has_to_be_one_of_those_asked_for() -> None:
    assert read(said(cast(), TOLD, context=MFA), contexts=("urn:x", MFA)).authn_context == MFA
    assert reason_of(said(cast(), TOLD), contexts=(MFA,)) is Reason.AUTHN_CONTEXT
    assert reason_of(said(cast(), TOLD, context=""), contexts=(MFA,)) is Reason.AUTHN_CONTEXT


def test_age_of_the_sign_in_counts_to_the_second() -> None:
    document = said(cast(), TOLD, authn_in=-300)
    assert read(document, max_age_seconds=300 - SKEW_SECONDS + 1).authn_at == NOW - 300
    assert reason_of(document, max_age_seconds=300 - SKEW_SECONDS) is Reason.AUTHN_AGE


# --- Demands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("demand", "accepted"),
    [
        (Demand.ASSERTION, {"assertion", "both"}),
        (Demand.RESPONSE, {"response", "both"}),
        (Demand.EITHER, {"assertion", "response", "both"}),
        (Demand.BOTH, {"both"}),
    ],
)
def test_what_is_demanded_has_to_be_signed(demand: Demand, accepted: set[str]) -> None:
    plain = response_xml(cast().idp, TOLD, assertion_xml(cast().idp, TOLD))
    documents = {
        "neither": plain,
        "assertion": said(cast(), TOLD),
        "response": of_response(cast(), plain),
        "both": of_response(cast(), said(cast(), TOLD)),
    }
    for name, document in documents.items():
        if name in accepted:
            assert read(document, demand=demand).subject == ALICE
        else:
            assert reason_of(document, demand=demand) is Reason.SIGNATURE_MISSING


def test_signature_that_nobody_demanded_has_to_hold_too() -> None:
    document = of_response(cast(), said(cast(), TOLD))
    spoiled = document.replace('Version="2.0"', 'Version="2.0" Consent="urn:x"', 1)
    assert reason_of(spoiled, demand=Demand.ASSERTION) is Reason.SIGNATURE_INVALID


# --- Keys ------------------------------------------------------------------------------------------------------------


def certificates(*texts: str) -> dict[str, Any]:
    idp = expected().idp
    return {"idp": replace(idp, certificates=texts)}


def test_any_of_several_certificates_will_do() -> None:
    old = make_idp(cast().idp.entity_id, turn=2)
    texts = (old.certificate, cast().other.certificate, cast().idp.certificate)
    assert read(said(cast(), TOLD), **certificates(*texts)).subject == ALICE
    assert reason_of(said(cast(), TOLD), **certificates(*texts[:2])) is Reason.SIGNATURE_INVALID


def test_certificate_counts_with_and_without_its_frame_and_after_its_end() -> None:
    body = "".join(cast().idp.certificate.splitlines()[1:-1])
    assert read(said(cast(), TOLD), **certificates(body)).subject == ALICE
    told = replace(TOLD, now=4_000_000_000)
    assert read(said(cast(), told), told.now).subject == ALICE


def test_placeholders_are_no_certificates() -> None:
    assert read(said(cast(), TOLD), **certificates("<your-cert-here>", cast().idp.certificate)).subject == ALICE
    for texts in ((), ("",), ("<your-cert-here>",)):
        assert reason_of(said(cast(), TOLD), **certificates(*texts)) is Reason.NO_CERTIFICATE


def test_elliptic_curve_key_signs() -> None:
    idp = make_idp("https://ec.example.com", kind="ec")
    how = How(method="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
    document = said(replace(cast(), idp=idp), TOLD, how)
    assert read(document, idp=described(idp)).subject == ALICE
    assert reason_of(document, **certificates(cast().idp.certificate)) is Reason.SIGNATURE_INVALID


# --- Encryption ------------------------------------------------------------------------------------------------------


def closed(**changes: Any) -> str:
    assertion = said(cast(), TOLD)
    inside = assertion[assertion.index("<saml:Assertion") : assertion.index("</samlp:Response>")]
    return response_xml(cast().idp, TOLD, encrypted(inside, cast().sp_certificate, **changes))


def test_encrypted_assertion_is_opened_with_any_of_our_keys() -> None:
    newer = new_key("newer", NOW)
    assert read(closed(), keys=(newer, *expected().keys)).subject == ALICE
    assert reason_of(closed(), keys=(newer,)) is Reason.ENCRYPTION
    assert reason_of(closed(), keys=()) is Reason.ENCRYPTION


def test_cbc_is_opened_only_where_a_signature_covers_it() -> None:
    cbc = closed(content="http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    assert reason_of(cbc) is Reason.ENCRYPTION_UNSIGNED
    assert read(of_response(cast(), cbc)).subject == ALICE
    assert reason_of(of_response(cast(), cbc).replace("<xenc:CipherValue>", "<xenc:CipherValue>AAAA", 1)) is (
        Reason.SIGNATURE_INVALID
    )


def test_unsigned_assertion_within_a_signed_response_counts_where_that_is_demanded() -> None:
    inside = assertion_xml(cast().idp, TOLD)
    document = of_response(cast(), response_xml(cast().idp, TOLD, encrypted(inside, cast().sp_certificate)))
    assert read(document, demand=Demand.RESPONSE).subject == ALICE
    assert reason_of(document) is Reason.SIGNATURE_MISSING


# --- Peeking ---------------------------------------------------------------------------------------------------------


def test_envelope_says_what_is_written_on_it() -> None:
    written = Envelope(issuer=cast().idp.entity_id, in_response_to="_request1", destination=SP.acs_url)
    assert peek(posted(said(cast(), TOLD))) == written
    assert peek(posted(said(cast(), TOLD, outer={"issuer": None}))) == written
    assert peek(posted(closed())).issuer == cast().idp.entity_id
    bare = peek(posted(response_xml(cast().idp, TOLD, issuer=None, destination=None, answers=None)))
    assert bare == Envelope(issuer="", in_response_to=None, destination=None)


@pytest.mark.parametrize("text", ["", "*", "PGEvPg==", posted("<!DOCTYPE a><a/>")])
def test_what_is_no_response_has_no_envelope(text: str) -> None:
    with pytest.raises(SamlRefused):
        peek(text)


def test_refusal_is_one_printable_line() -> None:
    with pytest.raises(SamlRefused) as refused:
        read(said(cast(), TOLD, issuer="evil\n\u202e" + "x" * 1000))
    assert refused.value.reason is Reason.ISSUER
    assert refused.value.detail.isprintable()
    assert len(refused.value.detail) <= 300
    assert str(refused.value).startswith("issuer: evil")
