"""How tokens go to a browser and leave it again: one place for the names, paths and flags of the cookies."""

import base64
import json
import logging
from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.http import JsonResponse

from avow.django.jwt import settings, tokens

__all__ = ["build_tokens_response", "delete_tokens"]

logger = logging.getLogger("avow.django.jwt")

_MOST_BYTES = 4096  # RFC 6265 section 6.1, and what browsers take
_ACCESS_COOKIES = {"ONE-COOKIE": ("jwt_access",), "TWO-COOKIES": ("jwt_access_payload", "jwt_access_token")}


def build_tokens_response(
    refresh_claims: tokens.Claims, access_claims: tokens.Claims, msg: str | None = None
) -> JsonResponse:
    """Return both tokens as the mode has it: in the body, or in cookies beside a message.

    Raises:
        ImproperlyConfigured: The mode is not one of the three, or nothing can be signed.
    """
    refresh, access = tokens.encode_claims(refresh_claims), tokens.encode_claims(access_claims)
    mode = settings.DJWTO_MODE
    headers = {"Cache-Control": "no-store"}  # RFC 6749 section 5.1: a cache keeps no tokens
    if mode == "JSON":
        return JsonResponse({"refresh": refresh, "access": access}, headers=headers)
    if mode not in _ACCESS_COOKIES:
        raise ImproperlyConfigured(f'MODE has to be "JSON", "ONE-COOKIE" or "TWO-COOKIES", not "{mode}".')
    response = JsonResponse({"msg": msg}, headers=headers)
    _set(response, "jwt_refresh", refresh, settings.DJWTO_REFRESH_TOKEN_LIFETIME, _refresh_path())
    lifetime = settings.DJWTO_ACCESS_TOKEN_LIFETIME
    if mode == "ONE-COOKIE":
        _set(response, "jwt_access", access, lifetime)
    else:
        _set(response, "jwt_access_payload", _readable(access_claims), lifetime, is_readable=True)
        _set(response, "jwt_access_token", access, lifetime)
    return response


def delete_tokens(response: JsonResponse) -> JsonResponse:
    """Take every cookie of the mode away again; a browser looks at name, path and domain."""
    domain, same_site = settings.DJWTO_DOMAIN, settings.DJWTO_SAME_SITE
    response.delete_cookie("jwt_refresh", path=_refresh_path(), domain=domain, samesite=same_site)
    for name in _ACCESS_COOKIES.get(settings.DJWTO_MODE, ()):
        response.delete_cookie(name, domain=domain, samesite=same_site)
    return response


def _set(
    response: JsonResponse,
    name: str,
    value: str,
    lifetime: timedelta | None,
    path: str = "/",
    *,
    is_readable: bool = False,
) -> None:
    if len(name) + len(value) > _MOST_BYTES:
        logger.warning("Browsers drop the cookie %s of more than %d bytes: put less into tokens.", name, _MOST_BYTES)
    response.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()) if lifetime else None,
        path=path,
        domain=settings.DJWTO_DOMAIN,
        secure=True,
        httponly=not is_readable,
        samesite=settings.DJWTO_SAME_SITE,
    )


def _refresh_path() -> str:
    return f"/{settings.DJWTO_REFRESH_COOKIE_PATH}"


def _readable(claims: tokens.Claims) -> str:
    """Return the claims for scripts of a page: JSON with sorted names, in Base64."""
    return base64.b64encode(json.dumps(claims, sort_keys=True, cls=DjangoJSONEncoder).encode()).decode("ascii")
