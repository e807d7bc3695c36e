"""The session token of an `Authorization` header: what an API takes beside cookies. For DRF and Ninja alike."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from avow.django import users
from avow.django.shapes import User
from avow.sdk.integration.session import AvowSession, Tokens

__all__ = ["SCHEME", "bearer_token", "session_of_claims", "user_of"]

SCHEME = "Bearer"


def bearer_token(request: HttpRequest) -> str | None:
    """Return the token of the header; None when the header is absent or of another scheme, "" when it is empty."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == SCHEME.lower() else None


def session_of_claims(claims: Mapping[str, Any], token: str) -> AvowSession:
    """Return the session of a token that was validated."""
    return AvowSession(claims, Tokens(token))


def user_of(session: AvowSession) -> User:
    """Return the user of a session, whose row is read when it is looked at; nobody for an access key's."""
    return AnonymousUser() if session.is_machine else SimpleLazyObject(partial(users.load_or_nobody, session))
