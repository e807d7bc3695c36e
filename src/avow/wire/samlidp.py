"""The SAML identity provider of each SAML application: its addresses, which browsers and service providers open.

Its metadata describes them, so they are not in the API's table.
"""

from typing import Annotated

from msgspec import Meta, field

from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET

__all__ = [
    "CONTINUE",
    "METADATA",
    "POST_SLO",
    "POST_SSO",
    "SLO",
    "SSO",
    "START",
    "ContinueQuery",
    "SamlForm",
    "SamlQuery",
]

_Posted = Annotated[str, Meta(max_length=200_000, extra=SECRET)]  # `core.saml.idp` is stricter, and says so
_Queried = Annotated[str, Meta(max_length=8192, extra=SECRET)]
_State = Annotated[str, Meta(max_length=8192)]
_Choice = Annotated[str, Meta(max_length=64)]


class SamlQuery(Shape, frozen=True, kw_only=True):
    """A message of a service provider in an address; the request is read from the query as it was sent.

    Spec: SAML Bindings section 3.4.
    """

    saml_request: _Queried = field(default="", name="SAMLRequest")
    saml_response: _Queried = field(default="", name="SAMLResponse")


class SamlForm(Shape, frozen=True, kw_only=True):
    """A message of a service provider that the browser posts.

    Spec: SAML Bindings section 3.5.
    """

    saml_request: _Posted = field(default="", name="SAMLRequest")
    saml_response: _Posted = field(default="", name="SAMLResponse")
    relay_state: _State = field(default="", name="RelayState")


class ContinueQuery(Shape, frozen=True, kw_only=True):
    """Which request goes on."""

    request: _Choice = ""


_PATH = "/saml/{projectId}/{applicationId}"

METADATA = Endpoint("samlidp.metadata", "GET", f"{_PATH}/metadata", Nothing, Nothing, Caller.ANYONE, is_page=True)
SSO = Endpoint("samlidp.sso", "GET", f"{_PATH}/sso", SamlQuery, Nothing, Caller.ANYONE, is_page=True, shows_query=True)
POST_SSO = Endpoint(
    "samlidp.sso.post", "POST", f"{_PATH}/sso", SamlForm, Nothing, Caller.ANYONE, is_page=True, takes_form=True
)
CONTINUE = Endpoint("samlidp.continue", "GET", f"{_PATH}/continue", ContinueQuery, Nothing, Caller.ANYONE, is_page=True)
START = Endpoint("samlidp.start", "GET", f"{_PATH}/start", Nothing, Nothing, Caller.ANYONE, is_page=True)
SLO = Endpoint("samlidp.slo", "GET", f"{_PATH}/slo", SamlQuery, Nothing, Caller.ANYONE, is_page=True, shows_query=True)
POST_SLO = Endpoint(
    "samlidp.slo.post", "POST", f"{_PATH}/slo", SamlForm, Nothing, Caller.ANYONE, is_page=True, takes_form=True
)
