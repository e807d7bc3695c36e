"""Tokens in simplejwt's claims beside djwto's, so that those who read either understand them."""

import uuid
from typing import Final

from django.conf import settings as project
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from avow.django.jwt import families, settings, strict, tokens
from avow.django.jwt.exceptions import JWTValidationError
from avow.django.jwt.models import JWTBlacklist

__all__ = [
    "BLACKLISTED",
    "check_ended",
    "find_user",
    "make_access",
    "make_refresh",
    "option",
    "read",
    "schemes",
    "with_names",
]

BLACKLISTED: Final = "Token is blacklisted"


def option(name: str, default: object = None) -> object:
    """Return one entry of `SIMPLE_JWT`."""
    simple = getattr(project, "SIMPLE_JWT", None)
    return simple.get(name, default) if isinstance(simple, dict) else default


def schemes() -> tuple[str, ...]:
    """Return the words that may stand before a token in the Authorization header."""
    chosen = option("AUTH_HEADER_TYPES", ("Bearer",))
    return (chosen,) if isinstance(chosen, str) else tuple(chosen) if isinstance(chosen, list | tuple) else ("Bearer",)


def read(token: str, kind: str | None = None) -> tokens.Claims:
    """Return the claims of a token that holds.

    Args:
        token: As it came.
        kind: "access" or "refresh"; None takes both.

    Raises:
        JWTValidationError: It does not hold, or is of the other kind; the text is simplejwt's.
        ImproperlyConfigured: A setting cannot be used.
    """
    try:
        claims = tokens.decode_token(token)
    except JWTValidationError as refusal:
        is_expired = str(refusal) == "Signature has expired"
        raise JWTValidationError("Token is expired" if is_expired else "Token is invalid") from refusal
    found = claims.get(str(option("TOKEN_TYPE_CLAIM", "token_type")), claims.get("type"))
    if kind is not None and found != kind:
        raise JWTValidationError("Token has wrong type" if found else "Token has no type")
    return claims


def check_ended(claims: tokens.Claims) -> None:
    """Refuse a token that was ended.

    Raises:
        JWTValidationError: It was.
    """
    if JWTBlacklist.has_any(strict.names_of(claims)):
        raise JWTValidationError(BLACKLISTED)


def find_user(claims: tokens.Claims) -> tokens.SomeUser:
    """Return the user of a token, be they active or not, or None."""
    said = claims.get("user")
    ours = said.get("id") if isinstance(said, dict) else None
    theirs = claims.get(str(option("USER_ID_CLAIM", "user_id")))
    if theirs is None and settings.AVOW_JWT_STRICT:
        ours = families.user_pk_of(claims) or ours
    wanted = {"pk": ours} if theirs is None else {str(option("USER_ID_FIELD", "pk")): theirs}
    try:
        return get_user_model()._default_manager.filter(**wanted).first()
    except (TypeError, ValueError, ValidationError):
        return None


def make_refresh(user: tokens.SomeUser, request: HttpRequest) -> tokens.Claims:
    """Return the claims of a refresh token for somebody who signs in."""
    made = tokens.make_claims(user, request, "refresh")
    return with_names(families.open_family(user, made) if settings.AVOW_JWT_STRICT else made, user, "refresh")


def make_access(refresh_claims: tokens.Claims, user: tokens.SomeUser) -> tokens.Claims:
    """Return the claims of an access token, whose jti is its own as it is with simplejwt."""
    own = {"jti": uuid.uuid4().hex} if "jti" in refresh_claims else {}
    return with_names(tokens.get_access_claims_from_refresh(refresh_claims) | own, user, "access")


def with_names(claims: tokens.Claims, user: tokens.SomeUser, kind: str) -> tokens.Claims:
    """Return claims with those that simplejwt has: the kind of token, and the user's id as text."""
    return claims | {
        str(option("TOKEN_TYPE_CLAIM", "token_type")): kind,
        str(option("USER_ID_CLAIM", "user_id")): str(getattr(user, str(option("USER_ID_FIELD", "pk")))),
    }
