"""Calls of passwords."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import msgspec

from avow import shaping
from avow.sdk.answers import AuthBody, as_is, auth_body, ignored
from avow.sdk.calls.call import Call, call, refresh_token_of, refused, shaped, text_of
from avow.sdk.calls.login import login_options, step_up_token
from avow.sdk.options import LoginOptions
from avow.wire import password
from avow.wire.endpoint import Nothing
from avow.wire.users import SignUpUser

__all__ = [
    "PasswordPolicy",
    "PasswordReset",
    "get_policy",
    "replace",
    "send_reset",
    "sign_in",
    "sign_up",
    "update",
]


class PasswordReset(TypedDict):
    """What was sent to a user who has forgotten their password, if there is one: `resetMethod` is `magiclink`."""

    resetMethod: str
    maskedEmail: NotRequired[str]
    maskedPhone: NotRequired[str]


class PasswordPolicy(TypedDict):
    """What a new password has to be at least."""

    minLength: int
    lowercase: bool
    uppercase: bool
    number: bool
    nonAlphanumeric: bool


def sign_up(login_id: str, secret: str, user: Mapping[str, object] | None) -> Call[AuthBody]:
    """Return the call that creates a user with a password."""
    body = password.PasswordSignUp(
        login_id=text_of("login_id", login_id),
        password=text_of("password", secret),
        user=None if user is None else _person(user),
    )
    return call(password.SIGN_UP, body, auth_body)


def sign_in(login_id: str, secret: str, options: LoginOptions | None, refresh_token: str | None) -> Call[AuthBody]:
    """Return the call that exchanges a password for a session."""
    body = password.PasswordSignIn(
        login_id=text_of("login_id", login_id),
        password=text_of("password", secret),
        login_options=None if options is None else login_options(options),
    )
    return call(password.SIGN_IN, body, auth_body, token=step_up_token(options, refresh_token))


def send_reset(
    login_id: str, redirect_url: str | None, template_options: Mapping[str, object] | None
) -> Call[PasswordReset]:
    """Return the call that sends a link to choose a new password by."""
    values = {
        "loginId": text_of("login_id", login_id),
        "redirectUrl": redirect_url,
        "templateOptions": None if template_options is None else dict(template_options),
    }
    return call(password.SEND_RESET, shaped(values, password.SendReset), as_is(PasswordReset))


def update(login_id: str, new_password: str, refresh_token: str) -> Call[None]:
    """Return the call that gives the user of a session another password."""
    body = password.UpdatePassword(
        login_id=text_of("login_id", login_id), new_password=text_of("new_password", new_password)
    )
    return call(password.UPDATE, body, ignored, token=refresh_token_of(refresh_token))


def replace(login_id: str, old_password: str, new_password: str) -> Call[AuthBody]:
    """Return the call that replaces a password by whoever knows it."""
    body = password.ReplacePassword(
        login_id=text_of("login_id", login_id),
        old_password=text_of("old_password", old_password),
        new_password=text_of("new_password", new_password),
    )
    return call(password.REPLACE, body, auth_body)


def get_policy() -> Call[PasswordPolicy]:
    """Return the call for what a new password has to be."""
    return call(password.GET_POLICY, Nothing(), as_is(PasswordPolicy))


def _person(user: Mapping[str, object]) -> SignUpUser:
    try:
        return shaping.convert(dict(user), SignUpUser)
    except msgspec.ValidationError as error:
        raise refused(f"user is not valid: {error}.") from error
