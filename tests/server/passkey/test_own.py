"""/v1/auth/avow/passkeys: what users see of their passkeys, how they name and remove them."""

from collections.abc import Callable

import pytest

from avow.server.users import actions as users
from tests.bed.authenticator import Authenticator, encode
from tests.server.api import START, Api
from tests.server.passkey.conftest import Browser, Person

OWN = "/v1/auth/avow/passkeys"


@pytest.fixture
def passkey_id(browser: Browser, person: Person) -> str:
    return encode(browser.device.newest.id)


def test_own_passkeys_are_listed_the_oldest_first(browser: Browser, api: Api, person: Person) -> None:
    api.clock.advance(10)
    other = Browser(api, Authenticator(is_synced=False))
    assert other.add(person.login_id, person.refresh_jwt).status == 200
    api.clock.advance(10)
    assert browser.sign_in(person.login_id).status == 200
    first, second = api.get(OWN, token=person.refresh_jwt)["passkeys"]
    assert first == {
        "id": encode(browser.device.newest.id),
        "rpId": "localhost",
        "kind": "platform",
        "displayName": "iCloud Keychain",
        "createdTime": START,
        "lastUsedTime": START + 20,
        "isBackedUp": True,
    }
    assert (second["lastUsedTime"], second["isBackedUp"]) == (0, False)


def test_passkey_is_named_by_its_owner(api: Api, person: Person, passkey_id: str) -> None:
    body = {"credentialId": passkey_id, "displayName": "My phone"}
    assert api.post(f"{OWN}/rename", body, token=person.refresh_jwt).body == {}
    [shown] = api.get(OWN, token=person.refresh_jwt)["passkeys"]
    assert shown["displayName"] == "My phone"


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_name_is_short_and_there(api: Api, person: Person, passkey_id: str, name: str) -> None:
    body = {"credentialId": passkey_id, "displayName": name}
    assert api.post(f"{OWN}/rename", body, token=person.refresh_jwt).status == 400


def test_passkey_that_is_removed_signs_nobody_in(browser: Browser, api: Api, person: Person, passkey_id: str) -> None:
    api.avow.run(lambda tx: users.prove_email(tx, person.id, person.login_id))
    assert api.post(f"{OWN}/remove", {"credentialId": passkey_id}, token=person.refresh_jwt).body == {}
    assert api.get(OWN, token=person.refresh_jwt)["passkeys"] == []
    assert browser.sign_in().refusal == (401, "E067001")
    assert browser.begin("signin", {"loginId": person.login_id}).refusal == (401, "E067010")
    [told] = api.avow.messages(person.login_id)
    assert told.subject == "Test: A passkey was removed"


def test_passkey_that_is_removed_during_a_sign_in_signs_nobody_in(
    browser: Browser, api: Api, person: Person, passkey_id: str
) -> None:
    begun = browser.begin("signin", {"loginId": person.login_id})
    shown = browser.device.show(begun["options"], browser.origin)
    assert api.post(f"{OWN}/remove", {"credentialId": passkey_id}, token=person.refresh_jwt).status == 200
    assert browser.finish("signin", begun["transactionId"], shown).refusal == (401, "E067001")


def test_passkeys_of_others_are_not_there(
    api: Api, person: Person, passkey_id: str, make_person: Callable[..., Person]
) -> None:
    stranger = make_person(browser=Browser(api, Authenticator()))
    for path, body in (("rename", {"displayName": "Mine"}), ("remove", {})):
        answer = api.post(f"{OWN}/{path}", {"credentialId": passkey_id, **body}, token=stranger.refresh_jwt)
        assert answer.refusal == (404, "E019404")
    [shown] = api.get(OWN, token=person.refresh_jwt)["passkeys"]
    assert shown["displayName"] == "iCloud Keychain"


def test_removal_needs_a_fresh_proof_and_the_list_does_not(api: Api, person: Person, passkey_id: str) -> None:
    api.clock.advance(3600)
    assert api.get(OWN, token=person.refresh_jwt).status == 200
    answer = api.post(f"{OWN}/remove", {"credentialId": passkey_id}, token=person.refresh_jwt)
    assert answer.refusal == (403, "E061402")


def test_all_of_it_needs_a_session(api: Api, passkey_id: str) -> None:
    assert api.get(OWN).status == 401
    for path, body in (("rename", {"displayName": "Mine"}), ("remove", {})):
        assert api.post(f"{OWN}/{path}", {"credentialId": passkey_id, **body}).status == 401
