"""Management calls of users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict, TypeVar

import msgspec

from avow import shaping
from avow.sdk.answers import LoginRecord, UserResponse, as_is, as_list, ignored
from avow.sdk.calls.call import Call, call, refused
from avow.sdk.options import AssociatedFamily, AssociatedTenant
from avow.sdk.passwords import UserPassword
from avow.wire import accountchanges, accounts, attributes, usersearch
from avow.wire.endpoint import Endpoint, Nothing

__all__ = [
    "CustomAttributes",
    "Sort",
    "UserBody",
    "UserObj",
    "Users",
    "UsersBatch",
    "changed",
    "create",
    "create_batch",
    "custom_attributes",
    "delete",
    "delete_all_test_users",
    "delete_batch",
    "history",
    "load",
    "load_users",
    "logout",
    "patch",
    "patch_batch",
    "search",
    "update",
]

ShapeT = TypeVar("ShapeT")


class UserBody(TypedDict):
    """A user."""

    user: UserResponse


class Users(TypedDict):
    """Users, and how many there are in all."""

    users: list[UserResponse]
    total: int


class UsersBatch(TypedDict):
    """What a batch did."""

    createdUsers: list[UserResponse]
    patchedUsers: list[UserResponse]
    failedUsers: list[dict[str, Any]]
    additionalErrors: dict[str, str]


class CustomAttribute(TypedDict):
    """A custom attribute that the project defines."""

    name: str
    type: int
    displayName: str
    options: list[dict[str, str]]
    defaultValue: NotRequired[Any]


class CustomAttributes(TypedDict):
    """All custom attributes that the project defines."""

    data: list[CustomAttribute]


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of an order: a field of the answer, and its direction."""

    field: str
    desc: bool | None = False


@dataclass(frozen=True, slots=True)
class UserObj:
    """A user of a batch; the fields are the arguments of `create` and `patch`.

    Attributes:
        password: Of a user to be created.
        seed: TOTP seed of a user to be created, in base 32.
        family_associations: For code of the official SDK: the server does not support families yet (501).
    """

    login_id: str
    email: str | None = None
    phone: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    role_names: Sequence[str] | None = None
    user_tenants: Sequence[AssociatedTenant] | None = None
    picture: str | None = None
    custom_attributes: Mapping[str, Any] | None = None
    verified_email: bool | None = None
    verified_phone: bool | None = None
    additional_login_ids: Sequence[str] | None = None
    sso_app_ids: Sequence[str] | None = None
    password: UserPassword | None = None
    seed: str | None = field(default=None, repr=False)
    status: str | None = None
    family_associations: Sequence[AssociatedFamily] | None = None


_user, _users, _batch = as_is(UserBody), as_is(Users), as_is(UsersBatch)
_attributes, _records = as_is(CustomAttributes), as_list(LoginRecord)
_NOT_PATCHED = ("additional_login_ids", "password", "hashed_password", "seed")


def create(user: UserObj, *, is_test: bool = False, **invitation: object) -> Call[UserBody]:
    """Return the call that creates a user; `invitation` has the further fields of `CreateUser`."""
    endpoint = accounts.CREATE_TEST_USER if is_test else accounts.CREATE
    body = _shape(accounts.CreateUser, {**_fields(user), "test": is_test, **invitation})
    return call(endpoint, body, _user)


def create_batch(users: Sequence[UserObj], **invitation: object) -> Call[UsersBatch]:
    """Return the call that creates and invites users."""
    body = _shape(accounts.CreateUsers, {"users": [_fields(each) for each in users], "invite": True, **invitation})
    return call(accounts.CREATE_BATCH, body, _batch)


def update(user: UserObj, *, test: bool = False) -> Call[UserBody]:
    """Return the call that replaces a user's data."""
    return call(accounts.UPDATE, _shape(accounts.UpdateUser, {**_fields(user), "test": test}), _user)


def patch(user: UserObj, *, test: bool = False) -> Call[UserBody]:
    """Return the call that changes what is given."""
    return call(accounts.PATCH, _shape(accounts.PatchUser, _patched(user, test=test)), _user)


def patch_batch(users: Sequence[UserObj], *, test: bool = False) -> Call[UsersBatch]:
    """Return the call that patches several users."""
    body = _shape(accounts.PatchUsers, {"users": [_patched(each, test=test) for each in users]})
    return call(accounts.PATCH_BATCH, body, _batch)


def load(*, login_id: str | None = None, user_id: str | None = None) -> Call[UserBody]:
    """Return the call that loads a user."""
    return call(accounts.LOAD, _one(login_id, user_id), _user)


def load_users(user_ids: Sequence[str], include_invalid_users: bool | None) -> Call[Users]:
    """Return the call that loads users by id."""
    fields = {"user_ids": user_ids, "include_invalid_users": include_invalid_users}
    return call(accounts.LOAD_SEVERAL, _shape(accounts.LoadUsers, fields), _users, is_repeatable=True)


def search(*, is_test: bool = False, sort: Sequence[Sort] | None = None, **filters: object) -> Call[Users]:
    """Return the call that searches users; `filters` has the fields of `SearchUsers`."""
    endpoint = usersearch.SEARCH_TEST_USERS if is_test else usersearch.SEARCH
    keys = None if sort is None else [{"field": each.field, "desc": each.desc} for each in sort]
    tenants: dict[str, object] = {
        name: filters.pop(name) for name in ("tenant_role_ids", "tenant_role_names") if name in filters
    }
    body = _shape(usersearch.SearchUsers, {**filters, **tenants, "sort": keys})
    return call(endpoint, body, _users, is_repeatable=True)


def delete(*, login_id: str | None = None, user_id: str | None = None) -> Call[None]:
    """Return the call that deletes a user."""
    return call(accounts.DELETE, _one(login_id, user_id), ignored)


def delete_batch(user_ids: Sequence[str]) -> Call[None]:
    """Return the call that deletes users by id."""
    return call(accounts.DELETE_BATCH, _shape(accounts.UserIds, {"user_ids": user_ids}), ignored)


def delete_all_test_users() -> Call[None]:
    """Return the call that deletes every test user."""
    return call(accounts.DELETE_TEST_USERS, Nothing(), ignored)


def logout(*, login_id: str | None = None, user_id: str | None = None) -> Call[None]:
    """Return the call that ends a user's sessions."""
    return call(accounts.LOGOUT, _one(login_id, user_id), ignored)


def history(user_ids: Sequence[str]) -> Call[list[LoginRecord]]:
    """Return the call for the last sign-ins of users."""
    return call(accounts.HISTORY, list(user_ids), _records, is_repeatable=True)


def changed(endpoint: Endpoint[Any, Any], **fields: object) -> Call[UserBody]:
    """Return the call that changes one thing, an endpoint of `wire.accountchanges`."""
    if endpoint not in accountchanges.ENDPOINTS:
        raise TypeError("this endpoint changes no user")
    return call(endpoint, _shape(endpoint.request, fields), _user)


def custom_attributes(endpoint: Endpoint[Any, Any], **fields: object) -> Call[CustomAttributes]:
    """Return the call of an endpoint of `wire.attributes`."""
    if endpoint not in attributes.ENDPOINTS:
        raise TypeError("this endpoint is not one of custom attributes")
    return call(endpoint, _shape(endpoint.request, fields), _attributes)


def _one(login_id: str | None, user_id: str | None) -> accounts.OneUser:
    named = login_id or user_id
    if not isinstance(named, str):
        raise refused("login_id or user_id is empty or not a text.")
    return accounts.OneUser(login_id=login_id, user_id=user_id)


def _patched(user: UserObj, *, test: bool) -> dict[str, object]:
    fields = {name: value for name, value in _fields(user).items() if name not in _NOT_PATCHED}
    return {**fields, "test": True} if test else fields


def _fields(user: UserObj) -> dict[str, object]:
    fields = {name: getattr(user, name) for name in UserObj.__slots__}
    if user.user_tenants is not None:
        fields["user_tenants"] = [
            {"tenant_id": each.tenant_id, "role_names": each.role_names} for each in user.user_tenants
        ]
    if user.family_associations is not None:
        fields["family_associations"] = [
            {
                "family_id": each.family_id,
                "role_names": each.role_names,
                "family_scoped_attributes": each.family_scoped_attributes,
            }
            for each in user.family_associations
        ]
    if user.password is not None:
        hashed = user.password.hashed
        fields["password"] = user.password.cleartext
        fields["hashed_password"] = None if hashed is None else hashed.to_dict()
    return fields


def _shape(shape: type[ShapeT], fields: Mapping[str, object]) -> ShapeT:
    """Return the body, checked here so that a wrong type is not sent.

    Raises:
        InvalidArgument: An argument has a type that the API does not take.
    """
    try:
        return shaping.convert(_on_the_wire(shape, fields), shape, from_attributes=True)
    except msgspec.ValidationError as wrong:
        raise refused(f"An argument cannot be used: {wrong}.") from wrong


def _on_the_wire(shape: type[Any], fields: Mapping[str, object]) -> dict[str, object]:
    """Return named fields as the wire spells them, those of nested objects too."""
    names = {each.name: each.encode_name for each in msgspec.structs.fields(shape)}
    return {names.get(name, name): _spelled(value) for name, value in fields.items() if value is not None}


_NESTED: Mapping[str, type[Any]] = {
    "login_id": accounts.BatchAccount,
    "tenant_id": accounts.Association,
    "family_id": accounts.FamilyAssociation,
}


def _spelled(value: object) -> object:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        for name, shape in _NESTED.items():
            if name in value[0]:
                return [_on_the_wire(shape, each) for each in value]
    return value
