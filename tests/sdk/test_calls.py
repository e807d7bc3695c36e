"""Each call against the contract: verb, path, header and body."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from avow import AuthException, DeliveryMethod, LoginOptions, SignUpOptions
from avow.sdk.calls.keys import fetch_keys
from avow.wire import table
from tests.sdk.bed import PROJECT, FakeServer, without_nulls

OPERATIONS = {row["id"]: row for row in json.loads(Path("tests/contract/operations.json").read_text())}
EMAIL, SMS = DeliveryMethod.EMAIL, DeliveryMethod.SMS
MAIL, PHONE, PAGE = "mia@example.com", "+12025550123", "https://app.example.com/verify"
OPTIONS = LoginOptions(
    stepup=True,
    revoke_other_sessions=True,
    custom_claims={"plan": "pro"},
    template_options={"app": "Acme"},
    template_id="t1",
    locale="de",
)
SIGN_UP_OPTIONS = SignUpOptions(custom_claims={"plan": "pro"}, revoke_other_sessions=False)
OPTIONS_BODY = {
    "stepup": True,
    "mfa": False,
    "revokeOtherSessions": True,
    "customClaims": {"plan": "pro"},
    "templateOptions": {"app": "Acme"},
    "templateId": "t1",
    "locale": "de",
}
SIGN_UP_BODY = {"customClaims": {"plan": "pro"}, "revokeOtherSessions": False}
CHANGE = {"loginId": MAIL, "addToLoginIDs": True, "onMergeUseExisting": False}

Act = Callable[[Any, str], object]
# Operation, delivery method, what is called, the body without nulls, whether the refresh token is shown.
CASES: list[tuple[str, str, Act, dict[str, Any], bool]] = [
    (
        "otp.sign_up",
        "email",
        lambda c, t: c.otp.sign_up(method=EMAIL, login_id=MAIL, user={"name": "Mia"}, signup_options=SIGN_UP_OPTIONS),
        {"loginId": MAIL, "user": {"name": "Mia", "email": MAIL}, "email": MAIL, "loginOptions": SIGN_UP_BODY},
        False,
    ),
    (
        "otp.sign_up",
        "sms",
        lambda c, t: c.otp.sign_up(SMS, "mia", {"phone": PHONE}),
        {"loginId": "mia", "user": {"phone": PHONE}, "phone": PHONE},
        False,
    ),
    (
        "otp.sign_up",
        "voice",
        lambda c, t: c.otp.sign_up(DeliveryMethod.VOICE, PHONE),
        {"loginId": PHONE, "user": {"phone": PHONE}, "voice": PHONE},
        False,
    ),
    (
        "otp.sign_up",
        "whatsapp",
        lambda c, t: c.otp.sign_up(DeliveryMethod.WHATSAPP, PHONE),
        {"loginId": PHONE, "user": {"phone": PHONE}, "whatsapp": PHONE},
        False,
    ),
    (
        "otp.sign_in",
        "email",
        lambda c, t: c.otp.sign_in(EMAIL, MAIL, OPTIONS, t),
        {"loginId": MAIL, "loginOptions": OPTIONS_BODY},
        True,
    ),
    ("otp.sign_in", "sms", lambda c, t: c.otp.sign_in(SMS, PHONE), {"loginId": PHONE, "loginOptions": {}}, False),
    (
        "otp.sign_up_or_in",
        "email",
        lambda c, t: c.otp.sign_up_or_in(EMAIL, MAIL, SIGN_UP_OPTIONS),
        {"loginId": MAIL, "loginOptions": SIGN_UP_BODY},
        False,
    ),
    (
        "otp.verify_code",
        "email",
        lambda c, t: c.otp.verify_code(method=EMAIL, login_id=MAIL, code="123456"),
        {"loginId": MAIL, "code": "123456"},
        False,
    ),
    (
        "otp.update_user_email",
        "",
        lambda c, t: c.otp.update_user_email(MAIL, "new@example.com", t, True, mfa=True),
        CHANGE | {"email": "new@example.com", "mfa": True},
        True,
    ),
    (
        "otp.update_user_phone",
        "sms",
        lambda c, t: c.otp.update_user_phone(SMS, MAIL, PHONE, t, True, False, {"a": "b"}, "t1", "p1"),
        CHANGE | {"phone": PHONE, "mfa": False, "templateOptions": {"a": "b"}, "templateId": "t1", "providerId": "p1"},
        True,
    ),
    (
        "magiclink.sign_up",
        "email",
        lambda c, t: c.magiclink.sign_up(EMAIL, MAIL, PAGE, {"givenName": "Mia"}, SIGN_UP_OPTIONS),
        {
            "loginId": MAIL,
            "URI": PAGE,
            "user": {"givenName": "Mia", "email": MAIL},
            "email": MAIL,
            "loginOptions": SIGN_UP_BODY,
        },
        False,
    ),
    (
        "magiclink.sign_in",
        "email",
        lambda c, t: c.magiclink.sign_in(EMAIL, MAIL, PAGE, OPTIONS, t),
        {"loginId": MAIL, "URI": PAGE, "loginOptions": OPTIONS_BODY},
        True,
    ),
    (
        "magiclink.sign_up_or_in",
        "email",
        lambda c, t: c.magiclink.sign_up_or_in(method=EMAIL, login_id=MAIL, uri=PAGE),
        {"loginId": MAIL, "URI": PAGE, "loginOptions": {}},
        False,
    ),
    (
        "magiclink.sign_up_or_in",
        "email",
        lambda c, t: c.magiclink.sign_up_or_in(EMAIL, MAIL),
        {"loginId": MAIL, "loginOptions": {}},
        False,
    ),
    ("magiclink.verify", "", lambda c, t: c.magiclink.verify(token="T"), {"token": "T"}, False),
    (
        "magiclink.update_user_email",
        "",
        lambda c, t: c.magiclink.update_user_email(MAIL, "new@example.com", t, True, uri=PAGE),
        CHANGE | {"email": "new@example.com", "URI": PAGE},
        True,
    ),
    (
        "magiclink.update_user_phone_by_method",
        "sms",
        lambda c, t: c.magiclink.update_user_phone(SMS, MAIL, PHONE, t, True),
        CHANGE | {"phone": PHONE},
        True,
    ),
    (
        "enchantedlink.sign_up",
        "email",
        lambda c, t: c.enchantedlink.sign_up(MAIL, PAGE, {"name": "Mia"}),
        {"loginId": MAIL, "URI": PAGE, "user": {"name": "Mia", "email": MAIL}, "email": MAIL},
        False,
    ),
    (
        "enchantedlink.sign_up",
        "sms",
        lambda c, t: c.enchantedlink.sign_up_with_phone(PHONE, PAGE),
        {"loginId": PHONE, "URI": PAGE, "user": {"phone": PHONE}, "phone": PHONE},
        False,
    ),
    (
        "enchantedlink.sign_in",
        "email",
        lambda c, t: c.enchantedlink.sign_in(login_id=MAIL, uri=PAGE),
        {"loginId": MAIL, "URI": PAGE, "loginOptions": {}},
        False,
    ),
    (
        "enchantedlink.sign_in",
        "sms",
        lambda c, t: c.enchantedlink.sign_in_with_phone(PHONE, PAGE, OPTIONS, t),
        {"loginId": PHONE, "URI": PAGE, "loginOptions": OPTIONS_BODY},
        True,
    ),
    (
        "enchantedlink.sign_up_or_in",
        "email",
        lambda c, t: c.enchantedlink.sign_up_or_in(login_id=MAIL, uri=PAGE),
        {"loginId": MAIL, "URI": PAGE, "loginOptions": {}},
        False,
    ),
    (
        "enchantedlink.sign_up_or_in",
        "sms",
        lambda c, t: c.enchantedlink.sign_up_or_in_with_phone(PHONE, PAGE, SIGN_UP_OPTIONS),
        {"loginId": PHONE, "URI": PAGE, "loginOptions": SIGN_UP_BODY},
        False,
    ),
    ("enchantedlink.verify", "", lambda c, t: c.enchantedlink.verify("T"), {"token": "T"}, False),
    ("enchantedlink.get_session", "", lambda c, t: c.enchantedlink.get_session("P"), {"pendingRef": "P"}, False),
    (
        "enchantedlink.update_user_email",
        "",
        lambda c, t: c.enchantedlink.update_user_email(MAIL, "new@example.com", t, True),
        CHANGE | {"email": "new@example.com"},
        True,
    ),
    (
        "enchantedlink.update_user_phone",
        "sms",
        lambda c, t: c.enchantedlink.update_user_phone(MAIL, PHONE, t, True, uri=PAGE),
        CHANGE | {"phone": PHONE, "URI": PAGE},
        True,
    ),
    ("totp.sign_up", "", lambda c, t: c.totp.sign_up(MAIL), {"loginId": MAIL}, False),
    (
        "totp.sign_up",
        "",
        lambda c, t: c.totp.sign_up(method=EMAIL, login_id=MAIL, user={"name": "Mia", "phone": "212-555-1234"}),
        {"loginId": MAIL, "user": {"name": "Mia", "phone": "212-555-1234"}},
        False,
    ),
    (
        "totp.sign_in_code",
        "",
        lambda c, t: c.totp.sign_in_code(MAIL, "123456"),
        {"loginId": MAIL, "code": "123456", "loginOptions": {}},
        False,
    ),
    (
        "totp.sign_in_code",
        "",
        lambda c, t: c.totp.sign_in_code(MAIL, "123456", OPTIONS, t),
        {"loginId": MAIL, "code": "123456", "loginOptions": OPTIONS_BODY},
        True,
    ),
    ("totp.update_user", "", lambda c, t: c.totp.update_user(MAIL, t), {"loginId": MAIL}, True),
    ("totp.remove", "", lambda c, t: c.totp.remove(t), {}, True),
    ("recoverycodes.generate", "", lambda c, t: c.recovery_codes.generate(t), {}, True),
    (
        "recoverycodes.verify",
        "",
        lambda c, t: c.recovery_codes.sign_in(MAIL, "7K3M-QX0D-9ZTA", OPTIONS, t),
        {"loginId": MAIL, "code": "7K3M-QX0D-9ZTA", "loginOptions": OPTIONS_BODY},
        True,
    ),
]


def _route(operation: str, method: str) -> tuple[Any, str]:
    endpoint = next(row for row in table.ENDPOINTS if row.id == operation)
    return endpoint, endpoint.path.replace("{method}", method)


@pytest.mark.parametrize(("operation", "method", "act", "body", "shows_token"), CASES)
def test_call_is_that_of_the_contract(
    client: Any, server: FakeServer, operation: str, method: str, act: Act, body: dict[str, Any], shows_token: bool
) -> None:
    endpoint, path = _route(operation, method)
    server.answer(f"POST {path}", body=server.session_body(maskedEmail="m***", maskedPhone="+***", linkId="42"))
    token = server.refresh_token()
    act(client, token)
    sent = next(request for request in server.requests if request.path == path)
    assert without_nulls(server.body()) == body
    assert sent.headers["authorization"] == f"Bearer {PROJECT}" + (f":{token}" if shows_token else "")
    assert sent.headers["content-type"] == "application/json"
    assert msgspec.json.decode(sent.body or b"", type=endpoint.request)
    contract = OPERATIONS.get(operation + "_with_phone" * (method == "sms"), OPERATIONS.get(operation))
    if contract is not None:
        always = {name for name, field in contract["request"].items() if field.get("sent") == "always"}
        assert always - body.keys() <= {"URI", "user"}


def test_masked_address_is_that_of_the_method(client: Any, server: FakeServer) -> None:
    for method, name in ((EMAIL, "email"), (SMS, "sms")):
        server.answer(f"POST /v1/auth/otp/signin/{name}", body={"maskedEmail": "m***", "maskedPhone": "+***"})
        assert client.otp.sign_in(method, MAIL) == ("m***" if method is EMAIL else "+***")


def test_pending_link_is_given_as_it_came(client: Any, server: FakeServer) -> None:
    body = {"linkId": "42", "pendingRef": "P", "maskedEmail": "m***", "later": True}
    server.answer("POST /v1/auth/enchantedlink/signup-in/email", body=body)
    assert client.enchantedlink.sign_up_or_in(MAIL) == body


def test_verified_code_is_a_session(client: Any, server: FakeServer) -> None:
    server.answer("POST /v1/auth/otp/verify/email", body=server.session_body("U7"))
    answer = client.otp.verify_code(EMAIL, MAIL, "123456")
    assert (answer["userId"], answer["firstSeen"], answer["user"]["name"]) == ("U7", False, "Mia")
    assert answer["sessionToken"]["drn"] == "DS"


WRONG: list[Callable[[Any], object]] = [
    lambda c: c.otp.sign_up(EMAIL, ""),
    lambda c: c.otp.sign_up(EMAIL, "not an address"),
    lambda c: c.otp.sign_up(EMAIL, MAIL, {"email": "not an address"}),
    lambda c: c.otp.sign_up(EMAIL, MAIL, {"name": 5}),
    lambda c: c.otp.sign_up(SMS, "not a number"),
    lambda c: c.otp.sign_up(DeliveryMethod.EMBEDDED, MAIL),
    lambda c: c.otp.sign_up("email", MAIL),
    lambda c: c.otp.sign_in(EMAIL, ""),
    lambda c: c.otp.sign_in(EMAIL, None),
    lambda c: c.otp.sign_in(EMAIL, MAIL, LoginOptions(mfa=True)),
    lambda c: c.otp.sign_in(EMAIL, MAIL, LoginOptions(stepup=True), ""),
    lambda c: c.otp.sign_in(EMAIL, MAIL, None, "line\r\nx-evil: 1"),
    lambda c: c.otp.verify_code(EMAIL, MAIL, ""),
    lambda c: c.otp.verify_code(EMAIL, MAIL, 123456),
    lambda c: c.otp.update_user_email(MAIL, "nothing", "a.b.c"),
    lambda c: c.otp.update_user_email("", MAIL, "a.b.c"),
    lambda c: c.otp.update_user_email(MAIL, MAIL, ""),
    lambda c: c.otp.update_user_phone(EMAIL, MAIL, PHONE, "a.b.c"),
    lambda c: c.otp.update_user_phone(SMS, MAIL, "x", "a.b.c"),
    lambda c: c.magiclink.verify(""),
    lambda c: c.magiclink.sign_in(DeliveryMethod.EMBEDDED, MAIL, PAGE),
    lambda c: c.enchantedlink.verify(None),
    lambda c: c.enchantedlink.get_session(""),
    lambda c: c.enchantedlink.sign_up("nothing", PAGE),
    lambda c: c.totp.sign_up(""),
    lambda c: c.totp.sign_up(MAIL, {"name": 5}),
    lambda c: c.totp.sign_in_code(MAIL, ""),
    lambda c: c.totp.sign_in_code(MAIL, 123456),
    lambda c: c.totp.sign_in_code(MAIL, "123456", LoginOptions(mfa=True)),
    lambda c: c.totp.update_user(MAIL, ""),
    lambda c: c.totp.update_user("", "a.b.c"),
    lambda c: c.recovery_codes.sign_in("", "7K3M-QX0D-9ZTA"),
    lambda c: c.recovery_codes.sign_in(MAIL, "7K3M-QX0D-9ZTA", LoginOptions(stepup=True)),
    lambda c: c.recovery_codes.generate(None),
    lambda c: c.logout(""),
    lambda c: c.me(None),
    lambda c: c.select_tenant("", "a.b.c"),
    lambda c: c.mgmt.project.set_settings(no_such_setting=1),
]


@pytest.mark.parametrize("act", WRONG)
def test_wrong_argument_is_refused_before_anything_is_sent(
    client: Any, server: FakeServer, act: Callable[[Any], object]
) -> None:
    with pytest.raises(AuthException) as refused:
        act(client)
    assert refused.value.status_code == 400
    assert server.requests == []


def test_user_of_the_caller_is_not_changed(client: Any, server: FakeServer) -> None:
    server.answer("POST /v1/auth/otp/signup/email", body={"maskedEmail": "m***"})
    user = {"name": "Mia"}
    client.otp.sign_up(EMAIL, MAIL, user)
    assert user == {"name": "Mia"}


def test_settings_are_read_and_changed_by_either_spelling(client: Any, server: FakeServer) -> None:
    route = "/v1/mgmt/avow/project/settings"
    server.answer(f"GET {route}", body={"codeDigits": 6})
    server.answer(f"POST {route}", body={"codeDigits": 8})
    assert client.mgmt.project.get_settings() == {"codeDigits": 6}
    assert client.mgmt.project.set_settings(code_digits=8, inviteUrl=None) == {"codeDigits": 8}
    assert server.body() == {"settings": {"codeDigits": 8, "inviteUrl": None}}
    assert server.last.headers["authorization"] == f"Bearer {PROJECT}:K2management"


def test_path_parts_are_encoded_or_refused() -> None:
    """S-SDK-06: what a caller passes never changes which path is asked for."""
    for value in ("../tenant/delete", "a%2fb", "?x=", "#", "a/b", "ü", "a b", "\r\n"):
        path = fetch_keys(value).path
        assert path.startswith("/v2/keys/")
        assert not set(path[len("/v2/keys/") :]) & set("/?# \r\n")
        assert path.isascii()
    assert fetch_keys("a%2fb").path == "/v2/keys/a%252fb"
    for value in ("", ".", "..", "\ud800"):
        with pytest.raises(AuthException) as refused:
            fetch_keys(value)
        assert refused.value.status_code == 400


def test_word_for_a_delivery_method_is_refused_with_those_to_pass(client: Any) -> None:
    with pytest.raises(AuthException) as refused:
        client.otp.sign_up("email", MAIL)
    assert "takes one of DeliveryMethod.EMAIL, DeliveryMethod.SMS" in refused.value.error_message
    assert refused.value.error_message.endswith("not 'email'.")
