"""The manual, heading "Logging Out"."""

import pytest

from avow import REFRESH_SESSION_TOKEN_NAME, AuthException, DeliveryMethod, DescopeClient
from avow.testing.server import Avow


def again(descope_client: DescopeClient, avow: Avow, refresh_token: str) -> str:
    """Sign the same person in on another device; return that refresh token."""
    address = descope_client.me(refresh_token)["email"]
    descope_client.otp.sign_in(DeliveryMethod.EMAIL, address)
    session = descope_client.otp.verify_code(DeliveryMethod.EMAIL, address, avow.code(address))
    return session[REFRESH_SESSION_TOKEN_NAME]["jwt"]


def is_signed_in(descope_client: DescopeClient, refresh_token: str) -> bool:
    try:
        descope_client.refresh_session(refresh_token)
    except AuthException as refused:
        return refused.status_code != 401
    return True


def test_logout(descope_client: DescopeClient, avow: Avow, refresh_token: str) -> None:
    elsewhere = again(descope_client, avow, refresh_token)

    descope_client.logout(refresh_token)

    assert not is_signed_in(descope_client, refresh_token)
    assert is_signed_in(descope_client, elsewhere)


def test_logout_all(descope_client: DescopeClient, avow: Avow, refresh_token: str) -> None:
    elsewhere = again(descope_client, avow, refresh_token)

    descope_client.logout_all(refresh_token)

    assert not is_signed_in(descope_client, refresh_token)
    assert not is_signed_in(descope_client, elsewhere)


def test_logout_needs_a_live_session(descope_client: DescopeClient, refresh_token: str) -> None:
    descope_client.logout(refresh_token)
    with pytest.raises(AuthException):
        descope_client.logout(refresh_token)
