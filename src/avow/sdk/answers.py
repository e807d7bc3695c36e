"""The answers of the SDK: plain dicts in the contract's shape, and how they are made.

Spec: contract "tokens" section 6.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NotRequired, Required, TypedDict, TypeVar, cast

import msgspec
from msgspec import Meta

from avow import shaping
from avow.core.kinds import KEY_CLAIM
from avow.errors import UnreadableAnswer
from avow.sdk.options import REFRESH_SESSION_COOKIE_NAME, TRUSTED_DEVICE_COOKIE_NAME, DeliveryMethod
from avow.sdk.transport import Response
from avow.wire.secret import SECRET, Secret, described, shown

__all__ = [
    "AnonymousResponse",
    "Consent",
    "CookieData",
    "IDPResponse",
    "JWTResponse",
    "KeySession",
    "LoginRecord",
    "Passkey",
    "PasskeyTransaction",
    "Passkeys",
    "PendingLink",
    "NewRecoveryCodes",
    "OwnConsents",
    "RecoveryCodesLeft",
    "SessionClaims",
    "TOTPResponse",
    "Tenant",
    "TenantClaims",
    "Tenants",
    "TokenClaims",
    "TrustedDevice",
    "TrustedDevices",
    "UserResponse",
    "UserTenant",
    "anonymous_session",
    "as_is",
    "auth_body",
    "auth_body_or_none",
    "exchanged",
    "ignored",
    "masked_address",
    "signed_in",
    "user_id_of",
]

T = TypeVar("T")


class TenantClaims(TypedDict, total=False):
    """What a token says about one tenant of the user."""

    name: str
    roles: list[str]
    permissions: list[str]


class TokenClaims(TypedDict, total=False):
    """The claims of a verified token, and the token itself under `jwt`; custom claims stand beside them."""

    jwt: Required[str]
    iss: Required[str]
    sub: Required[str]
    exp: Required[int]
    iat: int
    aud: str | list[str]
    drn: str
    sid: str
    jti: str
    rexp: str
    amr: list[str]
    roles: list[str]
    permissions: list[str]
    tenants: dict[str, TenantClaims]
    dct: str
    nsec: dict[str, object]
    keyId: str


class SessionClaims(TokenClaims):
    """A validated session token: its claims, and the same under `sessionToken` as after a sign-in.

    The token of an access key has a `keyId` and no `userId`: nobody takes a machine for a user.
    """

    sessionToken: TokenClaims
    projectId: str
    userId: str


class CookieData(TypedDict):
    """How a browser should keep the refresh token."""

    exp: int
    maxAge: int
    domain: str
    path: str


class UserTenant(TypedDict):
    """A tenant of a user."""

    tenantId: str
    tenantName: str
    roleNames: list[str]
    permissions: list[str]


class UserResponse(TypedDict):
    """A user."""

    userId: str
    loginIds: list[str]
    name: str
    givenName: str
    middleName: str
    familyName: str
    email: str
    phone: str
    verifiedEmail: bool
    verifiedPhone: bool
    roleNames: list[str]
    permissions: list[str]
    userTenants: list[UserTenant]
    status: str
    externalIds: list[str]
    picture: str
    test: bool
    customAttributes: dict[str, Any]
    createdTime: int
    modifiedTime: int
    TOTP: bool
    SAML: bool
    OIDC: bool
    SCIM: bool
    OAuth: dict[str, bool]
    webauthn: bool
    push: bool
    password: bool
    ssoAppIds: list[str]
    editable: bool


class IDPResponse(TypedDict):
    """What an identity provider said of the person, after SSO."""

    idpGroups: list[str]
    idpSAMLAttributes: dict[str, Any]
    idpOIDCClaims: dict[str, Any]


class JWTResponse(TypedDict):
    """A session: verified tokens with their claims, and whose it is."""

    sessionToken: TokenClaims
    refreshSessionToken: TokenClaims
    permissions: list[str]
    roles: list[str]
    tenants: dict[str, TenantClaims]
    projectId: str
    userId: str
    cookieData: CookieData
    user: UserResponse
    firstSeen: bool
    trustedDeviceJwt: NotRequired[str]
    idpResponse: NotRequired[IDPResponse]
    tenantSSOID: NotRequired[str]


class AnonymousResponse(TypedDict):
    """A session of somebody nobody knows: verified tokens with their claims."""

    sessionToken: TokenClaims
    refreshSessionToken: TokenClaims
    permissions: list[str]
    roles: list[str]
    tenants: dict[str, TenantClaims]
    projectId: str
    userId: str
    cookieData: CookieData


class KeySession(TypedDict):
    """What an access key was exchanged for: a verified token with its claims, and which key it is."""

    sessionToken: TokenClaims
    permissions: list[str]
    roles: list[str]
    tenants: dict[str, TenantClaims]
    projectId: str
    keyId: str


class PendingLink(TypedDict):
    """Links are on their way: show `linkId`, poll with `pendingRef`."""

    linkId: str
    pendingRef: str
    maskedEmail: NotRequired[str]
    maskedPhone: NotRequired[str]


class TOTPResponse(TypedDict):
    """A new seed for an authenticator app, in three forms; none of them is shown again."""

    provisioningURL: str
    image: str
    key: str


class NewRecoveryCodes(TypedDict):
    """New recovery codes, which are not shown again."""

    codes: list[str]


class RecoveryCodesLeft(TypedDict):
    """How many recovery codes are left, and when they were made."""

    left: int
    createdTime: int


class PasskeyTransaction(TypedDict):
    """A passkey is to be created or shown: `options` goes to the browser, `transactionId` finishes it."""

    transactionId: str
    options: str
    create: bool


class Passkey(TypedDict):
    """A passkey as its owner sees it."""

    id: str
    rpId: str
    kind: str
    displayName: str
    createdTime: int
    lastUsedTime: int
    isBackedUp: bool


class Passkeys(TypedDict):
    """Passkeys of a user."""

    passkeys: list[Passkey]


class Tenant(TypedDict):
    """A tenant as its members see it."""

    id: str
    name: str
    customAttributes: dict[str, Any]


class Tenants(TypedDict):
    """Tenants of a user."""

    tenants: list[Tenant]


class TrustedDevice(TypedDict):
    """A device on which no second factor is asked for."""

    id: str
    name: str
    deviceType: str
    createdTime: int
    lastUsedTime: int
    expiresTime: int


class Consent(TypedDict):
    """What a user has allowed one application."""

    id: str
    applicationId: str
    applicationName: str
    scopes: list[str]
    createdTime: int
    modifiedTime: int


class OwnConsents(TypedDict):
    """What a user has allowed applications."""

    consents: list[Consent]


class TrustedDevices(TypedDict):
    """Trusted devices of a user."""

    devices: list[TrustedDevice]


class LoginRecord(TypedDict):
    """One past sign-in of a user."""

    userId: str
    loginTime: int
    city: str
    country: str
    ip: str
    selectedTenant: str


class AuthBody(msgspec.Struct, rename="camel"):
    """What the SDK reads of a sign-in's answer.

    Attributes:
        session_jwt: The session token.
        refresh_jwt: The refresh token, or "" when it is a cookie or did not change.
        cookie_expiration, cookie_max_age, cookie_domain, cookie_path: How a browser should keep the refresh token.
        cookie_name: Name of the refresh cookie, or "" for the usual.
        user: The person.
        first_seen: It is their first session.
        trusted_device_jwt: Token of the device, if this sign-in made it a trusted one, or "" when it is a cookie.
        idp_response: What an identity provider said, after SSO.
        tenant_sso_id: The SSO configuration that was used, or "".
        refresh_cookie: Value of the refresh cookie that came beside the body.
        device_cookie: Value of the cookie of a trusted device that did.
    """

    session_jwt: Secret = ""
    refresh_jwt: Secret = ""
    cookie_expiration: int = 0
    cookie_max_age: int = 0
    cookie_domain: str = ""
    cookie_path: str = "/"
    cookie_name: str = ""
    user: dict[str, Any] = {}
    first_seen: bool = True
    trusted_device_jwt: Secret = ""
    idp_response: dict[str, Any] | None = None
    tenant_sso_id: str = msgspec.field(name="tenantSSOID", default="")
    refresh_cookie: Secret = ""
    device_cookie: Secret = ""

    __repr__ = described
    __rich_repr__ = shown

    def refresh_token(self, presented: str = "") -> str:
        """Return the newest refresh token: of the body, of the cookie, else the one that was presented."""
        return self.refresh_jwt or self.refresh_cookie or presented


class _MayHoldSession(msgspec.Struct):
    jwt: Annotated[AuthBody, Meta(extra=SECRET)] | None = None

    __repr__ = described
    __rich_repr__ = shown


def auth_body(response: Response) -> AuthBody:
    """Read the answer of a sign-in or refresh.

    Raises:
        UnreadableAnswer: It is none, or it has no session.
    """
    return _completed(_decoded(response, AuthBody), response)


def auth_body_or_none(response: Response) -> AuthBody | None:
    """Read an answer that holds a session only where one was asked for, as `jwt`.

    Raises:
        UnreadableAnswer: It is none, or what it has is no session.
    """
    body = _decoded(response, _MayHoldSession).jwt
    return None if body is None else _completed(body, response)


def signed_in(body: AuthBody, session: TokenClaims, refresh: TokenClaims | None) -> JWTResponse:
    """Return the answer of a sign-in, made of claims that were verified."""
    answer: dict[str, Any] = {"sessionToken": session}
    if refresh is not None:
        answer["refreshSessionToken"] = refresh
    answer |= _grants(session)
    answer["userId"] = session.get("dsub") or session["sub"]
    answer["cookieData"] = {
        "exp": body.cookie_expiration,
        "maxAge": body.cookie_max_age,
        "domain": body.cookie_domain,
        "path": body.cookie_path,
    }
    answer["user"], answer["firstSeen"] = body.user, body.first_seen
    if device := body.trusted_device_jwt or body.device_cookie:
        answer["trustedDeviceJwt"] = device
    if body.idp_response is not None:
        answer["idpResponse"] = body.idp_response
    if body.tenant_sso_id:
        answer["tenantSSOID"] = body.tenant_sso_id
    return cast(JWTResponse, answer)


def anonymous_session(session: JWTResponse) -> AnonymousResponse:
    """Return a session without the user, of whom nothing is known."""
    known = {name: value for name, value in session.items() if name not in ("user", "firstSeen")}
    return cast(AnonymousResponse, known)


def exchanged(session: TokenClaims) -> KeySession:
    """Return the answer of an exchange, made of claims that were verified.

    Raises:
        UnreadableAnswer: The token is not that of an access key.
    """
    if KEY_CLAIM not in session:
        raise UnreadableAnswer(detail="the token of the answer names no access key")
    return cast(KeySession, {"sessionToken": session, **_grants(session), KEY_CLAIM: session[KEY_CLAIM]})


def token_claims(payload: bytes, token: str) -> TokenClaims:
    """Return the claims of a verified token in a new dict that the caller owns."""
    claims: TokenClaims = shaping.decode(payload)
    claims["jwt"] = token
    return claims


def user_id_of(claims: Mapping[str, object]) -> str:
    """Return whose claims these are; "" for an access key's: nobody takes a machine for a user."""
    return "" if KEY_CLAIM in claims else str(claims.get("dsub") or claims.get("sub") or "")


def masked_address(method: DeliveryMethod) -> Callable[[Response], str]:
    """Return a reader of the masked address that a code or link went to."""
    name = "maskedEmail" if method is DeliveryMethod.EMAIL else "maskedPhone"

    def read(response: Response) -> str:
        address = _object(response).get(name)
        if not isinstance(address, str):
            raise UnreadableAnswer(detail=f"the answer has no {name}")
        return address

    return read


def as_is(shape: type[T]) -> Callable[[Response], T]:
    """Return a reader of an answer that the caller gets as it came."""

    def read(response: Response) -> T:
        return cast(T, _object(response))

    return read


def as_list(shape: type[T]) -> Callable[[Response], list[T]]:
    """Return a reader of a list that the caller gets as it came."""

    def read(response: Response) -> list[T]:
        found = response.json()
        if not isinstance(found, list):
            raise UnreadableAnswer(detail="the answer is not a list")
        return cast(list[T], found)

    return read


def ignored(response: Response) -> None:
    """Take any answer."""


def _decoded(response: Response, shape: type[T]) -> T:
    try:
        return shaping.decode(response.body, shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableAnswer(detail=str(error)) from error


def _completed(body: AuthBody, response: Response) -> AuthBody:
    """Return a session with what came as cookies beside it."""
    if not body.session_jwt:
        raise UnreadableAnswer(detail="the answer of a sign-in has no session token")
    body.refresh_cookie = response.cookie(body.cookie_name or REFRESH_SESSION_COOKIE_NAME)
    body.device_cookie = response.cookie(TRUSTED_DEVICE_COOKIE_NAME)
    return body


def _grants(claims: TokenClaims) -> dict[str, Any]:
    said = cast(dict[str, Any], claims)
    return {
        "permissions": said.get("permissions", []),
        "roles": said.get("roles", []),
        "tenants": said.get("tenants", {}),
        "projectId": said["iss"],
    }


def _object(response: Response) -> Mapping[str, Any]:
    found = response.json()
    if not isinstance(found, dict):
        raise UnreadableAnswer(detail="the answer is not an object")
    return found
