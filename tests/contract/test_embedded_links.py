"""Embedded links through the official SDK: a token that management hands out signs a user up or in."""

from collections.abc import Callable
from typing import Any

import pytest
from descope import AuthException, LoginOptions
from descope.management._user_base import CreateUserObj

from avow.testing.server import Avow
from tests.contract.people import error_code
from tests.factories import make_user, new_email, new_phone


@pytest.mark.operation("mgmt.user.generate_embedded_link")
def test_token_signs_a_user_in_once(client: Any, avow: Avow, fits: Any) -> None:
    login_id = new_email()
    user_id = make_user(avow, login_id, is_verified=False, status="invited")
    token = client.mgmt.user.generate_embedded_link(login_id, {"plan": "pro", "roles": ["admin"]})
    assert fits("mgmt.user.generate_embedded_link", "token")
    session = client.magiclink.verify(token)
    assert (session["userId"], session["firstSeen"]) == (user_id, True)
    assert session["sessionToken"]["plan"] == "pro"
    assert session["sessionToken"]["roles"] == []
    assert session["sessionToken"]["amr"] == ["embedded"]
    assert (session["user"]["status"], session["user"]["verifiedEmail"]) == ("enabled", False)
    assert avow.messages(login_id) == []
    with pytest.raises(AuthException) as refused:
        client.magiclink.verify(token)
    assert error_code(refused) == "E063010"


@pytest.mark.operation("mgmt.user.generate_embedded_link")
def test_token_lives_as_long_as_it_is_told(client: Any, avow: Avow, advance: Callable[[int], None]) -> None:
    login_id = new_email()
    make_user(avow, login_id)
    short, fresh = (client.mgmt.user.generate_embedded_link(login_id, timeout=60) for _ in range(2))
    with pytest.raises(AuthException):
        client.magiclink.verify(short)  # a newer one took its place
    advance(61)
    with pytest.raises(AuthException) as refused:
        client.magiclink.verify(fresh)
    assert error_code(refused) == "E062504"
    for timeout in (-1, 28 * 86400 + 1):
        with pytest.raises(AuthException) as refused:
            client.mgmt.user.generate_embedded_link(login_id, timeout=timeout)
        assert (refused.value.status_code, error_code(refused)) == (400, "E011003")


@pytest.mark.operation("mgmt.user.generate_embedded_link")
def test_unknown_user_is_not_found(client: Any) -> None:
    with pytest.raises(AuthException) as refused:
        client.mgmt.user.generate_embedded_link(new_email())
    assert (refused.value.status_code, error_code(refused)) == (404, "E112102")


@pytest.mark.operation("mgmt.user.generate_sign_up_embedded_link")
def test_token_creates_a_user_when_it_comes_back(client: Any, fits: Any) -> None:
    login_id, phone = new_email(), new_phone()
    person = CreateUserObj(phone=phone, name="Mia Moe", given_name="Mia", family_name="Moe")
    options = LoginOptions(custom_claims={"plan": "pro"})
    token = client.mgmt.user.generate_sign_up_embedded_link(
        login_id, person, phone_verified=True, login_options=options, timeout=60
    )
    assert fits("mgmt.user.generate_sign_up_embedded_link", "token")
    with pytest.raises(AuthException):
        client.mgmt.user.load(login_id)
    session = client.magiclink.verify(token)
    assert session["firstSeen"] is True
    assert session["sessionToken"]["plan"] == "pro"
    user = client.mgmt.user.load(login_id)["user"]
    assert (user["email"], user["verifiedEmail"], user["phone"], user["verifiedPhone"]) == (
        login_id,
        False,
        phone,
        True,
    )
    assert (user["name"], user["givenName"], user["familyName"], user["status"]) == ("Mia Moe", "Mia", "Moe", "enabled")
    with pytest.raises(AuthException) as refused:
        client.mgmt.user.generate_sign_up_embedded_link(login_id)
    assert (refused.value.status_code, error_code(refused)) == (400, "E062107")
