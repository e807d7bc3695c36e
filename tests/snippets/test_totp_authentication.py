"""The manual, heading "TOTP Authentication"."""

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME, DescopeClient
from avow.testing.server import Avow
from tests import phones


def sign_up(descope_client: DescopeClient, address: str) -> tuple[str, str, str]:
    from avow import DeliveryMethod

    # Every user must have a login ID. All other user information is optional
    email = address
    user = {"name": "Desmond Copeland", "phone": "212-555-1234", "email": email}
    totp_response = descope_client.totp.sign_up(method=DeliveryMethod.EMAIL, login_id=email, user=user)

    # Use one of the provided options to have the user add their credentials to the authenticator
    provisioning_url = totp_response["provisioningURL"]
    image = totp_response["image"]
    key = totp_response["key"]
    return provisioning_url, image, key


def test_totp_authentication_gives_three_forms_of_one_seed(
    descope_client: DescopeClient, avow: Avow, email: str
) -> None:
    provisioning_url, image, key = sign_up(descope_client, email)
    now = avow.server.clock()
    forms = (phones.opening(provisioning_url), phones.scanning(image), phones.typing(key))
    assert len({phone.code(now) for phone in forms}) == 1


def test_totp_authentication_signs_in_by_code(descope_client: DescopeClient, avow: Avow, email: str) -> None:
    _, image, _ = sign_up(descope_client, email)
    code = phones.scanning(image).code(avow.server.clock())

    jwt_response = descope_client.totp.sign_in_code(
        login_id=email,
        code=code,  # Code from authenticator app
    )
    session_token = jwt_response[SESSION_TOKEN_NAME].get("jwt")
    refresh_token = jwt_response[REFRESH_SESSION_TOKEN_NAME].get("jwt")

    user = descope_client.me(refresh_token)
    assert (user["name"], user["email"], user["phone"]) == ("Desmond Copeland", email, "+12125551234")
    assert descope_client.validate_session(session_token)["userId"] == user["userId"]
