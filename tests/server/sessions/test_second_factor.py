"""Sign-ins that wait for a second factor: who is asked, what waits, and what the factor opens."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from avow.errors import SecondFactorNeeded
from avow.server.keys.directory import load
from avow.server.serving import Client, Issued, Refusal
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from tests import phones
from tests.bed.authenticator import Authenticator
from tests.factories import change_settings, join_tenant, make_passkey, make_tenant, new_email
from tests.server.api import Api, Reply, Statements
from tests.server.passkey.conftest import Browser
from tests.server.sessions.conftest import ORIGIN, Person

MakePerson = Callable[..., Person]


def claims(api: Api, session: Reply) -> dict[str, Any]:
    return dict(api.avow.client().validate_session(session["sessionJwt"]))


@pytest.fixture
def person(make_person: MakePerson) -> Person:
    return make_person(mfa="enrolled")


# --- Who is asked --------------------------------------------------------------------------------------------------


def test_nobody_is_asked_without_a_policy(make_person: MakePerson) -> None:
    assert make_person().by_mail().status == 200


def test_whoever_has_an_app_is_asked_for_it(person: Person) -> None:
    asked = person.by_mail()
    assert asked.refusal == (403, "E061401")
    assert asked.body["factors"] == ["totp"]
    assert asked.body["errorMessage"] == "A second factor is needed: show one of: totp."
    assert set(asked.body) == {"errorCode", "errorDescription", "errorMessage", "factors", "mfaToken"}


def test_whoever_has_none_is_not_asked_where_it_is_not_required(make_person: MakePerson) -> None:
    assert make_person(has_app=False, mfa="enrolled").by_mail().status == 200


def test_passkey_is_named_beside_the_app(person: Person) -> None:
    make_passkey(person.api.avow, person.id, "passkey-1")
    assert person.by_mail().body["factors"] == ["totp", "webauthn"]


def test_passkey_of_a_former_domain_is_no_factor(make_person: MakePerson) -> None:
    """No browser shows it any more: whoever has nothing else is not kept out, and nobody is told to show it."""
    person = make_person(has_app=False, mfa="enrolled")
    make_passkey(person.api.avow, person.id, "passkey-1", rp_id="former.example.com")
    assert person.by_mail().status == 200
    change_settings(person.api.avow, {"mfa": "required"})
    person.api.clock.advance(2)
    assert person.by_mail().body["factors"] == ["sms"]
    start = person.api.post("/v1/auth/webauthn/signin/start", {"loginId": person.email, "origin": ORIGIN})
    assert start.refusal == (401, "E067010")
    change_settings(person.api.avow, {"passkey_rp_id": "former.example.com"})
    person.api.clock.advance(2)
    assert person.by_mail().body["factors"] == ["webauthn"]


def test_required_names_what_there_is(make_person: MakePerson) -> None:
    assert make_person(has_app=False, mfa="required").by_mail().body["factors"] == ["sms"]


def test_required_names_no_message_where_none_is_sent(make_person: MakePerson) -> None:
    person = make_person(mfa="required", sign_in_methods=["totp"])
    assert person.by_app().body["factors"] == []


def test_app_alone_is_one_factor(person: Person) -> None:
    asked = person.by_app()
    assert asked.refusal == (403, "E061401")
    assert asked.body["factors"] == ["email", "sms"]


@pytest.mark.parametrize(("of_project", "of_tenant"), [("off", "enrolled"), ("required", "off"), ("off", "required")])
def test_strictest_of_project_and_tenants_holds(make_person: MakePerson, of_project: str, of_tenant: str) -> None:
    person = make_person(mfa=of_project)
    ask_of_members(person, mfa=of_tenant)
    assert person.by_mail().refusal == (403, "E061401")


def test_tenants_of_others_ask_nothing(make_person: MakePerson) -> None:
    person = make_person()
    make_tenant(person.api.avow, tenant_id="elsewhere")
    set_tenant(person, "elsewhere", mfa="required")
    assert person.by_mail().status == 200


def test_what_management_vouches_for_is_not_asked(person: Person) -> None:
    key = person.api.avow.management_key
    opened = person.api.post("/v1/mgmt/auth/signin", {"loginId": person.email}, token=key)
    assert opened.status == 200


def test_embedded_link_is_one_factor(person: Person) -> None:
    key = person.api.avow.management_key
    made = person.api.post("/v1/mgmt/user/signin/embeddedlink", {"loginId": person.email}, token=key)
    asked = person.api.post("/v1/auth/magiclink/verify", {"token": made["token"]})
    assert asked.refusal == (403, "E061401")
    opened = person.by_app(asked.body["mfaToken"], {"mfa": True})
    assert claims(person.api, opened)["amr"] == ["embedded", "totp", "mfa"]


# --- What waits ----------------------------------------------------------------------------------------------------

REFUSED: dict[str, Callable[[Api, str], Reply]] = {
    "refresh": lambda api, token: api.refresh(token),
    "me": lambda api, token: api.get("/v1/auth/me", token=token),
    "tenants": lambda api, token: api.post("/v1/auth/me/tenants", {}, token=token),
    "history": lambda api, token: api.get("/v1/auth/me/history", token=token),
    "tenant/select": lambda api, token: api.post("/v1/auth/tenant/select", {"tenant": "T1"}, token=token),
    "sessions": lambda api, token: api.get("/v1/auth/avow/sessions", token=token),
    "sessions/end": lambda api, token: api.post("/v1/auth/avow/sessions/end", {"sessionId": "S1"}, token=token),
    "devices": lambda api, token: api.get("/v1/auth/avow/devices", token=token),
    "devices/remove": lambda api, token: api.post("/v1/auth/avow/devices/remove", {"deviceId": "D1"}, token=token),
    "impersonation": lambda api, token: api.post("/v1/auth/avow/impersonation/allow", {"seconds": 60}, token=token),
    "logoutall": lambda api, token: api.post("/v1/auth/logoutall", token=token),
}


@pytest.mark.parametrize("name", REFUSED)
def test_sign_in_that_waits_can_do_nothing(person: Person, name: str) -> None:
    refused = REFUSED[name](person.api, person.waiting())
    assert refused.refusal == (401, "E061401")
    assert refused.body["factors"] == ["totp"]
    assert "mfaToken" not in refused.body


def test_nobody_is_signed_in_by_it(person: Person) -> None:
    token = person.waiting()
    assert person.api.post("/v1/auth/try-refresh", token=token).body == {}
    opened = person.signed_in()
    assert len(person.api.get("/v1/auth/me/history", token=opened["refreshJwt"]).body) == 1
    sessions = person.api.get("/v1/auth/avow/sessions", token=opened["refreshJwt"])["sessions"]
    assert [each["current"] for each in sessions] == [True]


def test_it_waits_for_ten_minutes(person: Person) -> None:
    token = person.waiting()
    person.api.clock.advance(600 - 30 - 1)
    assert person.by_app(token, {"mfa": True}).status == 200
    late = person.waiting()
    person.api.clock.advance(600)
    assert person.by_app(late, {"mfa": True}).refusal == (401, "E064001")


def test_it_can_be_given_up(person: Person) -> None:
    token = person.waiting()
    assert person.api.post("/v1/auth/logout", token=token).status == 200
    assert person.by_app(token, {"mfa": True}).refusal == (401, "E064001")


def test_it_ends_with_all_sessions(person: Person) -> None:
    opened = person.signed_in()
    token = person.waiting()
    assert person.api.post("/v1/auth/logoutall", token=opened["refreshJwt"]).status == 200
    assert person.by_app(token, {"mfa": True}).refusal == (401, "E064001")


def test_token_of_another_user_brings_no_factor(person: Person, make_person: MakePerson) -> None:
    other = make_person(mfa="enrolled")
    assert person.by_app(other.waiting(), {"mfa": True}).status == 401  # of another project, too
    assert other.by_mail(person.waiting(), {"mfa": True}).status == 401


def test_forged_token_is_none(person: Person) -> None:
    token = person.waiting()
    forged = token[:-1] + ("A" if token[-1] != "A" else "E")
    assert person.by_app(forged, {"mfa": True}).status == 401
    assert person.api.get("/v1/auth/me", token=forged).status == 401
    assert person.api.get("/v1/auth/me", token="mfa." + token.split(".")[1]).status == 401


# --- What the factor opens -----------------------------------------------------------------------------------------


def test_factor_opens_the_session(person: Person) -> None:
    token = person.waiting()
    opened = person.by_app(token, {"mfa": True})
    assert claims(person.api, opened)["amr"] == ["email", "totp", "mfa"]
    assert person.api.refresh(opened["refreshJwt"]).status == 200


def test_waiting_sign_in_is_used_up(person: Person) -> None:
    token = person.waiting()
    assert person.by_app(token, {"mfa": True}).status == 200
    assert person.by_app(token, {"mfa": True}).refusal == (401, "E064001")
    assert person.api.get("/v1/auth/me", token=token).refusal == (401, "E064001")


def test_order_of_factors_does_not_matter(person: Person) -> None:
    asked = person.by_app()
    opened = person.by_mail(asked.body["mfaToken"], {"mfa": True})
    assert claims(person.api, opened)["amr"] == ["totp", "email", "mfa"]


def test_same_factor_again_is_no_second_one(person: Person) -> None:
    asked = person.by_mail(person.waiting(), {"mfa": True})
    assert asked.refusal == (403, "E061401")
    assert person.by_app(asked.body["mfaToken"], {"mfa": True}).status == 200


def test_another_message_is_not_the_app(person: Person) -> None:
    asked = person.by_sms(person.waiting(), {"mfa": True})
    assert (asked.refusal, asked.body["factors"]) == ((403, "E061401"), ["totp"])


def test_two_messages_are_enough_where_there_is_no_app(make_person: MakePerson) -> None:
    person = make_person(has_app=False, mfa="required")
    opened = person.by_sms(person.waiting(), {"mfa": True})
    assert claims(person.api, opened)["amr"] == ["email", "sms", "mfa"]


def test_factor_without_the_token_begins_anew(person: Person) -> None:
    person.waiting()
    assert person.by_app().refusal == (403, "E061401")


def test_options_of_the_first_factor_count(person: Person) -> None:
    before = person.signed_in()
    token = person.waiting(customClaims={"from": "first", "both": 1}, revokeOtherSessions=True)
    assert person.api.get("/v1/auth/me", token=before["refreshJwt"]).status == 200  # not before the factor is there
    opened = person.by_app(token, {"mfa": True, "customClaims": {"both": 2}})
    assert claims(person.api, opened)["nsec"] == {"from": "first", "both": 2}
    assert person.api.get("/v1/auth/me", token=before["refreshJwt"]).refusal == (401, "E064001")


def ends_in(person: Person, session: Reply) -> int:
    """Return after how many seconds the refresh token ends."""
    payload = session["refreshJwt"].split(".")[1]
    return int(json.loads(base64.urlsafe_b64decode(payload + "=="))["exp"] - person.api.clock())


def test_short_life_of_the_first_factor_counts(person: Person) -> None:
    """As an identity provider says for how long it knows somebody."""

    def arrive(tx: Tx) -> Issued | Refusal:
        project = load(tx, person.api.avow.server.site.settings)
        assert project is not None
        opening = Opening(amr=("fed",), via="sso", lifetime_seconds=900)
        return sessions.open_session(tx, project, Client("203.0.113.9"), person.id, opening)

    waits = person.api.avow.run(arrive)
    assert isinstance(waits, Refusal)
    assert isinstance(waits.error, SecondFactorNeeded)
    assert ends_in(person, person.by_app(waits.error.mfa_token, {"mfa": True})) == 900


@pytest.mark.parametrize("policy", ["off", "enrolled"])
@pytest.mark.parametrize("wish", ["stepup", "mfa"])
def test_further_proof_makes_a_short_session_no_longer(make_person: MakePerson, policy: str, wish: str) -> None:
    person = make_person(mfa=policy)
    body, key = {"loginId": person.email, "refreshDuration": 900}, person.api.avow.management_key
    token = person.api.post("/v1/mgmt/auth/signin", body, token=key)["refreshJwt"]
    person.api.clock.advance(300)
    answer = person.by_mail(token, {wish: True})  # a first factor, in the session of a back end's word
    if policy == "off":
        assert ends_in(person, answer) == 600
        token = answer["refreshJwt"]
    else:
        assert answer.refusal == (403, "E061401")
        token = answer.body["mfaToken"]
    assert ends_in(person, person.by_app(token, {"mfa": True})) == 570  # half a minute later


def test_further_proof_begins_the_life_of_any_other_session_anew(person: Person) -> None:
    session = person.signed_in()
    whole = ends_in(person, session)
    person.api.clock.advance(86_400)
    assert ends_in(person, person.by_app(session["refreshJwt"], {"stepup": True})) == whole


@pytest.mark.parametrize("policy", ["off", "enrolled"])
def test_factor_that_is_shown_twice_is_one(make_person: MakePerson, policy: str) -> None:
    person = make_person(has_app=False, mfa=policy)
    session, amr = person.by_mail(), ["email"]
    for _ in range(2):
        session = person.by_mail(session["refreshJwt"], {"mfa": True})
        assert claims(person.api, session)["amr"] == amr
    assert claims(person.api, person.by_sms(session["refreshJwt"], {"mfa": True}))["amr"] == ["email", "sms", "mfa"]


def test_recovery_code_is_no_factor_beside_its_app(make_person: MakePerson) -> None:
    person = make_person()
    token = person.by_app()["refreshJwt"]
    codes = person.api.post("/v1/auth/avow/recoverycodes/generate", token=token)["codes"]
    body = {"loginId": person.email, "code": codes[0], "loginOptions": {"mfa": True}}
    session = person.api.post("/v1/auth/avow/recoverycodes/verify", body, token=token)
    assert claims(person.api, session)["amr"] == ["totp", "recovery"]


def test_two_factors_are_said_again_of_what_is_added_to_them(make_person: MakePerson) -> None:
    person = make_person()
    session = person.by_app(person.by_mail()["refreshJwt"], {"mfa": True})
    stepped = person.by_mail(session["refreshJwt"], {"mfa": True})
    assert claims(person.api, stepped)["amr"] == ["email", "totp", "mfa"]


@pytest.mark.parametrize(("verifies", "amr"), [(True, ["webauthn", "mfa"]), (False, ["webauthn"])])
def test_passkey_that_is_shown_twice_is_two_factors_if_it_verified_its_user(
    make_person: MakePerson, verifies: bool, amr: list[str]
) -> None:
    api = make_person(has_app=False, passkey_user_verification="preferred").api
    browser, login_id = Browser(api, Authenticator(verifies=verifies), ORIGIN), new_email()
    token = browser.sign_up(login_id)["refreshJwt"]
    session = browser.sign_in(login_id, options={"mfa": True}, token=token)
    assert claims(api, session)["amr"] == amr


def test_first_session_is_told_as_such(make_person: MakePerson) -> None:
    person = make_person(has_app=False, mfa="required")
    assert person.api.post("/v1/auth/otp/signup/email", {"loginId": "x@example.com"}).status == 200
    asked = person.api.verify_code("x@example.com", person.api.avow.code("x@example.com"))
    assert asked.body["factors"] == []  # nothing but the mailbox: an app or a passkey has to be enrolled
    enrolled = person.api.post("/v1/auth/totp/update", {"loginId": "x@example.com"}, token=asked.body["mfaToken"])
    phone = phones.opening(enrolled["provisioningURL"])
    body = {"loginId": "x@example.com", "code": phone.code(person.api.clock()), "loginOptions": {"mfa": True}}
    opened = person.api.post("/v1/auth/totp/verify", body, token=asked.body["mfaToken"])
    assert opened["firstSeen"] is True
    assert claims(person.api, opened)["amr"] == ["email", "totp", "mfa"]


def test_whoever_could_show_something_enrols_nothing_before(make_person: MakePerson) -> None:
    person = make_person(has_app=False, mfa="required")
    refused = person.api.post("/v1/auth/totp/update", {"loginId": person.email}, token=person.waiting())
    assert (refused.refusal, refused.body["factors"]) == ((401, "E061401"), ["sms"])


def test_refresh_does_not_ask_again(person: Person) -> None:
    opened = person.signed_in()
    change_settings(person.api.avow, {"mfa": "required"})
    person.api.clock.advance(60)
    assert person.api.refresh(opened["refreshJwt"]).status == 200


# --- Cost ----------------------------------------------------------------------------------------------------------


def test_waiting_costs_no_more_than_a_session(person: Person, statements: Statements) -> None:
    assert person.api.post("/v1/auth/otp/signin/email", {"loginId": person.email}).status == 200
    code = person.api.avow.code(person.email)
    with statements:
        person.api.verify_code(person.email, code)
    assert statements.ran == [
        "users.OWNER",
        "challenges.TAKE_CODE",
        "users.PROFILE_HELD",
        "sessions.INSERT_WAITING",
        "store.INSERT_AUDIT",
    ]


def test_factor_costs_one_statement_more(person: Person, statements: Statements) -> None:
    token = person.waiting()
    body = {"loginId": person.email, "loginOptions": {"mfa": True}}
    assert person.api.post("/v1/auth/otp/signin/sms", body, token=token).status == 200
    code = person.api.avow.code(person.number)
    with statements:
        person.api.verify_code(person.email, code, "sms")
    assert [name for name in statements.ran if name.startswith("sessions.")] == [
        "sessions.STATE",
        "sessions.JOIN",
        "sessions.INSERT_WAITING",
    ]


# --- A tenant that is chosen -------------------------------------------------------------------------------------


def choose(person: Person, token: str, **headers: str) -> Reply:
    return person.api.post("/v1/auth/tenant/select", {"tenant": "acme"}, token=token, **headers)


@pytest.mark.parametrize("mfa", ["enrolled", "required"])
def test_tenant_that_is_joined_later_asks_when_it_is_chosen(make_person: MakePerson, mfa: str) -> None:
    person = make_person()
    token = person.by_mail()["refreshJwt"]
    person.api.clock.advance(1)
    ask_of_members(person, mfa=mfa)
    refused = choose(person, token)
    assert refused.refusal == (403, "E061401")
    assert refused.body["factors"] == ["totp"]
    assert person.api.post("/v1/auth/me/tenants", {"dct": True}, token=token)["tenants"] == []
    further = person.by_app(token, {"mfa": True})["refreshJwt"]
    assert claims(person.api, choose(person, further))["dct"] == "acme"


def test_tenant_that_asks_more_since_asks_when_it_is_chosen(make_person: MakePerson) -> None:
    person = make_person()
    ask_of_members(person, mfa="off")
    token = person.by_mail()["refreshJwt"]
    person.api.clock.advance(1)
    assert choose(person, token).status == 200
    set_tenant(person, "acme", freshProofSeconds=300)
    assert choose(person, token).status == 200
    set_tenant(person, "acme", mfa="required")
    assert choose(person, token).refusal == (403, "E061401")
    person.api.clock.advance(1)
    assert choose(person, person.signed_in()["refreshJwt"]).status == 200


def test_tenant_that_was_asked_at_the_sign_in_does_not_ask_again(make_person: MakePerson) -> None:
    """What a device, management or a passkey was enough for then is enough."""
    person = make_person(trusted_device_days=30)
    ask_of_members(person, mfa="required")
    person.api.clock.advance(1)
    session = person.signed_in()
    device = session["trustedDeviceJwt"]
    trusted = person.by_mail(x_descope_trusted_device_token=device)
    key = person.api.avow.management_key
    vouched = person.api.post("/v1/mgmt/auth/signin", {"loginId": person.email}, token=key)
    for each in (session, trusted, vouched):
        assert choose(person, each["refreshJwt"]).status == 200
    person.api.clock.advance(1)
    set_tenant(person, "acme", mfa="enrolled")
    assert choose(person, trusted["refreshJwt"], x_descope_trusted_device_token=device).status == 200
    assert choose(person, trusted["refreshJwt"]).refusal == (403, "E061401")


def test_tenant_that_wants_sso_is_not_chosen_in_a_session_by_another_way(make_person: MakePerson) -> None:
    person = make_person()
    token = person.by_mail()["refreshJwt"]
    ask_of_members(person, enforceSSO=True)
    assert choose(person, token).refusal == (403, "E061305")


# --- Arrangements --------------------------------------------------------------------------------------------------


def set_tenant(person: Person, tenant_id: str, **settings: object) -> None:
    body = {"tenantId": tenant_id, **settings}
    answer = person.api.post("/v1/mgmt/tenant/settings", body, token=person.api.avow.management_key)
    assert answer.status == 200, answer.body


def ask_of_members(person: Person, **settings: object) -> None:
    make_tenant(person.api.avow, tenant_id="acme")
    join_tenant(person.api.avow, person.id, "acme", [])
    set_tenant(person, "acme", **settings)
