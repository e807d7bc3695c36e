"""Authenticator apps through the official SDK; the phone is pyotp."""

from collections.abc import Callable
from typing import Any

import pytest
from descope import AuthException, LoginOptions

from avow.testing.server import Avow
from tests import phones
from tests.contract.people import EMAIL, Person, error_code
from tests.factories import make_totp_seed, make_user, new_email
from tests.phones import Phone


def now(avow: Avow) -> int:
    return avow.server.clock()


def make_owner(avow: Avow) -> tuple[str, str, Phone]:
    """Insert a user with an app; return their id and login ID, and the phone."""
    login_id = new_email()
    user_id = make_user(avow, login_id)
    return user_id, login_id, phones.holding(make_totp_seed(avow, user_id))


def refused(call: Callable[..., Any], *args: Any) -> tuple[int | None, str]:
    with pytest.raises(AuthException) as raised:
        call(*args)
    return raised.value.status_code, error_code(raised)


@pytest.mark.operation("totp.sign_up", "totp.sign_in_code")
def test_sign_up_makes_a_seed_whose_first_code_creates_the_user(client: Any, avow: Avow, fits: Any) -> None:
    login_id = new_email("desmond")
    user = {"name": "Desmond Copeland", "phone": "212-555-1234", "email": login_id}
    answer = client.totp.sign_up(login_id, user)
    assert fits("totp.sign_up", "provisioningURL", "image", "key")
    assert set(answer) == {"provisioningURL", "image", "key"}
    by_image, by_url = phones.scanning(answer["image"]), phones.opening(answer["provisioningURL"])
    assert by_image.app.secret == by_url.app.secret == answer["key"]
    assert by_image.app.name == login_id
    with pytest.raises(AuthException) as missing:
        client.mgmt.user.load(login_id)
    assert missing.value.status_code == 404

    session = client.totp.sign_in_code(login_id, by_image.code(now(avow)))
    assert fits("totp.sign_in_code", "sessionJwt", "refreshJwt")
    assert session["firstSeen"] is True
    assert session["user"]["name"] == "Desmond Copeland"
    assert (session["user"]["email"], session["user"]["verifiedEmail"]) == (login_id, False)
    assert session["user"]["phone"] == "+12125551234"
    assert session["userId"] == session["sessionToken"]["sub"]
    assert session["sessionToken"]["amr"] == ["totp"]
    assert client.mgmt.user.load(login_id)["user"]["TOTP"] is True


@pytest.mark.operation("totp.sign_up")
def test_sign_up_needs_nothing_but_a_login_id(client: Any, avow: Avow) -> None:
    phone = phones.typing(client.totp.sign_up("a name")["key"])
    session = client.totp.sign_in_code("a name", phone.code(now(avow)))
    assert session["user"]["loginIds"] == ["a name"]


@pytest.mark.operation("totp.sign_in_code")
def test_code_signs_in_again(client: Any, avow: Avow) -> None:
    user_id, login_id, phone = make_owner(avow)
    session = client.totp.sign_in_code(login_id, phone.code(now(avow)))
    assert (session["userId"], session["firstSeen"]) == (user_id, False)
    assert client.me(session["refreshSessionToken"]["jwt"])["userId"] == user_id


@pytest.mark.operation("totp.sign_in_code")
def test_code_is_a_second_factor(client: Any, avow: Avow) -> None:
    _, login_id, phone = make_owner(avow)
    client.otp.sign_in(EMAIL, login_id)
    first = client.otp.verify_code(EMAIL, login_id, avow.code(login_id))["refreshSessionToken"]["jwt"]
    session = client.totp.sign_in_code(login_id, phone.code(now(avow)), LoginOptions(mfa=True), first)
    assert session["sessionToken"]["amr"] == ["email", "totp", "mfa"]


@pytest.mark.operation("totp.sign_in_code")
def test_code_steps_up(client: Any, avow: Avow) -> None:
    _, login_id, phone = make_owner(avow)
    first = client.totp.sign_in_code(login_id, phone.code(now(avow)))["refreshSessionToken"]["jwt"]
    options = LoginOptions(stepup=True, custom_claims={"plan": "pro"})
    session = client.totp.sign_in_code(login_id, phone.code(now(avow), 1), options, first)
    assert session["sessionToken"]["su"] is True
    assert session["sessionToken"]["nsec"] == {"plan": "pro"}


@pytest.mark.operation("totp.update_user", "totp.sign_in_code")
def test_signed_in_user_adds_an_app(client: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any) -> None:
    person = sign_in()
    answer = client.totp.update_user(person.login_id, person.refresh_jwt)
    assert fits("totp.update_user", "provisioningURL", "image", "key")
    assert client.me(person.refresh_jwt)["TOTP"] is False
    phone = phones.scanning(answer["image"])
    session = client.totp.sign_in_code(person.login_id, phone.code(now(avow)))
    assert session["userId"] == person.id
    assert client.me(person.refresh_jwt)["TOTP"] is True


@pytest.mark.operation("totp.update_user", "totp.sign_in_code")
def test_user_replaces_the_app_and_the_old_one_is_void(client: Any, avow: Avow) -> None:
    _, login_id, old = make_owner(avow)
    session = client.totp.sign_in_code(login_id, old.code(now(avow)))["refreshSessionToken"]["jwt"]
    new = phones.scanning(client.totp.update_user(login_id, session)["image"])
    assert client.totp.sign_in_code(login_id, new.code(now(avow)))["firstSeen"] is False
    assert refused(client.totp.sign_in_code, login_id, old.code(now(avow), 1)) == (401, "E061102")
    assert client.totp.sign_in_code(login_id, new.code(now(avow), 1))["user"]["TOTP"] is True


@pytest.mark.operation("mgmt.user.remove_totp_seed", "totp.sign_in_code")
def test_management_takes_the_app_away(client: Any, avow: Avow) -> None:
    _, login_id, phone = make_owner(avow)
    client.mgmt.user.remove_totp_seed(login_id)
    assert refused(client.totp.sign_in_code, login_id, phone.code(now(avow))) == (401, "E061102")
    assert client.mgmt.user.load(login_id)["user"]["TOTP"] is False


# --- Refusals: status and code -----------------------------------------------------------------------------------


@pytest.mark.operation("totp.sign_up")
def test_second_sign_up_is_refused(client: Any, sign_in: Callable[..., Person]) -> None:
    assert refused(client.totp.sign_up, sign_in().login_id) == (400, "E062107")


@pytest.mark.operation("totp.sign_in_code")
def test_code_works_once(client: Any, avow: Avow) -> None:
    _, login_id, phone = make_owner(avow)
    code = phone.code(now(avow))
    client.totp.sign_in_code(login_id, code)
    assert refused(client.totp.sign_in_code, login_id, code) == (401, "E061102")


@pytest.mark.operation("totp.sign_in_code")
def test_code_of_nobody_is_refused(client: Any) -> None:
    assert refused(client.totp.sign_in_code, new_email(), "123456") == (401, "E061102")


@pytest.mark.operation("totp.sign_in_code")
def test_second_factor_with_the_session_of_somebody_else_is_refused(
    client: Any, avow: Avow, sign_in: Callable[..., Person]
) -> None:
    _, login_id, phone = make_owner(avow)
    foreign = sign_in().refresh_jwt
    arguments = (login_id, phone.code(now(avow)), LoginOptions(mfa=True), foreign)
    assert refused(client.totp.sign_in_code, *arguments) == (401, "E019401")


@pytest.mark.operation("totp.update_user")
def test_app_of_somebody_else_is_not_replaced(client: Any, avow: Avow, sign_in: Callable[..., Person]) -> None:
    _, login_id, _ = make_owner(avow)
    assert refused(client.totp.update_user, login_id, sign_in().refresh_jwt)[0] == 403


@pytest.mark.operation("totp.update_user")
def test_app_is_not_replaced_by_whoever_did_not_show_it(client: Any, avow: Avow) -> None:
    _, login_id, _ = make_owner(avow)
    client.otp.sign_in(EMAIL, login_id)
    session = client.otp.verify_code(EMAIL, login_id, avow.code(login_id))["refreshSessionToken"]["jwt"]
    assert refused(client.totp.update_user, login_id, session) == (403, "E061401")
