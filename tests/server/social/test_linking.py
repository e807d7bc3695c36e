"""Whom a person at a provider is here."""

from typing import Any

import pytest

from avow.testing.server import Avow
from tests.bed.openid import OpenIdPeer, openid_peer
from tests.bed.social import Social
from tests.factories import change_settings, make_role, make_user

JANE = "jane@example.com"


def test_verified_address_leads_to_the_user_who_has_proven_it(social: Social, avow: Avow) -> None:
    owner = make_user(avow, JANE)
    session = social.sign_in()
    assert (session["userId"], session["firstSeen"]) == (owner, False)
    assert len(social.users()) == 1


def test_spelling_of_an_address_does_not_matter(social: Social, avow: Avow) -> None:
    owner = make_user(avow, JANE)
    social.peer.person["email"] = "Jane@EXAMPLE.com"
    assert social.sign_in()["userId"] == owner


@pytest.mark.parametrize("said", [False, None, "true", "false", 1, ...], ids=repr)
def test_address_that_is_not_verified_leads_to_nobody(social: Social, avow: Avow, said: object) -> None:
    make_user(avow, JANE)
    social.peer.person["email_verified"] = said
    if said is ...:
        del social.peer.person["email_verified"]
    assert social.arrive().error == "E061303"
    assert len(social.users()) == 1
    [event] = social.audited()
    assert event["data"]["reason"] == "the address is not verified, and somebody has it"


def test_person_whose_address_is_not_verified_is_somebody_new(social: Social) -> None:
    social.peer.person["email_verified"] = False
    user = social.sign_in()["user"]
    assert (user["email"], user["verifiedEmail"]) == (JANE, False)
    assert user["loginIds"] == ["acme-248289761001"]
    assert social.sign_in()["userId"] == user["userId"]


def test_hidden_existence_is_not_told_by_a_provider_either(social: Social, avow: Avow) -> None:
    owner = make_user(avow, JANE)
    change_settings(avow, {"hides_existence": True})
    avow.advance(1)
    social.peer.person["email_verified"] = False
    session = social.sign_in()
    assert session["userId"] != owner
    assert session["user"]["email"] == ""


def test_domain_that_the_provider_is_trusted_for(social: Social, avow: Avow) -> None:
    owner = make_user(avow, JANE)
    social.configure(trusted_domains=["example.com"])
    del social.peer.person["email_verified"]
    assert social.sign_in()["userId"] == owner


def test_owner_who_comes_first_by_a_provider_ends_what_others_did(social: Social, avow: Avow) -> None:
    """Somebody signed up with another person's address; the owner comes by a provider that verified it."""
    api_user = make_user(avow, JANE, is_verified=False, phone="+12025550123", is_phone_verified=True)
    session = social.sign_in()
    assert session["userId"] == api_user
    user = session["user"]
    assert (user["verifiedEmail"], user["phone"]) == (True, "")


def test_invited_user_is_enabled_by_the_first_sign_in(social: Social, avow: Avow) -> None:
    invited = make_user(avow, JANE, status="invited")
    session = social.sign_in()
    assert (session["userId"], session["firstSeen"], session["user"]["status"]) == (invited, True, "enabled")
    assert not social.sign_in()["firstSeen"]


def test_address_as_login_id_of_a_user_with_another_address_leads_to_nobody(social: Social, avow: Avow) -> None:
    make_user(avow, "now@example.com", further_login_ids=(JANE,))
    assert social.arrive().error == "E061303"


def test_way_that_may_not_connect_does_not(social: Social, avow: Avow) -> None:
    make_user(avow, JANE)
    social.configure(may_connect=False)
    assert social.arrive().error == "E061303"


def test_person_stays_who_they_are_whatever_becomes_of_their_address(social: Social, avow: Avow) -> None:
    first = social.sign_in()["userId"]
    other = make_user(avow, "boss@example.com")
    social.peer.person |= {"email": "boss@example.com", "preferred_username": "boss"}
    again = social.sign_in()
    assert again["userId"] == first != other
    assert again["user"]["email"] == JANE


def test_same_subject_of_another_provider_is_somebody_else(social: Social, avow: Avow) -> None:
    first = social.sign_in()["userId"]
    with openid_peer(avow.server.clock) as another:
        other = Social(avow, another, "other")
        other.configure()
        another.person = {"sub": "248289761001", "email": "else@example.com", "email_verified": True}
        assert other.sign_in()["userId"] != first


def test_same_subject_of_another_issuer_under_the_same_name_is_somebody_else(social: Social, avow: Avow) -> None:
    first = social.sign_in()["userId"]
    with openid_peer(avow.server.clock) as another:
        moved = Social(avow, another, "acme")
        moved.configure()
        another.person = {"sub": "248289761001", "email": "else@example.com", "email_verified": True}
        assert moved.sign_in()["userId"] != first


def test_deleted_user_comes_back_as_somebody_new(social: Social) -> None:
    first = social.sign_in()
    social.client.mgmt.user.delete(JANE)
    again = social.sign_in()
    assert again["firstSeen"]
    assert again["userId"] != first["userId"]


def test_name_and_picture_fill_what_is_empty(social: Social, avow: Avow) -> None:
    make_user(avow, JANE, name="Janie")
    social.peer.person |= {"name": "Jane Doe", "picture": "https://id.example.com/1.png"}
    user = social.sign_in()["user"]
    assert (user["name"], user["picture"]) == ("Janie", "https://id.example.com/1.png")
    social.peer.person |= {"picture": "https://id.example.com/2.png"}
    assert social.sign_in()["user"]["picture"] == "https://id.example.com/1.png"


def test_login_id_of_a_person_without_address_cannot_be_taken_beforehand(social: Social, avow: Avow) -> None:
    squatter = make_user(avow, "acme-248289761001")
    del social.peer.person["email"]
    session = social.sign_in()
    assert session["userId"] != squatter
    [login_id] = session["user"]["loginIds"]
    assert login_id.startswith("acme-")
    assert social.sign_in()["userId"] == session["userId"]


@pytest.mark.parametrize("subject", ["auth0|5f7c8ec7", "a b", "x" * 255, "jane@example.com", "ünï", "-"])
def test_subject_of_any_form_is_taken(social: Social, subject: str) -> None:
    social.peer.person = {"sub": subject}
    first = social.sign_in()
    assert social.sign_in()["userId"] == first["userId"]


def test_roles_of_new_users_are_those_that_everybody_has(social: Social, avow: Avow) -> None:
    make_role(avow, "everybody")
    make_role(avow, "somebody")
    avow.client().mgmt.role.update("everybody", "everybody", default=True)
    social.peer.person |= {"roles": ["somebody"], "groups": ["somebody"], "is_superuser": True}
    assert social.sign_in()["user"]["roleNames"] == ["everybody"]


@pytest.fixture
def other_peer(avow: Avow) -> Any:
    with openid_peer(avow.server.clock) as found:
        yield found


def test_two_providers_of_one_person_lead_to_one_user(social: Social, avow: Avow, other_peer: OpenIdPeer) -> None:
    first = social.sign_in()["userId"]
    other = Social(avow, other_peer, "other")
    other.configure()
    other_peer.person = {"sub": "another", "email": JANE, "email_verified": True}
    session = other.sign_in()
    assert session["userId"] == first
    assert session["user"]["OAuth"] == {"acme": True, "other": True}
