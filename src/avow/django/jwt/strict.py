"""What strict mode adds to one token: a form with no second reading, its own jti, and an end that is seen everywhere.

How refresh tokens rotate is in families.py.
"""

import uuid
from typing import Any

from avow.core.tokens import MAX_LIFETIME_SECONDS, MAX_TOKEN_BYTES
from avow.core.tokens.encoding import from_base64url, json_object
from avow.django.jwt.exceptions import JWTValidationError

__all__ = ["ENDED", "check_claims", "check_form", "check_kind", "names_of", "separated"]

ENDED = "Token has been revoked."
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})


def check_form(token: str) -> None:
    """Refuse a token that two readers could read differently, before its signature is looked at.

    Raises:
        JWTValidationError: It is too long, not three parts, spelt as we never spell, has a header member that we never
            write, or repeats a name.

    Spec: RFC 7515 section 4; RFC 8725 sections 3.10 and 3.11.
    """
    if len(token) > MAX_TOKEN_BYTES or not token.isascii():
        raise JWTValidationError("The token is too long or has a character outside ASCII")
    parts = token.encode("ascii").split(b".")
    if len(parts) != 3:
        raise JWTValidationError("Not enough segments" if len(parts) < 3 else "Too many segments")
    try:
        header, claims, _ = (from_base64url(part) for part in parts)
        members, _ = json_object(header), json_object(claims)
    except ValueError as error:
        raise JWTValidationError(f"Malformed token: {error}") from error
    if not members.keys() <= _HEADER_MEMBERS:
        raise JWTValidationError("The header has a member besides alg, kid and typ")


def check_claims(claims: dict[str, Any]) -> None:
    """Refuse times that are no integers or further ahead than any token lives; the signature has held.

    Raises:
        JWTValidationError: A time is of another type or out of bounds.
    """
    for name in ("exp", "iat", "nbf"):
        if type(claims.get(name, 0)) is not int:  # not isinstance: true and false are integers to Python
            raise JWTValidationError(f"{name} is not an integer")
    if claims["exp"] - claims["iat"] > MAX_LIFETIME_SECONDS:
        raise JWTValidationError("exp is further ahead than any token lives")


def check_kind(claims: dict[str, Any], kind: str) -> None:
    """Refuse a token of the other kind.

    Raises:
        JWTValidationError: It is not of this kind.
    """
    if claims.get("type") != kind:
        raise JWTValidationError(f"Not a token of type {kind}")


def separated(access_claims: dict[str, Any], refresh_claims: dict[str, Any]) -> dict[str, Any]:
    """Return claims copied from a refresh token with a jti of their own, ending no later than it.

    The family stays named: when it ends, so does this token, for as long as the end is remembered.
    """
    own = access_claims | {"jti": str(uuid.uuid4()), "exp": min(access_claims["exp"], refresh_claims["exp"])}
    own.pop("gen", None)
    return own


def names_of(claims: dict[str, Any]) -> list[str]:
    """Return the names under which a token may have been ended: its jti, and that of its family."""
    return [name for name in (claims.get("jti"), claims.get("sid")) if isinstance(name, str)]
