"""POST /v1/auth/webauthn/update/{start,finish}: another passkey for the user of the session."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.bed.authenticator import Authenticator, Forgery, HeldAlready, decode
from tests.factories import change_settings, make_user, new_email
from tests.server.api import Api, Statements
from tests.server.passkey.conftest import ORIGIN, Browser, Person

_REFUSED = (401, "E067001")
OWN = "/v1/auth/avow/passkeys"


@pytest.fixture
def other(api: Api) -> Browser:
    """A second device."""
    return Browser(api, Authenticator())


def _count(api: Api, token: str) -> int:
    return len(api.get(OWN, token=token)["passkeys"])


def test_passkey_is_added_to_the_user_of_the_session(
    browser: Browser, other: Browser, api: Api, person: Person
) -> None:
    added = other.add(person.login_id, person.refresh_jwt)
    assert added.body == {}
    assert other.device.newest.user_handle == person.id.encode()
    assert _count(api, person.refresh_jwt) == 2
    assert other.sign_in(person.login_id)["user"]["userId"] == person.id


def test_user_who_came_by_code_adds_their_first_passkey(other: Browser, api: Api) -> None:
    login_id = new_email()
    session = api.sign_in(login_id)
    assert other.add(login_id, session["refreshJwt"]).status == 200
    assert other.sign_in()["user"]["userId"] == session["user"]["userId"]


def test_device_that_holds_one_makes_no_second(browser: Browser, person: Person) -> None:
    with pytest.raises(HeldAlready):
        browser.add(person.login_id, person.refresh_jwt)


def test_owner_is_told_at_a_proven_address(other: Browser, api: Api, person: Person) -> None:
    assert other.add(person.login_id, person.refresh_jwt).status == 200
    assert api.avow.messages(person.login_id) == []  # nobody has proven that it is theirs
    api.avow.run(lambda tx: users.prove_email(tx, person.id, person.login_id))
    assert Browser(api, Authenticator()).add(person.login_id, person.refresh_jwt).status == 200
    [told] = api.avow.messages(person.login_id)
    assert told.subject == "Test: A passkey was added"
    assert all(part in told.text for part in ("iCloud Keychain", "Chrome on Windows", "203.0.113.7"))
    assert (told.code, told.link) == ("", "")


def test_with_mfa_a_session_comes_that_counts_both(other: Browser, api: Api) -> None:
    login_id = new_email()
    session = api.sign_in(login_id)
    added = other.add(login_id, session["refreshJwt"], mfa=True)
    assert set(added.body) == {"jwt"}
    claims = json.loads(decode(added["jwt"]["sessionJwt"].split(".")[1]))
    assert claims["amr"] == ["email", "webauthn", "mfa"]
    assert api.refresh(added["jwt"]["refreshJwt"]).status == 200


def test_session_that_comes_with_mfa_is_in_the_cookie_where_the_project_keeps_it_there(
    make_project: Callable[..., Avow],
) -> None:
    api, login_id = Api(make_project(refresh_token_in="cookie")), new_email()
    token = api.sign_in(login_id).header("set-cookie").split("DSR=")[1].split(";")[0]
    added = Browser(api, Authenticator()).add(login_id, token, mfa=True)
    assert "refreshJwt" not in added["jwt"]
    assert added.header("set-cookie").startswith("DSR=")


# --- Whose it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_start_needs_a_session(other: Browser, person: Person, token: str) -> None:
    assert other.begin("update", {"loginId": person.login_id}, token).status == 401


def test_start_for_another_user_is_refused(other: Browser, api: Api, person: Person) -> None:
    session = api.sign_in()
    refused = other.begin("update", {"loginId": person.login_id}, session["refreshJwt"])
    assert refused.refusal == (403, "E019403")


def test_finish_in_another_session_is_refused_and_leaves_the_owner_theirs(
    browser: Browser, other: Browser, api: Api, person: Person
) -> None:
    begun = other.begin("update", {"loginId": person.login_id}, person.refresh_jwt)
    made = other.device.create(begun["options"], ORIGIN)
    stranger = api.sign_in()["refreshJwt"]
    second = browser.sign_in(person.login_id)["refreshJwt"]
    for token in (stranger, second):
        assert other.finish("update", begun["transactionId"], made, token).refusal == _REFUSED
    assert _count(api, person.refresh_jwt) == 1
    assert other.finish("update", begun["transactionId"], made, person.refresh_jwt).status == 200


def test_finish_by_another_client_is_refused_and_leaves_the_owner_theirs(
    other: Browser, api: Api, person: Person
) -> None:
    begun = other.begin("update", {"loginId": person.login_id}, person.refresh_jwt)
    made = other.device.create(begun["options"], ORIGIN)
    refused = other.finish("update", begun["transactionId"], made, user_agent="curl/8")
    assert refused.refusal == _REFUSED
    assert _count(api, person.refresh_jwt) == 1
    assert other.finish("update", begun["transactionId"], made).status == 200


@pytest.mark.parametrize("end", ["/v1/auth/logout", "/v1/auth/logoutall"])
def test_what_was_begun_in_a_session_ends_with_it(other: Browser, api: Api, person: Person, end: str) -> None:
    begun = other.begin("update", {"loginId": person.login_id}, person.refresh_jwt)
    made = other.device.create(begun["options"], ORIGIN)
    assert api.post(end, token=person.refresh_jwt).status == 200
    assert other.finish("update", begun["transactionId"], made).refusal == _REFUSED


def test_old_session_has_to_prove_itself_anew(other: Browser, browser: Browser, api: Api, person: Person) -> None:
    api.clock.advance(3600)
    assert other.begin("update", {"loginId": person.login_id}, person.refresh_jwt).refusal == (403, "E061402")
    fresh = browser.sign_in("", options={"stepup": True}, token=person.refresh_jwt)
    assert other.add(person.login_id, fresh["refreshJwt"]).status == 200


def test_session_without_the_passkey_adds_none_beside_it(other: Browser, api: Api, person: Person) -> None:
    """A mailbox alone must not grow into what the passkey is asked for."""
    api.avow.run(lambda tx: users.prove_email(tx, person.id, person.login_id))
    by_code = api.sign_in(person.login_id)["refreshJwt"]
    assert other.begin("update", {"loginId": person.login_id}, by_code).refusal == (403, "E061401")


def test_somebody_who_needs_a_second_factor_and_has_none_enrols_it_while_they_wait(other: Browser, api: Api) -> None:
    login_id = new_email()
    make_user(api.avow, login_id, is_phone_verified=False)
    change_settings(api.avow, {"mfa": "required", "sign_in_methods": ["otp", "webauthn"]})
    api.avow.advance(2)
    assert api.post("/v1/auth/otp/signin/email", {"loginId": login_id}).status == 200
    waiting = api.verify_code(login_id, api.avow.code(login_id))
    assert waiting.refusal == (403, "E061401")
    added = other.add(login_id, waiting.body["mfaToken"], mfa=True)
    claims = json.loads(decode(added["jwt"]["sessionJwt"].split(".")[1]))
    assert claims["amr"] == ["email", "webauthn", "mfa"]


# --- What is added -----------------------------------------------------------------------------------------------


def test_credential_id_of_somebody_else_is_refused(
    browser: Browser, other: Browser, api: Api, person: Person, make_person: Callable[..., Person]
) -> None:
    stranger = make_person(browser=other)
    forgery = Forgery(credential_id=browser.device.newest.id)
    third = Browser(api, Authenticator())
    assert third.add(stranger.login_id, stranger.refresh_jwt, forgery).refusal == _REFUSED
    assert browser.sign_in(person.login_id)["user"]["userId"] == person.id


def test_transaction_is_good_for_one_answer(other: Browser, api: Api, person: Person) -> None:
    begun = other.begin("update", {"loginId": person.login_id}, person.refresh_jwt)
    made = other.device.create(begun["options"], ORIGIN)
    again = other.device.create(begun["options"], ORIGIN)
    assert other.finish("update", begun["transactionId"], made).status == 200
    assert other.finish("update", begun["transactionId"], again).refusal == _REFUSED
    assert _count(api, person.refresh_jwt) == 2


def test_newer_start_takes_the_place_of_the_older(other: Browser, person: Person) -> None:
    older = other.begin("update", {"loginId": person.login_id}, person.refresh_jwt)
    other.begin("update", {"loginId": person.login_id}, person.refresh_jwt)
    made = other.device.create(older["options"], ORIGIN)
    assert other.finish("update", older["transactionId"], made).refusal == _REFUSED


def test_passkeys_of_one_user_are_bounded(other: Browser, api: Api, person: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr("avow.server.passkey.starts._MOST_PASSKEYS", 2)
    assert other.add(person.login_id, person.refresh_jwt).status == 200
    assert other.begin("update", {"loginId": person.login_id}, person.refresh_jwt).refusal == (400, "E011004")


def test_owner_of_the_address_ends_the_passkeys_of_whoever_came_before(
    browser: Browser, other: Browser, api: Api, person: Person
) -> None:
    assert other.add(person.login_id, person.refresh_jwt).status == 200
    owner = api.sign_in(person.login_id)
    assert owner["user"]["userId"] == person.id
    assert owner["user"]["webauthn"] is False
    for each in (browser, other):
        assert each.sign_in().refusal == _REFUSED


def test_passkey_stays_whose_maker_proves_the_address_in_the_session(
    browser: Browser, api: Api, person: Person
) -> None:
    body = {"loginId": person.login_id, "email": person.login_id}
    assert api.post("/v1/auth/otp/update/email", body, token=person.refresh_jwt).status == 200
    assert api.verify_code(person.login_id, api.avow.code(person.login_id)).status == 200
    assert browser.sign_in(person.login_id).status == 200
    assert api.sign_in(person.login_id)["user"]["webauthn"] is True


def test_adding_runs_few_statements(other: Browser, api: Api, person: Person, statements: Statements) -> None:
    with statements:
        begun = other.begin("update", {"loginId": person.login_id}, person.refresh_jwt)
    assert statements.ran == ["sessions.LIVE", "users.PROFILE", "users.OWNER", "passkey.OF_USER", "challenges.PUT"]
    made = other.device.create(begun["options"], ORIGIN)
    with statements:
        other.finish("update", begun["transactionId"], made)
    assert statements.ran == [
        "challenges.FIND_BY_ID",
        "challenges.SPEND_BY_ID",
        "challenges.CONSUME",
        "users.PROFILE_HELD",
        "sessions.STATE",
        "passkey.INSERT",
        "store.INSERT_AUDIT",
    ]
