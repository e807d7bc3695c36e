"""The OpenID provider: its addresses below a project and at the root of a host, and what their requests say.

They speak OAuth, not the contract: parameters instead of JSON shapes, each of which may come several times and is then
refused, and errors as `error` and `error_description`. Discovery describes them, so they are not in the API's table.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from msgspec import UNSET, Meta, UnsetType, field, to_builtins

from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET, Secret

__all__ = [
    "AUTHORIZE",
    "CHANGE_PASSWORD",
    "CONFIGURATION",
    "CONTINUE",
    "DEVICE",
    "INTROSPECT",
    "JWKS",
    "LOGOUT",
    "METADATA",
    "POST_AUTHORIZE",
    "POST_CONTINUE",
    "POST_LOGOUT",
    "POST_USERINFO",
    "POST_USER_CODE",
    "PUSH",
    "REGISTER",
    "REGISTERED",
    "REREGISTER",
    "REVOKE",
    "SIGN_UP",
    "START",
    "TOKEN",
    "UNREGISTER",
    "USERINFO",
    "USER_CODE",
    "V2_LOGOUT",
    "AuthorizeQuery",
    "ClientMetadata",
    "ContinueForm",
    "ContinueQuery",
    "DeviceCodes",
    "DeviceForm",
    "DeviceQuery",
    "DirectForm",
    "LogoutQuery",
    "Introspection",
    "OAuthForm",
    "Pair",
    "Pushed",
    "TokenResponse",
    "UserinfoQuery",
    "V2LogoutQuery",
    "first",
    "given",
]

_Text = Annotated[str, Meta(max_length=8192)]
_Secret = Annotated[str, Meta(max_length=16_384, extra=SECRET)]
_Texts = Annotated[tuple[_Text, ...], Meta(max_length=20)]
_Secrets = Annotated[tuple[_Secret, ...], Meta(max_length=20)]
_Choice = Annotated[str, Meta(max_length=64)]
_Proof = Annotated[str, Meta(max_length=320, extra=SECRET)]


class AuthorizeQuery(Shape, frozen=True, kw_only=True, rename="lower", omit_defaults=True):
    """An authorization request; unknown parameters are passed over.

    Spec: OpenID Connect Core 1.0 section 3.1.2.1; RFC 7636; RFC 8707; RFC 9126; RFC 9449 section 10.
    """

    acr_values: _Texts = ()
    audience: _Texts = ()
    claims: _Texts = ()
    client_id: _Texts = ()
    code_challenge: _Texts = ()
    code_challenge_method: _Texts = ()
    dpop_jkt: _Texts = ()
    id_token_hint: _Secrets = ()
    login_hint: _Texts = ()
    max_age: _Texts = ()
    nonce: _Texts = ()
    tenant: _Texts = field(name="organization", default=())
    prompt: _Texts = ()
    redirect_uri: _Texts = ()
    registration: _Texts = ()
    request: _Texts = ()
    request_uri: _Texts = ()
    resource: _Texts = ()
    response_mode: _Texts = ()
    response_type: _Texts = ()
    scope: _Texts = ()
    screen_hint: _Texts = ()
    state: _Texts = ()
    ui_locales: _Texts = ()


class OAuthForm(AuthorizeQuery, frozen=True, kw_only=True, rename="lower", omit_defaults=True):
    """What a client itself sends: to the token endpoint, or about a token, or a request that is pushed.

    Spec: RFC 6749 section 4; RFC 7009 section 2.1; RFC 7662 section 2.1; RFC 7523; RFC 8628; RFC 8693.
    """

    client_secret: _Secrets = ()
    client_assertion: _Secrets = ()
    client_assertion_type: _Texts = ()
    grant_type: _Texts = ()
    code: _Secrets = ()
    code_verifier: _Secrets = ()
    refresh_token: _Secrets = ()
    device_code: _Secrets = ()
    token: _Secrets = ()
    token_type_hint: _Texts = ()
    typed_login_id: _Texts = field(name="username", default=())
    password: _Secrets = ()
    otp: _Secrets = ()
    connection: _Texts = field(name="realm", default=())
    subject_token: _Secrets = ()
    subject_token_type: _Texts = ()
    actor_token: _Secrets = ()
    requested_token_type: _Texts = ()

    @property
    def login_id(self) -> str:
        """Return whom it is about, for the limits per login ID."""
        return self.typed_login_id[0] if self.typed_login_id else ""


class UserinfoQuery(Shape, frozen=True, kw_only=True, rename="lower", omit_defaults=True):
    """A token in the query, or in the form of a POST."""

    access_token: _Secrets = ()


class ContinueQuery(Shape, frozen=True, kw_only=True):
    """Which request goes on; `to` and `popup` are for the headers of the pages before alone."""

    request: _Choice = ""
    to: _Text = ""
    popup: _Choice = ""


class ContinueForm(Shape, frozen=True, kw_only=True):
    """What a person said to an application's wish.

    Attributes:
        form: The form's token.
        request: Which request.
        who: Who was asked.
        do: `allow` or `deny`.
    """

    form: _Proof = ""
    request: _Choice = ""
    who: _Choice = ""
    do: _Choice = ""


class DeviceQuery(Shape, frozen=True, kw_only=True, rename="lower"):
    """The code that a device shows. Spec: RFC 8628 section 3.3.1."""

    user_code: _Proof = ""


class DeviceForm(Shape, frozen=True, kw_only=True, rename="lower"):
    """What a person said about a device.

    Attributes:
        form: The form's token.
        user_code: The code that the device shows.
        who: Who was asked.
        do: `look`, `allow` or `deny`.
    """

    form: _Proof = ""
    user_code: _Proof = ""
    who: _Choice = ""
    do: _Choice = ""


class LogoutQuery(Shape, frozen=True, kw_only=True, rename="lower"):
    """A wish to log out, of an application, or of the person on our own page.

    Spec: OpenID Connect RP-Initiated Logout 1.0 section 2.
    """

    id_token_hint: _Secret = ""
    post_logout_redirect_uri: _Text = ""
    client_id: _Text = ""
    state: _Text = ""
    ui_locales: _Text = ""
    logout_hint: _Text = ""
    form: _Proof = ""
    do: _Choice = ""


class V2LogoutQuery(Shape, frozen=True, kw_only=True):
    """The same in Auth0's words."""

    return_to: _Text = ""
    client_id: _Text = field(name="client_id", default="")


class TokenResponse(Shape, frozen=True, kw_only=True, rename="lower"):
    """What the token endpoint answers. Spec: RFC 6749 section 5.1; OpenID Connect Core 1.0 section 3.1.3.3."""

    access_token: Secret
    token_type: str
    expires_in: int
    scope: str
    id_token: Secret | UnsetType = UNSET
    refresh_token: Secret | UnsetType = UNSET
    issued_token_type: str | UnsetType = UNSET


class DirectForm(Shape, frozen=True, kw_only=True, rename="lower", omit_defaults=True):
    """What Auth0's clients send to start a sign-in without a page of ours, or about a password."""

    client_id: _Texts = ()
    client_secret: _Secrets = ()
    client_assertion: _Secrets = ()
    client_assertion_type: _Texts = ()
    connection: _Texts = ()
    email: _Texts = ()
    phone_number: _Texts = ()
    password: _Secrets = ()
    name: _Texts = ()
    given_name: _Texts = ()
    family_name: _Texts = ()
    send: _Texts = ()

    @property
    def login_id(self) -> str:
        """Return whom it is about, for the limits per login ID."""
        return next(iter((*self.email, *self.phone_number)), "")


class DeviceCodes(Shape, frozen=True, kw_only=True, rename="lower"):
    """What a device polls with, and what it shows. Spec: RFC 8628 section 3.2."""

    device_code: Secret
    user_code: Secret
    verification_uri: str
    verification_uri_complete: Secret
    expires_in: int
    interval: int


class ClientMetadata(Shape, frozen=True, kw_only=True, rename="lower", omit_defaults=True):
    """What an application says of itself when it registers; what is unknown is passed over.

    Spec: RFC 7591 section 2; OpenID Connect Dynamic Client Registration 1.0 section 2.
    """

    application_type: _Texts = ()
    backchannel_logout_session_required: _Texts = ()
    backchannel_logout_uri: _Texts = ()
    client_id: _Texts = ()
    client_name: _Texts = ()
    client_uri: _Texts = ()
    contacts: _Texts = ()
    dpop_bound_access_tokens: _Texts = ()
    grant_types: _Texts = ()
    id_token_signed_response_alg: _Texts = ()
    initiate_login_uri: _Texts = ()
    jwks: _Texts = ()
    jwks_uri: _Texts = ()
    logo_uri: _Texts = ()
    policy_uri: _Texts = ()
    post_logout_redirect_uris: _Texts = ()
    redirect_uris: _Texts = ()
    request_object_signing_alg: _Texts = ()
    require_pushed_authorization_requests: _Texts = ()
    response_types: _Texts = ()
    sector_identifier_uri: _Texts = ()
    subject_type: _Texts = ()
    token_endpoint_auth_method: _Texts = ()
    tos_uri: _Texts = ()
    userinfo_signed_response_alg: _Texts = ()


class Pushed(Shape, frozen=True, kw_only=True, rename="lower"):
    """What a pushed request is known by. Spec: RFC 9126 section 2.2."""

    request_uri: str
    expires_in: int


class Confirmation(Shape, frozen=True, kw_only=True, rename="lower"):
    """The key that a token is bound to. Spec: RFC 9449 section 6."""

    jkt: str


class Actor(Shape, frozen=True, kw_only=True, rename="lower"):
    """Who acts for the subject of a token. Spec: RFC 8693 section 4.1."""

    sub: str


class Introspection(Shape, frozen=True, kw_only=True, rename="lower"):
    """What a token is worth. Spec: RFC 7662 section 2.2; RFC 9449 section 6.2; RFC 8693 section 4.1."""

    active: bool
    scope: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    token_type: str | UnsetType = UNSET
    exp: int | UnsetType = UNSET
    iat: int | UnsetType = UNSET
    sub: str | UnsetType = UNSET
    aud: tuple[str, ...] | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    jti: str | UnsetType = UNSET
    cnf: Confirmation | UnsetType = UNSET
    act: Actor | UnsetType = UNSET


T = TypeVar("T", bound=Shape)


def given(body: AuthorizeQuery | UserinfoQuery | ClientMetadata | DirectForm) -> dict[str, tuple[str, ...]]:
    """Return the parameters that have a value, by their names on the wire.

    Spec: RFC 6749 section 3.1 (a parameter without a value is as good as none).
    """
    sent: dict[str, tuple[str, ...]] = to_builtins(body)  # of some forty fields, those that came
    return {name: found for name, values in sent.items() if (found := tuple(filter(None, values)))}


def first(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    """Return the first value of a parameter, "" for none."""
    values = parameters.get(name, ())
    return values[0] if values else ""


def _pair(
    name: str, verb: str, path: str, request: type[T], *, is_page: bool = False, takes_form: bool = False
) -> tuple[Endpoint[T, Nothing], Endpoint[T, Nothing]]:
    """Return the endpoint below a project and at the root of a host."""

    def row(id: str, where: str, *, by_host: bool) -> Endpoint[T, Nothing]:
        return Endpoint(
            id,
            verb,
            where,
            request,
            Nothing,
            Caller.ANYONE,
            is_page=is_page,
            takes_form=takes_form,
            is_oauth=True,
            by_host=by_host,
        )

    return row(f"oidc.{name}", f"/{{projectId}}{path}", by_host=False), row(f"oidc.root.{name}", path, by_host=True)


Pair = tuple[Endpoint[Any, Nothing], Endpoint[Any, Nothing]]

CONFIGURATION: Pair = _pair("configuration", "GET", "/.well-known/openid-configuration", Nothing)
# RFC 8414 section 3.1 puts the path of the issuer behind the well-known part.
METADATA: Pair = (
    Endpoint(
        "oidc.metadata",
        "GET",
        "/.well-known/oauth-authorization-server/{projectId}",
        Nothing,
        Nothing,
        Caller.ANYONE,
        is_oauth=True,
    ),
    Endpoint(
        "oidc.root.metadata",
        "GET",
        "/.well-known/oauth-authorization-server",
        Nothing,
        Nothing,
        Caller.ANYONE,
        is_oauth=True,
        by_host=True,
    ),
)
# Below a project it is `keys.OIDC_KEYS`.
JWKS: Endpoint[Any, Nothing] = _pair("jwks", "GET", "/.well-known/jwks.json", Nothing)[1]
AUTHORIZE: Pair = _pair("authorize", "GET", "/authorize", AuthorizeQuery, is_page=True)
POST_AUTHORIZE: Pair = _pair("authorize.post", "POST", "/authorize", AuthorizeQuery, is_page=True, takes_form=True)
CONTINUE: Pair = _pair("continue", "GET", "/authorize/continue", ContinueQuery, is_page=True)
POST_CONTINUE: Pair = _pair("consent", "POST", "/authorize/continue", ContinueForm, is_page=True)
TOKEN: Pair = _pair("token", "POST", "/oauth/token", OAuthForm)
REVOKE: Pair = _pair("revoke", "POST", "/oauth/revoke", OAuthForm)
INTROSPECT: Pair = _pair("introspect", "POST", "/oauth/introspect", OAuthForm)
DEVICE: Pair = _pair("device", "POST", "/oauth/device/code", OAuthForm)
USER_CODE: Pair = _pair("user_code", "GET", "/device", DeviceQuery, is_page=True)
POST_USER_CODE: Pair = _pair("user_code.post", "POST", "/device", DeviceForm, is_page=True)
START: Pair = _pair("passwordless", "POST", "/passwordless/start", DirectForm)
SIGN_UP: Pair = _pair("sign_up", "POST", "/dbconnections/signup", DirectForm)
CHANGE_PASSWORD: Pair = _pair("change_password", "POST", "/dbconnections/change_password", DirectForm)
REGISTER: Pair = _pair("register", "POST", "/oidc/register", ClientMetadata)
REGISTERED: Pair = _pair("registered", "GET", "/oidc/register/{clientId}", Nothing)
REREGISTER: Pair = _pair("reregister", "PUT", "/oidc/register/{clientId}", ClientMetadata)
UNREGISTER: Pair = _pair("unregister", "DELETE", "/oidc/register/{clientId}", Nothing)
PUSH: Pair = _pair("push", "POST", "/oauth/par", OAuthForm)
USERINFO: Pair = _pair("userinfo", "GET", "/userinfo", UserinfoQuery)
POST_USERINFO: Pair = _pair("userinfo.post", "POST", "/userinfo", UserinfoQuery)
LOGOUT: Pair = _pair("logout", "GET", "/oidc/logout", LogoutQuery, is_page=True)
POST_LOGOUT: Pair = _pair("logout.post", "POST", "/oidc/logout", LogoutQuery, is_page=True, takes_form=True)
V2_LOGOUT: Pair = _pair("v2_logout", "GET", "/v2/logout", V2LogoutQuery, is_page=True)
