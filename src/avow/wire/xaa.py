"""Cross-App Access of tenants: whose ID-JAG tokens an SSO configuration trusts. Shapes and routes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from avow.wire.bounds import Flag, Name, Reference, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.sso import FgaMappings, GivenAttributes, Identifier, Names, RoleMappings, SsoId, SsoRef
from avow.wire.ssosettings import Attributes, FgaMapping, GroupsMapping

__all__ = [
    "CONFIGURE",
    "DELETE",
    "ENDPOINTS",
    "LOAD",
    "LOAD_ALL",
    "AllXaaSettings",
    "ConfigureXaa",
    "GivenIssuer",
    "GivenTrust",
    "Issuer",
    "Trust",
    "XaaSettings",
]


class GivenIssuer(Shape, frozen=True, kw_only=True):
    """How tokens of a trusted issuer are read."""

    jwks_uri: Url | None = None
    sign_algorithm: Annotated[str, Meta(max_length=16)] | None = None
    user_info_uri: Url | None = None
    external_id_field_name: Name | None = None
    jit_disabled: Flag = None
    attribute_mapping: GivenAttributes | None = None


class GivenTrust(Shape, frozen=True, kw_only=True):
    """Trusted issuers by their URL, and how the grant is answered."""

    issuers: Annotated[dict[Url, GivenIssuer | None], Meta(max_length=20)] | None = None
    audience: Identifier | None = msgspec.field(name="jwtBearerGrantTypeAudienceToUse", default=None)
    scope: Identifier | None = msgspec.field(name="jwtBearerGrantTypeScopeToUse", default=None)
    custom_claims: Identifier | None = msgspec.field(name="jwtBearerGrantTypeCustomClaimsToUse", default=None)


class ConfigureXaa(Shape, frozen=True, kw_only=True):
    """What an SSO configuration trusts from now on; groups and roles are those of the whole configuration.

    Attributes:
        role_mappings: Replaced, with an empty list too; absent: as they stand.
        default_sso_roles: Absent: as they stand.
        provider_id: Kept and shown.
    """

    tenant_id: Reference
    enabled: Flag = None
    settings: GivenTrust | None = None
    role_mappings: RoleMappings | None = None
    default_sso_roles: Names | None = msgspec.field(name="defaultSSORoles", default=None)
    fga_mappings: FgaMappings | None = None
    groups_priority: Names | None = None
    group_priority_enabled: Flag = None
    allow_override_roles: Flag = None
    provider_id: Name | None = msgspec.field(name="providerID", default=None)
    sso_id: SsoId | None = None


class Issuer(Shape, frozen=True, kw_only=True):
    """How tokens of a trusted issuer are read."""

    jwks_uri: str = ""
    sign_algorithm: str = ""
    user_info_uri: str = ""
    external_id_field_name: str = ""
    jit_disabled: bool = False
    attribute_mapping: Attributes = Attributes()


class Trust(Shape, frozen=True, kw_only=True):
    """Trusted issuers by their URL, and how the grant is answered."""

    issuers: dict[str, Issuer] = {}
    audience: str = msgspec.field(name="jwtBearerGrantTypeAudienceToUse", default="")
    scope: str = msgspec.field(name="jwtBearerGrantTypeScopeToUse", default="")
    custom_claims: str = msgspec.field(name="jwtBearerGrantTypeCustomClaimsToUse", default="")


class XaaSettings(Shape, frozen=True, kw_only=True):
    """What an SSO configuration trusts."""

    sso_id: str
    enabled: bool = False
    settings: Trust = Trust()
    groups_mapping: tuple[GroupsMapping, ...] = ()
    default_sso_roles: tuple[str, ...] = msgspec.field(name="defaultSSORoles", default=())
    fga_mappings: dict[str, FgaMapping] = {}
    groups_priority: tuple[str, ...] = ()
    group_priority_enabled: bool = False
    allow_override_roles: bool = False
    provider_id: str = msgspec.field(name="providerID", default="")


class AllXaaSettings(Shape, frozen=True, kw_only=True):
    """What each SSO configuration of a tenant trusts, the first one first."""

    settings: tuple[XaaSettings, ...] = msgspec.field(name="XAASettings")


_PATH = "/v1/mgmt/sso/xaa/settings"
CONFIGURE = Endpoint("mgmt.sso.configure_xaa_settings", "POST", _PATH, ConfigureXaa, Nothing, Caller.MANAGEMENT)
LOAD = Endpoint("mgmt.sso.load_xaa_settings", "GET", _PATH, SsoRef, XaaSettings, Caller.MANAGEMENT, only_reads=True)
LOAD_ALL = Endpoint(
    "mgmt.sso.load_all_xaa_settings",
    "GET",
    f"{_PATH}/all",
    SsoRef,
    AllXaaSettings,
    Caller.MANAGEMENT,
    only_reads=True,
)
DELETE = Endpoint("mgmt.sso.delete_xaa_settings", "DELETE", _PATH, SsoRef, Nothing, Caller.MANAGEMENT)

ENDPOINTS = (CONFIGURE, LOAD, LOAD_ALL, DELETE)
