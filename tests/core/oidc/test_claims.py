"""What a person's application is told: scopes, the claims request, ID tokens and access tokens."""

import pytest

from avow.core.oidc.accesstoken import AccessTokenClaims, grant_of, is_machine, machine_subject, token_id
from avow.core.oidc.idtoken import IdTokenClaims, access_token_hash, logout_token
from avow.core.oidc.scopes import Person, claims_of, is_scope, read_claims_request, split

MIA = Person(
    id="U1",
    name="Mia Example",
    given_name="Mia",
    family_name="Example",
    email="mia@example.com",
    is_email_proven=True,
    phone="+12025550100",
    picture="https://pictures.example.com/mia",
    updated_at=1_800_000_000,
    further={"address": {"country": "AT"}, "zoneinfo": "Europe/Vienna", "email": "other@example.com", "plan": "pro"},
)
ID = IdTokenClaims(
    issuer="https://id.example.com/",
    subject="U1",
    client_id="C1",
    session_id="S1",
    issued_at=1000,
    expires_at=4600,
    auth_time=900,
    about={"sub": "somebody else", "iss": "forged", "email": "mia@example.com"},
)
ACCESS = AccessTokenClaims(
    issuer="https://id.example.com/",
    subject="U1",
    audience=("https://api",),
    client_id="C1",
    token_id="G1.x",
    issued_at=1000,
    expires_at=4600,
    scope=("openid", "read"),
    auth_time=900,
    amr=("pwd",),
)


def test_scopes_give_their_claims_and_no_others() -> None:
    assert claims_of(MIA, ("openid",), updated_at="number") == {}
    email = {"email": "mia@example.com", "email_verified": True}
    assert claims_of(MIA, ("openid", "email"), updated_at="number") == email
    phone = {"phone_number": "+12025550100", "phone_number_verified": False}
    assert claims_of(MIA, ("phone",), updated_at="number") == phone
    assert claims_of(MIA, ("address",), updated_at="number") == {"address": {"country": "AT"}}
    profile = claims_of(MIA, ("profile",), updated_at="number")
    assert profile["nickname"] == "mia"
    assert profile["zoneinfo"] == "Europe/Vienna"
    assert profile["updated_at"] == 1_800_000_000
    assert "plan" not in profile
    assert "email" not in profile


def test_claim_is_told_by_its_name() -> None:
    assert claims_of(MIA, (), ("name", "plan"), updated_at="number") == {"name": "Mia Example"}


def test_updated_at_can_be_text() -> None:
    assert claims_of(MIA, (), ("updated_at",), updated_at="text") == {"updated_at": "2027-01-15T08:00:00.000Z"}


def test_what_is_not_known_is_left_out() -> None:
    nobody = Person(id="U2")
    assert claims_of(nobody, ("profile", "email", "phone", "address"), updated_at="number") == {}


def test_address_that_is_text_is_formatted() -> None:
    person = Person(id="U3", further={"address": "Ring 1, Vienna"})
    assert claims_of(person, ("address",), updated_at="number") == {"address": {"formatted": "Ring 1, Vienna"}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"userinfo": []}',
        '{"id_token": {"a":1,"a":2}}',
        '{"id_token": {"sub": {"values": ["U1", "U2"]}}}',
        '{"id_token": {"sub": {"value": "U1"}}, "userinfo": {"sub": {"value": "U2"}}}',
    ],
)
def test_claims_request_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_claims_request(text)


def test_claims_request_names_what_is_wanted_where() -> None:
    asked = read_claims_request('{"userinfo":{"name":{"essential":true}},"id_token":{"acr":null},"other":1}')
    assert (asked.userinfo, asked.id_token, asked.subject) == (("name",), ("acr",), "")


@pytest.mark.parametrize("demanded", ['{"value":"U1"}', '{"values":["U1"]}', '{"value":"U1","values":["U1"]}'])
def test_claims_request_says_who_is_meant(demanded: str) -> None:
    assert read_claims_request(f'{{"id_token":{{"sub":{demanded}}}}}').subject == "U1"


def test_scopes_are_split_once_each() -> None:
    assert split("openid email openid") == ("openid", "email")
    assert split(" openid  email ") == ("openid", "email")
    assert split(" ") == ()
    assert split("") == ()
    assert is_scope("read:messages")
    assert not any(map(is_scope, ("", 'a"b', "a b", "a\\b", "ä", "x" * 129)))


def test_id_token_says_who_and_cannot_be_overridden_by_a_person() -> None:
    said = ID.claims()
    assert (said["sub"], said["iss"], said["aud"], said["sid"]) == ("U1", "https://id.example.com/", "C1", "S1")
    assert said["email"] == "mia@example.com"
    assert {"nonce", "amr", "acr", "org_id", "at_hash"}.isdisjoint(said)


def test_at_hash_is_of_the_core_example() -> None:
    """OpenID Connect Core 1.0 appendix A.4."""
    assert access_token_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_access_token_has_what_rfc_9068_asks_for() -> None:
    said = ACCESS.claims()
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= said.keys()
    assert (said["scope"], said["aud"], said["azp"]) == ("openid read", "https://api", "C1")
    assert "permissions" not in said
    assert "gty" not in said


def test_machine_is_no_user() -> None:
    subject = machine_subject("C1")
    assert is_machine(subject)
    assert not is_machine("U1")


def test_token_id_names_its_grant() -> None:
    assert grant_of(token_id("G1", "abc")) == "G1"
    assert [grant_of(each) for each in ("G1", None, 1, "")] == [""] * 4


def test_logout_token_has_the_event_and_no_nonce() -> None:
    said = logout_token("https://id.example.com/", "C1", "U1", "S1", token_id="J1", now=1000)
    assert isinstance(said["exp"], int)
    assert isinstance(said["iat"], int)
    assert said["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert said["exp"] - said["iat"] <= 120
    assert "nonce" not in said
