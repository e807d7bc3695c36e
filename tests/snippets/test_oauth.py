"""The manual, heading "OAuth"."""

from collections.abc import Iterator

import pytest

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME, DescopeClient
from avow.testing.server import Avow
from tests.bed.openid import OpenIdPeer, openid_peer
from tests.bed.social import Social


@pytest.fixture
def google(avow: Avow) -> Iterator[OpenIdPeer]:
    """Give a stand-in for Google, set up under its name."""
    with openid_peer(avow.server.clock) as found:
        Social(avow, found, "google").configure(kind="oidc")
        yield found


def start(descope_client: DescopeClient) -> str:
    resp = descope_client.oauth.start(
        provider="google",  # Choose an oauth provider out of the supported providers
        return_url="https://my-app.com/handle-oauth",  # Can be configured in the console instead of here
    )
    return resp["url"]


def test_code_is_exchanged(descope_client: DescopeClient, avow: Avow, google: OpenIdPeer) -> None:
    social = Social(avow, google, "google")
    page = social.come_back(social.open(start(descope_client)))
    assert page.location.startswith("https://my-app.com/handle-oauth?code=")
    code = page.code

    jwt_response = descope_client.oauth.exchange_token(code)
    session_token = jwt_response[SESSION_TOKEN_NAME].get("jwt")
    refresh_token = jwt_response[REFRESH_SESSION_TOKEN_NAME].get("jwt")

    assert descope_client.validate_session(session_token)["userId"] == jwt_response["userId"]
    assert descope_client.me(refresh_token)["email"] == "jane@example.com"
