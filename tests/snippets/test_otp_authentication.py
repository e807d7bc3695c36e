"""The manual, heading "OTP Authentication"."""

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME, DescopeClient
from avow.testing.server import Avow


def sign_up(descope_client: DescopeClient, address: str) -> None:
    from avow import DeliveryMethod

    # Every user must have a login ID. All other user information is optional
    email = address
    user = {"name": "Desmond Copeland", "phone": "212-555-1234", "email": email}
    descope_client.otp.sign_up(method=DeliveryMethod.EMAIL, login_id=email, user=user)


def test_otp_authentication_sends_a_code(descope_client: DescopeClient, avow: Avow, email: str) -> None:
    sign_up(descope_client, email)
    [message] = avow.messages(email)
    assert (message.channel, len(message.code)) == ("email", 6)


def test_otp_authentication_verifies_the_code(descope_client: DescopeClient, avow: Avow, email: str) -> None:
    from avow import DeliveryMethod

    sign_up(descope_client, email)
    value = avow.code(email)

    jwt_response = descope_client.otp.verify_code(method=DeliveryMethod.EMAIL, login_id=email, code=value)
    session_token = jwt_response[SESSION_TOKEN_NAME].get("jwt")
    refresh_token = jwt_response[REFRESH_SESSION_TOKEN_NAME].get("jwt")

    user = descope_client.me(refresh_token)
    assert (user["name"], user["email"], user["phone"]) == ("Desmond Copeland", email, "+12125551234")
    assert descope_client.validate_session(session_token)["userId"] == user["userId"]
