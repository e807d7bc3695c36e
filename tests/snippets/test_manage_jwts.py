"""The manual, heading "Manage JWTs"."""

from avow import DescopeClient


def test_manage_jwts(descope_client: DescopeClient, session_token: str, refresh_token: str) -> None:
    updated_jwt = descope_client.mgmt.jwt.update_jwt(
        jwt=session_token,
        custom_claims={"custom-key1": "custom-value1", "custom-key2": "custom-value2"},
    )

    claims: dict[str, object] = {**descope_client.validate_session(updated_jwt)}
    assert (claims["custom-key1"], claims["custom-key2"]) == ("custom-value1", "custom-value2")
    later: dict[str, object] = {**descope_client.refresh_session(refresh_token)["sessionToken"]}
    assert later["custom-key1"] == "custom-value1"
