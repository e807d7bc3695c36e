"""POST /v1/mgmt/tests/generate/...: what test users would have been sent, handed to management."""

from typing import Any

import pytest

from avow.server.keys import actions as keys
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import change_settings, make_user, new_email, new_phone
from tests.server.api import PAGE, Api, Reply, Statements, token_of, wrong

GENERATE = "/v1/mgmt/tests/generate"
KINDS = ("otp", "magiclink", "enchantedlink")


@pytest.fixture
def login_id(avow: Avow) -> str:
    """Return the login ID of a test user."""
    address = new_email()
    make_user(avow, address, is_test=True)
    return address


def generate(api: Api, kind: str, login_id: str, **body: Any) -> Reply:
    wanted = {"loginId": login_id, "loginOptions": {}, "URI": PAGE, **body}
    if kind != "enchantedlink":
        wanted = {"deliveryMethod": "email", **wanted}
    return api.post(f"{GENERATE}/{kind}", wanted, token=api.avow.management_key)


def code_of(api: Api, login_id: str, **body: Any) -> str:
    return str(generate(api, "otp", login_id, **body)["code"])


def send(api: Api, kind: str, login_id: str, how: str = "signin") -> Reply:
    reply = api.post(f"/v1/auth/{kind}/{how}/email", {"loginId": login_id, "URI": PAGE})
    assert reply.status == 200
    return reply


@pytest.mark.parametrize("how", ["signin", "signup", "signup-in"])
def test_code_outlives_the_sends_that_follow(api: Api, login_id: str, how: str) -> None:
    code = code_of(api, login_id)
    for _ in range(3):
        send(api, "otp", login_id, how)
    assert api.avow.messages(login_id) == []
    assert api.verify_code(login_id, code).status == 200
    assert api.verify_code(login_id, code).refusal == (401, "E061102")


def test_code_after_a_send_counts(api: Api, login_id: str) -> None:
    send(api, "otp", login_id)
    assert api.verify_code(login_id, code_of(api, login_id)).status == 200


def test_newer_code_takes_the_place_of_the_older(api: Api, login_id: str) -> None:
    first, second = code_of(api, login_id), code_of(api, login_id)
    if first != second:
        assert api.verify_code(login_id, first).refusal == (401, "E061102")
    assert api.verify_code(login_id, second).status == 200


def test_send_takes_the_place_of_a_code_that_is_dead(api: Api, login_id: str) -> None:
    code = code_of(api, login_id)
    for _ in range(5):
        api.verify_code(login_id, wrong(code))
    send(api, "otp", login_id)
    assert api.verify_code(login_id, code).refusal == (401, "E061102")


def test_code_ends_with_its_time(api: Api, login_id: str) -> None:
    code = code_of(api, login_id)
    api.avow.advance(601)
    assert api.verify_code(login_id, code).refusal == (401, "E061104")


def test_wrong_codes_are_counted_as_for_everybody(api: Api, login_id: str) -> None:
    code = code_of(api, login_id)
    refusals = [api.verify_code(login_id, wrong(code)).refusal for _ in range(5)]
    assert refusals == [(401, "E061102")] * 4 + [(401, "E061103")]


def test_wrong_embedded_codes_are_counted_for_that_user_alone(api: Api, avow: Avow, login_id: str) -> None:
    make_user(avow, "robot", is_test=True)
    code = code_of(api, "robot", deliveryMethod="Embedded")
    assert api.verify_code("robot", wrong(code)).refusal == (401, "E061102")
    assert api.verify_code("robot", code).status == 200
    assert api.verify_code(login_id, code_of(api, login_id)).status == 200


def test_code_of_one_method_is_wrong_on_the_route_of_another(api: Api, avow: Avow) -> None:
    phone = new_phone()
    make_user(avow, phone, is_test=True)
    code = code_of(api, phone, deliveryMethod="sms")
    assert api.verify_code(phone, code, "voice").refusal == (401, "E061102")
    assert api.verify_code(phone, code, "sms").status == 200


def test_first_proof_of_an_address_by_a_generated_code_ends_older_sessions(api: Api, avow: Avow) -> None:
    """Control: the generated code does what one that was sent does."""
    address, phone = new_email(), new_phone()
    make_user(avow, address, phone=phone, is_verified=False, is_test=True)
    token = api.verify_code(address, code_of(api, address, deliveryMethod="sms"), "sms")["refreshJwt"]
    assert api.verify_code(address, code_of(api, address)).status == 200
    assert api.refresh(token).status == 401


def test_link_outlives_the_sends_that_follow(api: Api, login_id: str) -> None:
    link = generate(api, "magiclink", login_id)["link"]
    assert link.startswith(f"{PAGE}?t=")
    send(api, "magiclink", login_id)
    assert api.avow.messages(login_id) == []
    assert api.post("/v1/auth/magiclink/verify", {"token": token_of(link)}).status == 200
    assert api.post("/v1/auth/magiclink/verify", {"token": token_of(link)}).refusal == (401, "E063010")


def test_link_leads_to_our_own_page_without_a_uri(api: Api, login_id: str) -> None:
    for kind, page in (("magiclink", "magic-link"), ("enchantedlink", "enchanted-link")):
        link = generate(api, kind, login_id, URI="")["link"]
        assert f"/{page}/{api.avow.project_id}?t=" in link


def test_link_leads_to_approved_pages_only(api: Api, avow: Avow, login_id: str) -> None:
    change_settings(avow, {"approved_redirects": ["https://app.example.com"]})
    avow.advance(1)
    for kind in KINDS[1:]:
        assert generate(api, kind, login_id, URI="https://evil.example.net/").refusal == (400, "E011004")
        assert generate(api, kind, login_id).status == 200


@pytest.mark.parametrize("is_clicked_before_the_send", [True, False])
def test_enchanted_link_outlives_the_sends_that_follow(
    api: Api, login_id: str, is_clicked_before_the_send: bool
) -> None:
    made = generate(api, "enchantedlink", login_id)

    def click() -> None:
        assert api.post("/v1/auth/enchantedlink/verify", {"token": token_of(made["link"])}).status == 200

    if is_clicked_before_the_send:
        click()
    sent = send(api, "enchantedlink", login_id)
    poll = "/v1/auth/enchantedlink/pending-session"
    assert api.post(poll, {"pendingRef": sent["pendingRef"]}).refusal == (401, "E062503")
    if not is_clicked_before_the_send:
        click()
    assert api.post(poll, {"pendingRef": made["pendingRef"]})["user"]["loginIds"] == [login_id]
    assert api.post(poll, {"pendingRef": sent["pendingRef"]}).refusal == (401, "E062503")


@pytest.mark.parametrize("kind", KINDS)
def test_others_get_none(api: Api, avow: Avow, kind: str, login_id: str) -> None:
    real = new_email()
    make_user(avow, real)
    key = avow.run(lambda tx: keys.create_management_key(tx, "other", rights=["role:write", "user:read"]))[1]
    body = {"loginId": login_id, "deliveryMethod": "email", "URI": PAGE}
    assert generate(api, kind, real).refusal == (400, "E011004")
    assert generate(api, kind, new_email()).refusal == (404, "E112102")
    assert api.post(f"{GENERATE}/{kind}", body).status == 401
    assert api.post(f"{GENERATE}/{kind}", body, token=key).refusal == (403, "E019403")
    assert generate(api, kind, login_id).status == 200


@pytest.mark.parametrize("kind", KINDS)
def test_disabled_user_gets_none(api: Api, avow: Avow, kind: str) -> None:
    address = new_email()
    user_id = make_user(avow, address, is_test=True)
    avow.run(lambda tx: users.set_status(tx, user_id, "disabled"))
    assert generate(api, kind, address).refusal == (403, "E062110")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options",
    [{"stepup": True}, {"mfa": True}, {"customClaims": {"deep": "x" * 9000}}],
    ids=["stepup", "mfa", "claims"],
)
def test_options_that_cannot_be_met_are_refused(api: Api, login_id: str, kind: str, options: Any) -> None:
    assert generate(api, kind, login_id, loginOptions=options).refusal == (400, "E011004")


@pytest.mark.parametrize("kind", KINDS)
def test_method_that_is_switched_off_is_refused(api: Api, avow: Avow, login_id: str, kind: str) -> None:
    change_settings(avow, {"sign_in_methods": [each for each in KINDS if each != kind]})
    avow.advance(1)
    assert generate(api, kind, login_id).refusal == (400, "E019400")


def test_other_sessions_end_when_it_is_asked_for(api: Api, login_id: str) -> None:
    first = api.verify_code(login_id, code_of(api, login_id))["refreshJwt"]
    code = code_of(api, login_id, loginOptions={"revokeOtherSessions": True})
    assert api.verify_code(login_id, code).status == 200
    assert api.refresh(first).status == 401


def test_audit_says_who_was_handed_what_of_whom_and_not_the_code(api: Api, avow: Avow, login_id: str) -> None:
    code = code_of(api, login_id)
    statement = "SELECT actor, data FROM audit_events WHERE project_id = :project_id AND action = 'test_user.generated'"
    ((actor, data),) = avow.run(lambda tx: tx.all(statement, lambda *columns: columns))
    assert actor.startswith("key:")
    assert data == '{"what":"code"}'
    assert code not in data


def test_statements_of_generating_a_code(api: Api, login_id: str, statements: Statements) -> None:
    with statements:
        code_of(api, login_id)
    assert [each for each in statements.ran if not each.startswith(("keys.", "projects."))] == [
        "users.OWNER",
        "users.PROFILE",
        "store.INSERT_AUDIT",
        "challenges.PUT",
    ]
