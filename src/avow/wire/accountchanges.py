"""Users as management changes one thing about them: status, addresses, names, roles, tenants."""

from typing import Annotated

from msgspec import Meta

from avow.wire.accounts import Ids, RoleNames, Status, UserAnswer
from avow.wire.bounds import Flag, LoginId, Name, Reference, Text, Url
from avow.wire.endpoint import Caller, Endpoint, Shape

__all__ = [
    "ADD_APPLICATIONS",
    "ADD_ROLES",
    "ADD_TENANT",
    "ENDPOINTS",
    "REMOVE_APPLICATIONS",
    "REMOVE_ROLES",
    "REMOVE_TENANT",
    "SET_APPLICATIONS",
    "SET_ROLES",
    "UPDATE_ATTRIBUTE",
    "UPDATE_EMAIL",
    "UPDATE_LOGIN_ID",
    "UPDATE_NAME",
    "UPDATE_PHONE",
    "UPDATE_PICTURE",
    "UPDATE_RECOVERY_EMAIL",
    "UPDATE_RECOVERY_PHONE",
    "UPDATE_STATUS",
    "ChangeApplications",
    "ChangeAttribute",
    "ChangeEmail",
    "ChangeLoginId",
    "ChangeName",
    "ChangePhone",
    "ChangePicture",
    "ChangeRecoveryEmail",
    "ChangeRecoveryPhone",
    "ChangeRoles",
    "ChangeStatus",
    "ChangeTenant",
]


class ChangeStatus(Shape, frozen=True, kw_only=True):
    """Whether the user may sign in; `disabled` ends their sessions at once."""

    login_id: LoginId
    status: Status


class ChangeLoginId(Shape, frozen=True, kw_only=True):
    """Another login ID in the place of one; missing, the login ID goes if it is not the last."""

    login_id: LoginId
    new_login_id: Text | None = None


class ChangeEmail(Shape, frozen=True, kw_only=True):
    """Another e-mail address.

    Attributes:
        login_id: Whose.
        email: The address; missing or empty: none.
        verified: It is theirs; otherwise they have to prove it.
        fail_on_conflict: Refuse an address that another user has, as their address or a login ID.
    """

    login_id: LoginId
    email: Text | None = None
    verified: Flag = None
    fail_on_conflict: Flag = None


class ChangePhone(Shape, frozen=True, kw_only=True):
    """Another phone number; the fields of `ChangeEmail`."""

    login_id: LoginId
    phone: Text | None = None
    verified: Flag = None
    fail_on_conflict: Flag = None


class ChangeName(Shape, frozen=True, kw_only=True):
    """Names; those missing stay."""

    login_id: LoginId
    display_name: Name | None = None
    given_name: Name | None = None
    middle_name: Name | None = None
    family_name: Name | None = None


class ChangePicture(Shape, frozen=True, kw_only=True):
    """Another picture; missing: none."""

    login_id: LoginId
    picture: Url | None = None


class ChangeAttribute(Shape, frozen=True, kw_only=True):
    """Another value of one custom attribute; null removes it."""

    login_id: LoginId
    attribute_key: Annotated[str, Meta(min_length=1, max_length=64)]
    attribute_value: object


class ChangeRecoveryEmail(Shape, frozen=True, kw_only=True):
    """Another address for account recovery; empty: none."""

    login_id: LoginId
    recovery_email: Text
    verified: Flag = None


class ChangeRecoveryPhone(Shape, frozen=True, kw_only=True):
    """Another number for account recovery; empty: none."""

    login_id: LoginId
    recovery_phone: Text
    verified: Flag = None


class ChangeRoles(Shape, frozen=True, kw_only=True):
    """Roles of the project, or with a tenant of that tenant."""

    login_id: LoginId
    tenant_id: Reference | None = None
    role_names: RoleNames | None = None


class ChangeApplications(Shape, frozen=True, kw_only=True):
    """Applications that the user may reach; whoever has none named may reach all."""

    login_id: LoginId
    sso_app_ids: Ids | None = None


class ChangeTenant(Shape, frozen=True, kw_only=True):
    """A tenant that the user joins or leaves."""

    login_id: LoginId
    tenant_id: Reference


UPDATE_STATUS = Endpoint(
    "mgmt.user.activate",
    "POST",
    "/v1/mgmt/user/update/status",
    ChangeStatus,
    UserAnswer,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)
UPDATE_LOGIN_ID = Endpoint(
    "mgmt.user.update_login_id", "POST", "/v1/mgmt/user/update/loginid", ChangeLoginId, UserAnswer, Caller.MANAGEMENT
)
UPDATE_EMAIL = Endpoint(
    "mgmt.user.update_email", "POST", "/v1/mgmt/user/update/email", ChangeEmail, UserAnswer, Caller.MANAGEMENT
)
UPDATE_PHONE = Endpoint(
    "mgmt.user.update_phone", "POST", "/v1/mgmt/user/update/phone", ChangePhone, UserAnswer, Caller.MANAGEMENT
)
UPDATE_NAME = Endpoint(
    "mgmt.user.update_display_name", "POST", "/v1/mgmt/user/update/name", ChangeName, UserAnswer, Caller.MANAGEMENT
)
UPDATE_PICTURE = Endpoint(
    "mgmt.user.update_picture", "POST", "/v1/mgmt/user/update/picture", ChangePicture, UserAnswer, Caller.MANAGEMENT
)
UPDATE_ATTRIBUTE = Endpoint(
    "mgmt.user.update_custom_attribute",
    "POST",
    "/v1/mgmt/user/update/customAttribute",
    ChangeAttribute,
    UserAnswer,
    Caller.MANAGEMENT,
)
UPDATE_RECOVERY_EMAIL = Endpoint(
    "mgmt.user.update_recovery_email",
    "POST",
    "/v1/mgmt/user/update/recovery/email",
    ChangeRecoveryEmail,
    UserAnswer,
    Caller.MANAGEMENT,
)
UPDATE_RECOVERY_PHONE = Endpoint(
    "mgmt.user.update_recovery_phone",
    "POST",
    "/v1/mgmt/user/update/recovery/phone",
    ChangeRecoveryPhone,
    UserAnswer,
    Caller.MANAGEMENT,
)
ADD_ROLES = Endpoint(
    "mgmt.user.add_roles", "POST", "/v2/mgmt/user/update/role/add", ChangeRoles, UserAnswer, Caller.MANAGEMENT
)
SET_ROLES = Endpoint(
    "mgmt.user.set_roles", "POST", "/v1/mgmt/user/update/role/set", ChangeRoles, UserAnswer, Caller.MANAGEMENT
)
REMOVE_ROLES = Endpoint(
    "mgmt.user.remove_roles", "POST", "/v1/mgmt/user/update/role/remove", ChangeRoles, UserAnswer, Caller.MANAGEMENT
)
ADD_TENANT = Endpoint(
    "mgmt.user.add_tenant", "POST", "/v1/mgmt/user/update/tenant/add", ChangeTenant, UserAnswer, Caller.MANAGEMENT
)
REMOVE_TENANT = Endpoint(
    "mgmt.user.remove_tenant", "POST", "/v1/mgmt/user/update/tenant/remove", ChangeTenant, UserAnswer, Caller.MANAGEMENT
)

SET_APPLICATIONS = Endpoint(
    "mgmt.user.set_sso_apps",
    "POST",
    "/v1/mgmt/user/update/ssoapp/set",
    ChangeApplications,
    UserAnswer,
    Caller.MANAGEMENT,
)
ADD_APPLICATIONS = Endpoint(
    "mgmt.user.add_sso_apps",
    "POST",
    "/v1/mgmt/user/update/ssoapp/add",
    ChangeApplications,
    UserAnswer,
    Caller.MANAGEMENT,
)
REMOVE_APPLICATIONS = Endpoint(
    "mgmt.user.remove_sso_apps",
    "POST",
    "/v1/mgmt/user/update/ssoapp/remove",
    ChangeApplications,
    UserAnswer,
    Caller.MANAGEMENT,
)

ENDPOINTS = (
    UPDATE_STATUS,
    UPDATE_LOGIN_ID,
    UPDATE_EMAIL,
    UPDATE_PHONE,
    UPDATE_NAME,
    UPDATE_PICTURE,
    UPDATE_ATTRIBUTE,
    UPDATE_RECOVERY_EMAIL,
    UPDATE_RECOVERY_PHONE,
    ADD_ROLES,
    SET_ROLES,
    REMOVE_ROLES,
    ADD_TENANT,
    REMOVE_TENANT,
    SET_APPLICATIONS,
    ADD_APPLICATIONS,
    REMOVE_APPLICATIONS,
)
