"""Changes of how somebody signs in: by a fresh proof, and by the strongest factor that they have."""

from collections.abc import Callable

import pytest

from tests import phones
from tests.bed.authenticator import Authenticator
from tests.factories import (
    change_settings,
    join_tenant,
    make_member,
    make_passkey,
    make_tenant,
    make_totp_seed,
    make_user,
    new_email,
    new_phone,
)
from tests.server.api import Reply
from tests.server.passkey.conftest import Browser
from tests.server.password import people
from tests.server.sessions.conftest import ORIGIN, Person

MakePerson = Callable[..., Person]
HOUR = 3600

CHANGES: dict[str, Callable[[Person, str], Reply]] = {
    "address": lambda person, token: person.api.post(
        "/v1/auth/otp/update/email", {"loginId": person.email, "email": new_email()}, token=token
    ),
    "address by magic link": lambda person, token: person.api.post(
        "/v1/auth/magiclink/update/email", {"loginId": person.email, "email": new_email()}, token=token
    ),
    "address by enchanted link": lambda person, token: person.api.post(
        "/v1/auth/enchantedlink/update/email", {"loginId": person.email, "email": new_email()}, token=token
    ),
    "number": lambda person, token: person.api.post(
        "/v1/auth/otp/update/phone/sms", {"loginId": person.email, "phone": new_phone()}, token=token
    ),
    "app": lambda person, token: person.api.post("/v1/auth/totp/update", {"loginId": person.email}, token=token),
    "removal of the app": lambda person, token: person.api.post("/v1/auth/avow/totp/remove", token=token),
    "recovery codes": lambda person, token: person.api.post("/v1/auth/avow/recoverycodes/generate", token=token),
    "password": lambda person, token: person.api.post(
        "/v1/auth/password/update", {"loginId": person.email, "newPassword": "a long password of hers"}, token=token
    ),
    "passkey": lambda person, token: person.api.post(
        "/v1/auth/webauthn/update/start", {"loginId": person.email, "origin": ORIGIN}, token=token
    ),
}


def begin_app(person: Person, token: str) -> Callable[[], Reply]:
    key = CHANGES["app"](person, token)["key"]

    def finish() -> Reply:
        body = {"loginId": person.email, "code": phones.typing(key).code(person.api.clock())}
        return person.api.post("/v1/auth/totp/verify", body)

    return finish


def begin_passkey(person: Person, token: str) -> Callable[[], Reply]:
    browser = Browser(person.api, Authenticator(), ORIGIN)
    begun = browser.begin("update", {"loginId": person.email}, token)
    made = browser.device.create(begun["options"], ORIGIN)
    return lambda: browser.finish("update", begun["transactionId"], made)


def begin_address(person: Person, token: str) -> Callable[[], Reply]:
    address = new_email()
    body = {"loginId": person.email, "email": address}
    assert person.api.post("/v1/auth/otp/update/email", body, token=token).status == 200
    return lambda: person.api.verify_code(person.email, person.api.avow.code(address))


def begin_number(person: Person, token: str) -> Callable[[], Reply]:
    number = new_phone()
    body = {"loginId": person.email, "phone": number}
    assert person.api.post("/v1/auth/otp/update/phone/sms", body, token=token).status == 200
    return lambda: person.api.verify_code(person.email, person.api.avow.code(number), "sms")


BEGINNINGS = {"app": begin_app, "passkey": begin_passkey, "address": begin_address, "number": begin_number}


@pytest.fixture
def person(make_person: MakePerson) -> Person:
    return make_person()


@pytest.mark.parametrize("name", CHANGES)
def test_change_takes_the_enrolled_factor_whatever_the_policy(person: Person, name: str) -> None:
    session = person.by_mail()
    refused = CHANGES[name](person, session["refreshJwt"])
    assert refused.refusal == (403, "E061401")
    assert refused.body["factors"] == ["totp"]
    stronger = person.by_app(session["refreshJwt"], {"stepup": True})
    assert CHANGES[name](person, stronger["refreshJwt"]).refusal != (403, "E061401")


@pytest.mark.parametrize("name", CHANGES)
def test_old_sign_in_changes_nothing(person: Person, name: str) -> None:
    token = person.by_app()["refreshJwt"]
    person.api.clock.advance(HOUR)
    assert person.api.refresh(token).status == 200  # which is no proof
    assert CHANGES[name](person, token).refusal == (403, "E061402")
    fresh = person.by_app(token, {"stepup": True})
    assert CHANGES[name](person, fresh["refreshJwt"]).refusal != (403, "E061402")


@pytest.mark.parametrize("name", CHANGES)
def test_sign_in_that_waits_changes_nothing(make_person: MakePerson, name: str) -> None:
    person = make_person(mfa="enrolled")
    assert CHANGES[name](person, person.waiting()).refusal == (401, "E061401")


@pytest.mark.parametrize("name", CHANGES)
def test_nobody_changes_it_in_the_name_of_another(make_person: MakePerson, name: str) -> None:
    person = make_person(has_app=False)
    agent = make_user(person.api.avow)
    make_member(person.api.avow, agent, roles_of_project={"support": ["Impersonate"]})
    body = {"impersonatorId": agent, "loginId": person.email}
    token = person.api.post("/v1/mgmt/impersonate", body, token=person.api.avow.management_key)["jwt"]
    assert CHANGES[name](person, token).refusal == (403, "E019403")


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("wish", ["stepup", "mfa"])
def test_weak_proof_makes_an_old_factor_no_fresher(person: Person, name: str, wish: str) -> None:
    token = person.by_app(person.by_mail()["refreshJwt"], {"stepup": True})["refreshJwt"]
    person.api.clock.advance(20 * 86_400)
    for _ in range(2):  # nor does another one on top of it
        token = person.by_mail(token, {wish: True})["refreshJwt"]
        refused = CHANGES[name](person, token)
        assert (refused.refusal, refused.body["factors"]) == ((403, "E061401"), ["totp"])
    fresh = person.by_app(token, {"stepup": True})
    assert CHANGES[name](person, fresh["refreshJwt"]).refusal != (403, "E061401")


def test_password_makes_an_old_factor_no_fresher(make_person: MakePerson) -> None:
    person = make_person(mfa="enrolled")
    people.give_password(person.api.avow, person.id)
    token = person.signed_in()["refreshJwt"]
    person.api.clock.advance(20 * 86_400)
    stepped = people.sign_in(person.api, person.email, token=token, loginOptions={"stepup": True})
    for name in ("recovery codes", "removal of the app"):
        assert CHANGES[name](person, stepped["refreshJwt"]).refusal == (403, "E061401")


def test_word_of_a_back_end_makes_an_old_factor_no_fresher(person: Person) -> None:
    def vouched(token: str) -> str:
        body = {"loginId": person.email, "stepup": True, "jwt": token}
        return str(person.api.post("/v1/mgmt/auth/signin", body, token=person.api.avow.management_key)["refreshJwt"])

    token = person.by_app()["refreshJwt"]
    assert CHANGES["app"](person, vouched(token)).status == 200
    person.api.clock.advance(HOUR)
    assert CHANGES["app"](person, vouched(token)).refusal == (403, "E061401")


def test_factor_counts_from_when_it_was_shown(person: Person) -> None:
    token = person.by_app()["refreshJwt"]
    person.api.clock.advance(HOUR - 1)
    token = person.by_mail(token, {"stepup": True})["refreshJwt"]
    assert CHANGES["app"](person, token).status == 200
    person.api.clock.advance(1)
    assert CHANGES["app"](person, token).refusal == (403, "E061401")


def test_factor_that_waited_for_another_one_is_fresh(make_person: MakePerson) -> None:
    person = make_person(mfa="required")
    token = person.by_mail(person.by_app().body["mfaToken"], {"mfa": True})["refreshJwt"]
    assert CHANGES["app"](person, token).status == 200


@pytest.mark.parametrize("name", BEGINNINGS)
def test_change_that_was_begun_without_a_factor_ends_with_the_first_one(make_person: MakePerson, name: str) -> None:
    """Somebody with one factor does not wait until the owner has another, to bring one of their own in beside it."""
    person = make_person(has_app=False)
    finish = BEGINNINGS[name](person, person.by_mail()["refreshJwt"])
    if name == "app":
        make_passkey(person.api.avow, person.id, "passkey-1")
    else:
        make_totp_seed(person.api.avow, person.id)
    refused = finish()
    assert refused.refusal == (403, "E061401")
    assert refused.body["factors"] == ["webauthn" if name == "app" else "totp"]
    assert finish().status == 401  # nor is it there any more


@pytest.mark.parametrize("name", BEGINNINGS)
def test_change_that_was_begun_with_the_factor_goes_on(person: Person, name: str) -> None:
    finish = BEGINNINGS[name](person, person.by_app()["refreshJwt"])
    make_passkey(person.api.avow, person.id, "passkey-1")
    assert finish().status == 200


def test_proof_is_fresh_to_the_second(person: Person) -> None:
    token = person.by_app()["refreshJwt"]
    person.api.clock.advance(HOUR - 1)
    assert CHANGES["app"](person, token).status == 200
    person.api.clock.advance(1)
    assert CHANGES["app"](person, token).refusal == (403, "E061402")


def test_project_says_how_fresh(make_person: MakePerson) -> None:
    person = make_person(fresh_proof_seconds=300)
    token = person.by_app()["refreshJwt"]
    person.api.clock.advance(300)
    assert CHANGES["app"](person, token).refusal == (403, "E061402")


def test_tenant_says_fresher(person: Person) -> None:
    make_tenant(person.api.avow, tenant_id="acme")
    join_tenant(person.api.avow, person.id, "acme")
    body = {"tenantId": "acme", "freshProofSeconds": 300}
    assert person.api.post("/v1/mgmt/tenant/settings", body, token=person.api.avow.management_key).status == 200
    token = person.by_app()["refreshJwt"]
    person.api.clock.advance(300)
    assert CHANGES["app"](person, token).refusal == (403, "E061402")


def test_passkey_counts_as_enrolled(make_person: MakePerson) -> None:
    person = make_person(has_app=False)
    make_passkey(person.api.avow, person.id, "passkey-1")
    refused = CHANGES["app"](person, person.by_mail()["refreshJwt"])
    assert refused.body["factors"] == ["webauthn"]


def test_passkey_of_a_former_domain_is_not_asked_for(make_person: MakePerson) -> None:
    person = make_person(has_app=False)
    make_passkey(person.api.avow, person.id, "passkey-1", rp_id="former.example.com")
    assert CHANGES["app"](person, person.by_mail()["refreshJwt"]).status == 200


def test_whoever_has_enrolled_nothing_needs_only_be_fresh(make_person: MakePerson) -> None:
    person = make_person(has_app=False)
    assert CHANGES["app"](person, person.by_mail()["refreshJwt"]).status == 200


def test_vouched_session_changes_nothing_of_whoever_has_an_app(person: Person) -> None:
    key = person.api.avow.management_key
    opened = person.api.post("/v1/mgmt/auth/signin", {"loginId": person.email}, token=key)
    assert CHANGES["address"](person, opened["refreshJwt"]).refusal == (403, "E061401")


def test_settings_follow_at_once(person: Person) -> None:
    token = person.by_app()["refreshJwt"]
    change_settings(person.api.avow, {"fresh_proof_seconds": 60})
    person.api.clock.advance(60)
    assert CHANGES["app"](person, token).refusal == (403, "E061402")
