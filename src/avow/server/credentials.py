"""What a request shows of its caller: project id, refresh token and keys, from the Authorization header or a cookie.

Spec: contract "tokens" section 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from avow.errors import InvalidCaller
from avow.wire.endpoint import Caller, Endpoint

__all__ = ["DEVICE_COOKIE", "REFRESH_COOKIE", "Credential", "cookies_of", "credential_of"]

REFRESH_COOKIE = "DSR"
DEVICE_COOKIE = "DTD"
_MAX_AUTHORIZATION = 24_576


@dataclass(frozen=True, slots=True)
class Credential:
    """The parts of `Bearer <projectId>[:<token or key>[:<key>]]`, unverified.

    Attributes:
        project_id: Project named, or "".
        token: Second part as sent: management key or access key where the route takes one.
        session_token: A JWT to verify as refresh token, or "".
        key: A management key sent beside a public or session call (`auth_management_key`), or "".
        via_cookie: The JWT came in a cookie.
    """

    project_id: str = ""
    token: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    via_cookie: bool = False


def credential_of(headers: Mapping[str, str], cookies: Mapping[str, str], endpoint: Endpoint[Any, Any]) -> Credential:
    """Split the Authorization header by the kind of route; fall back to the refresh cookie for sessions.

    Raises:
        InvalidCaller: The header is not of the contract's form.
    """
    kind = endpoint.caller
    parts = _bearer_parts(headers.get("authorization", ""))
    project_id = parts[0] or headers.get("x-descope-project-id", "")[:64]
    token = parts[1] if len(parts) > 1 else ""
    key = parts[2] if len(parts) > 2 else ""
    if kind is Caller.MANAGEMENT:
        if endpoint.for_tenant_admins and _is_jwt_shaped(token):  # a management key has no dot
            return Credential(project_id, session_token=token)
        return Credential(project_id, token=token)
    if kind is Caller.ACCESS_KEY:
        return Credential(project_id, token=token, key=key)
    if token and not key and not _is_jwt_shaped(token):
        return (
            Credential(project_id, key=token) if kind is Caller.PROJECT else Credential(project_id, session_token=token)
        )
    if token:
        return Credential(project_id, session_token=token, key=key)
    if kind is Caller.SESSION or endpoint.may_be_empty:
        name = headers.get("x-descope-refresh-cookie-name", "") or REFRESH_COOKIE
        if cookies.get(name):
            return Credential(project_id, session_token=cookies[name], key=key, via_cookie=True)
    return Credential(project_id, key=key)


def cookies_of(header: str) -> dict[str, str]:
    """Return the cookies of a request; the first of a name wins (browsers send the narrowest path first).

    Spec: RFC 6265 section 5.4.
    """
    cookies: dict[str, str] = {}
    for pair in header.split(";", 200)[:200]:
        name, equals, value = pair.partition("=")
        if equals:
            cookies.setdefault(name.strip(), value.strip().strip('"'))
    return cookies


def _bearer_parts(header: str) -> list[str]:
    if not header:
        return [""]
    scheme, _, value = header.partition(" ")
    if len(header) > _MAX_AUTHORIZATION or scheme.lower() != "bearer":
        raise InvalidCaller
    parts = value.strip().split(":", 3)
    if len(parts) > 3:
        raise InvalidCaller
    return parts


def _is_jwt_shaped(text: str) -> bool:
    return text.count(".") >= 2
