"""Test users through the official SDK: what management generates, beside what the application sends.

Spec: contract "tokens" section 10.
"""

from typing import Any

import pytest
from descope import AuthException, DeliveryMethod, LoginOptions

from avow.testing.server import Avow
from tests.contract.people import EMAIL, METHOD_OF, SMS, by_method, error_code, new_address
from tests.factories import make_user, new_email
from tests.server.api import token_of

PAGE = "https://app.example.com/verify"


@pytest.fixture
def test_user(client: Any) -> str:
    """Return the login ID of an invited test user."""
    login_id = new_email()
    client.mgmt.user.create_test_user(login_id)
    return login_id


@pytest.mark.operation("mgmt.user.create_test_user", "mgmt.user.generate_otp_for_test_user")
def test_code_generated_before_a_sign_up_still_verifies(client: Any, avow: Avow, test_user: str, fits: Any) -> None:
    made = client.mgmt.user.generate_otp_for_test_user(EMAIL, test_user)
    assert fits("mgmt.user.generate_otp_for_test_user", "loginId", "code")
    assert made["loginId"] == test_user
    client.otp.sign_up(EMAIL, test_user)
    client.otp.sign_in(EMAIL, test_user)
    client.otp.sign_up_or_in(EMAIL, test_user)
    assert avow.messages(test_user) == []
    session = client.otp.verify_code(EMAIL, test_user, made["code"])
    assert session["user"]["status"] == "enabled"
    assert session["sessionToken"]["amr"] == ["email"]
    with pytest.raises(AuthException):
        client.otp.verify_code(EMAIL, test_user, made["code"])


@pytest.mark.operation("mgmt.user.generate_otp_for_test_user")
@by_method("otp.verify_code")
def test_code_stands_for_its_delivery_method(name: str, client: Any, avow: Avow) -> None:
    address = new_address(name)
    make_user(avow, address, is_test=True, is_verified=False)
    code = client.mgmt.user.generate_otp_for_test_user(METHOD_OF[name], address)["code"]
    session = client.otp.verify_code(METHOD_OF[name], address, code)
    assert session["user"]["verifiedEmail" if name == "email" else "verifiedPhone"] is True
    assert avow.messages(address) == []


@pytest.mark.operation("mgmt.user.generate_otp_for_test_user")
def test_embedded_code_needs_no_address_and_proves_none(client: Any) -> None:
    client.mgmt.user.create_test_user("robot")
    made = client.mgmt.user.generate_otp_for_test_user(DeliveryMethod.EMBEDDED, "robot")
    session = client.otp.verify_code(EMAIL, "robot", made["code"])
    assert (session["user"]["status"], session["user"]["verifiedEmail"]) == ("enabled", False)
    with pytest.raises(AuthException) as refused:
        client.mgmt.user.generate_otp_for_test_user(SMS, "robot")
    assert (refused.value.status_code, error_code(refused)) == (400, "E011004")


@pytest.mark.operation("mgmt.user.generate_otp_for_test_user")
def test_custom_claims_of_management_stand_at_the_top(client: Any, test_user: str) -> None:
    options = LoginOptions(custom_claims={"plan": "pro", "sub": "other"})
    code = client.mgmt.user.generate_otp_for_test_user(EMAIL, test_user, options)["code"]
    session = client.otp.verify_code(EMAIL, test_user, code)
    assert session["sessionToken"]["plan"] == "pro"
    assert session["sessionToken"]["sub"] == session["userId"]
    assert "nsec" not in session["sessionToken"]


@pytest.mark.operation("mgmt.user.generate_magic_link_for_test_user")
def test_link_generated_before_a_send_still_verifies(client: Any, avow: Avow, test_user: str, fits: Any) -> None:
    made = client.mgmt.user.generate_magic_link_for_test_user(EMAIL, test_user, PAGE)
    assert fits("mgmt.user.generate_magic_link_for_test_user", "loginId", "link")
    assert made["link"].startswith(f"{PAGE}?t=")
    client.magiclink.sign_up_or_in(EMAIL, test_user, PAGE)
    assert avow.messages(test_user) == []
    session = client.magiclink.verify(token_of(made["link"]))
    assert session["user"]["loginIds"] == [test_user]
    with pytest.raises(AuthException):
        client.magiclink.verify(token_of(made["link"]))


@pytest.mark.operation("mgmt.user.generate_enchanted_link_for_test_user")
def test_enchanted_link_is_clicked_and_polled(client: Any, avow: Avow, test_user: str, fits: Any) -> None:
    made = client.mgmt.user.generate_enchanted_link_for_test_user(test_user, PAGE)
    assert fits("mgmt.user.generate_enchanted_link_for_test_user", "loginId", "link", "pendingRef")
    sent = client.enchantedlink.sign_in(test_user, PAGE)
    assert avow.messages(test_user) == []
    with pytest.raises(AuthException):
        client.enchantedlink.get_session(made["pendingRef"])
    client.enchantedlink.verify(token_of(made["link"]))
    assert client.enchantedlink.get_session(made["pendingRef"])["user"]["loginIds"] == [test_user]
    for ref in (made["pendingRef"], sent["pendingRef"]):
        with pytest.raises(AuthException):
            client.enchantedlink.get_session(ref)


@pytest.mark.operation("mgmt.user.search_all_test_users", "mgmt.user.delete_all_test_users")
def test_test_users_are_found_and_deleted_together(client: Any, test_user: str) -> None:
    other = new_email()
    client.mgmt.user.create(other)
    for found in (client.mgmt.user.search_all(test_users_only=True), client.mgmt.user.search_all_test_users()):
        assert [user["loginIds"] for user in found["users"]] == [[test_user]]
    client.mgmt.user.delete_all_test_users()
    assert client.mgmt.user.search_all_test_users()["total"] == 0
    assert client.mgmt.user.load(other)["user"]["test"] is False


def test_nothing_is_generated_for_others(client: Any, avow: Avow) -> None:
    real = new_email()
    make_user(avow, real)
    calls = (
        lambda who: client.mgmt.user.generate_otp_for_test_user(EMAIL, who),
        lambda who: client.mgmt.user.generate_magic_link_for_test_user(EMAIL, who, PAGE),
        lambda who: client.mgmt.user.generate_enchanted_link_for_test_user(who, PAGE),
    )
    for generate in calls:
        for who, refusal in ((real, (400, "E011004")), (new_email(), (404, "E112102"))):
            with pytest.raises(AuthException) as refused:
                generate(who)
            assert (refused.value.status_code, error_code(refused)) == refusal
