"""Sessions through the official SDK: validated, refreshed, asked about, ended."""

from collections.abc import Callable
from typing import Any

import pytest
from descope import AuthException, LoginOptions, SignUpOptions

from avow.testing.server import Avow
from tests.contract.people import EMAIL, SMS, Person, error_code
from tests.factories import join_tenant, make_role, make_tenant, make_user, new_email, new_phone

SESSION_SECONDS, LEEWAY_SECONDS = 600, 5
FAR_FUTURE_SECONDS = 28 * 86400


@pytest.mark.operation("validate_session")
def test_session_token_validates_to_its_claims(client: Any, avow: Avow, sign_in: Callable[..., Person]) -> None:
    person = sign_in()
    claims = client.validate_session(person.session_jwt)
    assert claims["userId"] == claims["sub"] == person.id
    assert claims["projectId"] == avow.project_id
    assert claims["jwt"] == person.session_jwt
    assert claims["sessionToken"]["exp"] - claims["iat"] == SESSION_SECONDS
    assert (claims["permissions"], claims["roles"], claims["tenants"]) == ([], [], {})


@pytest.mark.operation("validate_session")
def test_expired_session_token_is_refused(
    client: Any, sign_in: Callable[..., Person], advance: Callable[[int], None]
) -> None:
    person = sign_in()
    client.validate_session(person.session_jwt)
    advance(SESSION_SECONDS + LEEWAY_SECONDS + 1)
    with pytest.raises(AuthException) as refused:
        client.validate_session(person.session_jwt)
    assert (refused.value.status_code, refused.value.error_type) == (401, "invalid token")


@pytest.mark.operation("validate_session")
def test_session_token_of_another_project_is_refused(
    make_project: Callable[..., Avow], make_client: Callable[..., Any], sign_in: Callable[..., Person]
) -> None:
    stranger = make_client(make_project())
    with pytest.raises(AuthException) as refused:
        stranger.validate_session(sign_in().session_jwt)
    assert refused.value.error_type == "invalid public key"


@pytest.mark.operation("refresh_session")
def test_refresh_opens_a_fresh_session_token(
    client: Any, sign_in: Callable[..., Person], advance: Callable[[int], None], fits: Any
) -> None:
    person = sign_in()
    advance(SESSION_SECONDS + LEEWAY_SECONDS + 1)
    session = client.refresh_session(person.refresh_jwt)
    assert fits("refresh_session", "sessionJwt")
    assert client.validate_session(session["sessionToken"]["jwt"])["userId"] == person.id
    assert session["userId"] == person.id
    assert session["user"]["loginIds"] == [person.login_id]
    assert session["firstSeen"] is False
    assert session["cookieData"]["path"] == "/"
    left = FAR_FUTURE_SECONDS - (SESSION_SECONDS + LEEWAY_SECONDS + 1)
    assert left - 5 <= session["cookieData"]["maxAge"] <= left  # what the calls themselves took


@pytest.mark.operation("refresh_session")
def test_refresh_token_given_out_in_a_body_lasts(
    client: Any, sign_in: Callable[..., Person], advance: Callable[[int], None]
) -> None:
    # Official clients hand it to applications that never store a new one.
    person = sign_in()
    for _ in range(3):
        advance(3600)
        assert client.refresh_session(person.refresh_jwt)["refreshSessionToken"]["jwt"] == person.refresh_jwt


@pytest.mark.operation("validate_and_refresh_session")
def test_valid_session_is_not_refreshed_and_expired_one_is(
    client: Any, sign_in: Callable[..., Person], advance: Callable[[int], None]
) -> None:
    person = sign_in()
    claims = client.validate_and_refresh_session(person.session_jwt, person.refresh_jwt)
    assert claims["sessionToken"]["jwt"] == person.session_jwt
    assert "refreshSessionToken" not in claims
    advance(SESSION_SECONDS + LEEWAY_SECONDS + 1)
    session = client.validate_and_refresh_session(person.session_jwt, person.refresh_jwt)
    assert session["sessionToken"]["jwt"] != person.session_jwt
    assert session["refreshSessionToken"]["jwt"] == person.refresh_jwt


@pytest.mark.operation("get_last_response")
def test_last_response_is_the_answer_to_the_last_call(client: Any, sign_in: Callable[..., Person]) -> None:
    person = sign_in()
    me = client.me(person.refresh_jwt)
    response = client.get_last_response()
    assert (response.status_code, response.json()) == (200, me)
    assert response.headers["x-request-id"]
    with pytest.raises(AuthException):
        client.mgmt.user.load("nobody@example.com")
    assert client.get_last_response().status_code == 404


# --- The person --------------------------------------------------------------------------------------------------


@pytest.mark.operation("me")
def test_me_is_the_user(client: Any, sign_in: Callable[..., Person], fits: Any) -> None:
    person = sign_in()
    me = client.me(person.refresh_jwt)
    assert fits("me")
    assert (me["userId"], me["email"], me["loginIds"]) == (person.id, person.login_id, [person.login_id])
    assert (me["verifiedEmail"], me["status"], me["test"]) == (True, "enabled", False)
    assert me["OAuth"] == {}


@pytest.mark.operation("history")
def test_history_lists_sign_ins_the_newest_first(
    client: Any, avow: Avow, sign_in: Callable[..., Person], advance: Callable[[int], None], fits: Any
) -> None:
    first = sign_in()
    advance(60)
    second = sign_in(first.login_id)
    records = client.history(second.refresh_jwt)
    assert fits("history")
    assert [record["userId"] for record in records] == [first.id, first.id]
    assert records[0]["loginTime"] == avow.server.clock() or records[0]["loginTime"] > records[1]["loginTime"]
    assert records[0]["ip"] == "127.0.0.1"


@pytest.mark.operation("my_tenants", "select_tenant")
def test_tenants_are_listed_and_selected(client: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any) -> None:
    person = sign_in()
    acme, other = make_tenant(avow, "Acme"), make_tenant(avow, "Other")
    join_tenant(avow, person.id, acme, [make_role(avow, "Buyer", ["buy"])])
    join_tenant(avow, person.id, other)

    assert {each["name"] for each in client.my_tenants(person.refresh_jwt, ids=[acme, other])["tenants"]} == {
        "Acme",
        "Other",
    }
    assert fits("my_tenants", "tenants")
    assert client.my_tenants(person.refresh_jwt, dct=True)["tenants"] == []

    session = client.select_tenant(acme, person.refresh_jwt)
    assert fits("select_tenant", "sessionJwt", "refreshJwt")
    assert session["sessionToken"]["dct"] == acme
    assert session["tenants"][acme] == {"name": "Acme", "roles": ["Buyer"], "permissions": ["buy"]}
    refresh_jwt = session["refreshSessionToken"]["jwt"]
    [selected] = client.my_tenants(refresh_jwt, dct=True)["tenants"]
    assert (selected["id"], selected["name"]) == (acme, "Acme")
    assert client.refresh_session(refresh_jwt)["sessionToken"]["dct"] == acme


@pytest.mark.operation("select_tenant")
def test_tenant_of_others_cannot_be_selected(client: Any, avow: Avow, sign_in: Callable[..., Person]) -> None:
    person, tenant = sign_in(), make_tenant(avow)
    with pytest.raises(AuthException) as refused:
        client.select_tenant(tenant, person.refresh_jwt)
    assert refused.value.status_code == 403
    assert "dct" not in client.refresh_session(person.refresh_jwt)["sessionToken"]


# --- The end -----------------------------------------------------------------------------------------------------


@pytest.mark.operation("logout")
def test_logout_ends_one_session(client: Any, sign_in: Callable[..., Person], fits: Any) -> None:
    here = sign_in()
    elsewhere = sign_in(here.login_id)
    assert client.logout(here.refresh_jwt).status_code == 200
    assert fits("logout")
    for call in (client.refresh_session, client.me, client.history, client.logout):
        with pytest.raises(AuthException) as refused:
            call(here.refresh_jwt)
        assert (refused.value.status_code, error_code(refused)) == (401, "E064001")
    assert client.refresh_session(elsewhere.refresh_jwt)["userId"] == here.id


@pytest.mark.operation("logout_all")
def test_logout_all_ends_every_session(client: Any, sign_in: Callable[..., Person], fits: Any) -> None:
    here = sign_in()
    elsewhere = sign_in(here.login_id)
    assert client.logout_all(here.refresh_jwt).status_code == 200
    assert fits("logout_all")
    for person in (here, elsewhere):
        with pytest.raises(AuthException) as refused:
            client.refresh_session(person.refresh_jwt)
        assert error_code(refused) == "E064001"


@pytest.mark.operation("me")
def test_token_that_is_none_is_refused(client: Any, sign_in: Callable[..., Person]) -> None:
    person = sign_in()
    for token in ("a.b.c", person.session_jwt, person.refresh_jwt[:-4] + "AAAA"):
        with pytest.raises(AuthException) as refused:
            client.me(token)
        assert (refused.value.status_code, error_code(refused)) == (401, "E064002")


# --- Login options -----------------------------------------------------------------------------------------------


@pytest.mark.operation("otp.sign_in")
def test_custom_claims_of_a_client_are_marked_as_unsigned(client: Any, avow: Avow) -> None:
    address = new_email()
    make_user(avow, address)
    claims = {"colour": "blue", "roles": ["Admin"], "sub": "U0"}
    client.otp.sign_in(EMAIL, address, LoginOptions(custom_claims=claims))
    session = client.otp.verify_code(EMAIL, address, avow.code(address))
    assert session["sessionToken"]["nsec"] == {"colour": "blue"}
    assert session["roles"] == []
    refreshed = client.refresh_session(session["refreshSessionToken"]["jwt"])
    assert refreshed["sessionToken"]["nsec"] == {"colour": "blue"}


@pytest.mark.operation("otp.sign_up_or_in")
def test_other_sessions_end_when_asked(client: Any, sign_in: Callable[..., Person]) -> None:
    first = sign_in()
    second = sign_in(first.login_id, signup_options=SignUpOptions(revoke_other_sessions=True))
    with pytest.raises(AuthException) as refused:
        client.refresh_session(first.refresh_jwt)
    assert error_code(refused) == "E064001"
    assert client.refresh_session(second.refresh_jwt)["userId"] == first.id


@pytest.mark.operation("otp.sign_in")
def test_second_factor_adds_to_the_live_session(client: Any, avow: Avow, sign_in: Callable[..., Person]) -> None:
    address, number = new_email(), new_phone()
    make_user(avow, address, phone=number)
    person = sign_in(address)
    client.otp.sign_in(SMS, address, LoginOptions(mfa=True), refresh_token=person.refresh_jwt)
    session = client.otp.verify_code(SMS, address, avow.code(number))
    assert session["sessionToken"]["amr"] == ["email", "sms", "mfa"]


@pytest.mark.operation("otp.sign_in", "magiclink.sign_in", "enchantedlink.sign_in")
@pytest.mark.parametrize("method", ["otp", "magiclink", "enchantedlink"])
def test_step_up_needs_the_live_session_of_the_same_user(
    method: str, client: Any, sign_in: Callable[..., Person]
) -> None:
    person, other = sign_in(), sign_in()
    first = () if method == "enchantedlink" else (EMAIL,)
    page = () if method == "otp" else ("https://app.example.com/verify",)

    def start(refresh_jwt: str) -> Any:
        options = LoginOptions(stepup=True)
        return getattr(client, method).sign_in(*first, person.login_id, *page, options, refresh_token=refresh_jwt)

    assert start(person.refresh_jwt)
    with pytest.raises(AuthException) as refused:
        start(other.refresh_jwt)
    assert refused.value.status_code == 401


@pytest.mark.operation("otp.sign_in")
def test_step_up_is_said_in_the_session_token(client: Any, avow: Avow, sign_in: Callable[..., Person]) -> None:
    person = sign_in()
    client.otp.sign_in(EMAIL, person.login_id, LoginOptions(stepup=True), refresh_token=person.refresh_jwt)
    session = client.otp.verify_code(EMAIL, person.login_id, avow.code(person.login_id))
    assert session["sessionToken"]["su"] is True
    assert "su" not in client.validate_session(person.session_jwt)


@pytest.mark.operation("otp.sign_in")
def test_message_is_in_the_language_asked_for(client: Any, avow: Avow) -> None:
    subjects = {}
    for locale in ("en", "de"):
        address = new_email()
        make_user(avow, address)
        client.otp.sign_in(EMAIL, address, LoginOptions(locale=locale))
        subjects[locale] = avow.messages(address)[0].subject
    assert subjects["de"] != subjects["en"]


# --- Cookies -----------------------------------------------------------------------------------------------------


@pytest.mark.operation("otp.verify_code", "refresh_session", "logout")
def test_refresh_token_travels_as_a_cookie_when_the_project_says_so(
    make_project: Callable[..., Avow], make_client: Callable[..., Any], served: Any
) -> None:
    avow = make_project(refresh_token_in="cookie")
    client, address = make_client(avow), new_email()
    client.otp.sign_up_or_in(EMAIL, address)
    session = client.otp.verify_code(EMAIL, address, avow.code(address))

    answer = served.last("otp.verify_code").response
    assert b"refreshJwt" not in answer.body
    [cookie] = [value for name, value in answer.headers if name == "set-cookie"]
    assert cookie.startswith(f"DSR={session['refreshSessionToken']['jwt']}; ")
    attributes = cookie.split("; ")[1:]
    assert {"HttpOnly", "Secure", "Path=/", f"Max-Age={FAR_FUTURE_SECONDS}"} <= set(attributes)
    assert session["cookieData"]["maxAge"] == FAR_FUTURE_SECONDS

    refreshed = client.refresh_session(session["refreshSessionToken"]["jwt"])
    assert refreshed["refreshSessionToken"]["drn"] == "DSR"
    client.logout(refreshed["refreshSessionToken"]["jwt"])
    [cleared] = [value for name, value in served.last("logout").response.headers if name == "set-cookie"]
    assert cleared.startswith("DSR=; Max-Age=0")
