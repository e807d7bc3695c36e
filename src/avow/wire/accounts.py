"""Users as management creates, changes, loads and deletes them."""

from typing import Annotated, Literal

from msgspec import Meta, field

from avow.wire.bounds import Flag, LoginId, Name, Options, Reference, SecretText, Text, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.hashes import HashedPassword
from avow.wire.passwords import NewPassword
from avow.wire.secret import SECRET
from avow.wire.sessions import LoginRecord
from avow.wire.users import UserResponse

__all__ = [
    "CREATE",
    "CREATE_BATCH",
    "CREATE_TEST_USER",
    "DELETE",
    "DELETE_BATCH",
    "DELETE_TEST_USERS",
    "ENDPOINTS",
    "HISTORY",
    "LOAD",
    "LOAD_SEVERAL",
    "LOGOUT",
    "PATCH",
    "PATCH_BATCH",
    "UPDATE",
    "Association",
    "CreateUser",
    "CreateUsers",
    "FailedUser",
    "LoadUsers",
    "NewAccount",
    "OneUser",
    "PatchUser",
    "BatchAccount",
    "PatchUsers",
    "UpdateUser",
    "UserAnswer",
    "UserIds",
    "UsersAnswer",
    "UsersBatch",
]

Status = Literal["enabled", "disabled", "invited", "expired"]
RoleNames = Annotated[tuple[Name, ...], Meta(max_length=200)]
Ids = Annotated[tuple[Reference, ...], Meta(max_length=1000)]
Attributes = Annotated[dict[str, object], Meta(max_length=100)]
LoginIds = Annotated[tuple[LoginId, ...], Meta(max_length=20)]


class Association(Shape, frozen=True, kw_only=True):
    """A tenant that a user belongs to, and the roles held in it."""

    tenant_id: Reference
    role_names: RoleNames | None = None


class FamilyAssociation(Shape, frozen=True, kw_only=True):
    """A family; Avow has none."""

    family_id: Reference
    role_names: RoleNames | None = None
    family_scoped_attributes: Attributes | None = None


Associations = Annotated[tuple[Association, ...], Meta(max_length=200)]
Families = Annotated[tuple[FamilyAssociation, ...], Meta(max_length=200)]


class UpdateUser(Shape, frozen=True, kw_only=True):
    """A user as they are to be; what is missing is emptied.

    Attributes:
        login_id: What they sign in with.
        email: E-mail address; of a login ID that is one, the login ID when missing.
        phone: Phone number; of a login ID that is one, the login ID when missing.
        display_name: Name to show.
        given_name: First name.
        middle_name: Middle name.
        family_name: Last name.
        role_names: Roles in the project.
        user_tenants: Tenants, with the roles there.
        test: A test user: codes and links are read by the management API, nothing is sent. Only creation reads it.
        picture: URL of a picture.
        custom_attributes: Values of the project's own attributes.
        additional_login_ids: What else they sign in with; missing in an update: as before.
        sso_app_ids: Applications that they may reach through us; none named: all.
        family_associations: Not supported.
        verified_email: The address is theirs; missing: as before, or as the login ID says.
        verified_phone: The number is theirs; likewise.
    """

    login_id: LoginId
    email: Text | None = None
    phone: Text | None = None
    display_name: Name | None = None
    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None
    role_names: RoleNames | None = None
    user_tenants: Associations | None = None
    test: Flag = None
    picture: Url | None = None
    custom_attributes: Attributes | None = None
    additional_login_ids: LoginIds | None = None
    sso_app_ids: Ids | None = field(default=None, name="ssoAppIDs")
    family_associations: Families | None = None
    verified_email: Flag = None
    verified_phone: Flag = None


class NewAccount(UpdateUser, frozen=True, kw_only=True):
    """A user to be created.

    Attributes:
        status: `invited` (until they prove an address) unless another is named.
    """

    status: Status | None = None


class CreateUser(NewAccount, frozen=True, kw_only=True):
    """A user to be created, and whether they are invited.

    Attributes:
        invite: Send them a link that signs them in.
        invite_url: Where the link leads; missing: the project's `invite_url`, or Avow's own page.
        send_mail: By e-mail; missing: when they have an address.
        send_sms: By SMS; missing: when they have a number and no address.
        template_id: Message template; accepted and ignored.
        locale: Language of the message.
    """

    invite: Flag = None
    invite_url: Url | None = None
    send_mail: Flag = None
    send_sms: Flag = field(default=None, name="sendSMS")
    template_id: Name | None = None
    locale: Name | None = None


class BatchAccount(NewAccount, frozen=True, kw_only=True):
    """A user of a batch.

    Attributes:
        password: In clear; at most fifty users of a batch have one.
        hashed_password: As another system hashed it; not beside `password`.
        seed: TOTP seed in base 32.
    """

    password: NewPassword | None = None
    hashed_password: Annotated[HashedPassword, Meta(extra=SECRET)] | None = None
    seed: SecretText | None = None


class CreateUsers(Shape, frozen=True, kw_only=True):
    """Users to be created, each for itself; the other fields as `CreateUser`.

    Attributes:
        users: At most a hundred.
        template_options: Values for the message template.
    """

    users: Annotated[tuple[BatchAccount, ...], Meta(max_length=100)] | None = None
    invite: Flag = None
    invite_url: Url | None = None
    send_mail: Flag = None
    send_sms: Flag = field(default=None, name="sendSMS")
    template_options: Options | None = None
    template_id: Name | None = None
    locale: Name | None = None


class PatchUser(Shape, frozen=True, kw_only=True):
    """What is to change of a user; what is missing stays. The fields of `UpdateUser`.

    Attributes:
        status: `enabled` or `disabled` (which ends their sessions), or `invited`.
        custom_attributes: Those named change, null removes one; the others stay.
    """

    login_id: LoginId
    email: Text | None = None
    phone: Text | None = None
    display_name: Name | None = None
    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None
    role_names: RoleNames | None = None
    user_tenants: Associations | None = None
    picture: Url | None = None
    custom_attributes: Attributes | None = None
    verified_email: Flag = None
    verified_phone: Flag = None
    sso_app_ids: Ids | None = None
    status: Status | None = None
    test: Flag = None
    family_associations: Families | None = None


class PatchUsers(Shape, frozen=True, kw_only=True):
    """Users to be patched, each for itself; at most a hundred."""

    users: Annotated[tuple[PatchUser, ...], Meta(max_length=100)] | None = None


class UserAnswer(Shape, frozen=True, kw_only=True):
    """The user as they are now."""

    user: UserResponse


class FailedUser(Shape, frozen=True, kw_only=True):
    """A user of a batch who was refused, as far as the call named them, and why."""

    failure: str
    user: UserResponse


class UsersBatch(Shape, frozen=True, kw_only=True):
    """What a batch did."""

    created_users: tuple[UserResponse, ...] = ()
    patched_users: tuple[UserResponse, ...] = ()
    failed_users: tuple[FailedUser, ...] = ()
    additional_errors: dict[str, str] = {}


class OneUser(Shape, frozen=True, kw_only=True):
    """A user, by login ID or by id."""

    login_id: Text | None = None
    user_id: Text | None = None


class UserIds(Shape, frozen=True, kw_only=True):
    """Users, by id; at most a thousand."""

    user_ids: Ids | None = None


class LoadUsers(Shape, frozen=True, kw_only=True):
    """Users to load, by id.

    Attributes:
        user_ids: At most a thousand.
        include_invalid_users: Unknown ids are passed over; otherwise one refuses the call.
    """

    user_ids: Ids | None = None
    include_invalid_users: Flag = None


class UsersAnswer(Shape, frozen=True, kw_only=True):
    """Users, and how many there are in all."""

    users: tuple[UserResponse, ...] = ()
    total: int = 0


HistoryIds = Annotated[list[Reference], Meta(max_length=100)]

CREATE = Endpoint(
    "mgmt.user.create",
    "POST",
    "/v1/mgmt/user/create",
    CreateUser,
    UserAnswer,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)
CREATE_TEST_USER = Endpoint(
    "mgmt.user.create_test_user", "POST", "/v1/mgmt/user/create/test", CreateUser, UserAnswer, Caller.MANAGEMENT
)
CREATE_BATCH = Endpoint(
    "mgmt.user.invite_batch", "POST", "/v1/mgmt/user/create/batch", CreateUsers, UsersBatch, Caller.MANAGEMENT
)
UPDATE = Endpoint("mgmt.user.update", "POST", "/v1/mgmt/user/update", UpdateUser, UserAnswer, Caller.MANAGEMENT)
PATCH = Endpoint(
    "mgmt.user.patch", "PATCH", "/v1/mgmt/user/patch", PatchUser, UserAnswer, Caller.MANAGEMENT, for_tenant_admins=True
)
PATCH_BATCH = Endpoint(
    "mgmt.user.patch_batch", "PATCH", "/v1/mgmt/user/patch/batch", PatchUsers, UsersBatch, Caller.MANAGEMENT
)
LOAD = Endpoint("mgmt.user.load", "GET", "/v1/mgmt/user", OneUser, UserAnswer, Caller.MANAGEMENT, only_reads=True)
LOAD_SEVERAL = Endpoint(
    "mgmt.user.load_users",
    "POST",
    "/v1/mgmt/users/load",
    LoadUsers,
    UsersAnswer,
    Caller.MANAGEMENT,
    only_reads=True,
)
DELETE = Endpoint("mgmt.user.delete", "POST", "/v1/mgmt/user/delete", OneUser, Nothing, Caller.MANAGEMENT)
DELETE_BATCH = Endpoint(
    "mgmt.user.delete_batch",
    "POST",
    "/v1/mgmt/user/delete/batch",
    UserIds,
    Nothing,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)
DELETE_TEST_USERS = Endpoint(
    "mgmt.user.delete_all_test_users",
    "DELETE",
    "/v1/mgmt/user/test/delete/all",
    Nothing,
    Nothing,
    Caller.MANAGEMENT,
)
LOGOUT = Endpoint("mgmt.user.logout_user", "POST", "/v1/mgmt/user/logout", OneUser, Nothing, Caller.MANAGEMENT)
HISTORY: Endpoint[list[str], list[LoginRecord]] = Endpoint(
    "mgmt.user.history",
    "POST",
    "/v1/mgmt/user/history",
    HistoryIds,  # pyright: ignore[reportArgumentType]  # an annotated list, which msgspec takes for a type
    list[LoginRecord],
    Caller.MANAGEMENT,
    only_reads=True,
)

ENDPOINTS = (
    CREATE,
    CREATE_TEST_USER,
    CREATE_BATCH,
    UPDATE,
    PATCH,
    PATCH_BATCH,
    LOAD,
    LOAD_SEVERAL,
    DELETE,
    DELETE_BATCH,
    DELETE_TEST_USERS,
    LOGOUT,
    HISTORY,
)
