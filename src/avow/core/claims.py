"""Custom claims: which names belong to the server, and how much a token may carry besides."""

import math
from collections.abc import Mapping
from typing import Final, TypeGuard

import msgspec

from avow.errors import ERROR_TYPE_INVALID_ARGUMENT, InvalidArgument

__all__ = ["MAX_BYTES", "MAX_DEPTH", "RESERVED", "check_custom_claims", "without_reserved"]

MAX_BYTES: Final = 8192  # as JSON; a session token must fit into a cookie or header beside the rest
MAX_DEPTH: Final = 6  # of objects and lists, the outermost included

# Names whose value a verifier or an SDK takes as the server's word. Spec: contract "tokens" section 5; RFC 7519
# section 4.1, RFC 8693 section 4, RFC 7800 section 3.1, OpenID Connect Core sections 2 and 3.1.3.6.
# fmt: off
RESERVED: Final = frozenset({
    "iss", "sub", "dsub", "aud", "exp", "nbf", "iat", "jti", "rexp",
    "drn", "sid", "gen", "su", "tkn", "nsec", "typ",
    "amr", "acr", "aal", "auth_time", "nonce", "azp", "client_id", "scope",
    "at_hash", "c_hash", "s_hash", "act", "may_act", "cnf", "events",
    "roles", "permissions", "tenants", "dct", "projectId", "userId", "keyId",
    "email_verified", "phone_number_verified", "verifiedEmail", "verifiedPhone",
    "jwt", "sessionToken", "refreshSessionToken", "cookieData", "firstSeen",
})
# fmt: on

_INTEGER_BOUND: Final = 2**63


def without_reserved(claims: Mapping[str, object]) -> dict[str, object]:
    """Return the claims whose names are not the server's; deeper levels are not looked at."""
    return {name: value for name, value in claims.items() if name not in RESERVED}


def check_custom_claims(claims: Mapping[str, object]) -> dict[str, object]:
    """Return custom claims that may be put into a token: bounded JSON, free of reserved names.

    Claims that the server side sets stand at the top level of a token; those that an unauthenticated client asks
    for stand under `nsec`. Reserved names are dropped from both, so that no reader who merges them is misled.

    Args:
        claims: As the caller sent them.

    Raises:
        InvalidArgument: Not JSON, over 8 kB of it, over 6 levels deep, or text with NUL or surrogates.

    Spec: contract "tokens" section 5.
    """
    kept = without_reserved(claims)
    if not _is_json(kept, MAX_DEPTH):
        raise _invalid(f"Custom claims must be plain JSON, at most {MAX_DEPTH} levels deep.")
    if len(msgspec.json.encode(kept)) > MAX_BYTES:
        raise _invalid(f"Custom claims must not be larger than {MAX_BYTES} bytes of JSON.")
    return kept


def _is_json(value: object, depth: int) -> bool:
    match value:
        case None | bool():
            return True
        case str():
            return _is_text(value)
        case int():
            return -_INTEGER_BOUND <= value < _INTEGER_BOUND
        case float():
            return math.isfinite(value)
        case _:
            return depth > 0 and _is_container(value, depth)


def _is_container(value: object, depth: int) -> bool:
    if _is_mapping(value):
        return all(isinstance(name, str) and _is_text(name) for name in value) and all(
            _is_json(item, depth - 1) for item in value.values()
        )
    return _is_sequence(value) and all(_is_json(item, depth - 1) for item in value)


def _is_mapping(value: object) -> TypeGuard[dict[object, object]]:
    return isinstance(value, dict)


def _is_sequence(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _invalid(message: str) -> InvalidArgument:
    return InvalidArgument(error_type=ERROR_TYPE_INVALID_ARGUMENT, error_message=message)
