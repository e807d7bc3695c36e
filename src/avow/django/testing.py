"""For tests of an application: somebody signed in, whichever the token store is, without a page or a flow."""

from collections.abc import Mapping
from typing import Any

from django.test import Client

from avow import REFRESH_SESSION_TOKEN_NAME, SESSION_TOKEN_NAME
from avow.django import settings, stores

__all__ = ["sign_in"]


def sign_in(client: Client, session: Mapping[str, Any]) -> None:
    """Put the tokens of a session where the project keeps them.

    Args:
        client: Django's test client.
        session: What a sign-in of the SDK answered, for example `avow.client().otp.verify_code(...)`.
    """
    said = settings.load()
    tokens = session[SESSION_TOKEN_NAME]["jwt"], session[REFRESH_SESSION_TOKEN_NAME]["jwt"]
    if said.uses_cookies:
        client.cookies[said.session_cookie_name], client.cookies[said.refresh_cookie_name] = tokens
        return
    held = client.session
    held[stores.SESSION_KEY], held[stores.REFRESH_KEY] = tokens
    held.save()
