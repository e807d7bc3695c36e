"""simplejwt's authentication class for Django REST framework, which is imported here and nowhere else."""

from typing import Any, Final

from rest_framework.exceptions import AuthenticationFailed

from avow.django.jwt import settings
from avow.django.jwt.exceptions import JWTValidationError
from avow.django.jwt.simplejwt import tokens
from avow.django.jwt.tokens import Claims, SomeUser

__all__ = ["JWTAuthentication"]

_NOT_VALID: Final = "Given token not valid for any token type"


class JWTAuthentication:
    """Takes the access token of the Authorization header; the user is read from the database.

    DRF asks an authentication class for nothing but these two methods.
    """

    def authenticate(self, request: Any) -> tuple[SomeUser, Claims] | None:  # noqa: ANN401 - DRF ships no types
        """Return the user and the claims of a request, or None if it brings no token of ours.

        Raises:
            AuthenticationFailed: The token does not hold, or its user is gone or inactive.
        """
        words = request.META.get("HTTP_AUTHORIZATION", "").split()
        if not words or words[0] not in tokens.schemes():
            return None
        if len(words) != 2:
            text = "Authorization header must contain two space-delimited values"
            raise AuthenticationFailed({"detail": text, "code": "bad_authorization_header"})
        claims = _read(words[1])
        return _find_user(claims), claims

    def authenticate_header(self, request: object) -> str:
        """Return what a refusal says about signing in."""
        return f'{tokens.schemes()[0]} realm="api"'


def _read(token: str) -> Claims:
    try:
        claims = tokens.read(token, "access")
        if settings.AVOW_JWT_STRICT:
            tokens.check_ended(claims)
    except JWTValidationError as refusal:
        message = {"token_class": "AccessToken", "token_type": "access", "message": str(refusal)}
        refused = {"detail": _NOT_VALID, "code": "token_not_valid", "messages": [message]}
        raise AuthenticationFailed(refused) from refusal
    return claims


def _find_user(claims: Claims) -> SomeUser:
    user = tokens.find_user(claims)
    if user is None:
        raise AuthenticationFailed({"detail": "User not found", "code": "user_not_found"})
    if not user.is_active:
        raise AuthenticationFailed({"detail": "User is inactive", "code": "user_inactive"})
    return user
