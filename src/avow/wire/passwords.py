"""Passwords under management: what a project or tenant asks of them, and how those of users are set and end."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Flag, LoginId, Name
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET

__all__ = [
    "CONFIGURE",
    "ENDPOINTS",
    "EXPIRE",
    "GET_SETTINGS",
    "MAX_CHARACTERS",
    "SET",
    "SET_ACTIVE",
    "SET_TEMPORARY",
    "ConfigurePasswords",
    "ExpirePassword",
    "NewPassword",
    "PasswordSettings",
    "SetPassword",
    "WhosePasswords",
]

MAX_CHARACTERS = 256

NewPassword = Annotated[str, Meta(max_length=MAX_CHARACTERS, extra=SECRET)]


class PasswordSettings(Shape, frozen=True, kw_only=True):
    """What passwords have to be, how long they count, and what wrong ones bring.

    Attributes:
        enabled: Users may sign in with a password.
        min_length: In characters, 6 to 64.
        lowercase: With a small letter.
        uppercase: With a capital letter.
        number: With a digit.
        non_alphanumeric: With something that is neither letter nor digit.
        expiration: They end by themselves, and are then replaced at the next sign-in.
        expiration_weeks: After so long, 1 to 520.
        reuse: Earlier ones are refused.
        reuse_amount: So many of them, the present one included, 1 to 24.
        lock: Wrong ones in a row lock the password for a while.
        lock_attempts: So many, 1 to 100.
    """

    enabled: bool = True
    min_length: int = 8
    lowercase: bool = False
    uppercase: bool = False
    number: bool = False
    non_alphanumeric: bool = False
    expiration: bool = False
    expiration_weeks: int = 0
    reuse: bool = False
    reuse_amount: int = 0
    lock: bool = True
    lock_attempts: int = 10


class WhosePasswords(Shape, frozen=True, kw_only=True):
    """Whose settings: those of a tenant, or of the project."""

    tenant_id: Name | None = None


class ConfigurePasswords(Shape, frozen=True, kw_only=True):
    """What is to change of the settings of a tenant, or (empty `tenantId`) of the project; what is missing stays."""

    tenant_id: Name
    enabled: Flag = None
    min_length: int | None = None
    lowercase: Flag = None
    uppercase: Flag = None
    number: Flag = None
    non_alphanumeric: Flag = None
    expiration: Flag = None
    expiration_weeks: int | None = None
    reuse: Flag = None
    reuse_amount: int | None = None
    lock: Flag = None
    lock_attempts: int | None = None


class SetPassword(Shape, frozen=True, kw_only=True):
    """Another password for a user.

    Attributes:
        login_id: Whose.
        password: At most 256 characters.
        set_active: Sent by some clients; the address says it.
    """

    login_id: LoginId
    password: NewPassword
    set_active: Flag = None


class ExpirePassword(Shape, frozen=True, kw_only=True):
    """A user whose password is to be replaced at the next sign-in."""

    login_id: LoginId


GET_SETTINGS = Endpoint(
    "mgmt.password.get_settings",
    "GET",
    "/v1/mgmt/password/settings",
    WhosePasswords,
    PasswordSettings,
    Caller.MANAGEMENT,
    only_reads=True,
)
CONFIGURE = Endpoint(
    "mgmt.password.configure_settings",
    "POST",
    "/v1/mgmt/password/settings",
    ConfigurePasswords,
    Nothing,
    Caller.MANAGEMENT,
)
SET_TEMPORARY = Endpoint(
    "mgmt.user.set_temporary_password",
    "POST",
    "/v1/mgmt/user/password/set/temporary",
    SetPassword,
    Nothing,
    Caller.MANAGEMENT,
    for_tenant_admins=True,
)
SET_ACTIVE = Endpoint(
    "mgmt.user.set_active_password",
    "POST",
    "/v1/mgmt/user/password/set/active",
    SetPassword,
    Nothing,
    Caller.MANAGEMENT,
)
SET = Endpoint("mgmt.user.set_password", "POST", "/v1/mgmt/user/password/set", SetPassword, Nothing, Caller.MANAGEMENT)
EXPIRE = Endpoint(
    "mgmt.user.expire_password",
    "POST",
    "/v1/mgmt/user/password/expire",
    ExpirePassword,
    Nothing,
    Caller.MANAGEMENT,
)

ENDPOINTS = (GET_SETTINGS, CONFIGURE, SET_TEMPORARY, SET_ACTIVE, SET, EXPIRE)
