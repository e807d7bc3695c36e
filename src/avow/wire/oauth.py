"""Sign-in with a social provider (OAuth 2.0 and OpenID Connect): shapes and routes for applications.

The routes that browsers open on the way are `server.social.endpoints`.
"""

from typing import Annotated

from msgspec import Meta, field

from avow.wire.bounds import SecretReference, Text, Url
from avow.wire.endpoint import Caller, Endpoint, Shape
from avow.wire.login import LoginOptions
from avow.wire.sessions import JwtResponse

__all__ = ["ENDPOINTS", "EXCHANGE", "SIGN_IN", "SIGN_UP", "START", "UPDATE", "OAuthCode", "OAuthStart", "OAuthUrl"]

ProviderName = Annotated[str, Meta(max_length=64)]
Prompt = Annotated[str, Meta(max_length=128)]
Scopes = Annotated[str, Meta(max_length=2048)]
Parameters = Annotated[str, Meta(max_length=2048)]
Choice = Annotated[str, Meta(max_length=8)]

_QUERIED = ("provider", "redirectURL", "prompt", "loginHint", "scopes", "parameters", "popup", "allowAllMerge")


class OAuthStart(LoginOptions, frozen=True, kw_only=True):
    """By which provider somebody signs in; the login options are the body, everything else is in the query.

    Attributes:
        provider: Name of a provider that the project has: `google`, `github`, a name of your own.
        redirect_url: Page of the application that gets `code` (or `err`); absent: the project's default for `oauth`.
        prompt: As OpenID has it: `login`, `consent`, `select_account`, `none`, or several with spaces between them.
        login_hint: Whom the provider shall expect. Avow's own.
        scopes: In the place of the provider's usual ones, with spaces between them. Avow's own.
        parameters: Further ones of the request to the provider, as a query string (`hd=example.com`). Avow's own.
        popup: `true`: the browser is a popup, and the page that opened it gets the code as a message. Avow's own.
        allow_all_merge: Accepted and ignored: an identity of another user is never taken over.
    """

    provider: ProviderName | None = None
    redirect_url: Url | None = field(default=None, name="redirectURL")
    prompt: Prompt | None = None
    login_hint: Text | None = None
    scopes: Scopes | None = None
    parameters: Parameters | None = None
    popup: Choice | None = None
    allow_all_merge: Choice | None = None


class OAuthUrl(Shape, frozen=True, kw_only=True):
    """Where to send the browser.

    Attributes:
        url: Address of Avow's own, good for ten minutes and for the first browser that opens it.
    """

    url: str


class OAuthCode(Shape, frozen=True, kw_only=True):
    """The code that the application's page was given: two minutes, one use."""

    code: SecretReference


START = Endpoint(
    "oauth.start", "POST", "/v1/auth/oauth/authorize", OAuthStart, OAuthUrl, Caller.PROJECT, queried=_QUERIED
)
SIGN_IN = Endpoint(
    "go-only.OAuthSignIn",
    "POST",
    "/v1/auth/oauth/authorize/signin",
    OAuthStart,
    OAuthUrl,
    Caller.PROJECT,
    queried=_QUERIED,
)
SIGN_UP = Endpoint(
    "go-only.OAuthSignUp",
    "POST",
    "/v1/auth/oauth/authorize/signup",
    OAuthStart,
    OAuthUrl,
    Caller.PROJECT,
    queried=_QUERIED,
)
UPDATE = Endpoint(
    "go-only.OAuthUpdateUser",
    "POST",
    "/v1/auth/oauth/authorize/update",
    OAuthStart,
    OAuthUrl,
    Caller.SESSION,
    queried=_QUERIED,
)
EXCHANGE = Endpoint("oauth.exchange_token", "POST", "/v1/auth/oauth/exchange", OAuthCode, JwtResponse, Caller.PROJECT)

ENDPOINTS = (START, SIGN_IN, SIGN_UP, UPDATE, EXCHANGE)
