"""Applications that sign people in through us, as the official clients know them: OpenID and SAML.

They are the applications of `avow.wire.applications`, with fewer settings.
"""

from typing import Annotated

from msgspec import Meta

from avow.wire.applications import Description, GivenName, Id
from avow.wire.applicationsecrets import (
    AddedSecret,
    AddSecret,
    Cleartext,
    RevokeSecret,
    SecretMetas,
    WhichApplication,
    WhichSecret,
)
from avow.wire.bounds import Flag, Name, Reference, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = [
    "ADD_SECRET",
    "CREATE_OIDC",
    "CREATE_SAML",
    "DELETE",
    "ENDPOINTS",
    "LOAD",
    "LOAD_ALL",
    "REVOKE_SECRET",
    "ROTATE",
    "SECRET",
    "UPDATE_OIDC",
    "UPDATE_SAML",
    "AttributeToSend",
    "BearerIssuer",
    "BearerSettings",
    "CreateOidc",
    "GroupToSend",
    "LoadApplication",
    "MadeId",
    "OidcView",
    "RoleToSend",
    "SamlApplication",
    "SamlApplicationSettings",
    "SamlView",
    "SsoApplication",
    "SsoApplications",
    "UpdateOidc",
    "WsFedView",
]

LongText = Annotated[str, Meta(max_length=1024)]
Certificate = Annotated[str, Meta(max_length=20_000)]


class BearerIssuer(Shape, frozen=True, kw_only=True):
    """Whose tokens would be taken; kept and shown."""

    jwks_uri: Url = ""
    sign_algorithm: Name = ""
    user_info_uri: Url = ""
    external_id_field_name: Name = ""


class BearerSettings(Shape, frozen=True, kw_only=True):
    """Issuers of tokens that an application would exchange, by name; kept and shown."""

    issuers: Annotated[dict[str, BearerIssuer], Meta(max_length=50)] = {}


class CreateOidc(Shape, frozen=True, kw_only=True):
    """An OpenID application to be made.

    Attributes:
        name: For people.
        login_page_url: A sign-in page of its own, or "".
        id: Its client_id; made up when it is missing.
        description: For people.
        logo: URL of a picture.
        enabled: It can be used; missing: it can.
        force_authentication: Everybody signs in anew for it.
    """

    name: GivenName
    login_page_url: Url
    id: Id | None = None
    description: Description | None = None
    logo: Url | None = None
    enabled: Flag = None
    force_authentication: Flag = None


class UpdateOidc(Shape, frozen=True, kw_only=True):
    """An OpenID application as it is to be; what is missing is emptied, and the further settings stay."""

    name: GivenName
    login_page_url: Url
    id: Reference
    description: Description | None = None
    logo: Url | None = None
    enabled: Flag = None
    force_authentication: Flag = None


class AttributeToSend(Shape, frozen=True, kw_only=True):
    """An attribute of SAML assertions and what of the user is in it.

    Attributes:
        name: Of the attribute.
        type: Format of its name: `basic`, `uri`, `unspecified`, or a URI; "" for whichever fits the name.
        value: `userId`, `email`, `phone`, `name`, `givenName`, `middleName`, `familyName`, `picture`, `loginId`,
            `verifiedEmail`, `verifiedPhone`, `roleNames`, `permissions`, `tenants`, or `customAttributes.NAME`.
            Addresses are sent once they are verified. What nobody has sends nothing.
    """

    name: Name = ""
    type: Name = ""
    value: LongText = ""


class RoleToSend(Shape, frozen=True, kw_only=True):
    """A role, by id and name."""

    id: Name = ""
    name: Name = ""


class GroupToSend(Shape, frozen=True, kw_only=True):
    """A group of SAML assertions and the roles that stand for it.

    Attributes:
        name: Of the attribute that groups stand in.
        type: Format of its name, as of `AttributeToSend`.
        filter_type: Kept and shown.
        value: The group that whoever holds one of the roles is in; "" for groups that are called as the roles are.
        roles: Which roles; none for all.
    """

    name: Name = ""
    type: Name = ""
    filter_type: Name = ""
    value: LongText = ""
    roles: Annotated[tuple[RoleToSend, ...], Meta(max_length=200)] = ()


AttributesToSend = Annotated[tuple[AttributeToSend, ...], Meta(max_length=200)]
GroupsToSend = Annotated[tuple[GroupToSend, ...], Meta(max_length=200)]
Callbacks = Annotated[tuple[Url, ...], Meta(max_length=100)]


class SamlApplication(Shape, frozen=True, kw_only=True):
    """A SAML application to be made, or as it is to be; what is missing is emptied.

    Attributes:
        id: Which one; of a new one its id, made up when it is missing.
        name: For people; never missing.
        description: For people.
        enabled: It can be used; missing: it can.
        logo: URL of a picture.
        login_page_url: A sign-in page of its own, or "".
        use_metadata_info: What the application is, stands in its metadata.
        metadata_url: Where these are.
        entity_id: Its name, where no metadata say it.
        acs_url: Where SAML assertions go, likewise.
        certificate: What its requests are signed with, PEM, likewise: with one, unsigned requests are refused.
        attribute_mapping: What SAML assertions say of the user; empty for verified address and names.
        groups_mapping: Which roles are which groups there.
        acs_allowed_callbacks: Where else SAML assertions may go, when a request says so; without wildcards.
        subject_name_id_type: What names the user: `email`, `phone`, or "" for the user id.
        subject_name_id_format: Which format of NameID that is.
        default_relay_state: RelayState of a sign-in that begins here.
        force_authentication: Everybody signs in anew for it.
        logout_redirect_url: Where a browser goes after log-out, with the answer to the application's request for it.
        default_signature_algorithm: `sha256` or "": every signature is RSA-SHA256.
    """

    id: Id | None = None
    name: GivenName | None = None
    description: Description | None = None
    enabled: Flag = None
    logo: Url | None = None
    login_page_url: Url | None = None
    use_metadata_info: Flag = None
    metadata_url: Url | None = None
    entity_id: LongText | None = None
    acs_url: Url | None = None
    certificate: Certificate | None = None
    attribute_mapping: AttributesToSend | None = None
    groups_mapping: GroupsToSend | None = None
    acs_allowed_callbacks: Callbacks | None = None
    subject_name_id_type: Name | None = None
    subject_name_id_format: Name | None = None
    default_relay_state: LongText | None = None
    force_authentication: Flag = None
    logout_redirect_url: Url | None = None
    default_signature_algorithm: Name | None = None


class SamlApplicationSettings(Shape, frozen=True, kw_only=True):
    """What is kept of a SAML application beside what all kinds have; the fields of `SamlApplication`."""

    use_metadata_info: bool = False
    metadata_url: str = ""
    entity_id: str = ""
    acs_url: str = ""
    certificate: str = ""
    attribute_mapping: tuple[AttributeToSend, ...] = ()
    groups_mapping: tuple[GroupToSend, ...] = ()
    acs_allowed_callbacks: tuple[str, ...] = ()
    subject_name_id_type: str = ""
    subject_name_id_format: str = ""
    default_relay_state: str = ""
    logout_redirect_url: str = ""
    default_signature_algorithm: str = ""


class SamlView(SamlApplicationSettings, frozen=True, kw_only=True):
    """A SAML application as it is shown.

    Attributes:
        login_page_url: See `SamlApplication`.
        force_authentication: See there.
        idp_cert: The certificate that our answers are signed with, PEM.
        idp_metadata_url: Where our metadata is.
        idp_entity_id: Our name.
        idp_sso_url: Where requests go.
        idp_initiated_url: Where a sign-in begins that the application did not ask for.
        idp_logout_url: Where log-outs go.
    """

    login_page_url: str = ""
    force_authentication: bool = False
    idp_cert: str = ""
    idp_metadata_url: str = ""
    idp_entity_id: str = ""
    idp_sso_url: str = ""
    idp_initiated_url: str = ""
    idp_logout_url: str = ""


class OidcView(Shape, frozen=True, kw_only=True):
    """An OpenID application as it is shown.

    Attributes:
        login_page_url: A sign-in page of its own, or "".
        issuer: Of its tokens.
        discovery_url: Where our metadata are.
        force_authentication: Everybody signs in anew for it.
        jwt_bearer_settings: Always empty.
        back_channel_logout_url: Is told of log-outs, or "".
        client_id: The id of the application.
        client_type: `confidential` or `public`.
        approved_redirect_urls: Where authorization answers may go.
        authorization_code_disabled: It has no such grant.
        client_credentials_disabled: Likewise.
        refresh_token_disabled: Likewise.
        jwt_bearer_disabled: Always.
        device_code_disabled: It has no such grant.
        force_pkce: Requests need a challenge.
        default_audience: The API that is meant when a request names none.
    """

    login_page_url: str = ""
    issuer: str = ""
    discovery_url: str = ""
    force_authentication: bool = False
    jwt_bearer_settings: BearerSettings = BearerSettings()
    back_channel_logout_url: str = ""
    client_id: str = ""
    client_type: str = ""
    approved_redirect_urls: tuple[str, ...] = ()
    authorization_code_disabled: bool = False
    client_credentials_disabled: bool = False
    refresh_token_disabled: bool = False
    jwt_bearer_disabled: bool = False
    device_code_disabled: bool = False
    force_pkce: bool = False
    default_audience: str = ""


class WsFedView(Shape, frozen=True, kw_only=True):
    """A WS-Federation application; Avow has none, so that everything is empty."""

    login_page_url: str = ""
    realm: str = ""
    reply_url: str = ""
    reply_allowed_callbacks: tuple[str, ...] = ()
    attribute_mapping: tuple[AttributeToSend, ...] = ()
    groups_mapping: tuple[GroupToSend, ...] = ()
    force_authentication: bool = False
    logout_redirect_url: str = ""
    error_redirect_url: str = ""
    idp_initiated_url: str = ""
    idp_metadata_url: str = ""
    idp_entity_id: str = ""
    idp_sso_url: str = ""
    idp_cert: str = ""


class SsoApplication(Shape, frozen=True, kw_only=True):
    """An application; the settings of the kinds that it is not are empty.

    Attributes:
        id: Of an OpenID application the client_id.
        name: For people.
        description: For people.
        enabled: It can be used.
        logo: URL of a picture.
        app_type: `oidc` or `saml`.
        saml_settings: See there.
        oidc_settings: See there.
        ws_fed_settings: See there.
        custom_attributes: Always empty.
    """

    id: str
    name: str
    description: str = ""
    enabled: bool = True
    logo: str = ""
    app_type: str = ""
    saml_settings: SamlView = SamlView()
    oidc_settings: OidcView = OidcView()
    ws_fed_settings: WsFedView = WsFedView()
    custom_attributes: dict[str, object] = {}


class SsoApplications(Shape, frozen=True, kw_only=True):
    """Applications, the oldest first."""

    apps: tuple[SsoApplication, ...]


class MadeId(Shape, frozen=True, kw_only=True):
    """The id of a new application."""

    id: str


class LoadApplication(Shape, frozen=True, kw_only=True):
    """Which application."""

    id: Reference


_PATH = "/v1/mgmt/sso/idp/app"
_AREA = "mgmt.sso_application"

CREATE_OIDC = Endpoint(
    f"{_AREA}.create_oidc_application", "POST", f"{_PATH}/oidc/create", CreateOidc, MadeId, Caller.MANAGEMENT
)
CREATE_SAML = Endpoint(
    f"{_AREA}.create_saml_application", "POST", f"{_PATH}/saml/create", SamlApplication, MadeId, Caller.MANAGEMENT
)
UPDATE_OIDC = Endpoint(
    f"{_AREA}.update_oidc_application", "POST", f"{_PATH}/oidc/update", UpdateOidc, Nothing, Caller.MANAGEMENT
)
UPDATE_SAML = Endpoint(
    f"{_AREA}.update_saml_application", "POST", f"{_PATH}/saml/update", SamlApplication, Nothing, Caller.MANAGEMENT
)
DELETE = Endpoint(f"{_AREA}.delete", "POST", f"{_PATH}/delete", WhichApplication, Nothing, Caller.MANAGEMENT)
LOAD = Endpoint(
    f"{_AREA}.load", "GET", f"{_PATH}/load", LoadApplication, SsoApplication, Caller.MANAGEMENT, only_reads=True
)
LOAD_ALL = Endpoint(
    f"{_AREA}.load_all",
    "GET",
    "/v1/mgmt/sso/idp/apps/load",
    Nothing,
    SsoApplications,
    Caller.MANAGEMENT,
    only_reads=True,
)
# Whoever has a secret can be the application: the right to read does not suffice.
SECRET = Endpoint(
    f"{_AREA}.get_application_secret", "GET", f"{_PATH}/secret", WhichSecret, Cleartext, Caller.MANAGEMENT
)
ROTATE = Endpoint(
    f"{_AREA}.rotate_application_secret", "POST", f"{_PATH}/rotate", WhichApplication, Cleartext, Caller.MANAGEMENT
)
ADD_SECRET = Endpoint(f"{_AREA}.add_secret", "POST", f"{_PATH}/secret/add", AddSecret, AddedSecret, Caller.MANAGEMENT)
REVOKE_SECRET = Endpoint(
    f"{_AREA}.revoke_secret", "POST", f"{_PATH}/secret/revoke", RevokeSecret, SecretMetas, Caller.MANAGEMENT
)

ENDPOINTS = (
    CREATE_OIDC,
    CREATE_SAML,
    UPDATE_OIDC,
    UPDATE_SAML,
    DELETE,
    LOAD,
    LOAD_ALL,
    SECRET,
    ROTATE,
    ADD_SECRET,
    REVOKE_SECRET,
)
