"""Tenants, the customer organisations inside a project: shapes and routes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from avow.wire.bounds import Claims, Flag, Name, Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = [
    "CREATE",
    "DELETE",
    "ENDPOINTS",
    "LOAD",
    "LOAD_ALL",
    "LOAD_SETTINGS",
    "PATCH",
    "SEARCH",
    "UPDATE",
    "UPDATE_DEFAULT_ROLES",
    "UPDATE_SETTINGS",
    "ChangeSettings",
    "CreateTenant",
    "CreatedTenant",
    "DefaultRoles",
    "DeleteTenant",
    "PatchTenant",
    "SearchTenants",
    "SetupSuite",
    "SetupSuiteFeatures",
    "Tenant",
    "TenantId",
    "TenantSettings",
    "Tenants",
    "UpdateTenant",
]

Id = Annotated[str, Meta(max_length=128)]
GivenName = Annotated[str, Meta(min_length=1, max_length=256)]
Domain = Annotated[str, Meta(min_length=1, max_length=253)]
MOST_LISTED = 20_000

Domains = Annotated[tuple[Domain, ...], Meta(max_length=200)]
References = Annotated[tuple[Reference, ...], Meta(max_length=1000)]
Inheritance = Annotated[str, Meta(max_length=64)]
Amount = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Unit = Literal["seconds", "minutes", "hours", "days", "weeks", ""]
AuthType = Literal["none", "saml", "oidc", ""]
Mfa = Literal["off", "enrolled", "required", ""]
Days = Annotated[int, Meta(ge=-1, le=365)]
FreshSeconds = Annotated[int, Meta(ge=-1, le=400 * 86400)]


class Tenant(Shape, frozen=True, kw_only=True):
    """A tenant.

    Attributes:
        id: As given at its creation, or `T...`.
        name: For people.
        self_provisioning_domains: Mail domains whose users belong here.
        custom_attributes: By name.
        auth_type: `none`, `saml` or `oidc`.
        domains: Mail domains that sign in through its SSO.
        created_time: Seconds since the epoch.
        enforces_sso: Its users sign in through its SSO only.
        disabled: Nobody signs in to it.
        sso_exclusions: Users who sign in otherwise all the same.
        federated_app_ids: Applications of its SSO.
        role_inheritance: Kept as given.
        parent: The tenant it is part of, or "". Avow's own.
        default_roles: What new members hold, by name. Avow's own.
    """

    id: str
    name: str
    self_provisioning_domains: tuple[str, ...] = ()
    custom_attributes: dict[str, object] = {}
    auth_type: str = "none"
    domains: tuple[str, ...] = ()
    created_time: int = 0
    enforces_sso: bool = msgspec.field(name="enforceSSO", default=False)
    disabled: bool = False
    sso_exclusions: tuple[str, ...] = msgspec.field(name="enforceSSOExclusions", default=())
    federated_app_ids: tuple[str, ...] = ()
    role_inheritance: str = ""
    parent: str = ""
    default_roles: tuple[str, ...] = ()


class Tenants(Shape, frozen=True, kw_only=True):
    """Tenants, the oldest first; at most `MOST_LISTED`."""

    tenants: tuple[Tenant, ...]


class CreatedTenant(Shape, frozen=True, kw_only=True):
    """The id of a new tenant."""

    id: str


class CreateTenant(Shape, frozen=True, kw_only=True):
    """A tenant to be made; its id is made up unless one is given. `parent` is Avow's own."""

    name: GivenName
    id: Id | None = None
    self_provisioning_domains: Domains | None = None
    custom_attributes: Claims | None = None
    enforces_sso: Flag = msgspec.field(name="enforceSSO", default=None)
    disabled: Flag = None
    sso_exclusions: References | None = msgspec.field(name="enforceSSOExclusions", default=None)
    federated_app_ids: References | None = None
    parent: Id | None = None


class UpdateTenant(Shape, frozen=True, kw_only=True):
    """All that is to stand in a tenant from now on; what is absent is emptied."""

    id: Reference
    name: GivenName
    self_provisioning_domains: Domains | None = None
    custom_attributes: Claims | None = None
    enforces_sso: Flag = msgspec.field(name="enforceSSO", default=None)
    disabled: Flag = None
    sso_exclusions: References | None = msgspec.field(name="enforceSSOExclusions", default=None)
    federated_app_ids: References | None = None


class PatchTenant(Shape, frozen=True, kw_only=True):
    """What is to change in a tenant; what is absent stays. A custom attribute of null is taken out."""

    id: Reference
    name: GivenName | None = None
    self_provisioning_domains: Domains | None = None
    custom_attributes: Claims | None = None
    enforces_sso: Flag = msgspec.field(name="enforceSSO", default=None)
    disabled: Flag = None
    sso_exclusions: References | None = msgspec.field(name="enforceSSOExclusions", default=None)
    federated_app_ids: References | None = None
    role_inheritance: Inheritance | None = None


class DeleteTenant(Shape, frozen=True, kw_only=True):
    """Which tenant; with `cascade` its users and access keys that belong to no other tenant go too."""

    id: Reference
    cascade: Flag = None


class TenantId(Shape, frozen=True, kw_only=True):
    """Which tenant."""

    id: Reference


class SearchTenants(Shape, frozen=True, kw_only=True):
    """What tenants are looked for; what is absent does not matter."""

    tenant_ids: References | None = None
    tenant_names: Annotated[tuple[Name, ...], Meta(max_length=1000)] | None = None
    tenant_self_provisioning_domains: Domains | None = None
    custom_attributes: Claims | None = None


class DefaultRoles(Shape, frozen=True, kw_only=True):
    """What new members of a tenant hold: roles of the project or of the tenant, by name; missing: none."""

    id: Reference
    default_roles: Annotated[tuple[GivenName, ...], Meta(max_length=200)] | None = None


class SetupSuiteFeatures(Shape, frozen=True, kw_only=True):
    """What the SSO setup pages leave out."""

    saml: bool = False
    oidc: bool = False
    scim: bool = False
    sso_domains: bool = False
    group_mapping: bool = False


class SetupSuite(Shape, frozen=True, kw_only=True):
    """How the SSO setup pages look."""

    enabled: bool = False
    style_id: Annotated[str, Meta(max_length=256)] = ""
    disabled_features: SetupSuiteFeatures = SetupSuiteFeatures()


class TenantSettings(Shape, frozen=True, kw_only=True):
    """The settings of a tenant.

    Of its own lifetimes that of the refresh token limits sessions which begin through its SSO; the others are kept and
    shown.

    Attributes:
        domains: Mail domains that sign in through its SSO.
        self_provisioning_domains: Mail domains whose users belong here.
        enabled: Its own lifetimes are to hold; the same as `sessionSettingsEnabled`.
        mfa: Which members have to show a second factor, if it is more than the project asks: `off`, `enrolled`,
            `required`; "" as the project. Avow's own; so are the next two.
        trusted_device_days: For how many days a device is trusted at most; -1 as the project.
        fresh_proof_seconds: How old a sign-in may be at most that changes how a member signs in; -1 as the project.
    """

    domains: tuple[str, ...] = ()
    self_provisioning_domains: tuple[str, ...] = ()
    auth_type: str = "none"
    enabled: bool = False
    session_settings_enabled: bool = False
    refresh_token_expiration: int = 0
    refresh_token_expiration_unit: str = ""
    session_token_expiration: int = 0
    session_token_expiration_unit: str = ""
    stepup_token_expiration: int = 0
    stepup_token_expiration_unit: str = ""
    enable_inactivity: bool = False
    inactivity_time: int = 0
    inactivity_time_unit: str = ""
    jit_disabled: bool = msgspec.field(name="JITDisabled", default=False)
    sso_setup_suite_settings: SetupSuite = SetupSuite()
    mfa: str = ""
    trusted_device_days: int = -1
    fresh_proof_seconds: int = -1


class ChangeSettings(Shape, frozen=True, kw_only=True):
    """Settings of a tenant to change; what is absent stays."""

    tenant_id: Reference
    self_provisioning_domains: Domains | None = None
    domains: Domains | None = None
    auth_type: AuthType | None = None
    enabled: Flag = None
    refresh_token_expiration: Amount | None = None
    refresh_token_expiration_unit: Unit | None = None
    session_token_expiration: Amount | None = None
    session_token_expiration_unit: Unit | None = None
    stepup_token_expiration: Amount | None = None
    stepup_token_expiration_unit: Unit | None = None
    enable_inactivity: Flag = None
    inactivity_time: Amount | None = None
    inactivity_time_unit: Unit | None = None
    jit_disabled: Flag = msgspec.field(name="JITDisabled", default=None)
    sso_setup_suite_settings: SetupSuite | None = None
    enforces_sso: Flag = msgspec.field(name="enforceSSO", default=None)
    sso_exclusions: References | None = msgspec.field(name="enforceSSOExclusions", default=None)
    federated_app_ids: References | None = None
    mfa: Mfa | None = None
    trusted_device_days: Days | None = None
    fresh_proof_seconds: FreshSeconds | None = None


CREATE = Endpoint(
    "mgmt.tenant.create", "POST", "/v1/mgmt/tenant/create", CreateTenant, CreatedTenant, Caller.MANAGEMENT
)
UPDATE = Endpoint("mgmt.tenant.update", "POST", "/v1/mgmt/tenant/update", UpdateTenant, Nothing, Caller.MANAGEMENT)
PATCH = Endpoint("mgmt.tenant.patch_tenant", "PATCH", "/v1/mgmt/tenant/patch", PatchTenant, Nothing, Caller.MANAGEMENT)
DELETE = Endpoint("mgmt.tenant.delete", "POST", "/v1/mgmt/tenant/delete", DeleteTenant, Nothing, Caller.MANAGEMENT)
LOAD = Endpoint(
    "mgmt.tenant.load",
    "GET",
    "/v1/mgmt/tenant",
    TenantId,
    Tenant,
    Caller.MANAGEMENT,
    only_reads=True,
    for_tenant_admins=True,
)
LOAD_ALL = Endpoint(
    "mgmt.tenant.load_all", "GET", "/v1/mgmt/tenant/all", Nothing, Tenants, Caller.MANAGEMENT, only_reads=True
)
SEARCH = Endpoint(
    "mgmt.tenant.search_all",
    "POST",
    "/v1/mgmt/tenant/search",
    SearchTenants,
    Tenants,
    Caller.MANAGEMENT,
    only_reads=True,
)
UPDATE_DEFAULT_ROLES = Endpoint(
    "mgmt.tenant.update_default_roles",
    "POST",
    "/v1/mgmt/tenant/updateDefaultRoles",
    DefaultRoles,
    Nothing,
    Caller.MANAGEMENT,
)
LOAD_SETTINGS = Endpoint(
    "mgmt.tenant.load_settings",
    "GET",
    "/v1/mgmt/tenant/settings",
    TenantId,
    TenantSettings,
    Caller.MANAGEMENT,
    only_reads=True,
)
UPDATE_SETTINGS = Endpoint(
    "mgmt.tenant.update_settings", "POST", "/v1/mgmt/tenant/settings", ChangeSettings, Nothing, Caller.MANAGEMENT
)

ENDPOINTS = (
    CREATE,
    UPDATE,
    PATCH,
    DELETE,
    LOAD,
    LOAD_ALL,
    SEARCH,
    UPDATE_DEFAULT_ROLES,
    LOAD_SETTINGS,
    UPDATE_SETTINGS,
)
