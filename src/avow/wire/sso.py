"""SSO settings of tenants, each at an identity provider of its own over SAML or OpenID Connect: shapes and routes.

A tenant has a first configuration, `default_ssoid`, and may have more, each with an `ssoId`. Nothing here is open to
callers of one tenant: whoever chooses an identity provider chooses who vouches for addresses.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from avow.wire.bounds import END, Flag, Name, Reference, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET
from avow.wire.ssosettings import AllSsoSettings, LegacySettings, SsoLink, SsoSettings

__all__ = [
    "CONFIGURE",
    "CONFIGURE_AUTH_TYPE",
    "CONFIGURE_OIDC",
    "CONFIGURE_REDIRECT",
    "CONFIGURE_SAML",
    "CONFIGURE_SAML_BY_METADATA",
    "CONFIGURE_VIA_METADATA",
    "DEFAULT_SSO_ID",
    "DELETE",
    "ENDPOINTS",
    "GENERATE_LINK",
    "GET",
    "LOAD",
    "LOAD_ALL",
    "MAPPING",
    "NEW",
    "RECALCULATE",
    "REVOKE_LINK",
    "ConfigureAuthType",
    "ConfigureMapping",
    "ConfigureOidc",
    "ConfigureRedirect",
    "ConfigureSaml",
    "ConfigureSamlByMetadata",
    "ConfigureSamlByUrl",
    "ConfigureSamlManually",
    "GenerateLink",
    "GivenAttributes",
    "GivenFgaMapping",
    "GivenOidc",
    "GivenOidcAttributes",
    "GivenSaml",
    "GivenSamlByMetadata",
    "NewSettings",
    "RoleMapping",
    "SsoRef",
]

DEFAULT_SSO_ID: Final = "default_ssoid"
MOST_MAPPINGS = 200
MOST_LINK_SECONDS = 30 * 86400

SsoId = Annotated[str, Meta(max_length=64, pattern=rf"^[A-Za-z0-9_.-]*{END}")]
GivenName = Annotated[str, Meta(min_length=1, max_length=256)]
Identifier = Annotated[str, Meta(max_length=1024)]
Certificate = Annotated[str, Meta(max_length=20_000)]
ClientSecret = Annotated[str, Meta(max_length=4096, extra=SECRET)]
Names = Annotated[tuple[Name, ...], Meta(max_length=200)]
Domains = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=253)], ...], Meta(max_length=200)]
CustomAttributes = Annotated[dict[Name, Name], Meta(max_length=100)]
AuthType = Literal["none", "saml", "oidc"]


# --- What is asked for -----------------------------------------------------------------------------------------------


class RoleMapping(Shape, frozen=True, kw_only=True):
    """Groups at the identity provider whose members hold a role in the tenant."""

    groups: Names | None = None
    role_name: GivenName | None = None


class GivenAttributes(Shape, frozen=True, kw_only=True):
    """Which SAML attribute fills which field of a user; what is absent is filled by none."""

    name: Name | None = None
    email: Name | None = None
    user_name: Name | None = msgspec.field(name="username", default=None)
    phone_number: Name | None = None
    group: Name | None = None
    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None
    picture: Name | None = None
    verified_email: Name | None = None
    verified_phone: Name | None = None
    custom_attributes: CustomAttributes | None = None


class GivenOidcAttributes(Shape, frozen=True, kw_only=True):
    """Which claim fills which field of a user; what is absent is filled by none."""

    login_id: Name | None = None
    name: Name | None = None
    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None
    email: Name | None = None
    verified_email: Name | None = None
    user_name: Name | None = msgspec.field(name="username", default=None)
    phone_number: Name | None = None
    verified_phone: Name | None = None
    picture: Name | None = None


class GivenFgaRelation(Shape, frozen=True, kw_only=True):
    """A relation that a group would give."""

    resource: Identifier | None = None
    relation_definition: Name | None = None
    namespace: Name | None = None


class GivenFgaMapping(Shape, frozen=True, kw_only=True):
    """The relations that a group would give."""

    relations: Annotated[tuple[GivenFgaRelation, ...], Meta(max_length=50)] | None = None


RoleMappings = Annotated[tuple[RoleMapping, ...], Meta(max_length=MOST_MAPPINGS)]
FgaMappings = Annotated[dict[Name, GivenFgaMapping | None], Meta(max_length=MOST_MAPPINGS)]


class _GivenMappings(Shape, frozen=True, kw_only=True):
    """What both ways of SAML share.

    Attributes:
        default_sso_roles: Roles of everybody who signs in here; absent or empty: those that stand.
        replace_default_sso_roles: An empty list takes them all.
        fga_mappings: Kept and shown.
        disable_sign_request: Requests to the identity provider go unsigned.
        sp_acs_url: For migrations: another address of ours, that the identity provider knows.
        sp_entity_id: For migrations: another name of ours.
        allow_idp_initiated: Take sign-ins that begin at the identity provider. Avow's own.
    """

    sp_acs_url: Url | None = msgspec.field(name="spACSUrl", default=None)
    sp_entity_id: Identifier | None = None
    attribute_mapping: GivenAttributes | None = None
    role_mappings: RoleMappings | None = None
    default_sso_roles: Names | None = msgspec.field(name="defaultSSORoles", default=None)
    replace_default_sso_roles: Flag = msgspec.field(name="replaceDefaultSSORoles", default=None)
    groups_priority: Names | None = None
    fga_mappings: FgaMappings | None = None
    config_fga_prefix: Identifier | None = msgspec.field(name="configFGATenantIDResourcePrefix", default=None)
    config_fga_suffix: Identifier | None = msgspec.field(name="configFGATenantIDResourceSuffix", default=None)
    disable_sign_request: Flag = None
    allow_idp_initiated: Flag = None


class GivenSaml(_GivenMappings, frozen=True, kw_only=True):
    """A SAML identity provider as its administrator writes it down; all that stood before goes.

    Attributes:
        idp_url: Where people sign in.
        entity_id: Name of the identity provider.
        idp_cert: Certificate that its signatures are checked with, PEM.
        idp_additional_certs: Further ones, for a change of certificates.
    """

    idp_url: Url | None = None
    entity_id: Identifier | None = None
    idp_cert: Certificate | None = None
    idp_additional_certs: Annotated[tuple[Certificate, ...], Meta(max_length=5)] | None = None


class GivenSamlByMetadata(_GivenMappings, frozen=True, kw_only=True):
    """A SAML identity provider by the address of its metadata; all that stood before goes."""

    idp_metadata_url: Url | None = None
    entity_id: Identifier | None = None


class GivenOidc(Shape, frozen=True, kw_only=True):
    """An OpenID provider; all that stood before goes, but a client secret and PKCE that are absent stay.

    Attributes:
        name: For people.
        client_id: Ours at the provider.
        client_secret: Ours at the provider; it is given anew where the client or an address it is sent to changes.
        redirect_url: Where people go once they have signed in.
        grant_type: `authorization_code` or `implicit`.
        use_pkce: Not with `implicit`.
    """

    name: Name | None = None
    client_id: Identifier | None = None
    client_secret: ClientSecret | None = None
    redirect_url: Url | None = None
    auth_url: Url | None = None
    token_url: Url | None = None
    user_data_url: Url | None = None
    scope: Names | None = None
    jwks_url: Url | None = msgspec.field(name="JWKsUrl", default=None)
    user_attr_mapping: GivenOidcAttributes | None = None
    are_tokens_kept: Flag = msgspec.field(name="manageProviderTokens", default=None)
    callback_domain: Name | None = None
    prompt: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=10)] | None = None
    grant_type: Annotated[str, Meta(max_length=64)] | None = None
    issuer: Url | None = None
    groups_priority: Names | None = None
    fga_mappings: FgaMappings | None = None
    use_pkce: Flag = None


class ConfigureOidc(Shape, frozen=True, kw_only=True):
    """Sign a tenant in at an OpenID provider; domains that are absent are taken. `ssoId` is Avow's own."""

    tenant_id: Reference
    settings: GivenOidc | None = None
    domains: Domains | None = None
    sso_id: SsoId | None = None


class ConfigureSaml(Shape, frozen=True, kw_only=True):
    """Sign a tenant in at a SAML identity provider; domains that are absent are taken. `ssoId` is Avow's own.

    Attributes:
        redirect_url: Where people go once they have signed in; absent: as it stands.
    """

    tenant_id: Reference
    settings: GivenSaml | None = None
    redirect_url: Url | None = None
    domains: Domains | None = None
    sso_id: SsoId | None = None


class ConfigureSamlByMetadata(Shape, frozen=True, kw_only=True):
    """The same, by the metadata of the identity provider."""

    tenant_id: Reference
    settings: GivenSamlByMetadata | None = None
    redirect_url: Url | None = None
    domains: Domains | None = None
    sso_id: SsoId | None = None


class ConfigureSamlManually(Shape, frozen=True, kw_only=True):
    """The older form of `ConfigureSaml`, which leaves mappings as they are."""

    tenant_id: Reference
    idp_url: Url = msgspec.field(name="idpURL")
    entity_id: Identifier
    idp_cert: Certificate
    redirect_url: Url = msgspec.field(name="redirectURL")
    domains: Domains | None = None


class ConfigureSamlByUrl(Shape, frozen=True, kw_only=True):
    """The older form of `ConfigureSamlByMetadata`, which leaves mappings as they are."""

    tenant_id: Reference
    idp_metadata_url: Url = msgspec.field(name="idpMetadataURL")
    redirect_url: Url | None = msgspec.field(name="redirectURL", default=None)
    domains: Domains | None = None


class ConfigureMapping(Shape, frozen=True, kw_only=True):
    """The mappings of a tenant's SAML; what is absent is emptied."""

    tenant_id: Reference | None = None
    role_mappings: RoleMappings | None = None
    attribute_mapping: GivenAttributes | None = None


class ConfigureRedirect(Shape, frozen=True, kw_only=True):
    """Where people go once they have signed in; what is absent stays."""

    tenant_id: Reference
    saml_redirect_url: Url | None = None
    oauth_redirect_url: Url | None = None
    sso_id: SsoId | None = None


class ConfigureAuthType(Shape, frozen=True, kw_only=True):
    """Turn a configuration off (`none`), or on by one of its stored ways."""

    tenant_id: Reference
    auth_type: AuthType
    sso_id: SsoId | None = None


class NewSettings(Shape, frozen=True, kw_only=True):
    """A further configuration of a tenant, empty as yet; its id is made up unless one is given."""

    tenant_id: Reference
    display_name: Name
    sso_id: SsoId | None = None


class SsoRef(Shape, frozen=True, kw_only=True):
    """A configuration of a tenant; without an id, or by `default_ssoid`, the first one.

    Where one is loaded, `ssoId` is Avow's own.
    """

    tenant_id: Reference
    sso_id: SsoId | None = None


class GenerateLink(Shape, frozen=True, kw_only=True):
    """Who is to set a tenant's SSO up, and for how many seconds their link lives (a day, if not said).

    Attributes:
        email: Whom the link is for; nothing is sent.
        actor_id: Who is named in the audit for what is done behind the link.
    """

    tenant_id: Reference
    expire_time: Annotated[int, Meta(ge=1, le=MOST_LINK_SECONDS)] | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    sso_id: SsoId | None = None
    actor_id: Annotated[str, Meta(max_length=256)] | None = None


# --- Routes ----------------------------------------------------------------------------------------------------------

LOAD = Endpoint(
    "mgmt.sso.load_settings", "GET", "/v2/mgmt/sso/settings", SsoRef, SsoSettings, Caller.MANAGEMENT, only_reads=True
)
LOAD_ALL = Endpoint(
    "mgmt.sso.load_all_settings",
    "GET",
    "/v2/mgmt/sso/settings/all",
    SsoRef,
    AllSsoSettings,
    Caller.MANAGEMENT,
    only_reads=True,
)
NEW = Endpoint(
    "mgmt.sso.new_settings", "POST", "/v1/mgmt/sso/settings/new", NewSettings, SsoSettings, Caller.MANAGEMENT
)
CONFIGURE_OIDC = Endpoint(
    "mgmt.sso.configure_oidc_settings", "POST", "/v1/mgmt/sso/oidc", ConfigureOidc, Nothing, Caller.MANAGEMENT
)
CONFIGURE_SAML = Endpoint(
    "mgmt.sso.configure_saml_settings", "POST", "/v1/mgmt/sso/saml", ConfigureSaml, Nothing, Caller.MANAGEMENT
)
CONFIGURE_SAML_BY_METADATA = Endpoint(
    "mgmt.sso.configure_saml_settings_by_metadata",
    "POST",
    "/v1/mgmt/sso/saml/metadata",
    ConfigureSamlByMetadata,
    Nothing,
    Caller.MANAGEMENT,
)
CONFIGURE_REDIRECT = Endpoint(
    "mgmt.sso.configure_sso_redirect_url",
    "POST",
    "/v1/mgmt/sso/redirect",
    ConfigureRedirect,
    Nothing,
    Caller.MANAGEMENT,
)
CONFIGURE_AUTH_TYPE = Endpoint(
    "mgmt.sso.configure_auth_type",
    "POST",
    "/v1/mgmt/sso/settings/authtype",
    ConfigureAuthType,
    Nothing,
    Caller.MANAGEMENT,
)
DELETE = Endpoint("mgmt.sso.delete_settings", "DELETE", "/v1/mgmt/sso/settings", SsoRef, Nothing, Caller.MANAGEMENT)
RECALCULATE = Endpoint(
    "mgmt.sso.recalculate_sso_mappings",
    "POST",
    "/v1/mgmt/sso/recalculate-mappings",
    SsoRef,
    Nothing,
    Caller.MANAGEMENT,
)
GET = Endpoint(
    "mgmt.sso.get_settings",
    "GET",
    "/v1/mgmt/sso/settings",
    SsoRef,
    LegacySettings,
    Caller.MANAGEMENT,
    only_reads=True,
)
CONFIGURE = Endpoint(
    "mgmt.sso.configure", "POST", "/v1/mgmt/sso/settings", ConfigureSamlManually, Nothing, Caller.MANAGEMENT
)
CONFIGURE_VIA_METADATA = Endpoint(
    "mgmt.sso.configure_via_metadata",
    "POST",
    "/v1/mgmt/sso/metadata",
    ConfigureSamlByUrl,
    Nothing,
    Caller.MANAGEMENT,
)
MAPPING = Endpoint("mgmt.sso.mapping", "POST", "/v1/mgmt/sso/mapping", ConfigureMapping, Nothing, Caller.MANAGEMENT)
GENERATE_LINK = Endpoint(
    "mgmt.tenant.generate_sso_configuration_link",
    "POST",
    "/v2/mgmt/tenant/adminlinks/sso/generate",
    GenerateLink,
    SsoLink,
    Caller.MANAGEMENT,
)
REVOKE_LINK = Endpoint(
    "mgmt.tenant.revoke_sso_configuration_link",
    "POST",
    "/v1/mgmt/tenant/adminlinks/sso/revoke",
    SsoRef,
    Nothing,
    Caller.MANAGEMENT,
)

ENDPOINTS = (
    LOAD,
    LOAD_ALL,
    NEW,
    CONFIGURE_OIDC,
    CONFIGURE_SAML,
    CONFIGURE_SAML_BY_METADATA,
    CONFIGURE_REDIRECT,
    CONFIGURE_AUTH_TYPE,
    DELETE,
    RECALCULATE,
    GET,
    CONFIGURE,
    CONFIGURE_VIA_METADATA,
    MAPPING,
    GENERATE_LINK,
    REVOKE_LINK,
)
