"""Project settings: the policy of one project, and the routes that read and change it."""

from typing import Annotated, Literal

from msgspec import Meta

from avow.wire.bounds import END
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = [
    "ENDPOINTS",
    "GET_SETTINGS",
    "LICENSE",
    "LIST",
    "SET_SETTINGS",
    "UPDATE_NAME",
    "UPDATE_TAGS",
    "License",
    "Project",
    "ProjectName",
    "ProjectSettings",
    "ProjectTags",
    "Projects",
    "SettingsChange",
    "Tags",
]

Seconds = Annotated[int, Meta(ge=1, le=10 * 365 * 86400)]
Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Text = Annotated[str, Meta(max_length=2048)]
Texts = Annotated[tuple[Text, ...], Meta(max_length=500)]
GivenName = Annotated[str, Meta(min_length=1, max_length=256)]
Tags = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(max_length=50)]

SignInMethod = Literal[
    "otp", "magiclink", "enchantedlink", "password", "totp", "recoverycodes", "webauthn", "oauth", "sso"
]
SIGN_IN_METHODS: tuple[SignInMethod, ...] = (
    "otp",
    "magiclink",
    "enchantedlink",
    "password",
    "totp",
    "recoverycodes",
    "webauthn",
    "oauth",
    "sso",
)


class ProjectSettings(Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Policy of a project; every field has a default, the database keeps what differs.

    Attributes:
        approved_redirects: URLs that links and sign-ins may lead to: scheme, host and path prefix. Empty: any http(s)
            URL under `avow dev`, none under `avow serve`.
        allowed_origins: Browser origins that may call the API with credentials. Empty: as approved_redirects.
        default_redirects: Where a link leads when the call names no URL, by method (`magiclink`, `enchantedlink`;
            `password` for the links of a reset).
        invite_url: Where an invitation leads.
        sign_in_methods: Methods that are on.
        mfa: Who has to show a second factor: `off` nobody, `enrolled` whoever has an authenticator app or a passkey,
            `required` everybody. A tenant may ask for more of its members.
        trusted_device_days: For how many days a device on which a second factor was shown is not asked for one; 0 for
            none. A tenant may allow less.
        fresh_proof_seconds: How old a sign-in or step-up may be that changes how somebody signs in: passwords,
            authenticator apps, passkeys, addresses. A tenant may allow less.
        passkey_rp_id: Domain that passkeys are for; its pages and those below it can use them. Empty for the host of
            the server's public address. Passkeys of another domain count no more.
        passkey_origins: Origins of the pages that ask for passkeys (`https://app.example.com`), and of Android apps
            (`android:apk-key-hash:...`). Empty: the origin of the server, and `https://` and the domain where one is
            set; under `avow dev` every page of localhost.
        passkey_user_verification: Whether a device has to verify who uses a passkey (fingerprint, PIN): `required`,
            `preferred` or `discouraged`.
        session_algorithm: Algorithm of the next session key: ES256, RS256 or EdDSA.
        session_lifetime_seconds: Life of a session token; under 60 browsers could not refresh in time.
        refresh_lifetime_seconds: Absolute life of a session, at most 400 days (as long as browsers keep a cookie).
        idle_lifetime_seconds: A session not refreshed for this long ends, and so does an application's refresh token; 0
            for never.
        rotation: When refresh tokens rotate: `sole-holder` (only where nobody else holds a copy), `always`, `never`.
        rotation_grace_seconds: How long the generation before the current one still refreshes.
        refresh_token_in: `body`, or `cookie` (HttpOnly; browsers of the allowed origins never see it).
        cookie_domain: Domain of the refresh cookie; empty for the host that answers.
        hides_existence: Starts answer alike whether a user exists or not.
        code_lifetime_seconds: Life of a one-time code.
        code_attempts: Wrong tries before a code is dead.
        code_digits: Length of a one-time code.
        guesses_per_hour: Wrong codes per account, and per address, in an hour before every code is refused; of apps and
            recovery codes twice as many in a day.
        password_failures_per_client: Wrong passwords from one client address in ten minutes, of whomever, before it is
            refused any; calls that bring a management key are not counted.
        link_lifetime_seconds: Life of a magic or enchanted link.
        sends_per_address: Messages to one address in ten minutes.
        sends_per_phone_prefix: Messages to one phone prefix (country and first digits) in a minute.
        sends_per_minute: Messages of the project in a minute.
        phone_countries: Country codes (`US`, `DE`) that receive messages; empty for every country.
        requests_per_minute: Requests of one client address in a minute.
        project_requests_per_minute: Requests of the whole project in a minute.
        login_id_requests_per_minute: Sign-in requests that name one login ID in a minute.
        management_requests_per_minute: Requests of one management key in a minute.
        session_template: Id of the JWT template for users' session tokens; empty for the usual claims.
        access_key_template: Id of the JWT template for tokens of access keys; empty for the usual claims.
        brand_color: Colour of the buttons of screens and pages, `#rrggbb`; empty for Avow's own. Text on it is white or
            black, and links take its nearest shade that can be read.
        logo_url: Address of a picture above the headings of screens and pages, `https:`; empty for none.
        appearance: Screens and pages are `light`, `dark`, or as the device of their reader is set (`os`).
        default_audience: Identifier of the API that access tokens of the OpenID provider are for when a request names
            none; empty for none.
        allows_registration: Applications register themselves at the OpenID provider (RFC 7591), without asking anybody;
            people are asked before such an application learns anything.
        allows_client_documents: The client_id of an application may be the https address of a document that says what
            it is (OAuth Client ID Metadata Document); people are asked before such an application learns anything.
        audit_days: Events of the audit older than so many days are deleted; 0 keeps all of them.
    """

    approved_redirects: Texts = ()
    allowed_origins: Texts = ()
    default_redirects: dict[str, Text] = {}
    invite_url: Text = ""
    sign_in_methods: tuple[SignInMethod, ...] = SIGN_IN_METHODS
    mfa: Literal["off", "enrolled", "required"] = "off"
    trusted_device_days: Annotated[int, Meta(ge=0, le=365)] = 0
    fresh_proof_seconds: Annotated[int, Meta(ge=60, le=400 * 86400)] = 3600
    passkey_rp_id: Annotated[str, Meta(max_length=253)] = ""
    passkey_origins: Texts = ()
    passkey_user_verification: Literal["required", "preferred", "discouraged"] = "required"
    session_algorithm: Literal["ES256", "RS256", "EdDSA"] = "ES256"
    session_lifetime_seconds: Annotated[int, Meta(ge=60, le=86400)] = 600
    refresh_lifetime_seconds: Annotated[int, Meta(ge=300, le=400 * 86400)] = 28 * 86400
    idle_lifetime_seconds: Annotated[int, Meta(ge=0, le=400 * 86400)] = 0
    rotation: Literal["sole-holder", "always", "never"] = "sole-holder"
    rotation_grace_seconds: Annotated[int, Meta(ge=5, le=300)] = 30
    refresh_token_in: Literal["body", "cookie"] = "body"
    cookie_domain: Text = ""
    hides_existence: bool = False
    code_lifetime_seconds: Annotated[int, Meta(ge=30, le=600)] = 300
    code_attempts: Annotated[int, Meta(ge=1, le=5)] = 5
    code_digits: Annotated[int, Meta(ge=6, le=10)] = 6
    guesses_per_hour: Annotated[int, Meta(ge=5, le=100)] = 20
    password_failures_per_client: Count = 100
    link_lifetime_seconds: Annotated[int, Meta(ge=30, le=86400)] = 600
    sends_per_address: Count = 5
    sends_per_phone_prefix: Count = 30
    sends_per_minute: Count = 1000
    phone_countries: Texts = ()
    requests_per_minute: Count = 6000
    project_requests_per_minute: Count = 1_000_000
    login_id_requests_per_minute: Count = 60
    management_requests_per_minute: Count = 12_000
    session_template: Text = ""
    access_key_template: Text = ""
    brand_color: Annotated[str, Meta(max_length=7, pattern=rf"^(#[0-9a-fA-F]{{6}})?{END}")] = ""
    logo_url: Text = ""
    appearance: Literal["os", "light", "dark"] = "os"
    default_audience: Annotated[str, Meta(max_length=512)] = ""
    allows_registration: bool = False
    allows_client_documents: bool = False
    audit_days: Annotated[int, Meta(ge=0, le=36_500)] = 0


class SettingsChange(Shape, frozen=True, kw_only=True):
    """Settings to change; those not named stay. `null` puts a setting back to its default."""

    settings: dict[str, object]


class License(Shape, frozen=True, kw_only=True):
    """What the official clients ask for when they start; a constant here."""

    rate_limit_tier: str


class Project(Shape, frozen=True, kw_only=True):
    """A project as lists show it.

    Attributes:
        id: `P...`.
        name: For messages and pages.
        environment: Free text, such as `production`.
        tags: Free texts.
    """

    id: str
    name: str
    environment: str
    tags: tuple[str, ...]


class Projects(Shape, frozen=True, kw_only=True):
    """The projects that the caller manages."""

    projects: tuple[Project, ...]


class ProjectName(Shape, frozen=True, kw_only=True):
    """The name that the project is to have."""

    name: GivenName


class ProjectTags(Shape, frozen=True, kw_only=True):
    """All tags that the project is to have."""

    tags: Tags | None = None


GET_SETTINGS = Endpoint(
    "project.settings.get",
    "GET",
    "/v1/mgmt/avow/project/settings",
    Nothing,
    ProjectSettings,
    Caller.MANAGEMENT,
    only_reads=True,
)
SET_SETTINGS = Endpoint(
    "project.settings.set", "POST", "/v1/mgmt/avow/project/settings", SettingsChange, ProjectSettings, Caller.MANAGEMENT
)
LICENSE = Endpoint(
    "license", "GET", "/v1/mgmt/license", Nothing, License, Caller.MANAGEMENT, only_reads=True, for_any_key=True
)
UPDATE_NAME = Endpoint(
    "mgmt.project.update_name", "POST", "/v1/mgmt/project/update/name", ProjectName, Nothing, Caller.MANAGEMENT
)
UPDATE_TAGS = Endpoint(
    "mgmt.project.update_tags", "POST", "/v1/mgmt/project/update/tags", ProjectTags, Nothing, Caller.MANAGEMENT
)
LIST = Endpoint(
    "mgmt.project.list_projects",
    "POST",
    "/v1/mgmt/projects/list",
    Nothing,
    Projects,
    Caller.MANAGEMENT,
    only_reads=True,
)

ENDPOINTS = (GET_SETTINGS, SET_SETTINGS, LICENSE, UPDATE_NAME, UPDATE_TAGS, LIST)
