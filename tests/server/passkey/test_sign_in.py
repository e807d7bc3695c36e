"""POST /v1/auth/webauthn/signin/{start,finish}."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import webauthn

from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.bed.authenticator import Authenticator, Forgery, decode, new_key
from tests.factories import change_settings, make_user, new_email
from tests.server.api import START, Api, Statements
from tests.server.passkey.conftest import ORIGIN, ROUTES, Browser, Person

_UP, _UV, _BE = 1, 4, 8
_REFUSED = (401, "E067001")
_ROW = """
SELECT sign_count, is_backed_up, last_used_at FROM passkeys WHERE project_id = :project_id AND user_id = :user_id
"""
_AUDIT = "SELECT action FROM audit_events WHERE project_id = :project_id AND outcome = 'refused' ORDER BY occurred_at"


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(decode(token.split(".")[1]))
    return claims


def _asked(options: str) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(options)["publicKey"]
    return asked


def _row(api: Api, person: Person) -> tuple[int, int, int]:
    found: list[Any] = api.avow.run(lambda tx: tx.all(_ROW, _Row, user_id=person.id))
    return found[0].sign_count, found[0].is_backed_up, found[0].last_used_at


class _Row:
    """What a passkey's row says of its use."""

    def __init__(self, sign_count: int, is_backed_up: int, last_used_at: int) -> None:
        self.sign_count, self.is_backed_up, self.last_used_at = sign_count, is_backed_up, last_used_at


def test_passkey_signs_its_user_in(browser: Browser, person: Person) -> None:
    begun = browser.begin("signin", {"loginId": person.login_id})
    assert begun["create"] is False
    asked = _asked(begun["options"])
    assert (asked["rpId"], asked["userVerification"], asked["timeout"]) == ("localhost", "required", 300_000)
    [allowed] = asked["allowCredentials"]
    assert decode(allowed["id"]) == browser.device.newest.id
    assert (allowed["type"], allowed["transports"]) == ("public-key", ["hybrid", "internal"])
    shown = browser.device.show(begun["options"], ORIGIN)
    session = browser.finish("signin", begun["transactionId"], shown)
    assert (session["user"]["userId"], session["firstSeen"]) == (person.id, False)
    assert _claims(session["sessionJwt"])["amr"] == ["webauthn"]


def test_passkey_signs_in_without_a_login_id(browser: Browser, person: Person) -> None:
    begun = browser.begin("signin", {"loginId": ""})
    assert _asked(begun["options"])["allowCredentials"] == []
    shown = browser.device.show(begun["options"], ORIGIN)
    assert browser.finish("signin", begun["transactionId"], shown)["user"]["userId"] == person.id


def test_each_of_several_passkeys_signs_in(browser: Browser, api: Api, person: Person) -> None:
    other = Browser(api, Authenticator("EdDSA"))
    assert other.add(person.login_id, person.refresh_jwt).status == 200
    for each in (browser, other):
        assert each.sign_in(person.login_id)["user"]["userId"] == person.id
        assert each.sign_in()["user"]["userId"] == person.id


@pytest.mark.parametrize("name", ["transactionId", "transactionID"])
def test_transaction_is_taken_in_both_spellings(browser: Browser, api: Api, person: Person, name: str) -> None:
    begun = browser.begin("signin", {"loginId": person.login_id})
    body = {name: begun["transactionId"], "response": browser.device.show(begun["options"], ORIGIN)}
    assert api.post(f"{ROUTES}/signin/finish", body).status == 200


@pytest.mark.parametrize("body", [{"response": "{}"}, {"transactionId": "", "response": "{}"}, {"transactionId": "C"}])
def test_transaction_and_response_are_needed(api: Api, body: dict[str, str]) -> None:
    assert api.post(f"{ROUTES}/signin/finish", body).status == 400


def test_transaction_is_good_for_one_answer(browser: Browser, person: Person) -> None:
    begun = browser.begin("signin", {"loginId": person.login_id})
    shown = browser.device.show(begun["options"], ORIGIN)
    assert browser.finish("signin", begun["transactionId"], shown).status == 200
    assert browser.finish("signin", begun["transactionId"], shown).refusal == _REFUSED
    begun = browser.begin("signin", {"loginId": person.login_id})
    forged = browser.device.show(begun["options"], ORIGIN, Forgery(rp_id="evil.example"))
    assert browser.finish("signin", begun["transactionId"], forged).refusal == _REFUSED
    shown = browser.device.show(begun["options"], ORIGIN)
    assert browser.finish("signin", begun["transactionId"], shown).refusal == _REFUSED


def test_transaction_lives_to_the_second(browser: Browser, api: Api, person: Person) -> None:
    for seconds, status in ((299, 200), (300, 401)):
        begun = browser.begin("signin", {"loginId": person.login_id})
        shown = browser.device.show(begun["options"], ORIGIN)
        api.clock.advance(seconds)
        assert browser.finish("signin", begun["transactionId"], shown).status == status


def test_starts_of_one_user_do_not_end_each_other(browser: Browser, person: Person) -> None:
    """Whoever knows a login ID could otherwise keep its user from signing in."""
    begun = browser.begin("signin", {"loginId": person.login_id})
    for _ in range(3):
        browser.begin("signin", {"loginId": person.login_id})
    shown = browser.device.show(begun["options"], ORIGIN)
    assert browser.finish("signin", begun["transactionId"], shown).status == 200


def test_passkey_of_another_user_is_refused(browser: Browser, api: Api, make_person: Callable[..., Person]) -> None:
    mia = make_person()
    ida = make_person(browser=Browser(api, Authenticator()))
    begun = browser.begin("signin", {"loginId": ida.login_id})
    for handle in (None, ida.id.encode(), b""):
        begun = browser.begin("signin", {"loginId": ida.login_id})
        forgery = Forgery(user_handle=handle)
        shown = browser.device.show(begun["options"], ORIGIN, forgery, passkey=browser.device.newest)
        assert browser.finish("signin", begun["transactionId"], shown).refusal == _REFUSED
    assert browser.sign_in(mia.login_id).status == 200


def test_unknown_passkey_is_refused(browser: Browser, person: Person) -> None:
    assert browser.sign_in("", Forgery(credential_id=b"nobody's at all")).refusal == _REFUSED


def test_counter_that_does_not_grow_is_refused_and_noted(api: Api, make_person: Callable[..., Person]) -> None:
    browser = Browser(api, Authenticator(counts=True))
    person = make_person(browser=browser)
    assert browser.sign_in(person.login_id, Forgery(count=10)).status == 200
    for count in (10, 9, 0):
        assert browser.sign_in(person.login_id, Forgery(count=count)).refusal == _REFUSED
    assert _row(api, person) == (10, 1, START)
    assert api.avow.run(lambda tx: tx.all(_AUDIT, str)) == ["passkey.counter_did_not_grow"] * 3
    assert browser.sign_in(person.login_id, Forgery(count=11)).status == 200


def test_passkeys_without_a_counter_sign_in_again_and_again(browser: Browser, person: Person) -> None:
    assert [browser.sign_in(person.login_id).status for _ in range(3)] == [200] * 3


def test_use_is_remembered(browser: Browser, api: Api, person: Person) -> None:
    api.clock.advance(60)
    assert browser.sign_in(person.login_id, Forgery(flags=_UP | _UV | _BE)).status == 200
    assert _row(api, person) == (0, 0, START + 60)


def test_refusal_is_noted_without_what_was_sent(browser: Browser, api: Api, person: Person) -> None:
    browser.sign_in(person.login_id, Forgery(client_data={"origin": "https://evil.example"}))
    assert api.avow.run(lambda tx: tx.all(_AUDIT, str)) == ["passkey.refused"]


def test_nobody_is_refused_unless_existence_is_hidden(browser: Browser, api: Api) -> None:
    login_id = new_email()
    make_user(api.avow, login_id)
    assert browser.begin("signin", {"loginId": login_id}).refusal == (401, "E067010")
    assert browser.begin("signin", {"loginId": new_email()}).refusal == (401, "E062108")


def test_disabled_user_is_refused(browser: Browser, api: Api, person: Person) -> None:
    begun = browser.begin("signin", {"loginId": ""})
    api.avow.run(lambda tx: users.set_status(tx, person.id, "disabled"))
    assert browser.begin("signin", {"loginId": person.login_id}).refusal == (403, "E062110")
    shown = browser.device.show(begun["options"], ORIGIN)
    assert browser.finish("signin", begun["transactionId"], shown).refusal == (403, "E062110")


def test_deleted_user_takes_the_passkey_along(browser: Browser, api: Api, person: Person) -> None:
    api.avow.run(lambda tx: users.delete(tx, person.id))
    assert browser.sign_in().refusal == _REFUSED


def test_starts_of_one_login_id_are_limited(make_project: Callable[..., Avow]) -> None:
    browser, login_id = Browser(Api(make_project(login_id_requests_per_minute=4)), Authenticator()), new_email()
    for _ in range(2):
        assert browser.begin("signup", {"user": {"loginId": login_id}}).status == 200
        assert browser.begin("signin", {"loginId": login_id}).status == 401
    assert browser.begin("signup", {"user": {"loginId": login_id}}).status == 429
    assert browser.begin("signin", {"loginId": login_id}).status == 429
    assert browser.begin("signin", {"loginId": ""}).status == 200


# --- Existence ---------------------------------------------------------------------------------------------------


@pytest.fixture
def hiding(make_project: Callable[..., Avow]) -> Browser:
    return Browser(Api(make_project(hides_existence=True)), Authenticator())


def test_nobody_begins_alike_when_existence_is_hidden(hiding: Browser, make_person: Callable[..., Person]) -> None:
    person = make_person(browser=hiding)
    without = new_email()
    make_user(hiding.api.avow, without)
    shapes = []
    for login_id in (person.login_id, without, new_email(), "a name"):
        begun = hiding.begin("signin", {"loginId": login_id})
        asked = _asked(begun["options"])
        [allowed] = asked["allowCredentials"]
        assert set(allowed) == {"id", "type"}
        shapes.append((set(begun.body), set(asked), len(begun["transactionId"]), begun["create"]))
    assert shapes.count(shapes[0]) == len(shapes)


def test_passkeys_of_nobody_are_always_the_same(hiding: Browser) -> None:
    login_id = new_email()
    first, second, other = (
        _asked(hiding.begin("signin", {"loginId": each})["options"])["allowCredentials"]
        for each in (login_id, login_id.upper(), new_email())
    )
    assert first == second != other


def test_ceremony_of_nobody_comes_to_nothing(hiding: Browser, make_person: Callable[..., Person]) -> None:
    make_person(browser=hiding)
    begun = hiding.begin("signin", {"loginId": new_email()})
    shown = hiding.device.show(begun["options"], ORIGIN, passkey=hiding.device.newest)
    assert hiding.finish("signin", begun["transactionId"], shown).refusal == _REFUSED


def test_ceremony_of_nobody_costs_a_verification_too(
    hiding: Browser, make_person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers with a signature of nobody learns nothing from how long it is looked at."""
    person = make_person(browser=hiding)
    without = new_email()
    make_user(hiding.api.avow, without)
    verified: list[object] = []
    judge = webauthn.verify_authentication_response

    def noted(**given: Any) -> Any:
        verified.append(given["credential"])
        return judge(**given)

    monkeypatch.setattr(webauthn, "verify_authentication_response", noted)
    for login_id in (person.login_id, without, new_email()):
        begun = hiding.begin("signin", {"loginId": login_id})
        [allowed] = _asked(begun["options"])["allowCredentials"]
        forgery = Forgery(key=new_key("ES256"), user_handle=b"", credential_id=decode(allowed["id"]))
        shown = hiding.device.show(begun["options"], ORIGIN, forgery, passkey=hiding.device.newest)
        assert hiding.finish("signin", begun["transactionId"], shown).refusal == _REFUSED
        assert len(verified) == 1, login_id
        verified.clear()


# --- Options of the session --------------------------------------------------------------------------------------


def test_second_factor_adds_to_the_session(browser: Browser, api: Api, person: Person) -> None:
    api.avow.run(lambda tx: users.prove_email(tx, person.id, person.login_id))
    first = api.sign_in(person.login_id)
    session = browser.sign_in(person.login_id, options={"mfa": True}, token=first["refreshJwt"])
    assert _claims(session["sessionJwt"])["amr"] == ["email", "webauthn", "mfa"]


def test_step_up_says_so(browser: Browser, person: Person) -> None:
    session = browser.sign_in("", options={"stepup": True}, token=person.refresh_jwt)
    assert _claims(session["sessionJwt"])["su"] is True


def test_step_up_without_a_login_id_asks_for_the_passkeys_of_the_session(browser: Browser, person: Person) -> None:
    begun = browser.begin("signin", {"loginId": "", "loginOptions": {"stepup": True}}, person.refresh_jwt)
    assert len(_asked(begun["options"])["allowCredentials"]) == 1


def test_step_up_needs_the_session_of_the_user(browser: Browser, api: Api, make_person: Callable[..., Person]) -> None:
    person, other = make_person(), make_person(browser=Browser(api, Authenticator()))
    for login_id, token in ((person.login_id, ""), (person.login_id, other.refresh_jwt), ("", "")):
        body = {"loginId": login_id, "loginOptions": {"mfa": True}}
        assert browser.begin("signin", body, token).refusal == (401, "E019401")


def test_step_up_ends_with_its_session(browser: Browser, api: Api, person: Person) -> None:
    begun = browser.begin("signin", {"loginId": "", "loginOptions": {"stepup": True}}, person.refresh_jwt)
    assert api.post("/v1/auth/logout", token=person.refresh_jwt).status == 200
    shown = browser.device.show(begun["options"], ORIGIN)
    assert browser.finish("signin", begun["transactionId"], shown).refusal == _REFUSED


def test_custom_claims_and_the_end_of_other_sessions_are_asked_for_at_the_start(
    browser: Browser, api: Api, person: Person
) -> None:
    options = {"customClaims": {"theme": "dark"}, "revokeOtherSessions": True}
    session = browser.sign_in(person.login_id, options=options)
    assert _claims(session["sessionJwt"])["nsec"] == {"theme": "dark"}
    assert api.refresh(person.refresh_jwt).status == 401
    assert api.refresh(session["refreshJwt"]).status == 200


def test_passkey_that_verified_its_user_is_two_factors(make_project: Callable[..., Avow]) -> None:
    avow = make_project(mfa="required", passkey_user_verification="preferred")
    browser, login_id = Browser(Api(avow), Authenticator()), new_email()
    assert browser.sign_up(login_id).status == 200
    assert browser.sign_in(login_id).status == 200
    unverified = browser.sign_in(login_id, Forgery(flags=_UP | _BE))
    assert unverified.refusal == (403, "E061401")


# --- Where -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://localhost.evil.example", "localhost"])
def test_page_of_another_origin_may_not_ask(browser: Browser, person: Person, origin: str) -> None:
    body = {"loginId": person.login_id, "origin": origin}
    assert browser.begin("signin", body).refusal == (400, "E011004")


def test_origin_of_the_start_is_the_one_that_counts(browser: Browser, person: Person) -> None:
    begun = browser.begin("signin", {"loginId": person.login_id, "origin": "http://localhost:3000"})
    shown = browser.device.show(begun["options"], "http://localhost:4000")
    assert browser.finish("signin", begun["transactionId"], shown).refusal == _REFUSED


def test_project_has_a_domain_and_origins_of_its_own(make_project: Callable[..., Avow]) -> None:
    page = "https://app.example.com"
    avow = make_project(passkey_rp_id="example.com", passkey_origins=[page])
    browser = Browser(Api(avow), Authenticator(), page)
    login_id = new_email()
    assert browser.sign_up(login_id).status == 200
    assert browser.device.newest.rp_id == "example.com"
    assert browser.sign_in(login_id).status == 200
    assert browser.begin("signin", {"loginId": login_id, "origin": ORIGIN}).refusal == (400, "E011004")
    change_settings(avow, {"passkey_rp_id": "example.org"})
    avow.advance(2)
    assert browser.begin("signin", {"loginId": login_id}).refusal == (401, "E067010")


def test_passkey_of_another_domain_is_refused(browser: Browser, api: Api, person: Person) -> None:
    change_settings(api.avow, {"passkey_rp_id": "example.org", "passkey_origins": [ORIGIN]})
    api.avow.advance(2)
    begun = browser.begin("signin", {"loginId": ""})
    forgery = Forgery(rp_id="example.org")
    shown = browser.device.show(begun["options"], ORIGIN, forgery, passkey=browser.device.newest)
    assert browser.finish("signin", begun["transactionId"], shown).refusal == _REFUSED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passkey_rp_id", "https://example.com"),
        ("passkey_rp_id", "127.0.0.1"),
        ("passkey_rp_id", "Example.com"),
        ("passkey_origins", ["http://app.example.com"]),
        ("passkey_origins", ["https://app.example.com/"]),
        ("passkey_origins", ["*"]),
        ("passkey_user_verification", "sometimes"),
    ],
)
def test_setting_that_no_browser_would_follow_is_refused(api: Api, name: str, value: object) -> None:
    body = {"settings": {name: value}}
    answer = api.post("/v1/mgmt/avow/project/settings", body, token=api.avow.management_key)
    assert answer.refusal == (400, "E011004")


def test_verification_is_required_unless_the_project_says_otherwise(make_project: Callable[..., Avow]) -> None:
    unverified = Forgery(flags=_UP | _BE)
    for wish, status in (("required", 401), ("preferred", 200), ("discouraged", 200)):
        browser = Browser(Api(make_project(passkey_user_verification=wish)), Authenticator())
        login_id = new_email()
        assert browser.sign_up(login_id).status == 200
        begun = browser.begin("signin", {"loginId": login_id})
        assert _asked(begun["options"])["userVerification"] == wish
        shown = browser.device.show(begun["options"], ORIGIN, unverified)
        assert browser.finish("signin", begun["transactionId"], shown).status == status


# --- Statements --------------------------------------------------------------------------------------------------


def test_sign_in_runs_few_statements(browser: Browser, api: Api, person: Person, statements: Statements) -> None:
    with statements:
        begun = browser.begin("signin", {"loginId": person.login_id})
    assert statements.ran == ["passkey.WHO", "passkey.OF_USER", "challenges.PUT"]
    shown = browser.device.show(begun["options"], ORIGIN)
    with statements:
        browser.finish("signin", begun["transactionId"], shown)
    assert statements.ran == [
        "challenges.FIND_BY_ID",
        "passkey.FIND",
        "challenges.SPEND_BY_ID",
        "challenges.CONSUME",
        "users.PROFILE_HELD",
        "passkey.USE",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]


def test_start_of_nobody_costs_what_a_start_of_somebody_costs(
    hiding: Browser, make_person: Callable[..., Person], statements: Statements
) -> None:
    person, without = make_person(browser=hiding), new_email()
    make_user(hiding.api.avow, without)
    ran = []
    for login_id in (person.login_id, without, new_email()):
        with statements:
            hiding.begin("signin", {"loginId": login_id})
        ran.append(list(statements.ran))
    assert ran == [["passkey.WHO", "passkey.OF_USER", "challenges.PUT"]] * 3
