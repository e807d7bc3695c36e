from dataclasses import replace
from typing import Any

import pytest

from avow.core.federation.claims import find, lacks, person_of
from avow.core.federation.providers import ClaimMap, Provider
from avow.errors import SignInRefused

PROVIDER = Provider(protocol="oidc", issuer="https://id.example.com", client_id="avow")


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "\ud800", "a\u202eb"], ids=ascii)
def test_group_that_cannot_be_kept_is_left_out(name: str) -> None:
    grouped = replace(PROVIDER, mapping=ClaimMap(groups="groups"))
    assert person(grouped, groups=[name, "a b"]).groups == ("a b",)


def person(provider: Provider = PROVIDER, **claims: object) -> Any:
    return person_of(provider, {"sub": "s-1", **claims})


def test_usual_claims_are_read() -> None:
    found = person(
        email="Jane@Example.com",
        email_verified=True,
        name="Jane Doe",
        given_name="Jane",
        family_name="Doe",
        picture="https://id.example.com/jane.png",
        phone_number="+12125550100",
        phone_number_verified=True,
    )
    assert (found.issuer, found.subject, found.email, found.is_email_verified) == (
        "https://id.example.com",
        "s-1",
        "Jane@Example.com",
        True,
    )
    assert (found.name, found.given_name, found.family_name) == ("Jane Doe", "Jane", "Doe")
    assert (found.phone, found.is_phone_verified, found.picture) == (
        "+12125550100",
        True,
        "https://id.example.com/jane.png",
    )


@pytest.mark.parametrize("said", [False, None, "true", "false", 1, 0, [True], {"value": True}, "TRUE"], ids=repr)
def test_only_a_json_true_verifies_an_address(said: object) -> None:
    assert not person(email="jane@example.com", email_verified=said).is_email_verified


def test_provider_that_documents_text_flags_may_say_true() -> None:
    apple = Provider(protocol="oidc", issuer="i", client_id="c", mapping=ClaimMap(takes_text_flags=True))
    assert person(apple, email="jane@example.com", email_verified="true").is_email_verified
    assert not person(apple, email="jane@example.com", email_verified="True").is_email_verified
    assert not person(apple, email="jane@example.com", email_verified="false").is_email_verified


def test_trusted_domain_stands_in_for_silence_and_never_against_a_no() -> None:
    trusted = Provider(protocol="oidc", issuer="i", client_id="c", trusted_domains=("Example.com",))
    assert person(trusted, email="jane@EXAMPLE.com").is_email_verified
    assert not person(trusted, email="jane@example.com", email_verified=False).is_email_verified
    assert not person(trusted, email="jane@example.com", email_verified="yes").is_email_verified
    assert not person(trusted, email="jane@sub.example.com").is_email_verified
    assert not person(trusted, email="jane@example.com.evil.test").is_email_verified
    of_many = replace(trusted, issuer="https://login.example.com/{tenantid}/v2.0")
    assert not person(of_many, email="jane@example.com").is_email_verified


@pytest.mark.parametrize(
    "email", ["", "no address", "a@x,b@y", "a@x\r\nBcc: b@y", 7, None, ["a@example.com"]], ids=repr
)
def test_address_that_we_would_take_from_nobody_is_none(email: object) -> None:
    found = person(email=email, email_verified=True)
    assert (found.email, found.is_email_verified) == ("", False)


@pytest.mark.parametrize("subject", ["", None, True, 1.5, "x" * 256, "a\nb", {"id": 7}], ids=repr)
def test_person_without_a_subject_is_refused(subject: object) -> None:
    with pytest.raises(SignInRefused):
        person(sub=subject)


def test_number_may_name_a_person() -> None:
    hub = Provider(protocol="oauth2", issuer="https://hub.example.com", client_id="c", mapping=ClaimMap(subject="id"))
    assert person_of(hub, {"id": 583231, "login": "octo"}).subject == "583231"


def test_claims_are_found_below_others() -> None:
    x = Provider(protocol="oauth2", issuer="i", client_id="c", mapping=ClaimMap(subject="data.id", name="data.name"))
    found = person_of(x, {"data": {"id": "7", "name": "Jane"}})
    assert (found.subject, found.name) == ("7", "Jane")
    assert find({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert find({"a": 7}, "a.b") is find({}, "a") is find({"": 1}, "") is None


def test_texts_are_made_harmless() -> None:
    found = person(name="Jane\n\u202eDoe" + "x" * 500, picture="javascript:alert(1)")
    assert "\n" not in found.name
    assert "\u202e" not in found.name
    assert len(found.name) == 256
    assert found.picture == ""
    assert person(picture="http://id.example.com/p").picture == ""


def test_user_endpoint_is_asked_for_what_is_left_out() -> None:
    assert lacks(PROVIDER, {"sub": "s"})
    assert lacks(PROVIDER, {"email": "a@x"})
    assert not lacks(PROVIDER, {"email": "a@x", "name": "A"})
