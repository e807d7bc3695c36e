"""Calls of one-time codes."""

from collections.abc import Mapping

from avow.sdk.answers import AuthBody, auth_body, masked_address
from avow.sdk.calls.call import Call, call, refresh_token_of, text_of
from avow.sdk.calls.login import (
    address_of,
    login_options,
    method_in_path,
    require_email,
    require_phone,
    sign_up_user,
    step_up_token,
)
from avow.sdk.options import DeliveryMethod, LoginOptions, SignUpOptions
from avow.wire import otp
from avow.wire.login import SignIn, SignUp, UpdateEmail, UpdatePhone

__all__ = ["sign_in", "sign_up", "sign_up_or_in", "update_user_email", "update_user_phone", "verify_code"]


def sign_up(
    method: DeliveryMethod, login_id: str, user: Mapping[str, object] | None, options: SignUpOptions | None
) -> Call[str]:
    """Return the call that creates a user and sends the first code."""
    path = method_in_path(otp.SIGN_UP, method)
    person = sign_up_user(method, login_id, user)
    body = SignUp(
        login_id=text_of("login_id", login_id),
        user=person,
        login_options=None if options is None else login_options(options),
        **address_of(path["method"], person),
    )
    return call(otp.SIGN_UP, body, masked_address(method), path=path)


def sign_in(
    method: DeliveryMethod, login_id: str, options: LoginOptions | None, refresh_token: str | None
) -> Call[str]:
    """Return the call that sends a code to a user."""
    body = SignIn(login_id=text_of("login_id", login_id), login_options=login_options(options))
    token = step_up_token(options, refresh_token)
    return call(otp.SIGN_IN, body, masked_address(method), token=token, path=method_in_path(otp.SIGN_IN, method))


def sign_up_or_in(method: DeliveryMethod, login_id: str, options: SignUpOptions | None) -> Call[str]:
    """Return the call that sends a code to a user, who is created if need be."""
    body = SignIn(login_id=text_of("login_id", login_id), login_options=login_options(options))
    return call(otp.SIGN_UP_OR_IN, body, masked_address(method), path=method_in_path(otp.SIGN_UP_OR_IN, method))


def verify_code(method: DeliveryMethod, login_id: str, code: str) -> Call[AuthBody]:
    """Return the call that takes a typed code back."""
    body = otp.VerifyCode(login_id=text_of("login_id", login_id), code=text_of("code", code))
    return call(otp.VERIFY, body, auth_body, path=method_in_path(otp.VERIFY, method))


def update_user_email(refresh_token: str, body: UpdateEmail) -> Call[str]:
    """Return the call that sends a code to a new e-mail address."""
    text_of("login_id", body.login_id)
    require_email(body.email)
    return call(otp.UPDATE_EMAIL, body, masked_address(DeliveryMethod.EMAIL), token=refresh_token_of(refresh_token))


def update_user_phone(method: DeliveryMethod, refresh_token: str, body: UpdatePhone) -> Call[str]:
    """Return the call that sends a code to a new phone number."""
    text_of("login_id", body.login_id)
    require_phone(body.phone)
    path = method_in_path(otp.UPDATE_PHONE, method)
    return call(otp.UPDATE_PHONE, body, masked_address(method), token=refresh_token_of(refresh_token), path=path)
