"""Sessions: the tokens a sign-in ends in, and the routes of the person who holds them."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from avow.wire.bounds import Flag, LoginId, Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import Secret
from avow.wire.users import UserResponse

__all__ = [
    "END_SESSION",
    "ENDPOINTS",
    "HISTORY",
    "LOGOUT",
    "LOGOUT_ALL",
    "ME",
    "MY_DEVICES",
    "MY_SESSIONS",
    "MY_TENANTS",
    "REFRESH",
    "REMOVE_DEVICE",
    "SELECT_TENANT",
    "ALLOW_IMPERSONATION",
    "TRY_REFRESH",
    "AllowImpersonation",
    "EndSession",
    "IdpResponse",
    "JwtResponse",
    "LoggedOut",
    "LoginRecord",
    "MyTenants",
    "MyTenantsRequest",
    "OwnDevice",
    "OwnDevices",
    "OwnSession",
    "OwnSessions",
    "RemoveDevice",
    "SelectTenant",
    "TenantOfMine",
]


class IdpResponse(Shape, frozen=True, kw_only=True):
    """What an identity provider said about the person.

    Attributes:
        groups: Groups at the provider.
        saml_attributes: Attributes of the SAML assertion.
        oidc_claims: Claims of the ID token.
    """

    groups: tuple[str, ...] = field(default=(), name="idpGroups")
    saml_attributes: dict[str, object] = field(default_factory=dict, name="idpSAMLAttributes")
    oidc_claims: dict[str, object] = field(default_factory=dict, name="idpOIDCClaims")


class JwtResponse(Shape, frozen=True, kw_only=True):
    """A session: its tokens, how a browser should keep them, and whose it is.

    Attributes:
        session_jwt: The session token.
        refresh_jwt: The refresh token; absent when it travels as a cookie or did not change.
        cookie_domain: Domain for cookies that hold the tokens; empty for the host itself.
        cookie_path: Path for those cookies.
        cookie_max_age: Seconds that the refresh token still lives.
        cookie_expiration: When the refresh token ends, seconds since the epoch.
        cookie_name: Name of the refresh cookie.
        session_expiration: When the session token ends, seconds since the epoch.
        user: The person; absent for machines.
        first_seen: It is the user's first session.
        next_refresh_seconds: When a browser should refresh; 0 leaves it to the browser.
        claims: Claims of the session token, for clients that cannot read it.
        idp_response: What an identity provider said, after SSO.
        tenant_sso_id: The SSO configuration that was used.
        trusted_device_jwt: Token of the device, if this sign-in made it a trusted one; absent when it is a cookie.
        external_token: Token of another system.
    """

    session_jwt: Secret | UnsetType = UNSET
    refresh_jwt: Secret | UnsetType = UNSET
    cookie_domain: str = ""
    cookie_path: str = "/"
    cookie_max_age: int = 0
    cookie_expiration: int = 0
    cookie_name: str = ""
    session_expiration: int = 0
    user: UserResponse | UnsetType = UNSET
    first_seen: bool = False
    next_refresh_seconds: int = 0
    claims: dict[str, object] | UnsetType = UNSET
    idp_response: IdpResponse | UnsetType = UNSET
    tenant_sso_id: str | UnsetType = field(default=UNSET, name="tenantSSOID")
    trusted_device_jwt: Secret | UnsetType = UNSET
    external_token: Secret | UnsetType = UNSET


class LoggedOut(Shape, frozen=True, kw_only=True):
    """The session is over; domain and path say which cookies to clear.

    Attributes:
        cookie_domain: Domain that the cookies were set for; empty for the host itself.
        cookie_path: Path that they were set for.
    """

    cookie_domain: str = ""
    cookie_path: str = "/"


class MyTenantsRequest(Shape, frozen=True, kw_only=True):
    """Which tenants of the user to list.

    Attributes:
        dct: Only the one selected in the session.
        ids: Only these.
    """

    dct: Flag = None
    ids: tuple[LoginId, ...] | None = None


class TenantOfMine(Shape, frozen=True, kw_only=True):
    """A tenant as its members see it."""

    id: str
    name: str = ""
    custom_attributes: dict[str, object] = {}


class MyTenants(Shape, frozen=True, kw_only=True):
    """Tenants of the user."""

    tenants: tuple[TenantOfMine, ...] = ()


class LoginRecord(Shape, frozen=True, kw_only=True):
    """One past sign-in of the user.

    Attributes:
        user_id: The user.
        login_time: When, seconds since the epoch.
        city: Where, as far as the address tells.
        country: Where, as far as the address tells.
        ip: IP address.
        selected_tenant: Tenant that was selected, or "".
    """

    user_id: str
    login_time: int
    city: str = ""
    country: str = ""
    ip: str = ""
    selected_tenant: str = ""


class SelectTenant(Shape, frozen=True, kw_only=True):
    """The tenant that the session is to act in."""

    tenant: LoginId


class OwnSession(Shape, frozen=True, kw_only=True):
    """One live session of the user.

    Attributes:
        id: Names it in `sessions.end`.
        created_time: When it was opened, seconds since the epoch.
        last_used_time: When it was last refreshed, seconds since the epoch.
        address: IP address it was opened from.
        device: User-Agent it was opened with.
        current: It is the one that asks.
    """

    id: str
    created_time: int
    last_used_time: int
    address: str = ""
    device: str = ""
    current: bool = False


class OwnSessions(Shape, frozen=True, kw_only=True):
    """Live sessions of the user, the newest first."""

    sessions: tuple[OwnSession, ...] = ()


class EndSession(Shape, frozen=True, kw_only=True):
    """The session to end."""

    session_id: Reference


class OwnDevice(Shape, frozen=True, kw_only=True):
    """One device of the user on which no second factor is asked for.

    Attributes:
        id: Names it in `devices.remove`.
        name: Browser and system, as far as they are known.
        device_type: Desktop, Mobile, Tablet, Bot or Unknown; "" when nothing is known.
        created_time: When it was first trusted, seconds since the epoch.
        last_used_time: When somebody last signed in on it.
        expires_time: Until when it is trusted.
    """

    id: str
    name: str = ""
    device_type: str = ""
    created_time: int
    last_used_time: int
    expires_time: int


class OwnDevices(Shape, frozen=True, kw_only=True):
    """Trusted devices of the user, the one used last first."""

    devices: tuple[OwnDevice, ...] = ()


class RemoveDevice(Shape, frozen=True, kw_only=True):
    """The device that is to be trusted no more."""

    device_id: Reference


class AllowImpersonation(Shape, frozen=True, kw_only=True):
    """How long the user agrees to be impersonated: from now on, in seconds, at most 30 days; 0 takes it back."""

    seconds: Annotated[int, Meta(ge=0, le=30 * 86400)]


REFRESH = Endpoint("refresh_session", "POST", "/v1/auth/refresh", Nothing, JwtResponse, Caller.SESSION)
TRY_REFRESH = Endpoint(
    "try_refresh_session", "POST", "/v1/auth/try-refresh", Nothing, JwtResponse, Caller.PROJECT, may_be_empty=True
)
LOGOUT = Endpoint("logout", "POST", "/v1/auth/logout", Nothing, LoggedOut, Caller.SESSION)
LOGOUT_ALL = Endpoint("logout_all", "POST", "/v1/auth/logoutall", Nothing, LoggedOut, Caller.SESSION)
ME = Endpoint("me", "GET", "/v1/auth/me", Nothing, UserResponse, Caller.SESSION)
MY_TENANTS = Endpoint("my_tenants", "POST", "/v1/auth/me/tenants", MyTenantsRequest, MyTenants, Caller.SESSION)
HISTORY = Endpoint("history", "GET", "/v1/auth/me/history", Nothing, list[LoginRecord], Caller.SESSION)
SELECT_TENANT = Endpoint("select_tenant", "POST", "/v1/auth/tenant/select", SelectTenant, JwtResponse, Caller.SESSION)
MY_SESSIONS = Endpoint("sessions.mine", "GET", "/v1/auth/avow/sessions", Nothing, OwnSessions, Caller.SESSION)
END_SESSION = Endpoint("sessions.end", "POST", "/v1/auth/avow/sessions/end", EndSession, Nothing, Caller.SESSION)
MY_DEVICES = Endpoint("devices.mine", "GET", "/v1/auth/avow/devices", Nothing, OwnDevices, Caller.SESSION)
REMOVE_DEVICE = Endpoint(
    "devices.remove", "POST", "/v1/auth/avow/devices/remove", RemoveDevice, Nothing, Caller.SESSION
)
ALLOW_IMPERSONATION = Endpoint(
    "sessions.allow_impersonation",
    "POST",
    "/v1/auth/avow/impersonation/allow",
    AllowImpersonation,
    Nothing,
    Caller.SESSION,
)

ENDPOINTS = (
    REFRESH,
    TRY_REFRESH,
    LOGOUT,
    LOGOUT_ALL,
    ME,
    MY_TENANTS,
    HISTORY,
    SELECT_TENANT,
    MY_SESSIONS,
    END_SESSION,
    MY_DEVICES,
    REMOVE_DEVICE,
    ALLOW_IMPERSONATION,
)
