"""Applications of others, which people allow to act for them, and what they have allowed; of the official clients.

They are OpenID clients as those of `avow.wire.applications`, and everybody is asked for consent.
"""

from typing import Annotated

from msgspec import Meta

from avow.wire.applications import Addresses, ApplicationSettings, Description, GivenName
from avow.wire.applicationsecrets import (
    AddedSecret,
    AddSecret,
    Cleartext,
    MadeApplication,
    RevokeSecret,
    SecretMetas,
    WhichApplication,
    WhichSecret,
)
from avow.wire.bounds import END, Flag, Name, Reference, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.ssoapplications import BearerSettings

__all__ = [
    "ADD_SECRET",
    "CREATE",
    "CREATE_V2",
    "DELETE",
    "DELETE_BATCH",
    "DELETE_CONSENTS",
    "DELETE_TENANT_CONSENTS",
    "ENDPOINTS",
    "LOAD",
    "LOAD_ALL",
    "LOAD_PAGE",
    "LOAD_V2",
    "PATCH",
    "PATCH_V2",
    "REVOKE_SECRET",
    "ROTATE",
    "SEARCH_CONSENTS",
    "SECRET",
    "UPDATE",
    "UPDATE_V2",
    "ApplicationScope",
    "Consent",
    "Consents",
    "CreateThirdParty",
    "DeleteConsents",
    "DeleteTenantConsents",
    "LoadPage",
    "LoadThirdParty",
    "PatchThirdParty",
    "ScopeClaims",
    "SearchConsents",
    "ThirdParties",
    "ThirdParty",
    "ThirdPartyIds",
    "ThirdPartyPage",
    "ThirdPartySettings",
    "UpdateThirdParty",
]

Scope = Annotated[str, Meta(min_length=1, max_length=128, pattern=rf"^[\x21\x23-\x5b\x5d-\x7e]+{END}")]
Values = Annotated[tuple[Name, ...], Meta(max_length=200)]
Listed = Annotated[tuple[dict[str, object], ...], Meta(max_length=200)]
Attributes = Annotated[dict[str, object], Meta(max_length=100)]
References = Annotated[tuple[Reference, ...], Meta(max_length=500)]
PageNumber = Annotated[int, Meta(ge=0, le=1_000_000)]
PageSize = Annotated[int, Meta(ge=0, le=1000)]


class ApplicationScope(Shape, frozen=True, kw_only=True):
    """A scope that an application may ask for.

    Attributes:
        name: As requests name it.
        description: For people.
        values: What it stands for: roles or permissions, or attributes of the user; kept and shown.
    """

    name: Scope
    description: Description = ""
    values: Values = ()


class ScopeClaims(Shape, frozen=True, kw_only=True):
    """A scope that an application may ask for, and the claims of it; these are kept and shown.

    Attributes:
        scope: As requests name it.
        claims: Claims, and what of the user is in each.
        description: For people.
        use_project_mapping: The project's claims, not these.
        mandatory: It is not left out when people choose.
    """

    scope: Scope
    claims: Annotated[dict[str, Name], Meta(max_length=100)] = {}
    description: Description = ""
    use_project_mapping: bool = False
    mandatory: bool = False


class ThirdPartySettings(ApplicationSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of an application of others: the policy of any OpenID client, and what follows.

    Attributes:
        permissions_scopes: Scopes that stand for roles or permissions.
        attributes_scopes: Scopes that stand for attributes of the user.
        scope_claim_mapping: Scopes that stand for claims.
        jwt_bearer_settings: Kept and shown.
        custom_attributes: Kept and shown.
        audience_rule: `projectId`, `clientId` or "" of an older way to name an audience; kept and shown.
    """

    permissions_scopes: tuple[ApplicationScope, ...] = ()
    attributes_scopes: tuple[ApplicationScope, ...] = ()
    scope_claim_mapping: tuple[ScopeClaims, ...] = ()
    jwt_bearer_settings: BearerSettings = BearerSettings()
    custom_attributes: dict[str, object] = {}
    audience_rule: str = ""


class _Given(Shape, frozen=True, kw_only=True):
    """What may be said of an application.

    Attributes:
        description: For people.
        logo: URL of a picture.
        approved_callback_urls: Where authorization answers may go.
        permissions_scopes: Scopes that it may ask for, each with `name`, `description` and `values`.
        attributes_scopes: Likewise.
        scope_claim_mapping: Likewise, each with `scope`, `claims`, `description`, `useProjectMapping` and `mandatory`.
        jwt_bearer_settings: Kept and shown.
        custom_attributes: Kept and shown.
        force_pkce: Requests need a challenge; they do unless it is false.
        default_audience: Identifier of the API that is meant when a request names none; `projectId`, `clientId` and ""
            are kept and shown.
        client_type: `confidential` (also ""), or `public`, which keeps no secret.
        force_dpop: Tokens are bound to a key.
    """

    description: Description | None = None
    logo: Url | None = None
    approved_callback_urls: Addresses | None = None
    permissions_scopes: Listed | None = None
    attributes_scopes: Listed | None = None
    scope_claim_mapping: Listed | None = None
    jwt_bearer_settings: Attributes | None = None
    custom_attributes: Attributes | None = None
    force_pkce: Flag = None
    default_audience: Annotated[str, Meta(max_length=512)] | None = None
    client_type: Name | None = None
    force_dpop: Flag = None


class CreateThirdParty(_Given, frozen=True, kw_only=True):
    """An application to be made; `loginPageUrl` is a sign-in page of its own, or ""."""

    name: GivenName
    login_page_url: Url


class UpdateThirdParty(_Given, frozen=True, kw_only=True):
    """An application as it is to be; what is missing is emptied."""

    id: Reference
    name: GivenName
    login_page_url: Url


class PatchThirdParty(_Given, frozen=True, kw_only=True):
    """What is to change of an application; what is missing stays."""

    id: Reference
    name: GivenName | None = None
    login_page_url: Url | None = None


class LoadThirdParty(Shape, frozen=True, kw_only=True):
    """Which application."""

    id: Reference


class LoadPage(Shape, frozen=True, kw_only=True):
    """Which part of the applications: `page` begins with 0, and has a hundred unless `limit` says."""

    page: PageNumber | None = None
    limit: PageSize | None = None


class ThirdPartyIds(Shape, frozen=True, kw_only=True):
    """Which applications, all or none."""

    ids: References | None = None


class ThirdParty(Shape, frozen=True, kw_only=True):
    """An application of others; the fields as they are given.

    Attributes:
        id: See `client_id`.
        client_id: The same.
    """

    id: str
    name: str
    description: str = ""
    logo: str = ""
    login_page_url: str = ""
    client_id: str = ""
    approved_callback_urls: tuple[str, ...] = ()
    permissions_scopes: tuple[ApplicationScope, ...] = ()
    attributes_scopes: tuple[ApplicationScope, ...] = ()
    scope_claim_mapping: tuple[ScopeClaims, ...] = ()
    jwt_bearer_settings: BearerSettings = BearerSettings()
    custom_attributes: dict[str, object] = {}
    force_pkce: bool = True
    default_audience: str = ""
    client_type: str = "confidential"
    force_dpop: bool = False


class ThirdParties(Shape, frozen=True, kw_only=True):
    """Applications, the oldest first."""

    apps: tuple[ThirdParty, ...]


class ThirdPartyPage(Shape, frozen=True, kw_only=True):
    """Some of the applications, the oldest first, and how many there are."""

    apps: tuple[ThirdParty, ...]
    total: int


class SearchConsents(Shape, frozen=True, kw_only=True):
    """Which consents are looked for; what is missing or "" does not matter. Pages as those of applications."""

    app_id: Name | None = None
    user_id: Name | None = None
    consent_id: Name | None = None
    page: PageNumber | None = None
    limit: PageSize | None = None
    tenant_id: Name | None = None


class DeleteConsents(Shape, frozen=True, kw_only=True):
    """Which consents end: those to which all that is said applies. Something has to be said."""

    consent_ids: References | None = None
    app_id: Name | None = None
    user_ids: References | None = None
    tenant_id: Name | None = None


class DeleteTenantConsents(Shape, frozen=True, kw_only=True):
    """The tenant that has consented for its users; the rest narrows it down."""

    tenant_id: Reference
    app_id: Name | None = None
    consent_ids: References | None = None


class Consent(Shape, frozen=True, kw_only=True):
    """What somebody has allowed an application.

    Attributes:
        id: Avow's own.
        app_id: The application.
        user_id: Whose consent it is, or "".
        scopes: Of all audiences together.
        granted_by: The id of the user who agreed.
        created_time: Seconds since the epoch.
        tenant_id: The tenant that has consented for its users, or "".
        expire_time: Always 0: a consent holds until it is taken back.
        modified_time: Seconds since the epoch.
    """

    id: str
    app_id: str
    user_id: str = ""
    scopes: tuple[str, ...] = ()
    granted_by: str = ""
    created_time: int = 0
    tenant_id: str = ""
    expire_time: int = 0
    modified_time: int = 0


class Consents(Shape, frozen=True, kw_only=True):
    """Consents, the oldest first, and how many there are."""

    consents: tuple[Consent, ...]
    total: int


_V1 = "/v1/mgmt/thirdparty"
_V2 = "/v2/mgmt/thirdparty"
_AREA = "mgmt.third_party_application"
_BY = Caller.MANAGEMENT

CREATE = Endpoint(f"{_AREA}.create", "POST", f"{_V1}/app/create", CreateThirdParty, MadeApplication, _BY)
CREATE_V2 = Endpoint(f"{_AREA}.create_v2", "POST", f"{_V2}/app/create", CreateThirdParty, MadeApplication, _BY)
UPDATE = Endpoint(f"{_AREA}.update", "POST", f"{_V1}/app/update", UpdateThirdParty, Nothing, _BY)
UPDATE_V2 = Endpoint(f"{_AREA}.update_v2", "POST", f"{_V2}/app/update", UpdateThirdParty, Nothing, _BY)
PATCH = Endpoint(f"{_AREA}.patch", "POST", f"{_V1}/app/patch", PatchThirdParty, Nothing, _BY)
PATCH_V2 = Endpoint(f"{_AREA}.patch_v2", "POST", f"{_V2}/app/patch", PatchThirdParty, Nothing, _BY)
DELETE = Endpoint(f"{_AREA}.delete", "POST", f"{_V1}/app/delete", WhichApplication, Nothing, _BY)
DELETE_BATCH = Endpoint(f"{_AREA}.delete_batch", "POST", f"{_V1}/app/delete/batch", ThirdPartyIds, Nothing, _BY)
LOAD = Endpoint(f"{_AREA}.load", "GET", f"{_V1}/app/load", LoadThirdParty, ThirdParty, _BY, only_reads=True)
LOAD_V2 = Endpoint(f"{_AREA}.load_v2", "GET", f"{_V2}/app/load", LoadThirdParty, ThirdParty, _BY, only_reads=True)
LOAD_ALL = Endpoint(f"{_AREA}.load_all", "GET", f"{_V1}/apps/load", Nothing, ThirdParties, _BY, only_reads=True)
LOAD_PAGE = Endpoint(f"{_AREA}.load_page", "POST", f"{_V2}/apps/load", LoadPage, ThirdPartyPage, _BY, only_reads=True)
# Whoever has a secret can be the application: the right to read does not suffice.
SECRET = Endpoint(f"{_AREA}.get_secret", "GET", f"{_V1}/app/secret", WhichSecret, Cleartext, _BY)
ROTATE = Endpoint(f"{_AREA}.rotate_secret", "POST", f"{_V1}/app/rotate", WhichApplication, Cleartext, _BY)
ADD_SECRET = Endpoint(f"{_AREA}.add_secret", "POST", f"{_V1}/app/secret/add", AddSecret, AddedSecret, _BY)
REVOKE_SECRET = Endpoint(f"{_AREA}.revoke_secret", "POST", f"{_V1}/app/secret/revoke", RevokeSecret, SecretMetas, _BY)
SEARCH_CONSENTS = Endpoint(
    f"{_AREA}.search_consents", "POST", f"{_V1}/consents/search", SearchConsents, Consents, _BY, only_reads=True
)
DELETE_CONSENTS = Endpoint(f"{_AREA}.delete_consents", "POST", f"{_V1}/consents/delete", DeleteConsents, Nothing, _BY)
DELETE_TENANT_CONSENTS = Endpoint(
    f"{_AREA}.delete_tenant_consents",
    "POST",
    f"{_V1}/consents/delete/tenant",
    DeleteTenantConsents,
    Nothing,
    _BY,
)

ENDPOINTS = (
    CREATE,
    CREATE_V2,
    UPDATE,
    UPDATE_V2,
    PATCH,
    PATCH_V2,
    DELETE,
    DELETE_BATCH,
    LOAD,
    LOAD_V2,
    LOAD_ALL,
    LOAD_PAGE,
    SECRET,
    ROTATE,
    ADD_SECRET,
    REVOKE_SECRET,
    SEARCH_CONSENTS,
    DELETE_CONSENTS,
    DELETE_TENANT_CONSENTS,
)
