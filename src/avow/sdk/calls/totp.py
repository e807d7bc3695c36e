"""Calls of authenticator apps."""

from collections.abc import Mapping

import msgspec

from avow import shaping
from avow.sdk.answers import AuthBody, TOTPResponse, as_is, auth_body, ignored
from avow.sdk.calls.call import Call, call, refresh_token_of, refused, text_of
from avow.sdk.calls.login import login_options, step_up_token
from avow.sdk.options import LoginOptions
from avow.wire import totp
from avow.wire.endpoint import Nothing
from avow.wire.users import SignUpUser

__all__ = ["remove", "sign_in_code", "sign_up", "update_user"]


def sign_up(login_id: str, user: Mapping[str, object] | None) -> Call[TOTPResponse]:
    """Return the call that makes a seed for a new user."""
    body = totp.TotpSignUp(login_id=text_of("login_id", login_id), user=None if user is None else _person(user))
    return call(totp.SIGN_UP, body, as_is(TOTPResponse))


def sign_in_code(login_id: str, code: str, options: LoginOptions | None, refresh_token: str | None) -> Call[AuthBody]:
    """Return the call that takes a code of the app."""
    body = totp.TotpCode(
        login_id=text_of("login_id", login_id), code=text_of("code", code), login_options=login_options(options)
    )
    return call(totp.VERIFY, body, auth_body, token=step_up_token(options, refresh_token))


def update_user(login_id: str, refresh_token: str) -> Call[TOTPResponse]:
    """Return the call that makes a seed for the user of a session."""
    body = totp.TotpUpdate(login_id=text_of("login_id", login_id))
    return call(totp.UPDATE, body, as_is(TOTPResponse), token=refresh_token_of(refresh_token))


def remove(refresh_token: str) -> Call[None]:
    """Return the call that takes the app away from the user of a session."""
    return call(totp.REMOVE, Nothing(), ignored, token=refresh_token_of(refresh_token))


def _person(user: Mapping[str, object]) -> SignUpUser:
    try:
        return shaping.convert(dict(user), SignUpUser)
    except msgspec.ValidationError as error:
        raise refused(f"user is not valid: {error}.") from error
