"""POST /v1/auth/webauthn/signup/{start,finish}, and signup-in/start for those who are no users yet."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.bed.authenticator import NO_AAGUID, Authenticator, Forgery, decode
from tests.factories import change_settings, make_user, new_email
from tests.server.api import START, Api, Statements
from tests.server.passkey.conftest import ORIGIN, Browser, Person


def _passkeys(api: Api, login_id: str) -> list[dict[str, object]]:
    answer = api.post("/v1/mgmt/user/passkeys/list", {"loginId": login_id}, token=api.avow.management_key)
    return list(answer["passkeys"])


def test_first_passkey_creates_the_user_and_opens_their_first_session(browser: Browser, api: Api) -> None:
    login_id = new_email()
    session = browser.sign_up(login_id, name="Mia", phone="+12125551234")
    assert session["firstSeen"] is True
    user = session["user"]
    assert (user["loginIds"], user["name"], user["email"]) == ([login_id], "Mia", login_id)
    assert (user["webauthn"], user["verifiedEmail"], user["verifiedPhone"]) == (True, False, False)
    assert user["userId"].encode() == browser.device.newest.user_handle
    me = api.get("/v1/auth/me", token=session["refreshJwt"])
    assert me["userId"] == user["userId"]
    [passkey] = _passkeys(api, login_id)
    assert decode(str(passkey["id"])) == browser.device.newest.id
    assert passkey["rpId"] == "localhost"
    assert (passkey["kind"], passkey["displayName"], passkey["createdTime"]) == ("platform", "iCloud Keychain", START)


def test_session_of_a_passkey_says_so(browser: Browser) -> None:
    session = browser.sign_up()
    assert json.loads(decode(session["sessionJwt"].split(".")[1]))["amr"] == ["webauthn"]


def test_options_name_the_project_and_the_user(api: Api, browser: Browser) -> None:
    begun = browser.begin("signup", {"user": {"loginId": "mia", "name": "Mia Copeland"}})
    assert begun["create"] is True
    asked = json.loads(begun["options"])["publicKey"]
    assert asked["rp"] == {"id": "localhost", "name": "Test"}
    assert (asked["user"]["name"], asked["user"]["displayName"]) == ("mia", "Mia Copeland")
    assert (asked["timeout"], asked["excludeCredentials"]) == (300_000, [])
    assert asked["authenticatorSelection"]["userVerification"] == "required"


def test_nobody_exists_before_the_passkey_does(browser: Browser, api: Api) -> None:
    login_id = new_email()
    browser.begin("signup", {"user": {"loginId": login_id}})
    assert browser.begin("signin", {"loginId": login_id}).refusal == (401, "E062108")
    assert api.avow.run(lambda tx: users.find_owner(tx, login_id)) is None


def test_login_id_that_is_taken_is_refused(browser: Browser, person: Person) -> None:
    assert browser.begin("signup", {"user": {"loginId": person.login_id}}).refusal == (400, "E062107")


def test_login_id_that_is_taken_meanwhile_is_refused(browser: Browser, api: Api) -> None:
    login_id = new_email()
    begun = browser.begin("signup", {"user": {"loginId": login_id}})
    owner = make_user(api.avow, login_id)
    made = browser.device.create(begun["options"], ORIGIN)
    assert browser.finish("signup", begun["transactionId"], made).refusal == (400, "E062107")
    assert api.avow.run(lambda tx: users.find_owner(tx, login_id)) == owner
    assert _passkeys(api, login_id) == []


def test_taken_login_id_begins_alike_when_existence_is_hidden_and_comes_to_nothing(
    make_project: Callable[..., Avow],
) -> None:
    browser = Browser(Api(make_project(hides_existence=True)), Authenticator())
    login_id = new_email()
    make_user(browser.api.avow, login_id)
    begun = browser.begin("signup", {"user": {"loginId": login_id}})
    asked = json.loads(begun["options"])["publicKey"]
    assert asked["excludeCredentials"] == []
    made = browser.device.create(begun["options"], ORIGIN)
    assert browser.finish("signup", begun["transactionId"], made).refusal == (401, "E067001")
    assert _passkeys(browser.api, login_id) == []


def test_address_beside_a_login_id_that_is_one_has_to_be_it(browser: Browser) -> None:
    body = {"user": {"loginId": new_email(), "email": new_email("other")}}
    assert browser.begin("signup", body).refusal == (400, "E011004")


@pytest.mark.parametrize("body", [{}, {"user": None}])
def test_user_is_needed(browser: Browser, body: dict[str, object]) -> None:
    assert browser.begin("signup", body).refusal == (400, "E011002")


def test_credential_id_of_somebody_else_creates_nobody(browser: Browser, api: Api, person: Person) -> None:
    login_id, taken = new_email(), browser.device.newest.id
    assert browser.sign_up(login_id, Forgery(credential_id=taken)).refusal == (401, "E067001")
    assert api.avow.run(lambda tx: users.find_owner(tx, login_id)) is None
    assert len(_passkeys(api, person.login_id)) == 1


def test_same_passkey_may_be_of_another_project(make_project: Callable[..., Avow]) -> None:
    device = Authenticator()
    first, second = (Browser(Api(make_project()), device) for _ in range(2))
    first.sign_up()
    assert second.sign_up(forgery=Forgery(credential_id=device.newest.id)).status == 200


def test_transaction_is_good_for_one_answer(browser: Browser) -> None:
    begun = browser.begin("signup", {"user": {"loginId": new_email()}})
    made = browser.device.create(begun["options"], ORIGIN)
    forged = browser.device.create(begun["options"], ORIGIN, Forgery(rp_id="evil.example"))
    assert browser.finish("signup", begun["transactionId"], forged).refusal == (401, "E067001")
    assert browser.finish("signup", begun["transactionId"], made).refusal == (401, "E067001")


def test_transaction_of_a_sign_up_finishes_no_sign_in(browser: Browser, person: Person) -> None:
    begun = browser.begin("signup", {"user": {"loginId": new_email()}})
    asked = {**json.loads(begun["options"])["publicKey"], "allowCredentials": [], "rpId": "localhost"}
    shown = browser.device.show(json.dumps({"publicKey": asked}), ORIGIN)
    assert browser.finish("signin", begun["transactionId"], shown).refusal == (401, "E067001")


@pytest.mark.parametrize(
    ("aaguid", "agent", "name"),
    [
        (NO_AAGUID, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (NO_AAGUID, "python-requests/2.32", "Passkey"),
        ("bada5566-a7aa-401f-bd96-45619a55120d", "python-requests/2.32", "1Password"),
    ],
)
def test_passkey_is_named_after_its_maker_or_where_it_was_made(api: Api, aaguid: str, agent: str, name: str) -> None:
    browser, login_id = Browser(api, Authenticator(aaguid=aaguid), agent=agent), new_email()
    browser.sign_up(login_id)
    assert [each["displayName"] for each in _passkeys(api, login_id)] == [name]


def test_method_can_be_switched_off(make_project: Callable[..., Avow]) -> None:
    browser = Browser(Api(make_project(sign_in_methods=["otp"])), Authenticator())
    starts: dict[str, dict[str, Any]] = {
        "signup": {"user": {"loginId": "mia"}},
        "signin": {"loginId": ""},
        "signup-in": {"loginId": "mia"},
    }
    for what, body in starts.items():
        assert browser.begin(what, body).refusal == (400, "E019400")
    for what in ("signup", "signin", "update"):
        assert browser.finish(what, "C", "{}").refusal == (400, "E019400")


def test_sign_up_or_in_creates_whoever_is_no_user_and_signs_in_whoever_is(browser: Browser) -> None:
    login_id = new_email()
    begun = browser.begin("signup-in", {"loginId": login_id})
    assert begun["create"] is True
    made = browser.device.create(begun["options"], ORIGIN)
    first = browser.finish("signup", begun["transactionId"], made)
    assert first["firstSeen"] is True
    begun = browser.begin("signup-in", {"loginId": login_id})
    assert begun["create"] is False
    second = browser.finish("signin", begun["transactionId"], browser.device.show(begun["options"], ORIGIN))
    assert (second["firstSeen"], second["user"]["userId"]) == (False, first["user"]["userId"])


def test_sign_up_or_in_gives_nobody_a_passkey_of_an_account_that_has_none(browser: Browser, api: Api) -> None:
    login_id = new_email()
    make_user(api.avow, login_id)
    assert browser.begin("signup-in", {"loginId": login_id}).refusal == (401, "E067010")


def test_sign_up_or_in_would_tell_who_exists(browser: Browser, api: Api, person: Person) -> None:
    change_settings(api.avow, {"hides_existence": True})
    api.avow.advance(2)
    for login_id in (person.login_id, new_email()):
        assert browser.begin("signup-in", {"loginId": login_id}).refusal == (400, "E019400")


def test_sign_up_runs_few_statements(browser: Browser, api: Api, statements: Statements) -> None:
    browser.begin("signin", {"loginId": ""})  # reads the project
    with statements:
        begun = browser.begin("signup", {"user": {"loginId": new_email()}})
    assert statements.ran == ["users.OWNER", "challenges.PUT"]
    made = browser.device.create(begun["options"], ORIGIN)
    with statements:
        browser.finish("signup", begun["transactionId"], made)
    assert statements.ran == [
        "challenges.FIND_BY_ID",
        "challenges.SPEND_BY_ID",
        "challenges.CONSUME",
        "users.INSERT",
        "users.CLAIM_LOGIN_ID",
        "roles.GRANT_DEFAULTS",
        "store.INSERT_AUDIT",
        "passkey.INSERT",
        "store.INSERT_AUDIT",
        "users.PROFILE",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]
