"""SSO settings of tenants as answers show them, and as they are stored where nothing differs."""

import msgspec

from avow.wire.endpoint import Shape
from avow.wire.secret import Secret
from avow.wire.tenants import Tenant

__all__ = [
    "AllSsoSettings",
    "Attributes",
    "FgaMapping",
    "FgaRelation",
    "GroupsMapping",
    "LegacySettings",
    "OidcAttributes",
    "OidcSettings",
    "RoleItem",
    "SamlSettings",
    "SsoLink",
    "SsoSettings",
]


class RoleItem(Shape, frozen=True, kw_only=True):
    """A role that groups give."""

    id: str
    name: str


class GroupsMapping(Shape, frozen=True, kw_only=True):
    """Groups at the identity provider, and the role that their members hold."""

    role: RoleItem
    groups: tuple[str, ...]


class FgaRelation(Shape, frozen=True, kw_only=True):
    """A relation that a group would give."""

    resource: str = ""
    relation_definition: str = ""
    namespace: str = ""


class FgaMapping(Shape, frozen=True, kw_only=True):
    """The relations that a group would give; kept and shown."""

    relations: tuple[FgaRelation, ...] = ()


class Attributes(Shape, frozen=True, kw_only=True):
    """Which SAML attribute fills which field of a user."""

    name: str = ""
    email: str = ""
    user_name: str = msgspec.field(name="username", default="")
    phone_number: str = ""
    group: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    picture: str = ""
    verified_email: str = ""
    verified_phone: str = ""
    custom_attributes: dict[str, str] = {}


class OidcAttributes(Shape, frozen=True, kw_only=True):
    """Which claim fills which field of a user."""

    login_id: str = ""
    name: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    email: str = ""
    verified_email: str = ""
    user_name: str = msgspec.field(name="username", default="")
    phone_number: str = ""
    verified_phone: str = ""
    picture: str = ""


class SamlSettings(Shape, frozen=True, kw_only=True):
    """The SAML half of a configuration.

    Attributes:
        sp_entity_id: Our name, for the identity provider.
        sp_acs_url: Where the identity provider answers to.
        sp_certificate: What our requests are signed with, and what is encrypted for us; "" before it is needed first.
        last_success_test_time: Always 0: there is no test.
        allow_idp_initiated: Sign-ins that begin at the identity provider are taken. Avow's own.
    """

    idp_entity_id: str = ""
    idp_sso_url: str = msgspec.field(name="idpSSOUrl", default="")
    idp_certificate: str = ""
    idp_additional_certificates: tuple[str, ...] = ()
    idp_metadata_url: str = ""
    sp_entity_id: str = ""
    sp_acs_url: str = msgspec.field(name="spACSUrl", default="")
    sp_certificate: str = ""
    attribute_mapping: Attributes = Attributes()
    groups_mapping: tuple[GroupsMapping, ...] = ()
    default_sso_roles: tuple[str, ...] = msgspec.field(name="defaultSSORoles", default=())
    groups_priority: tuple[str, ...] = ()
    redirect_url: str = ""
    fga_mappings: dict[str, FgaMapping] = {}
    config_fga_prefix: str = msgspec.field(name="configFGATenantIDResourcePrefix", default="")
    config_fga_suffix: str = msgspec.field(name="configFGATenantIDResourceSuffix", default="")
    disable_sign_request: bool = False
    last_success_test_time: int = 0
    allow_idp_initiated: bool = False


class OidcSettings(Shape, frozen=True, kw_only=True):
    """The OpenID half of a configuration.

    Attributes:
        client_secret: Always "": it is written and never read.
        last_success_test_time: Always 0: there is no test.
        callback_url: Where the provider leads people back to: what it has to be told of us. Avow's own.
    """

    name: str = ""
    client_id: str = ""
    client_secret: Secret = ""
    redirect_url: str = ""
    auth_url: str = ""
    token_url: str = ""
    user_data_url: str = ""
    scope: tuple[str, ...] = ()
    jwks_url: str = msgspec.field(name="JWKsUrl", default="")
    user_attr_mapping: OidcAttributes = OidcAttributes()
    are_tokens_kept: bool = msgspec.field(name="manageProviderTokens", default=False)
    callback_domain: str = ""
    prompt: tuple[str, ...] = ()
    grant_type: str = ""
    issuer: str = ""
    groups_mapping: tuple[GroupsMapping, ...] = ()
    default_sso_roles: tuple[str, ...] = msgspec.field(name="defaultSSORoles", default=())
    groups_priority: tuple[str, ...] = ()
    fga_mappings: dict[str, FgaMapping] = {}
    use_pkce: bool = False
    last_success_test_time: int = 0
    callback_url: str = ""


class SsoSettings(Shape, frozen=True, kw_only=True):
    """One SSO configuration of a tenant.

    Attributes:
        tenant: The tenant; its `domains` are those of all its configurations.
        sso_id: `default_ssoid` for the first one.
        display_name: For people. Avow's own.
        auth_type: `none`, `saml` or `oidc`. Avow's own.
        domains: Mail domains that sign in here. Avow's own.
    """

    tenant: Tenant
    saml: SamlSettings
    oidc: OidcSettings
    sso_id: str
    display_name: str = ""
    auth_type: str = "none"
    domains: tuple[str, ...] = ()


class AllSsoSettings(Shape, frozen=True, kw_only=True):
    """Every SSO configuration of a tenant, the first one first."""

    settings: tuple[SsoSettings, ...] = msgspec.field(name="SSOSettings")


class LegacySettings(Shape, frozen=True, kw_only=True):
    """The older form of what SAML a tenant has."""

    tenant_id: str
    idp_entity_id: str = ""
    idp_sso_url: str = msgspec.field(name="idpSSOUrl", default="")
    idp_certificate: str = ""
    idp_metadata_url: str = ""
    sp_entity_id: str = ""
    sp_acs_url: str = msgspec.field(name="spACSUrl", default="")
    sp_certificate: str = ""
    user_mapping: Attributes = Attributes()
    groups_mapping: tuple[GroupsMapping, ...] = ()
    redirect_url: str = ""
    domains: tuple[str, ...] = ()
    domain: str = ""


class SsoLink(Shape, frozen=True, kw_only=True):
    """A link for whoever is to set a tenant's SSO up; whoever holds it may."""

    link: Secret = msgspec.field(name="adminSSOConfigurationLink")
