"""Passkeys through the official SDK, with a device in software as the browser."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from descope import AuthException, LoginOptions

from avow.testing.server import Avow
from tests.bed.authenticator import Authenticator, Forgery, decode
from tests.contract.people import Person, error_code
from tests.factories import new_email

ORIGIN = "http://localhost:3000"


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(counts=True)


@pytest.fixture
def sign_up(client: Any, device: Authenticator) -> Callable[..., Person]:
    """Sign somebody up with a passkey of the device."""

    def act(login_id: str | None = None, user: dict[str, Any] | None = None) -> Person:
        login_id = login_id or new_email()
        begun = client.webauthn.sign_up_start(login_id, ORIGIN, user)
        made = device.create(begun["options"], ORIGIN)
        return Person(login_id, client.webauthn.sign_up_finish(begun["transactionId"], made))

    return act


def _show(client: Any, device: Authenticator, login_id: str, *further: Any) -> dict[str, Any]:
    begun = client.webauthn.sign_in_start(login_id, ORIGIN, *further)
    session: dict[str, Any] = client.webauthn.sign_in_finish(
        begun["transactionId"], device.show(begun["options"], ORIGIN)
    )
    return session


@pytest.mark.operation("webauthn.sign_up_start", "webauthn.sign_up_finish")
def test_sign_up_creates_the_user_with_their_first_passkey(client: Any, device: Authenticator, fits: Any) -> None:
    login_id, user = new_email(), {"name": "Desmond Copeland", "phone": "212-555-1234"}
    begun = client.webauthn.sign_up_start(login_id, ORIGIN, user)
    assert fits("webauthn.sign_up_start", "transactionId", "options", "create")
    assert begun["create"] is True
    asked = json.loads(begun["options"])["publicKey"]
    assert (asked["user"]["name"], asked["user"]["displayName"]) == (login_id, "Desmond Copeland")

    session = client.webauthn.sign_up_finish(begun["transactionId"], device.create(begun["options"], ORIGIN))
    assert fits("webauthn.sign_up_finish", "sessionJwt", "refreshJwt")
    assert session["firstSeen"] is True
    assert session["sessionToken"]["amr"] == ["webauthn"]
    assert (session["user"]["name"], session["user"]["phone"]) == ("Desmond Copeland", "+12125551234")
    assert session["user"]["webauthn"] is True
    me = client.me(session["refreshSessionToken"]["jwt"])
    assert (me["userId"], me["loginIds"]) == (session["userId"], [login_id])
    assert decode(asked["user"]["id"]).decode() == session["userId"]


@pytest.mark.operation("webauthn.sign_in_start", "webauthn.sign_in_finish")
def test_sign_in_takes_the_users_passkey(
    client: Any, device: Authenticator, sign_up: Callable[..., Person], fits: Any
) -> None:
    person = sign_up()
    begun = client.webauthn.sign_in_start(person.login_id, ORIGIN)
    assert fits("webauthn.sign_in_start", "transactionId", "options", "create")
    assert begun["create"] is False
    session = client.webauthn.sign_in_finish(begun["transactionId"], device.show(begun["options"], ORIGIN))
    assert fits("webauthn.sign_in_finish", "sessionJwt", "refreshJwt")
    assert (session["userId"], session["firstSeen"]) == (person.id, False)
    assert client.validate_session(session["sessionToken"]["jwt"])["sub"] == person.id


@pytest.mark.operation("webauthn.sign_up_or_in_start", "webauthn.sign_up_finish", "webauthn.sign_in_finish")
def test_sign_up_or_in_says_which_it_is(client: Any, device: Authenticator, fits: Any) -> None:
    login_id = new_email()
    begun = client.webauthn.sign_up_or_in_start(login_id, ORIGIN)
    assert fits("webauthn.sign_up_or_in_start", "transactionId", "options", "create")
    assert begun["create"] is True
    first = client.webauthn.sign_up_finish(begun["transactionId"], device.create(begun["options"], ORIGIN))
    begun = client.webauthn.sign_up_or_in_start(login_id, ORIGIN)
    assert begun["create"] is False
    second = client.webauthn.sign_in_finish(begun["transactionId"], device.show(begun["options"], ORIGIN))
    assert (first["firstSeen"], second["firstSeen"]) == (True, False)
    assert first["userId"] == second["userId"]


@pytest.mark.operation("webauthn.update_start", "webauthn.update_finish")
def test_update_adds_another_passkey(client: Any, sign_up: Callable[..., Person], fits: Any) -> None:
    person, other = sign_up(), Authenticator("RS256")
    begun = client.webauthn.update_start(person.login_id, person.refresh_jwt, ORIGIN)
    assert fits("webauthn.update_start", "transactionId", "options", "create")
    assert len(json.loads(begun["options"])["publicKey"]["excludeCredentials"]) == 1
    answer = client.webauthn.update_finish(begun["transactionId"], other.create(begun["options"], ORIGIN))
    assert answer is None
    assert fits("webauthn.update_finish")
    assert _show(client, other, person.login_id)["userId"] == person.id
    listed = client.mgmt.user.list_passkeys(person.login_id)["passkeys"]
    assert len(listed) == 2


@pytest.mark.operation("webauthn.update_start", "webauthn.update_finish")
def test_update_with_mfa_answers_a_session_that_counts_both(
    client: Any, device: Authenticator, sign_in: Callable[..., Person], fits: Any
) -> None:
    person = sign_in()
    begun = client.webauthn.update_start(person.login_id, person.refresh_jwt, ORIGIN, mfa=True)
    session = client.webauthn.update_finish(begun["transactionId"], device.create(begun["options"], ORIGIN))
    assert fits("webauthn.update_finish", "jwt")
    assert session["userId"] == person.id
    assert session["sessionToken"]["amr"] == ["email", "webauthn", "mfa"]
    assert client.me(session["refreshSessionToken"]["jwt"])["webauthn"] is True


@pytest.mark.operation("webauthn.sign_in_start", "webauthn.sign_in_finish")
def test_passkey_counts_as_a_second_factor_and_as_step_up(
    client: Any, device: Authenticator, sign_in: Callable[..., Person]
) -> None:
    person = sign_in()
    begun = client.webauthn.update_start(person.login_id, person.refresh_jwt, ORIGIN)
    client.webauthn.update_finish(begun["transactionId"], device.create(begun["options"], ORIGIN))
    second = _show(client, device, person.login_id, LoginOptions(mfa=True), person.refresh_jwt)
    assert second["sessionToken"]["amr"] == ["email", "webauthn", "mfa"]
    options = LoginOptions(stepup=True, custom_claims={"theme": "dark"})
    stepped = _show(client, device, person.login_id, options, second["refreshSessionToken"]["jwt"])
    assert stepped["sessionToken"]["su"] is True
    assert stepped["sessionToken"]["nsec"] == {"theme": "dark"}


@pytest.mark.operation("webauthn.sign_in_finish")
def test_passkey_that_management_removed_signs_nobody_in(
    client: Any, device: Authenticator, sign_up: Callable[..., Person]
) -> None:
    person = sign_up()
    begun = client.webauthn.sign_in_start(person.login_id, ORIGIN)
    [passkey] = client.mgmt.user.list_passkeys(person.login_id)["passkeys"]
    client.mgmt.user.delete_passkey(person.login_id, passkey["id"])
    with pytest.raises(AuthException) as refused:
        client.webauthn.sign_in_finish(begun["transactionId"], device.show(begun["options"], ORIGIN))
    assert (refused.value.status_code, error_code(refused)) == (401, "E067001")


# --- Refusals: status and code -----------------------------------------------------------------------------------


@pytest.mark.operation("webauthn.sign_up_start")
def test_second_sign_up_is_refused(client: Any, sign_up: Callable[..., Person]) -> None:
    person = sign_up()
    with pytest.raises(AuthException) as refused:
        client.webauthn.sign_up_start(person.login_id, ORIGIN)
    assert (refused.value.status_code, error_code(refused)) == (400, "E062107")


@pytest.mark.operation("webauthn.sign_in_start")
def test_sign_in_of_nobody_is_refused(client: Any) -> None:
    with pytest.raises(AuthException) as refused:
        client.webauthn.sign_in_start(new_email(), ORIGIN)
    assert (refused.value.status_code, error_code(refused)) == (401, "E062108")


@pytest.mark.operation("webauthn.sign_in_finish")
def test_forged_and_repeated_answers_are_refused(
    client: Any, device: Authenticator, sign_up: Callable[..., Person]
) -> None:
    person = sign_up()
    begun = client.webauthn.sign_in_start(person.login_id, ORIGIN)
    shown = device.show(begun["options"], ORIGIN)
    client.webauthn.sign_in_finish(begun["transactionId"], shown)
    with pytest.raises(AuthException) as refused:
        client.webauthn.sign_in_finish(begun["transactionId"], shown)
    assert (refused.value.status_code, error_code(refused)) == (401, "E067001")
    begun = client.webauthn.sign_in_start(person.login_id, ORIGIN)
    forged = device.show(begun["options"], ORIGIN, Forgery(client_data={"origin": "https://evil.example"}))
    with pytest.raises(AuthException) as refused:
        client.webauthn.sign_in_finish(begun["transactionId"], forged)
    assert (refused.value.status_code, error_code(refused)) == (401, "E067001")


@pytest.mark.operation("webauthn.sign_in_start")
def test_page_of_another_origin_is_refused(client: Any, sign_up: Callable[..., Person]) -> None:
    person = sign_up()
    with pytest.raises(AuthException) as refused:
        client.webauthn.sign_in_start(person.login_id, "https://evil.example")
    assert (refused.value.status_code, error_code(refused)) == (400, "E011004")


@pytest.mark.operation("webauthn.update_start")
def test_update_needs_the_session_of_the_user(client: Any, avow: Avow, sign_up: Callable[..., Person]) -> None:
    person = sign_up()
    with pytest.raises(AuthException) as refused:
        client.webauthn.update_start(person.login_id, "nonsense", ORIGIN)
    assert refused.value.status_code == 401
    with pytest.raises(AuthException) as refused:
        client.webauthn.update_start(new_email(), person.refresh_jwt, ORIGIN)
    assert refused.value.status_code == 403
