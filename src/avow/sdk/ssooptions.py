"""What callers hand to SSO settings and SAML applications; the names and their order are the official SDK's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from avow.sdk.options import AttributeMapping, RoleMapping

__all__ = [
    "FGAGroupMapping",
    "FGAGroupMappingRelation",
    "OIDCAttributeMapping",
    "SAMLIDPAttributeMappingInfo",
    "SAMLIDPGroupsMappingInfo",
    "SAMLIDPRoleGroupMappingInfo",
    "SSOOIDCSettings",
    "SSOSAMLSettings",
    "SSOSAMLSettingsByMetadata",
    "XAAIssuerSettings",
    "XAAJWTBearerSettings",
    "XAASettings",
]


@dataclass(frozen=True, slots=True)
class FGAGroupMappingRelation:
    """A relation that a group would give; kept and shown."""

    resource: str
    relation_definition: str
    namespace: str


@dataclass(frozen=True, slots=True)
class FGAGroupMapping:
    """The relations that a group would give; kept and shown."""

    relations: Sequence[FGAGroupMappingRelation] | None = None


@dataclass(frozen=True, slots=True)
class OIDCAttributeMapping:
    """Which claim of an OpenID provider fills which field of a user; what is absent is filled by none."""

    login_id: str | None = None
    name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    verified_email: str | None = None
    username: str | None = None
    phone_number: str | None = None
    verified_phone: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class SAMLIDPAttributeMappingInfo:
    """An attribute of the SAML assertions that an application is sent, and what of the user is in it."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class SAMLIDPRoleGroupMappingInfo:
    """A role, by id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SAMLIDPGroupsMappingInfo:
    """A group of those SAML assertions, and the roles that stand for it."""

    name: str
    type: str
    filter_type: str
    value: str
    roles: Sequence[SAMLIDPRoleGroupMappingInfo]


@dataclass(frozen=True, slots=True)
class SSOOIDCSettings:
    """An OpenID provider at which a tenant signs in.

    Attributes:
        name: For people.
        client_id: Ours at the provider.
        client_secret: Ours at the provider; absent: the one that is stored, unless the client or where it is sent to
            changes. It is never answered.
        redirect_url: Where people go once they have signed in.
        auth_url: Where people sign in.
        token_url: Where codes are exchanged.
        user_data_url: Where more claims are.
        scope: What is asked for.
        jwks_url: The provider's keys.
        attribute_mapping: Which claim fills which field; absent: the usual ones.
        manage_provider_tokens: Keep the provider's tokens.
        callback_domain: Host that the provider leads people back to.
        prompt: As OpenID has it: `login`, `consent`, ...
        grant_type: `authorization_code` (if absent) or `implicit`.
        issuer: Name of the provider.
        groups_priority: Groups, the most important first; absent: as stored.
        fga_mappings: By group; kept and shown; absent: as stored.
        use_pkce: Absent: as stored; not with `implicit`.
    """

    name: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    redirect_url: str | None = None
    auth_url: str | None = None
    token_url: str | None = None
    user_data_url: str | None = None
    scope: Sequence[str] | None = None
    jwks_url: str | None = None
    attribute_mapping: OIDCAttributeMapping | None = None
    manage_provider_tokens: bool | None = False
    callback_domain: str | None = None
    prompt: Sequence[str] | None = None
    grant_type: str | None = None
    issuer: str | None = None
    groups_priority: Sequence[str] | None = None
    fga_mappings: Mapping[str, FGAGroupMapping] | None = None
    use_pkce: bool | None = None


@dataclass(frozen=True, slots=True)
class SSOSAMLSettings:
    """A SAML identity provider at which a tenant signs in, written out.

    Attributes:
        idp_url: Where people sign in.
        idp_entity_id: Name of the identity provider.
        idp_cert: Certificate that its signatures are checked with, PEM.
        attribute_mapping: Which attribute fills which field; absent: the usual ones.
        role_mappings: Groups that give roles; absent: none.
        default_sso_roles: Roles of everybody who signs in here; absent: as stored; an empty list takes them all.
        idp_additional_certs: Further certificates, for a change of them.
        groups_priority: Groups, the most important first.
        fga_mappings: By group; kept and shown.
        config_fga_tenant_id_resource_prefix: Kept and shown.
        config_fga_tenant_id_resource_suffix: Kept and shown.
        sp_acs_url: For migrations: another address of ours, that the identity provider knows.
        sp_entity_id: For migrations: another name of ours.
        disable_sign_request: Requests to the identity provider go unsigned.
        allow_idp_initiated: Take sign-ins that begin at the identity provider.
    """

    idp_url: str
    idp_entity_id: str
    idp_cert: str
    attribute_mapping: AttributeMapping | None = None
    role_mappings: Sequence[RoleMapping] | None = None
    default_sso_roles: Sequence[str] | None = None
    idp_additional_certs: Sequence[str] | None = None
    groups_priority: Sequence[str] | None = None
    fga_mappings: Mapping[str, FGAGroupMapping] | None = None
    config_fga_tenant_id_resource_prefix: str | None = None
    config_fga_tenant_id_resource_suffix: str | None = None
    sp_acs_url: str | None = None
    sp_entity_id: str | None = None
    disable_sign_request: bool = False
    allow_idp_initiated: bool = False


@dataclass(frozen=True, slots=True)
class SSOSAMLSettingsByMetadata:
    """A SAML identity provider at which a tenant signs in, by the address of its metadata.

    Attributes:
        idp_metadata_url: Stored now, read when somebody signs in.
        attribute_mapping: As in `SSOSAMLSettings`, and so the others.
        idp_entity_id: Name of the identity provider.
    """

    idp_metadata_url: str
    attribute_mapping: AttributeMapping | None = None
    role_mappings: Sequence[RoleMapping] | None = None
    default_sso_roles: Sequence[str] | None = None
    groups_priority: Sequence[str] | None = None
    fga_mappings: Mapping[str, FGAGroupMapping] | None = None
    config_fga_tenant_id_resource_prefix: str | None = None
    config_fga_tenant_id_resource_suffix: str | None = None
    sp_acs_url: str | None = None
    sp_entity_id: str | None = None
    idp_entity_id: str | None = None
    disable_sign_request: bool = False
    allow_idp_initiated: bool = False


@dataclass(frozen=True, slots=True)
class XAAIssuerSettings:
    """How ID-JAG tokens of a trusted issuer are read."""

    jwks_uri: str | None = None
    sign_algorithm: str | None = None
    user_info_uri: str | None = None
    external_id_field_name: str | None = None
    jit_disabled: bool | None = None
    attribute_mapping: AttributeMapping | None = None


@dataclass(frozen=True, slots=True)
class XAAJWTBearerSettings:
    """Trusted issuers by their URL, and how the grant is answered."""

    issuers: Mapping[str, XAAIssuerSettings] | None = None
    jwt_bearer_grant_type_audience_to_use: str | None = None
    jwt_bearer_grant_type_scope_to_use: str | None = None
    jwt_bearer_grant_type_custom_claims_to_use: str | None = None


@dataclass(frozen=True, slots=True)
class XAASettings:
    """Whose ID-JAG tokens an SSO configuration trusts; groups and roles are those of the whole configuration.

    Attributes:
        enabled: They are to be taken.
        settings: Whose.
        role_mappings: Groups that give roles; absent: none.
        default_sso_roles: Absent: as stored; and so the others.
        provider_id: Kept and shown.
    """

    enabled: bool | None = None
    settings: XAAJWTBearerSettings | None = None
    role_mappings: Sequence[RoleMapping] | None = None
    default_sso_roles: Sequence[str] | None = None
    fga_mappings: Mapping[str, FGAGroupMapping] | None = None
    groups_priority: Sequence[str] | None = None
    group_priority_enabled: bool | None = None
    allow_override_roles: bool | None = None
    provider_id: str | None = None
