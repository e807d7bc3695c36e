"""Management calls of passwords: what they have to be, and those of users."""

from collections.abc import Mapping
from typing import Any, TypedDict

import msgspec

from avow import shaping
from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, refused, text_of
from avow.wire import passwords

__all__ = [
    "PasswordSettings",
    "configure_settings",
    "expire",
    "get_settings",
    "set_active",
    "set_password",
    "set_temporary",
]


class PasswordSettings(TypedDict, total=False):
    """What passwords have to be; a call that changes them names what is to change."""

    enabled: bool
    minLength: int
    lowercase: bool
    uppercase: bool
    number: bool
    nonAlphanumeric: bool
    expiration: bool
    expirationWeeks: int
    reuse: bool
    reuseAmount: int
    lock: bool
    lockAttempts: int


_settings = as_is(PasswordSettings)


def get_settings(tenant_id: str) -> Call[PasswordSettings]:
    """Return the call for the settings of a tenant, or with "" of the project."""
    return call(passwords.GET_SETTINGS, passwords.WhosePasswords(tenant_id=tenant_id or None), _settings)


def configure_settings(tenant_id: str, settings: Mapping[str, Any]) -> Call[None]:
    """Return the call that changes them."""
    try:
        body = shaping.convert({**settings, "tenantId": tenant_id}, passwords.ConfigurePasswords)
    except msgspec.ValidationError as wrong:
        raise refused(f"The settings do not have the expected shape: {wrong}.") from wrong
    return call(passwords.CONFIGURE, body, ignored)


def set_temporary(login_id: str, password: str) -> Call[None]:
    """Return the call that sets a password which is replaced at the next sign-in."""
    return call(passwords.SET_TEMPORARY, _new(login_id, password, is_active=False), ignored)


def set_active(login_id: str, password: str) -> Call[None]:
    """Return the call that sets a password."""
    return call(passwords.SET_ACTIVE, _new(login_id, password, is_active=True), ignored)


def set_password(login_id: str, password: str) -> Call[None]:
    """Return the call of the deprecated address."""
    return call(passwords.SET, _new(login_id, password, is_active=False), ignored)


def expire(login_id: str) -> Call[None]:
    """Return the call that expires a password."""
    return call(passwords.EXPIRE, passwords.ExpirePassword(login_id=text_of("login_id", login_id)), ignored)


def _new(login_id: str, password: str, *, is_active: bool) -> passwords.SetPassword:
    return passwords.SetPassword(
        login_id=text_of("login_id", login_id), password=text_of("password", password), set_active=is_active
    )
