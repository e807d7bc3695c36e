"""Applications that sign people in through us, and the APIs that access tokens are for: shapes and Avow's own routes.

The operations of the contract (`mgmt.sso_application`, `mgmt.third_party_application`) work on the same applications.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from avow.wire.bounds import END, Flag, Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import Secret

__all__ = [
    "API_CREATE",
    "API_DELETE",
    "API_LIST",
    "API_LOAD",
    "API_UPDATE",
    "CREATE",
    "DELETE",
    "ENDPOINTS",
    "GRANT",
    "LIST",
    "LOAD",
    "ROTATE",
    "UPDATE",
    "Api",
    "ApiAnswer",
    "ApiPermission",
    "Apis",
    "Application",
    "ApplicationAnswer",
    "ApplicationGrant",
    "ApplicationId",
    "ApplicationRef",
    "ApplicationSecret",
    "ApplicationSettings",
    "Applications",
    "AuthMethod",
    "CreateApi",
    "CreateApplication",
    "CreatedApplication",
    "Grant",
    "GrantApi",
    "ListPage",
    "Preset",
    "RotateSecret",
    "UpdateApi",
    "UpdateApplication",
]

Kind = Literal["oidc", "saml", "wsfed", "third-party", "published"]
Preset = Literal["regular-web", "spa", "native", "machine"]
AuthMethod = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
Grant = Literal[
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "password",
    "http://auth0.com/oauth/grant-type/password-realm",
    "http://auth0.com/oauth/grant-type/passwordless/otp",
]
Algorithm = Literal["RS256", "ES256", "EdDSA"]

GivenName = Annotated[str, Meta(min_length=1, max_length=256)]
Description = Annotated[str, Meta(max_length=1024)]
Address = Annotated[str, Meta(max_length=2048)]
Addresses = Annotated[tuple[Address, ...], Meta(max_length=100)]
Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=rf"^[A-Za-z0-9._~:/-]+{END}")]
Audience = Annotated[str, Meta(min_length=1, max_length=512, pattern=rf"^[\x21-\x7e]+{END}")]
Scope = Annotated[str, Meta(min_length=1, max_length=128, pattern=rf"^[\x21\x23-\x5b\x5d-\x7e]+{END}")]
Scopes = Annotated[tuple[Scope, ...], Meta(max_length=500)]
Lifetime = Annotated[int, Meta(ge=60, le=30 * 86400)]
LongLifetime = Annotated[int, Meta(ge=300, le=400 * 86400)]
FlowId = Annotated[str, Meta(max_length=128)]
Changes = Annotated[dict[str, object], Meta(max_length=100)]


class ApplicationSettings(Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The policy of one application; what is not set is as its preset has it.

    Attributes:
        preset: What kind of application it is; fixed when it is made.
        redirect_uris: Where authorization answers may go, compared character by character.
        logout_uris: Where a browser may go after log-out.
        web_origins: Browser origins that may call the token and userinfo endpoints, and get answers by `web_message`.
        initiate_login_uri: Where a sign-in that somebody else begins is handed to the application.
        grant_types: Grants that it may use at the token endpoint.
        auth_methods: How it shows who it is there; several are allowed, never two in one request.
        pkce: `required`, or `allowed`.
        id_token_algorithm: Of its ID tokens: RS256, or the algorithm of the project's session keys.
        id_token_has_claims: The claims of the granted scopes stand in the ID token, not at the userinfo endpoint only.
        updated_at: Form of that claim: `number`, or `text` (ISO 8601).
        default_audience: The API that is meant when a request names none; "" for the project's.
        lifetime_seconds: Life of access tokens for no API, and of ID tokens.
        rotates: Each use of a refresh token makes a new one.
        refresh_lifetime_seconds: Absolute life of a refresh token and all that follow it.
        jwks: Its public keys, for `private_key_jwt`; JSON of a key set, "" for none.
        jwks_uri: Where they are published.
        backchannel_logout_uri: Is told when somebody whom it has signed in logs out.
        backchannel_session_required: It is told which session.
        requires_pushed: Authorization requests have to be pushed (RFC 9126).
        requires_dpop: Tokens are bound to a key (RFC 9449).
        ignores_redirect_query: The query of a redirect_uri is not compared. Weaker: for social-auth's `auth0` alone.
        takes_token_in_query: Its access tokens are taken in the query of the userinfo endpoint. Weaker: they get into
            logs.
        allows_popups: It may sign people in in a popup: pages of its sign-ins keep hold of the window that opened them,
            and `web_message` answers reach it. Weaker: any site can open those pages and keep hold of them.
        flow: The flow that signs in, "" for the standard one.
        sign_up_flow: The flow for `screen_hint=signup`, "" for the standard one.
        scopes: What it may ask for besides the standard ones, of no API.
        userinfo_algorithm: Signs what the userinfo endpoint says of it; "" for plain JSON.
        policy_uri, terms_uri: Shown where a person is asked for consent.
    """

    preset: Preset = "regular-web"
    redirect_uris: Addresses = ()
    logout_uris: Addresses = ()
    web_origins: Addresses = ()
    initiate_login_uri: Address = ""
    grant_types: tuple[Grant, ...] = ("authorization_code", "refresh_token")
    auth_methods: tuple[AuthMethod, ...] = ("client_secret_basic", "client_secret_post")
    pkce: Literal["required", "allowed"] = "required"
    id_token_algorithm: Algorithm = "RS256"
    id_token_has_claims: bool = True
    updated_at: Literal["number", "text"] = "number"
    default_audience: Annotated[str, Meta(max_length=512)] = ""
    lifetime_seconds: Lifetime = 3600
    rotates: bool = True
    refresh_lifetime_seconds: LongLifetime = 30 * 86400
    jwks: Annotated[str, Meta(max_length=65_536)] = ""
    jwks_uri: Address = ""
    backchannel_logout_uri: Address = ""
    backchannel_session_required: bool = False
    requires_pushed: bool = False
    requires_dpop: bool = False
    ignores_redirect_query: bool = False
    takes_token_in_query: bool = False
    allows_popups: bool = False
    flow: FlowId = ""
    sign_up_flow: FlowId = ""
    scopes: Scopes = ()
    userinfo_algorithm: Literal["", "RS256"] = ""
    policy_uri: Address = ""
    terms_uri: Address = ""


class ApplicationSecret(Shape, frozen=True, kw_only=True):
    """A secret of an application, without the secret; `expire_time` is 0 for never."""

    id: str
    created_time: int
    expire_time: int = 0


class ApplicationGrant(Shape, frozen=True, kw_only=True):
    """What an application may do at an API in its own name."""

    audience: str
    scopes: tuple[str, ...] = ()


class Application(Shape, frozen=True, kw_only=True):
    """An application.

    Attributes:
        id: Its client_id.
        kind: `oidc`, `saml`, `wsfed`, `third-party`, or `published`: it says itself what it is, at the address that is
            its id.
        name: For people.
        description: For people.
        logo: URL of a picture.
        enabled: It can be used.
        trusted: Nobody is asked for consent.
        login_page_url: A sign-in page of the application's own, or "".
        force_authentication: Everybody signs in anew for it, whatever session the browser has.
        created_time: Seconds since the epoch.
        modified_time: Seconds since the epoch.
        settings: See there.
        secrets: Those that count now or will.
        grants: For `client_credentials`.
    """

    id: str
    kind: Kind
    name: str
    description: str = ""
    logo: str = ""
    enabled: bool = True
    trusted: bool = False
    login_page_url: str = ""
    force_authentication: bool = False
    created_time: int = 0
    modified_time: int = 0
    settings: ApplicationSettings = ApplicationSettings()
    secrets: tuple[ApplicationSecret, ...] = ()
    grants: tuple[ApplicationGrant, ...] = ()


class CreateApplication(Shape, frozen=True, kw_only=True):
    """An application to be made; what `settings` names differs from the preset."""

    name: GivenName
    preset: Preset | None = None
    id: Id | None = None
    description: Description | None = None
    logo: Address | None = None
    trusted: Flag = None
    login_page_url: Address | None = None
    force_authentication: Flag = None
    settings: Changes | None = None


class UpdateApplication(Shape, frozen=True, kw_only=True):
    """What is to change of an application; of `settings` null puts one back to what the preset has."""

    id: Reference
    name: GivenName | None = None
    description: Description | None = None
    logo: Address | None = None
    enabled: Flag = None
    trusted: Flag = None
    login_page_url: Address | None = None
    force_authentication: Flag = None
    settings: Changes | None = None


class ListPage(Shape, frozen=True, kw_only=True):
    """Which page: `page` counts from 0, of `limit` each, a thousand when it is not said."""

    page: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None


class ApplicationRef(Shape, frozen=True, kw_only=True):
    """Which application."""

    id: Reference | None = None


class ApplicationId(Shape, frozen=True, kw_only=True):
    """Which application."""

    id: Reference


class RotateSecret(Shape, frozen=True, kw_only=True):
    """A new secret; those before count for so many seconds more, a day when it is not said."""

    id: Reference
    overlap_seconds: Annotated[int, Meta(ge=0, le=90 * 86400)] | None = None


class GrantApi(Shape, frozen=True, kw_only=True):
    """What an application may do at an API from now on; no scopes at all (null) take the API away."""

    id: Reference
    audience: Audience
    scopes: Scopes | None = None


class ApplicationAnswer(Shape, frozen=True, kw_only=True):
    """One application."""

    application: Application


class CreatedApplication(Shape, frozen=True, kw_only=True):
    """An application with its new secret, shown this once; none where it is public, or keeps those it has."""

    application: Application
    secret: Secret | UnsetType = UNSET


class Applications(Shape, frozen=True, kw_only=True):
    """A page of applications, the oldest first, and how many there are."""

    applications: tuple[Application, ...]
    total: int


class ApiPermission(Shape, frozen=True, kw_only=True):
    """A scope that an API knows."""

    name: Scope
    description: Description = ""


Permissions = Annotated[tuple[ApiPermission, ...], Meta(max_length=500)]


class Api(Shape, frozen=True, kw_only=True):
    """An API (resource server) that access tokens are for.

    Attributes:
        id: Avow's own.
        identifier: Its audience.
        name: For people.
        lifetime_seconds: Life of access tokens for it.
        algorithm: Of its access tokens: RS256, or the algorithm of the project's session keys.
        rbac: Tokens say which of its permissions the user holds, and carry no scope of it that the user does not hold.
        allows_offline: Refresh tokens are given for it.
        created_time: Seconds since the epoch.
        permissions: The scopes that it knows.
    """

    id: str
    identifier: str
    name: str
    lifetime_seconds: int
    algorithm: str
    rbac: bool
    allows_offline: bool
    created_time: int
    permissions: tuple[ApiPermission, ...] = ()


class CreateApi(Shape, frozen=True, kw_only=True):
    """An API to be made."""

    identifier: Audience
    name: GivenName | None = None
    lifetime_seconds: Lifetime | None = None
    algorithm: Algorithm | None = None
    rbac: Flag = None
    allows_offline: Flag = None
    permissions: Permissions | None = None


class UpdateApi(Shape, frozen=True, kw_only=True):
    """What is to change of an API; its identifier stays for ever."""

    id: Reference
    name: GivenName | None = None
    lifetime_seconds: Lifetime | None = None
    algorithm: Algorithm | None = None
    rbac: Flag = None
    allows_offline: Flag = None
    permissions: Permissions | None = None


class ApiAnswer(Shape, frozen=True, kw_only=True):
    """One API."""

    api: Api


class Apis(Shape, frozen=True, kw_only=True):
    """A page of APIs, the oldest first, and how many there are."""

    apis: tuple[Api, ...]
    total: int


_APP = "/v1/mgmt/avow/app"
_API = "/v1/mgmt/avow/api"

CREATE = Endpoint("mgmt.app.create", "POST", f"{_APP}/create", CreateApplication, CreatedApplication, Caller.MANAGEMENT)
LOAD = Endpoint("mgmt.app.load", "GET", _APP, ApplicationRef, ApplicationAnswer, Caller.MANAGEMENT, only_reads=True)
LIST = Endpoint("mgmt.app.list", "GET", f"{_APP}/list", ListPage, Applications, Caller.MANAGEMENT, only_reads=True)
UPDATE = Endpoint("mgmt.app.update", "POST", f"{_APP}/update", UpdateApplication, CreatedApplication, Caller.MANAGEMENT)
ROTATE = Endpoint(
    "mgmt.app.rotate_secret", "POST", f"{_APP}/rotate-secret", RotateSecret, CreatedApplication, Caller.MANAGEMENT
)
GRANT = Endpoint("mgmt.app.grant", "POST", f"{_APP}/grant", GrantApi, ApplicationAnswer, Caller.MANAGEMENT)
DELETE = Endpoint("mgmt.app.delete", "POST", f"{_APP}/delete", ApplicationId, Nothing, Caller.MANAGEMENT)

API_CREATE = Endpoint("mgmt.api.create", "POST", f"{_API}/create", CreateApi, ApiAnswer, Caller.MANAGEMENT)
API_LOAD = Endpoint("mgmt.api.load", "GET", _API, ApplicationRef, ApiAnswer, Caller.MANAGEMENT, only_reads=True)
API_LIST = Endpoint("mgmt.api.list", "GET", f"{_API}/list", ListPage, Apis, Caller.MANAGEMENT, only_reads=True)
API_UPDATE = Endpoint("mgmt.api.update", "POST", f"{_API}/update", UpdateApi, ApiAnswer, Caller.MANAGEMENT)
API_DELETE = Endpoint("mgmt.api.delete", "POST", f"{_API}/delete", ApplicationId, Nothing, Caller.MANAGEMENT)

ENDPOINTS = (
    CREATE,
    LOAD,
    LIST,
    UPDATE,
    ROTATE,
    GRANT,
    DELETE,
    API_CREATE,
    API_LOAD,
    API_LIST,
    API_UPDATE,
    API_DELETE,
)
