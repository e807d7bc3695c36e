"""What tokens say and how they are signed and read: functions that a project may replace by assignment or settings.

Assigning to this module (`tokens.process_user = mine`) works as in djwto; `AVOW_JWT_PROCESS_USER`, `_PERMS` and
`_CLAIMS` name functions too, and come before what was assigned. A replacement may call the function it replaces.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import jwt as pyjwt
from django.conf import settings as project
from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest

from avow import clock
from avow.core.tokens import MAX_TOKEN_BYTES
from avow.django.jwt import settings, strict
from avow.django.jwt.exceptions import JWTValidationError

__all__ = [
    "Claims",
    "SomeUser",
    "decode_token",
    "encode_claims",
    "get_access_claims_from_refresh",
    "make_claims",
    "process_claims",
    "process_perms",
    "process_user",
    "seconds_of",
    "try_keys",
]

# The claims of one token: JSON as a project's own functions make it, hence a dict in their hands.
Claims = dict[str, Any]
SomeUser = Any  # the user model is the project's own

_MAX_TOKEN_CHARACTERS: Final = 65_536


def make_claims(user: SomeUser, request: HttpRequest, kind: str, *args: object, **kwargs: object) -> Claims:
    """Return the claims of a new refresh token as the project wants them: what views call.

    Raises:
        ImproperlyConfigured: A setting cannot be used.
    """
    made = (settings.custom("PROCESS_CLAIMS") or process_claims)(user, request, kind, *args, **kwargs)
    if not isinstance(made, dict):
        raise ImproperlyConfigured("process_claims has to return a dict.")
    return made


def process_claims(
    user: SomeUser, request: HttpRequest, type_: str = "refresh", *args: object, **kwargs: object
) -> Claims:
    """Return the claims of a refresh token for a user, from the settings.

    Args:
        user: Who signed in, or None for a token of nobody.
        request: The request that asked; unused here, for replacements.
        type_: The kind of token; unused here, for replacements.
        args: Those of the view.
        kwargs: Those of the view.

    Raises:
        ImproperlyConfigured: A setting cannot be used.

    Spec: RFC 7519 section 4.1.
    """
    now = clock.system_clock()
    claims = _configured_claims()
    if settings.DJWTO_IAT_CLAIM:
        claims["iat"] = now
    if settings.DJWTO_REFRESH_TOKEN_LIFETIME:
        claims["exp"] = now + seconds_of("REFRESH_TOKEN_LIFETIME", settings.DJWTO_REFRESH_TOKEN_LIFETIME)
    if settings.DJWTO_NBF_LIFETIME:
        claims["nbf"] = now + seconds_of("NBF_LIFETIME", settings.DJWTO_NBF_LIFETIME)
    if settings.DJWTO_JTI_CLAIM:
        claims["jti"] = str(uuid.uuid4())
    claims["type"] = "refresh"  # without cookies the only thing that tells the two tokens apart
    if user:
        claims["user"] = (settings.custom("PROCESS_USER") or process_user)(user)
    return claims


def process_user(user: SomeUser) -> Claims:
    """Return what a token says of a user: what they sign in with, their primary key and their permissions."""
    perms = (settings.custom("PROCESS_PERMS") or process_perms)(user)
    return {user.USERNAME_FIELD: user.get_username(), "id": user.pk, "perms": perms}


def process_perms(user: SomeUser) -> list[str]:
    """Return the permissions that a token grants: every one that the user has."""
    return list(user.get_all_permissions())


def get_access_claims_from_refresh(refresh_claims: Claims) -> Claims:
    """Return the claims of an access token that comes with a refresh token.

    In strict mode it has a jti of its own and does not outlive the refresh token.

    Raises:
        ImproperlyConfigured: The lifetime cannot be used.
    """
    now = clock.system_clock()
    claims = refresh_claims.copy()
    if settings.DJWTO_IAT_CLAIM or settings.AVOW_JWT_STRICT:
        claims |= {"iat": now} | ({"refresh_iat": claims["iat"]} if "iat" in claims else {})
    claims["type"] = "access"
    if settings.DJWTO_ACCESS_TOKEN_LIFETIME:
        claims["exp"] = now + seconds_of("ACCESS_TOKEN_LIFETIME", settings.DJWTO_ACCESS_TOKEN_LIFETIME)
    return strict.separated(claims, refresh_claims) if settings.AVOW_JWT_STRICT else claims


def encode_claims(claims: Mapping[str, Any]) -> str:
    """Return the claims as a signed token.

    Raises:
        ImproperlyConfigured: Algorithm and key do not fit each other, there is no key, or strictly, the token would be
            longer than any that is taken.
    """
    try:
        token = _signer().encode(
            dict(claims), settings.DJWTO_SIGNING_KEY, algorithm=_algorithm(), json_encoder=DjangoJSONEncoder
        )
    except (pyjwt.InvalidKeyError, NotImplementedError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"Tokens cannot be signed as the settings say: {error}") from error
    if settings.AVOW_JWT_STRICT and len(token) > MAX_TOKEN_BYTES:
        raise ImproperlyConfigured(f"A token of {len(token)} bytes is too long: strict mode takes {MAX_TOKEN_BYTES}.")
    return token


def decode_token(token: str) -> Claims:
    """Return the claims of a token that holds: signature, times, and every claim that the settings name.

    Raises:
        JWTValidationError: It does not hold; the text says why.
        ImproperlyConfigured: Algorithm and key do not fit each other, or there is no key.

    Spec: RFC 7519 section 7.2; RFC 8725 section 3.1 (the algorithm is the setting's, never the token's).
    """
    if len(token) > _MAX_TOKEN_CHARACTERS:  # whatever follows costs at most so much
        raise JWTValidationError("The token is too long")
    if settings.AVOW_JWT_STRICT:
        strict.check_form(token)
    try:
        claims = _signer().decode(token, _verifying_key(), algorithms=[_algorithm()], **_demands())
    except pyjwt.InvalidTokenError as error:
        raise JWTValidationError(str(error)) from error
    except (pyjwt.PyJWTError, NotImplementedError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"Tokens cannot be verified as the settings say: {error}") from error
    if settings.AVOW_JWT_STRICT:
        strict.check_claims(claims)
    return claims


def try_keys() -> None:
    """Sign a token and verify it as the settings say, before anybody signs in.

    Raises:
        ImproperlyConfigured: Algorithm and keys do not fit each other, are too short, or there is none.
    """
    signed = encode_claims({})
    try:
        _signer().decode(signed, _verifying_key(), algorithms=[_algorithm()])
    except (pyjwt.PyJWTError, NotImplementedError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"Tokens cannot be verified as the settings say: {error}") from error


def seconds_of(name: str, lifetime: object) -> int:
    """Return a lifetime in seconds.

    Raises:
        ImproperlyConfigured: It is no timedelta, or negative.
    """
    if not isinstance(lifetime, timedelta):
        raise ImproperlyConfigured(f"{name} has to be a timedelta, not {type(lifetime).__name__}.")
    if lifetime < timedelta(0):
        raise ImproperlyConfigured(f"{name} must not be negative.")
    return int(lifetime.total_seconds())


def _configured_claims() -> Claims:
    """Return issuer, subject and audience as the settings have them."""
    claims: Claims = {}
    for name, value in (("iss", settings.DJWTO_ISS_CLAIM), ("sub", settings.DJWTO_SUB_CLAIM)):
        if value and not isinstance(value, str):
            raise ImproperlyConfigured(f"{name.upper()}_CLAIM has to be text, not {type(value).__name__}.")
        if value:
            claims[name] = value
    audience = settings.DJWTO_AUD_CLAIM
    named = audience if isinstance(audience, list) else [audience or ""]
    if not all(isinstance(each, str) for each in named):
        raise ImproperlyConfigured("AUD_CLAIM has to be text or a list of texts.")
    return claims | {"aud": audience} if audience else claims


def _demands() -> dict[str, Any]:
    """Return what PyJWT is to check beside the signature and the times: whatever is set has to be there and equal."""
    texts = {
        "issuer": settings.DJWTO_ISS_CLAIM,
        "subject": settings.DJWTO_SUB_CLAIM,
        "audience": settings.DJWTO_AUD_CLAIM,
    }
    demands: dict[str, Any] = {name: value for name, value in texts.items() if value}
    flags = {"iat": settings.DJWTO_IAT_CLAIM, "jti": settings.DJWTO_JTI_CLAIM}
    required = [name[:3] for name in demands] + [name for name, is_set in flags.items() if is_set]
    if settings.AVOW_JWT_STRICT:
        required += [name for name in ("exp", "iat", "jti") if name not in required]
    return demands | {"options": {"require": required}}


def _signer() -> pyjwt.PyJWT:
    """Return PyJWT; whoever sees a token can find a key that is too short, so that only DEBUG takes one.

    Spec: RFC 7518 section 3.2.
    """
    return _LENIENT if project.DEBUG and not settings.AVOW_JWT_STRICT else _STRICT


def _verifying_key() -> str:
    if settings.DJWTO_VERIFYING_KEY:
        return settings.DJWTO_VERIFYING_KEY
    if not _algorithm().startswith("HS"):
        raise ImproperlyConfigured(f"Set VERIFYING_KEY: {_algorithm()} is verified with the public key.")
    return settings.DJWTO_SIGNING_KEY


def _algorithm() -> str:
    algorithm = settings.DJWTO_ALGORITHM
    if algorithm.lower() == "none":
        raise ImproperlyConfigured('ALGORITHM "none" would let anybody sign.')
    return algorithm


_LENIENT: Final = pyjwt.PyJWT()
_STRICT: Final = pyjwt.PyJWT(options={"enforce_minimum_key_length": True})
