"""One-time codes through the official SDK."""

from collections.abc import Callable
from typing import Any

import pytest
from descope import AuthException, DeliveryMethod

from avow.core import addresses
from avow.testing.server import Avow
from tests.contract.people import EMAIL, METHOD_OF, Person, by_method, error_code, masked, masked_field, new_address
from tests.factories import make_user, new_email, new_phone


@pytest.mark.operation("otp.sign_up", "otp.verify_code")
@by_method("otp.sign_up")
def test_sign_up_sends_a_code_that_opens_the_first_session(name: str, client: Any, avow: Avow, fits: Any) -> None:
    method, address = METHOD_OF[name], new_address(name)
    user = {"name": "Desmond Copeland", "givenName": "Desmond", "familyName": "Copeland"}
    assert client.otp.sign_up(method, address, user) == masked(name, address)
    assert fits("otp.sign_up", masked_field(name))
    [message] = avow.messages(address)
    assert message.channel == name

    session = client.otp.verify_code(method, address, message.code)
    assert fits("otp.verify_code", "sessionJwt", "refreshJwt")
    assert session["firstSeen"] is True
    assert session["projectId"] == avow.project_id
    assert session["user"]["name"] == "Desmond Copeland"
    assert session["user"]["givenName"] == "Desmond"
    assert session["user"]["loginIds"] == [address]
    assert session["user"]["verifiedEmail" if name == "email" else "verifiedPhone"] is True
    assert session["userId"] == session["user"]["userId"] == session["sessionToken"]["sub"]
    assert session["sessionToken"]["amr"] == ["email" if name == "email" else "sms"]
    assert session["sessionToken"]["drn"] == "DS"
    assert session["refreshSessionToken"]["drn"] == "DSR"


@pytest.mark.operation("otp.sign_up")
def test_sign_up_sends_to_the_address_of_the_user_when_the_login_id_is_a_name(client: Any, avow: Avow) -> None:
    address = new_email()
    client.otp.sign_up(EMAIL, f"name of {address[:8]}", {"email": address, "phone": "212-555-1234"})
    session = client.otp.verify_code(EMAIL, f"name of {address[:8]}", avow.code(address))
    assert session["user"]["email"] == address
    assert session["user"]["phone"] == "+12125551234"
    assert session["user"]["verifiedPhone"] is False


@pytest.mark.operation("otp.sign_in", "otp.verify_code")
@by_method("otp.sign_in")
def test_sign_in_sends_a_code_to_the_user(name: str, client: Any, avow: Avow, fits: Any) -> None:
    method, address = METHOD_OF[name], new_address(name)
    user_id = make_user(avow, address)
    assert client.otp.sign_in(method, address) == masked(name, address)
    assert fits("otp.sign_in", masked_field(name))
    session = client.otp.verify_code(method, address, avow.code(address))
    assert session["userId"] == user_id
    assert session["firstSeen"] is False


@pytest.mark.operation("otp.sign_up_or_in", "otp.verify_code")
@by_method("otp.sign_up_or_in")
def test_sign_up_or_in_creates_the_user_once(name: str, client: Any, avow: Avow, fits: Any) -> None:
    method, address = METHOD_OF[name], new_address(name)
    sessions = []
    for _ in range(2):
        assert client.otp.sign_up_or_in(method, address) == masked(name, address)
        assert fits("otp.sign_up_or_in", masked_field(name))
        sessions.append(client.otp.verify_code(method, address, avow.code(address)))
    assert [session["firstSeen"] for session in sessions] == [True, False]
    assert sessions[0]["userId"] == sessions[1]["userId"]


@pytest.mark.operation("otp.update_user_email")
def test_new_email_is_the_users_once_its_code_came_back(
    client: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any
) -> None:
    person, address = sign_in(), new_email("new")
    answer = client.otp.update_user_email(person.login_id, address, person.refresh_jwt, add_to_login_ids=True)
    assert answer == addresses.masked_email(address)
    assert fits("otp.update_user_email", "maskedEmail")
    assert client.me(person.refresh_jwt)["email"] == person.login_id
    session = client.otp.verify_code(EMAIL, person.login_id, avow.code(address))
    assert session["user"]["email"] == address
    assert set(session["user"]["loginIds"]) == {person.login_id, address}
    assert session["userId"] == person.id


@pytest.mark.operation("otp.update_user_phone")
@by_method("otp.update_user_phone")
def test_new_phone_is_the_users_once_its_code_came_back(
    name: str, client: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any
) -> None:
    person, number = sign_in(), new_phone()
    answer = client.otp.update_user_phone(METHOD_OF[name], person.login_id, number, person.refresh_jwt)
    assert answer == addresses.masked_phone(number)
    assert fits("otp.update_user_phone", "maskedPhone")
    session = client.otp.verify_code(METHOD_OF[name], person.login_id, avow.code(number))
    assert (session["user"]["phone"], session["user"]["verifiedPhone"]) == (number, True)
    assert session["user"]["loginIds"] == [person.login_id]


@pytest.mark.operation("otp.update_user_email")
def test_update_can_count_as_a_second_factor(client: Any, avow: Avow, sign_in: Callable[..., Person]) -> None:
    person, number = sign_in(), new_phone()
    client.otp.update_user_phone(DeliveryMethod.SMS, person.login_id, number, person.refresh_jwt, mfa=True)
    session = client.otp.verify_code(DeliveryMethod.SMS, person.login_id, avow.code(number))
    assert session["sessionToken"]["amr"] == ["email", "sms", "mfa"]


# --- Refusals: status and code -----------------------------------------------------------------------------------


@pytest.mark.operation("otp.sign_up")
def test_second_sign_up_is_refused(client: Any, sign_in: Callable[..., Person]) -> None:
    person = sign_in()
    with pytest.raises(AuthException) as refused:
        client.otp.sign_up(EMAIL, person.login_id)
    assert (refused.value.status_code, error_code(refused)) == (400, "E062107")
    assert refused.value.error_type == "server error"


@pytest.mark.operation("otp.sign_in")
def test_sign_in_of_nobody_is_refused(client: Any) -> None:
    with pytest.raises(AuthException) as refused:
        client.otp.sign_in(EMAIL, new_email())
    assert (refused.value.status_code, error_code(refused)) == (401, "E062108")


@pytest.mark.operation("otp.verify_code")
def test_wrong_code_is_refused_until_the_attempts_are_spent(client: Any, avow: Avow) -> None:
    address = new_email()
    client.otp.sign_up_or_in(EMAIL, address)
    code = avow.code(address)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    codes = []
    for _ in range(6):
        with pytest.raises(AuthException) as refused:
            client.otp.verify_code(EMAIL, address, wrong)
        assert refused.value.status_code == 401
        codes.append(error_code(refused))
    assert codes == ["E061102"] * 4 + ["E061103"] * 2
    with pytest.raises(AuthException) as refused:
        client.otp.verify_code(EMAIL, address, code)
    assert error_code(refused) == "E061103"


@pytest.mark.operation("otp.verify_code")
def test_expired_code_is_refused(client: Any, avow: Avow) -> None:
    address = new_email()
    client.otp.sign_up_or_in(EMAIL, address)
    code = avow.code(address)
    avow.advance(300)
    with pytest.raises(AuthException) as refused:
        client.otp.verify_code(EMAIL, address, code)
    assert (refused.value.status_code, error_code(refused)) == (401, "E061104")


@pytest.mark.operation("otp.verify_code")
def test_code_works_once(client: Any, avow: Avow) -> None:
    address = new_email()
    client.otp.sign_up_or_in(EMAIL, address)
    code = avow.code(address)
    client.otp.verify_code(EMAIL, address, code)
    with pytest.raises(AuthException) as refused:
        client.otp.verify_code(EMAIL, address, code)
    assert (refused.value.status_code, error_code(refused)) == (401, "E061102")


@pytest.mark.operation("otp.sign_up_or_in")
def test_malformed_address_is_refused(client: Any) -> None:
    with pytest.raises(AuthException) as refused:
        client.otp.sign_up_or_in(EMAIL, "not an address")
    assert (refused.value.status_code, error_code(refused)) == (400, "E011004")


@pytest.mark.operation("otp.update_user_email")
def test_update_of_another_users_login_id_is_refused(client: Any, sign_in: Callable[..., Person]) -> None:
    person, other = sign_in(), sign_in()
    with pytest.raises(AuthException) as refused:
        client.otp.update_user_email(other.login_id, new_email(), person.refresh_jwt)
    assert refused.value.status_code == 403
