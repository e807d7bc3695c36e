"""Sign-in at the identity provider of a tenant, over SAML or OpenID Connect: shapes and routes for applications.

The routes that browsers open on the way are `server.sso.endpoints`.
"""

from typing import Annotated

from msgspec import Meta, field

from avow.wire.bounds import END, LoginId, Name, SecretReference, Text, Url
from avow.wire.endpoint import Caller, Endpoint, Shape
from avow.wire.login import LoginOptions
from avow.wire.sessions import JwtResponse

__all__ = ["ENDPOINTS", "EXCHANGE", "SAML_EXCHANGE", "SAML_START", "START", "SsoCode", "SsoStart", "SsoUrl"]

_QUERIED = ("tenant", "redirectURL", "prompt", "ssoId", "loginHint", "forceAuthn")

SsoId = Annotated[str, Meta(max_length=64, pattern=rf"^[A-Za-z0-9_.-]*{END}")]
Choice = Annotated[str, Meta(max_length=64)]


class SsoStart(LoginOptions, frozen=True, kw_only=True):
    """Which tenant's people are to sign in; the login options are the body, everything else is in the query.

    Attributes:
        tenant: Id of a tenant; or an e-mail address or domain, of which the tenant is found that signs in with it.
        redirect_url: Page of the application that gets `code` (or `err`); absent: the one of the SSO configuration.
        prompt: As OpenID has it: `login`, `consent`, `select_account`, `none`.
        sso_id: Which of several configurations of the tenant.
        login_hint: Whom the identity provider shall expect.
        force_authn: `true`: the person signs in anew at the identity provider, whatever session there is.
    """

    tenant: LoginId
    redirect_url: Url | None = field(default=None, name="redirectURL")
    prompt: Name | None = None
    sso_id: SsoId | None = None
    login_hint: Text | None = None
    force_authn: Choice | None = None


class SsoUrl(Shape, frozen=True, kw_only=True):
    """Where to send the browser.

    Attributes:
        url: Address of Avow's own, good for ten minutes and for the first browser that opens it.
    """

    url: str


class SsoCode(Shape, frozen=True, kw_only=True):
    """The code that the application's page was given: two minutes, one use."""

    code: SecretReference


START = Endpoint("sso.start", "POST", "/v1/auth/sso/authorize", SsoStart, SsoUrl, Caller.PROJECT, queried=_QUERIED)
EXCHANGE = Endpoint("sso.exchange_token", "POST", "/v1/auth/sso/exchange", SsoCode, JwtResponse, Caller.PROJECT)
# The older names, which browser SDKs call still, for SSO of either kind.
SAML_START = Endpoint(
    "saml.start", "POST", "/v1/auth/saml/authorize", SsoStart, SsoUrl, Caller.PROJECT, queried=_QUERIED
)
SAML_EXCHANGE = Endpoint("saml.exchange_token", "POST", "/v1/auth/saml/exchange", SsoCode, JwtResponse, Caller.PROJECT)

ENDPOINTS = (START, EXCHANGE, SAML_START, SAML_EXCHANGE)
