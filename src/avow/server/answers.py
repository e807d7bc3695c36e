"""From what a handler returned, or an error, to the Response: signing, encoding, cookies and headers."""

from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
from msgspec import UNSET

from avow.core.sessions import SessionClaims
from avow.core.tokens import sign
from avow.errors import (
    API_RATE_LIMIT_RETRY_AFTER_HEADER,
    AuthException,
    AvowError,
    InvalidArgument,
    OAuthRefused,
    RateLimitException,
    SecondFactorNeeded,
    ServerFault,
    SessionEnded,
    TokenExpired,
    Unavailable,
)
from avow.server.credentials import DEVICE_COOKIE, REFRESH_COOKIE
from avow.server.serving import Answer, Cookie, DeviceToken, Enclosed, Issued, OneToken
from avow.server.visit import Response, Visit
from avow.wire.codec import encode
from avow.wire.endpoint import Caller, Nothing
from avow.wire.errors import ErrorEnvelope, OAuthError
from avow.wire.jwt import Jwt
from avow.wire.projects import ProjectSettings
from avow.wire.sessions import JwtResponse
from avow.wire.webauthn import PasskeyAdded

__all__ = [
    "Tokens",
    "cleared_cookie",
    "failure",
    "preflight",
    "refresh_cookie",
    "sign_one",
    "sign_tokens",
    "success",
    "with_tokens",
]

# Browser SDKs forget the session on any 4xx of these; being throttled must not log anybody out.
_KEEPS_SESSION = frozenset({"refresh_session", "try_refresh_session", "me", "my_tenants", "history"})
_BROWSER_SDKS = frozenset(
    {"web-js", "web-component", "react", "vue", "angular", "nextjs", "core-js", "avow-web", "avow-login"}
)
_ALLOWED_HEADERS = ", ".join(
    (
        "authorization",
        "content-type",
        "x-avow-stores-rotated-tokens",
        "x-descope-flow-nonce",
        "x-descope-project-id",
        "x-descope-refresh-cookie-name",
        "x-descope-sdk-name",
        "x-descope-sdk-session-id",
        "x-descope-sdk-version",
        "x-descope-trusted-device-token",
        "x-descope-widget-id",
        "x-descope-widget-type",
        "x-descope-widget-version",
    )
)
_EXPOSED_HEADERS = "X-Descope-Flow-Nonce, x-geo, Retry-After, X-Request-Id"
# No cookie counts at the provider's endpoints: a page may read why it is refused, whoever's it is.
_READABLE = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "WWW-Authenticate, DPoP-Nonce, Retry-After"),
)
_JSON = "application/json"
_MOST_TAGS = 20  # of If-None-Match are read
_TOO_LONG = (
    "The custom claims, roles and tenants are too many for one token; ask for fewer custom claims, or set a JWT "
    "template for the project that says only what is held in the selected tenant."
)


def success(visit: Visit, result: object) -> Response:
    """Answer what a handler returned: a wire shape or an Answer."""
    if isinstance(result, Answer):
        body = result.body if isinstance(result.body, bytes) else _encoded(result.body)
        headers = _headers(visit, result.content_type)
        own = {name.lower() for name in result.headers}
        if "access-control-allow-origin" in own:  # open to pages of any origin, and then to no credentials
            own |= {"access-control-allow-credentials", "access-control-expose-headers"}
        headers = [pair for pair in headers if pair[0] not in own]
        headers += [(name.lower(), _plain(value)) for name, value in result.headers.items()]
        headers += [("set-cookie", _plain(_set_cookie(cookie))) for cookie in result.cookies]
        if "etag" in own and _has(visit, result.headers["etag"]):
            return Response(HTTPStatus.NOT_MODIFIED, [pair for pair in headers if pair[0] != "content-type"], b"")
        return Response(result.status, headers, body)
    return Response(HTTPStatus.OK, _headers(visit, _JSON), encode(Nothing() if result is None else result))


def _has(visit: Visit, tag: str) -> bool:
    """Tell whether whoever asks has the document with this tag. Spec: RFC 9110 section 13.1.2 (weakly compared)."""
    request = visit.request
    named = request.headers.get("if-none-match", "") if request.verb in {"GET", "HEAD"} else ""
    return any(each.strip().removeprefix("W/") in {tag, "*"} for each in named.split(",", _MOST_TAGS)[:_MOST_TAGS])


def failure(visit: Visit, error: AvowError) -> Response:
    """Answer an error in the contract's envelope."""
    status = error.status_code if isinstance(error, AuthException) else error.status
    headers = _headers(visit, _JSON)
    if visit.route is not None and visit.route.handler.endpoint.is_oauth:
        if "origin" in visit.request.headers:
            headers += _READABLE
        return _oauth_failure(error, int(status) if isinstance(error, AuthException) else error.status, headers)
    if isinstance(error, RateLimitException):
        if visit.endpoint_id in _KEEPS_SESSION and visit.client.sdk in _BROWSER_SDKS:
            status = HTTPStatus.SERVICE_UNAVAILABLE
        headers.append((API_RATE_LIMIT_RETRY_AFTER_HEADER.lower(), str(error.retry_after_seconds)))
    elif isinstance(error, Unavailable):
        headers.append((API_RATE_LIMIT_RETRY_AFTER_HEADER.lower(), str(error.retry_after_seconds)))
    if visit.credential.via_cookie and isinstance(error, TokenExpired | SessionEnded):
        # No script can remove the HttpOnly cookie of a session that is over. One that is no token of this project may
        # be a good one of another project at the same host.
        headers.append(("set-cookie", _set_cookie(cleared_cookie(_policy(visit)))))
    envelope = ErrorEnvelope(
        error_code=error.error_code, error_description=error.text, error_message=error.error_message
    )
    if isinstance(error, SecondFactorNeeded):
        envelope = msgspec.structs.replace(envelope, factors=error.factors, mfa_token=error.mfa_token or UNSET)
    return Response(int(status), headers, encode(envelope))


def _oauth_failure(error: AvowError, status: int, headers: list[tuple[str, str]]) -> Response:
    """Answer an error of the OpenID provider.

    Spec: RFC 6749 section 5.2; RFC 6750 section 3.
    """
    if isinstance(error, OAuthRefused):
        named = error.error
        if error.challenge:
            headers.append(("www-authenticate", _plain(error.challenge)))
    elif isinstance(error, RateLimitException | Unavailable):
        named = "temporarily_unavailable"
        headers.append((API_RATE_LIMIT_RETRY_AFTER_HEADER.lower(), str(error.retry_after_seconds)))
    else:
        named = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"
    return Response(status, headers, encode(OAuthError(error=named, error_description=error.error_message)))


def preflight(origin: str) -> Response:
    """Answer an OPTIONS request; without an allowed origin the browser gets nothing to go on.

    Args:
        origin: That may call; "*" for any, without cookies; "" for none.

    Spec: contract "web" section 4; Fetch standard, CORS-preflight.
    """
    headers = [("vary", "Origin")]
    if origin == "*":
        headers += [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, POST, OPTIONS"),
            ("access-control-allow-headers", "authorization, content-type, dpop, auth0-client"),
            ("access-control-max-age", "600"),
        ]
    elif origin:
        headers += [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "GET, POST, PATCH, PUT, DELETE, OPTIONS"),
            ("access-control-allow-headers", _ALLOWED_HEADERS),
            ("access-control-max-age", "600"),
        ]
    return Response(HTTPStatus.NO_CONTENT, headers, b"")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A session's tokens, signed; `refresh` is "" when the answer carries none."""

    session: str = field(repr=False)
    refresh: str = field(repr=False)


def sign_tokens(issued: Issued) -> Tokens:
    """Sign the tokens of a session; called after the commit, outside every transaction.

    Raises:
        InvalidArgument: The session token would be longer than verifiers accept; its session is of no use.
    """
    claims = issued.claims
    refresh = sign(issued.key, claims.refresh_token()) if issued.refreshes else ""
    try:
        return Tokens(sign(issued.key, claims.session_token()), refresh)
    except ValueError as wrong:
        raise InvalidArgument(error_message=_TOO_LONG, detail=str(wrong)) from wrong


def sign_one(token: OneToken) -> Jwt:
    """Sign a token that management asked for; called after the commit.

    Raises:
        InvalidArgument: It would be longer than verifiers accept.
    """
    try:
        return Jwt(jwt=sign(token.key, token.claims))
    except ValueError as wrong:
        raise InvalidArgument(error_message=_TOO_LONG, detail=str(wrong)) from wrong


def with_tokens(visit: Visit, issued: Issued, tokens: Tokens, within: Enclosed | None = None) -> Answer:
    """Shape the answer that carries a session; in cookie mode the refresh token is only in the cookie.

    Management has no cookies: it hands the tokens on. With `within` the session is a part of another answer.
    """
    body, cookies = _shaped(visit, issued, tokens)
    if within is not None:
        return Answer(within.enclose(body), headers=within.headers, cookies=cookies)
    return Answer(PasskeyAdded(jwt=body) if issued.is_nested else body, cookies=cookies)


def _shaped(visit: Visit, issued: Issued, tokens: Tokens) -> tuple[JwtResponse, tuple[Cookie, ...]]:
    claims = issued.claims
    policy = _policy(visit)
    body = JwtResponse(
        session_jwt=tokens.session,
        cookie_domain=policy.cookie_domain,
        cookie_path="/",
        cookie_max_age=max(0, claims.expires_at - claims.issued_at),
        cookie_expiration=claims.expires_at,
        cookie_name=REFRESH_COOKIE,
        session_expiration=claims.session_expires_at,
        user=issued.user,
        first_seen=issued.first_seen,
        idp_response=UNSET if issued.idp_response is None else issued.idp_response,
        tenant_sso_id=issued.tenant_sso_id or UNSET,
    )
    if not tokens.refresh:
        return body, ()
    device = issued.trusted_device
    if policy.refresh_token_in == "cookie" and visit.kind is not Caller.MANAGEMENT:
        further = (_device_cookie(device, policy),) if device else ()
        return body, (refresh_cookie(tokens.refresh, claims, policy), *further)
    body = msgspec.structs.replace(body, refresh_jwt=tokens.refresh)
    return (msgspec.structs.replace(body, trusted_device_jwt=device.text) if device else body), ()


def refresh_cookie(refresh_jwt: str, claims: SessionClaims, policy: ProjectSettings) -> Cookie:
    """Return the cookie that carries a refresh token. Browsers take Secure cookies on http://localhost too."""
    return Cookie(
        REFRESH_COOKIE,
        refresh_jwt,
        max_age_seconds=max(0, claims.expires_at - claims.issued_at),
        domain=policy.cookie_domain,
    )


def _device_cookie(device: DeviceToken, policy: ProjectSettings) -> Cookie:
    return Cookie(DEVICE_COOKIE, device.text, max_age_seconds=device.seconds, domain=policy.cookie_domain)


def cleared_cookie(policy: ProjectSettings) -> Cookie:
    """Return the cookie that removes the refresh cookie, with the attributes it was set with."""
    return Cookie(REFRESH_COOKIE, "", max_age_seconds=0, domain=policy.cookie_domain)


def _policy(visit: Visit) -> ProjectSettings:
    return visit.project.settings if visit.project else ProjectSettings()


def _encoded(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else encode(body)


def _headers(visit: Visit, content_type: str) -> list[tuple[str, str]]:
    headers = [
        ("content-type", content_type),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-request-id", visit.id),
        ("vary", "Origin"),
    ]
    if visit.origin:
        headers += [
            ("access-control-allow-origin", visit.origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", _EXPOSED_HEADERS),
        ]
    return headers


def _plain(value: str) -> str:
    """Return the value of a header; one that would end its line, or that not every server can send, is a fault of ours.

    Spec: RFC 9110 section 5.5.
    """
    if not (value.isascii() and value.isprintable()):
        raise ServerFault(detail="a header value that holds control characters, or others than ASCII")
    return value


def _set_cookie(cookie: Cookie) -> str:
    parts = [f"{cookie.name}={cookie.value}", f"Max-Age={cookie.max_age_seconds}", f"Path={cookie.path}"]
    if cookie.domain:
        parts.append(f"Domain={cookie.domain}")
    parts.append(f"SameSite={cookie.same_site}")
    parts += [name for name, is_set in (("Secure", cookie.secure), ("HttpOnly", cookie.http_only)) if is_set]
    return "; ".join(parts)
