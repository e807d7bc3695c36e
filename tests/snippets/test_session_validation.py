"""The manual, heading "Session Validation"."""

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME, AuthException, DescopeClient
from avow.testing.server import Avow

SESSION_SECONDS, LEEWAY_SECONDS = 600, 5


def is_valid(descope_client: DescopeClient, session_token: str) -> bool:
    # Validate the session. Will raise if expired
    try:
        jwt_response = descope_client.validate_session(session_token)
    except AuthException:
        # Session expired
        return False
    return True


def test_session_is_validated(
    descope_client: DescopeClient, avow: Avow, session_token: str, refresh_token: str
) -> None:
    assert is_valid(descope_client, session_token)
    avow.advance(SESSION_SECONDS + LEEWAY_SECONDS + 1)
    assert not is_valid(descope_client, session_token)

    # If validate_session raises an exception, you will need to refresh the session using
    jwt_response = descope_client.refresh_session(refresh_token)
    assert is_valid(descope_client, jwt_response[SESSION_TOKEN_NAME]["jwt"])
    refresh_token = jwt_response[REFRESH_SESSION_TOKEN_NAME]["jwt"]

    # Alternatively, you could combine the two and
    # have the session validated and automatically refreshed when expired
    combined = descope_client.validate_and_refresh_session(session_token, refresh_token)
    assert is_valid(descope_client, combined[SESSION_TOKEN_NAME]["jwt"])
    assert combined["userId"] == jwt_response["userId"]
