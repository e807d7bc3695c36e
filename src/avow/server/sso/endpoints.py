"""The addresses that browsers and identity providers open in the course of a sign-in through SSO.

A configuration is named in the path, so that each has a callback of its own; what is not plain in the id of a tenant
is encoded there. The ACS has the address that the management API answers, with a query.
"""

from typing import Annotated, Final

from msgspec import Meta, field

from avow.core.pathparts import id_of, part
from avow.server.federation.starts import Way
from avow.wire.bounds import Name, Reference, Text
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET

__all__ = [
    "ACS",
    "ARRIVED",
    "CALLBACK",
    "GO",
    "GO_PATH",
    "METADATA",
    "AcsForm",
    "CallbackQuery",
    "MetadataQuery",
    "TokenQuery",
    "arrived_path",
    "callback_path",
    "way_of",
]

_Token = Annotated[str, Meta(min_length=1, max_length=512, extra=SECRET)]
_Secret = Annotated[str, Meta(max_length=4096, extra=SECRET)]
_Long = Annotated[str, Meta(max_length=2048)]
_Posted = Annotated[str, Meta(max_length=600_000, extra=SECRET)]  # `core.saml` is stricter, and says so


class TokenQuery(Shape, frozen=True, kw_only=True):
    """The token of an address of Avow's own."""

    t: _Token


class CallbackQuery(Shape, frozen=True, kw_only=True):
    """What an OpenID provider says by way of the browser.

    Spec: RFC 6749 sections 4.1.2 and 4.1.2.1; RFC 9207 section 2.
    """

    state: Annotated[str, Meta(max_length=512)] | None = None
    code: _Secret | None = None
    iss: _Long | None = None
    error: Name | None = None


class AcsForm(Shape, frozen=True, kw_only=True):
    """What a SAML identity provider has the browser post; project, tenant and configuration are of our address.

    Spec: SAML Bindings section 3.5.4.
    """

    project_id: Name
    tenant_id: Reference
    sso_id: Name | None = None
    saml_response: _Posted = field(name="SAMLResponse")
    relay_state: Annotated[str, Meta(max_length=600_000)] = field(default="", name="RelayState")


class MetadataQuery(Shape, frozen=True, kw_only=True):
    """Whose metadata."""

    project_id: Text
    tenant_id: Reference
    sso_id: Name | None = None


GO_PATH: Final = "/v1/auth/sso/go"
_CALLBACK_PATH: Final = "/v1/auth/sso/callback"
_ARRIVED_PATH: Final = "/v1/auth/saml/arrived"

GO = Endpoint("sso.go", "GET", f"{GO_PATH}/{{projectId}}", TokenQuery, Nothing, Caller.ANYONE, is_page=True)
CALLBACK = Endpoint(
    "sso.callback",
    "GET",
    f"{_CALLBACK_PATH}/{{projectId}}/{{tenant}}/{{sso}}",
    CallbackQuery,
    Nothing,
    Caller.ANYONE,
    is_page=True,
)
ACS = Endpoint(
    "saml.acs",
    "POST",
    "/v1/auth/saml/acs",
    AcsForm,
    Nothing,
    Caller.ANYONE,
    is_page=True,
    queried=("projectId", "tenantId", "ssoId"),
    takes_form=True,
    names_project=True,
)
ARRIVED = Endpoint(
    "saml.arrived",
    "GET",
    f"{_ARRIVED_PATH}/{{tenant}}/{{sso}}/{{projectId}}",
    TokenQuery,
    Nothing,
    Caller.ANYONE,
    is_page=True,
)
METADATA = Endpoint(
    "saml.metadata",
    "GET",
    "/v1/auth/saml/metadata",
    MetadataQuery,
    Nothing,
    Caller.ANYONE,
    is_page=True,
    names_project=True,
)


def callback_path(project_id: str, way: Way) -> str:
    """Return where the OpenID provider of a configuration leads people back to."""
    return f"{_CALLBACK_PATH}/{project_id}/{_parts(way)}"


def arrived_path(way: Way) -> str:
    """Return where a person goes on whose SAML response was believed; the project's id is appended to it."""
    return f"{_ARRIVED_PATH}/{_parts(way)}"


def way_of(tenant: str, sso: str) -> Way | None:
    """Return the configuration that a path names; None when it can be none."""
    try:
        return Way(kind="sso", name=id_of(sso), tenant_id=id_of(tenant))
    except ValueError:
        return None


def _parts(way: Way) -> str:
    return f"{part(way.tenant_id)}/{part(way.name)}"
