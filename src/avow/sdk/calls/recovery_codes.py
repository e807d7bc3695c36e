"""Calls of recovery codes."""

from avow.sdk.answers import AuthBody, NewRecoveryCodes, RecoveryCodesLeft, as_is, auth_body
from avow.sdk.calls.call import Call, call, refresh_token_of, text_of
from avow.sdk.calls.login import login_options, step_up_token
from avow.sdk.options import LoginOptions
from avow.wire import recoverycodes
from avow.wire.endpoint import Nothing

__all__ = ["generate", "left", "sign_in"]


def generate(refresh_token: str) -> Call[NewRecoveryCodes]:
    """Return the call that makes codes for the user of a session."""
    return call(recoverycodes.GENERATE, Nothing(), as_is(NewRecoveryCodes), token=refresh_token_of(refresh_token))


def sign_in(login_id: str, code: str, options: LoginOptions | None, refresh_token: str | None) -> Call[AuthBody]:
    """Return the call that takes a code."""
    body = recoverycodes.RecoveryCode(
        login_id=text_of("login_id", login_id), code=text_of("code", code), login_options=login_options(options)
    )
    return call(recoverycodes.VERIFY, body, auth_body, token=step_up_token(options, refresh_token))


def left(refresh_token: str) -> Call[RecoveryCodesLeft]:
    """Return the call that tells how many codes are left."""
    return call(recoverycodes.LEFT, Nothing(), as_is(RecoveryCodesLeft), token=refresh_token_of(refresh_token))
