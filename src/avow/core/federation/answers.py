"""What providers answer, read strictly: the callback, the token endpoint, the user endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from avow import shaping
from avow.core.federation.providers import Endpoints, Provider
from avow.core.tokens.encoding import json_object
from avow.errors import SignInDeclined, SignInRefused

__all__ = ["Tokens", "code_of", "read_emails", "read_tokens", "read_user"]

_MAX_TOKEN: Final = 65_536
_MAX_SECONDS: Final = 10 * 365 * 86_400
_DECLINED: Final = frozenset(
    {"access_denied", "consent_required", "interaction_required", "login_required", "user_cancelled_authorize"}
)
# What may be repeated in the audit: RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core 1.0 section 3.1.2.6.
_ERRORS: Final = _DECLINED | {
    "account_selection_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
}
_MOST_EMAILS: Final = 100


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint gave.

    Attributes:
        access_token: For the provider's own API.
        id_token: Of OpenID, or "".
        refresh_token: For later access tokens, or "".
        scopes: What was granted; as asked for where nothing is said.
        lifetime_seconds: Of the access token, or None where nothing is said.
    """

    access_token: str = field(repr=False)
    id_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    scopes: tuple[str, ...] | None = None
    lifetime_seconds: int | None = None


def code_of(provider: Provider, endpoints: Endpoints, answer: Mapping[str, str | None]) -> str:
    """Return the code that a browser brought back from a provider.

    Args:
        provider: Whose callback it is.
        endpoints: Where its endpoints are.
        answer: Parameters of the callback: `code`, `iss`, `error`.

    Raises:
        SignInDeclined: The person gave up, or the provider did not let them through.
        SignInRefused: The answer is of another provider, or says nothing.

    Spec: RFC 6749 section 4.1.2; RFC 9207 section 2.4 (before anything else is looked at).
    """
    issuer = answer.get("iss")
    if issuer is None and endpoints.names_itself:
        raise SignInRefused(detail="iss: absent although the provider says that it is there")
    if issuer is not None and issuer != provider.issuer and "{" not in provider.issuer:
        raise SignInRefused(detail="iss: of another provider")
    error = answer.get("error")
    if error:
        kind = SignInDeclined if error in _DECLINED else SignInRefused
        raise kind(detail=f"the provider answered {_name(error)}")
    code = answer.get("code")
    if not code:
        raise SignInRefused(detail="the provider sent no code")
    return code


def read_tokens(provider: Provider, status: int, body: bytes) -> Tokens:
    """Read the answer of a token endpoint.

    Raises:
        SignInRefused: It refused, or gave no tokens that we can use. What it says is not passed on.

    Spec: RFC 6749 sections 5.1 and 5.2. Some providers refuse with status 200.
    """
    found = _object(body)
    if status != 200 or found.get("error"):
        raise SignInRefused(detail=f"token endpoint: {status}, {_name(found.get('error'))}")
    kind = found.get("token_type", "bearer")
    if not isinstance(kind, str) or kind.lower() not in {"bearer", "user"}:
        raise SignInRefused(detail="token endpoint: tokens of another type")
    tokens = Tokens(
        access_token=_token(found, "access_token"),
        id_token=_token(found, "id_token"),
        refresh_token=_token(found, "refresh_token"),
        scopes=_scopes(found.get("scope")),
        lifetime_seconds=_seconds(found.get("expires_in")),
    )
    if not tokens.access_token or (provider.protocol == "oidc" and not tokens.id_token):
        raise SignInRefused(detail="token endpoint: no access token, or no ID token")
    return tokens


def read_user(status: int, content_type: str, body: bytes) -> dict[str, object]:
    """Read the answer of a user endpoint.

    Raises:
        SignInRefused: It refused, or answered something else than a JSON object.

    Spec: OpenID Connect Core 1.0 section 5.3.2.
    """
    if status != 200 or content_type == "application/jwt":
        raise SignInRefused(detail=f"user endpoint: {status}, or a signed answer")
    return _object(body)


def read_emails(status: int, body: bytes) -> tuple[str, bool]:
    """Read the answer of an endpoint that lists addresses; return the primary one and whether it is verified.

    GitHub answers `[{"email", "primary", "verified"}]`, Bitbucket `{"values": [{"email", "is_primary",
    "is_confirmed"}]}`. No answer, and none that is primary, is no address.
    """
    if status != 200:
        return "", False
    try:
        found = shaping.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return "", False
    rows = found.get("values") if isinstance(found, dict) else found
    for row in rows[:_MOST_EMAILS] if isinstance(rows, list) else ():
        if isinstance(row, dict) and (row.get("primary") is True or row.get("is_primary") is True):
            address = row.get("email")
            is_verified = row.get("verified") is True or row.get("is_confirmed") is True
            return (address, is_verified) if isinstance(address, str) else ("", False)
    return "", False


def _object(body: bytes) -> dict[str, object]:
    try:
        return json_object(body)
    except ValueError as error:
        raise SignInRefused(detail=f"the provider answered no JSON object: {error}") from error


def _token(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or len(value) > _MAX_TOKEN:
        raise SignInRefused(detail=f"token endpoint: {name} is no token")
    return value


def _scopes(value: object) -> tuple[str, ...] | None:
    """Return the scopes, which some providers join by commas, or list."""
    if isinstance(value, list):
        value = " ".join(each for each in value if isinstance(each, str))
    if not isinstance(value, str):
        return None
    return tuple(each for each in value.replace(",", " ").split() if each.isprintable())


def _seconds(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    return min(value, _MAX_SECONDS) if type(value) is int and value >= 0 else None


def _name(value: object) -> str:
    if value is None:
        return "no error"
    return value if isinstance(value, str) and value in _ERRORS else "an error of its own"
