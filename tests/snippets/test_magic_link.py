"""The manual, heading "Magic Link"."""

from urllib.parse import parse_qs, urlsplit

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME, DescopeClient
from avow.testing.server import Avow


def sign_up_or_in(descope_client: DescopeClient, address: str) -> None:
    from avow import DeliveryMethod

    descope_client.magiclink.sign_up_or_in(
        method=DeliveryMethod.EMAIL,
        login_id=address,
        uri="http://myapp.com/verify-magic-link",  # Set redirect URI here or via console
    )


def test_magic_link_is_sent(descope_client: DescopeClient, avow: Avow, email: str) -> None:
    sign_up_or_in(descope_client, email)
    assert avow.link(email).startswith("http://myapp.com/verify-magic-link?t=")


def test_magic_link_is_verified(descope_client: DescopeClient, avow: Avow, email: str) -> None:
    sign_up_or_in(descope_client, email)
    [token] = parse_qs(urlsplit(avow.link(email)).query)["t"]

    jwt_response = descope_client.magiclink.verify(token=token)
    session_token = jwt_response[SESSION_TOKEN_NAME].get("jwt")
    refresh_token = jwt_response[REFRESH_SESSION_TOKEN_NAME].get("jwt")

    assert descope_client.validate_session(session_token)["userId"] == jwt_response["userId"]
    assert descope_client.me(refresh_token)["email"] == email
