"""Users brought from elsewhere: one record of our own form, and the import over the API."""

from typing import Annotated

from msgspec import Meta

from avow.wire.accounts import Associations, Attributes, LoginIds, RoleNames, Status
from avow.wire.bounds import Flag, LoginId, Name, Reference, Text, Url
from avow.wire.endpoint import Caller, Endpoint, Shape
from avow.wire.hashes import HashedPassword
from avow.wire.secret import SECRET
from avow.wire.users import UserResponse

__all__ = ["ENDPOINTS", "IMPORT", "ExportedUser", "ImportAnswer", "ImportFailure", "ImportUsers", "ImportedUser"]

Instant = Annotated[int, Meta(ge=0, le=2**40)]
ExternalIds = Annotated[tuple[Reference, ...], Meta(max_length=20)]
_Data = Annotated[str, Meta(max_length=64 * 1024 * 1024, extra=SECRET)]


class ImportedUser(Shape, frozen=True, kw_only=True):
    """A user of an import, with the fields of a new user and of an answer.

    Attributes:
        login_id: What they sign in with.
        login_ids: All of it, as answers have it; the first one is `login_id`.
        additional_login_ids: What else they sign in with.
        email: E-mail address; of a login ID that is one, the login ID when missing.
        verified_email: The address is theirs; missing: they prove it when they first sign in with it.
        phone: Phone number; likewise.
        verified_phone: The number is theirs.
        display_name: Name to show.
        name: The same, as answers have it.
        given_name: First name.
        middle_name: Middle name.
        family_name: Last name.
        picture: URL of a picture.
        status: `enabled` unless another is named.
        test: A test user.
        role_names: Roles in the project.
        user_tenants: Tenants, with the roles there.
        custom_attributes: Values of the project's own attributes.
        external_ids: Their ids in other systems.
        created_time: When they were created, seconds since the epoch; missing: now.
        hashed_password: Their password, as another system hashed it.
        password_hash: The same in one text that names its form.
        password: Refused: an import takes hashes only.
    """

    login_id: LoginId | None = None
    login_ids: LoginIds | None = None
    additional_login_ids: LoginIds | None = None
    email: Text | None = None
    verified_email: Flag = None
    phone: Text | None = None
    verified_phone: Flag = None
    display_name: Name | None = None
    name: Name | None = None
    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None
    picture: Url | None = None
    status: Status | None = None
    test: Flag = None
    role_names: RoleNames | None = None
    user_tenants: Associations | None = None
    custom_attributes: Attributes | None = None
    external_ids: ExternalIds | None = None
    created_time: Instant | None = None
    hashed_password: Annotated[HashedPassword, Meta(extra=SECRET)] | None = None
    password_hash: Annotated[str, Meta(max_length=1024, extra=SECRET)] | None = None
    password: Annotated[str, Meta(max_length=1024, extra=SECRET)] | None = None


class ExportedUser(ImportedUser, frozen=True, kw_only=True, omit_defaults=True):
    """A user of an export, which an import takes; what they do not have is left out."""


class ImportUsers(Shape, frozen=True, kw_only=True):
    """Users to import, at most a thousand in one call; `avow user import` takes any number.

    Attributes:
        source: Where they come from: `avow`, `auth0`, `firebase`, `django`, `keycloak` or `csv`.
        dryrun: Say what would happen, and write nothing.
        users: What that system exported, base64.
        hashes: What it exported apart from it, base64: the password hashes of `auth0`, the hash parameters of
            `firebase`.
    """

    source: Name
    dryrun: Flag = None
    users: _Data | None = None
    hashes: _Data | None = None


class ImportFailure(Shape, frozen=True, kw_only=True):
    """A user who was not imported, and why."""

    user: str
    reason: str


class ImportAnswer(Shape, frozen=True, kw_only=True):
    """What an import did.

    Attributes:
        users: Those who were imported; of a dry run, those who would be, without ids.
        failures: Those who were not.
    """

    users: tuple[UserResponse, ...] = ()
    failures: tuple[ImportFailure, ...] = ()


IMPORT = Endpoint(
    "mgmt.user.import_users", "POST", "/v1/mgmt/user/import", ImportUsers, ImportAnswer, Caller.MANAGEMENT
)

ENDPOINTS = (IMPORT,)
