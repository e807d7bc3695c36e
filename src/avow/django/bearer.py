"""Who sent a session token in an `Authorization` header: what APIs take beside cookies. For DRF and Ninja alike."""

from functools import partial

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from avow.django import users
from avow.django.shapes import User
from avow.sdk.integration.bearer import bearer_token
from avow.sdk.integration.session import AvowSession

__all__ = ["token_of", "user_of"]


def token_of(request: HttpRequest) -> str | None:
    """Return the token of the header; None when the header is absent or of another scheme, "" when it is empty."""
    return bearer_token(request.headers.get("Authorization"))


def user_of(session: AvowSession) -> User:
    """Return the user of a session, whose row is read when it is looked at; nobody for an access key's."""
    return AnonymousUser() if session.is_machine else SimpleLazyObject(partial(users.load_or_nobody, session))
