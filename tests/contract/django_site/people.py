"""Those who come to the sites: test users of the project, signed in with a code through the official SDK."""

from typing import Any

from descope import REFRESH_SESSION_TOKEN_NAME, AssociatedTenant, DeliveryMethod
from django.test import Client
from django_descope import descope_client
from django_descope.authentication import add_tokens_to_request

from tests.factories import new_email

__all__ = ["created", "end_session_token", "session_of"]


def created(*roles: str, tenants: dict[str, list[str]] | None = None) -> str:
    """Create a test user who has these roles; return the login ID."""
    login_id = new_email()
    associations = [AssociatedTenant(tenant_id, names) for tenant_id, names in (tenants or {}).items()]
    descope_client.mgmt.user.create_test_user(login_id, role_names=list(roles), user_tenants=associations)
    return login_id


def session_of(login_id: str) -> dict[str, Any]:
    """Sign somebody in; return what the SDK answered."""
    code = descope_client.mgmt.user.generate_otp_for_test_user(DeliveryMethod.EMAIL, login_id)["code"]
    session: dict[str, Any] = descope_client.otp.verify_code(DeliveryMethod.EMAIL, login_id, code)
    return session


def end_session_token(client: Client, session: dict[str, Any]) -> None:
    """Leave to a browser a session token that counts no more, and the refresh token that fetches another one.

    Without any session token the official SDK asks nobody.
    """
    add_tokens_to_request(client.session, "ended", session[REFRESH_SESSION_TOKEN_NAME]["jwt"])
