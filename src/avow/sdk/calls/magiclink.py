"""Calls of magic links."""

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
from avow.wire import magiclink
from avow.wire.links import LinkSignIn, LinkSignUp, LinkToken, LinkUpdateEmail, LinkUpdatePhone

__all__ = ["sign_in", "sign_up", "sign_up_or_in", "update_user_email", "update_user_phone", "verify"]


def sign_up(
    method: DeliveryMethod,
    login_id: str,
    uri: str | None,
    user: Mapping[str, object] | None,
    options: SignUpOptions | None,
) -> Call[str]:
    """Return the call that creates a user and sends the first link."""
    path = method_in_path(magiclink.SIGN_UP, method)
    person = sign_up_user(method, login_id, user)
    body = LinkSignUp(
        login_id=text_of("login_id", login_id),
        uri=uri,
        user=person,
        login_options=None if options is None else login_options(options),
        **address_of(path["method"], person),
    )
    return call(magiclink.SIGN_UP, body, masked_address(method), path=path)


def sign_in(
    method: DeliveryMethod, login_id: str, uri: str | None, options: LoginOptions | None, refresh_token: str | None
) -> Call[str]:
    """Return the call that sends a link to a user."""
    path = method_in_path(magiclink.SIGN_IN, method)
    body = LinkSignIn(login_id=text_of("login_id", login_id), uri=uri, login_options=login_options(options))
    token = step_up_token(options, refresh_token)
    return call(magiclink.SIGN_IN, body, masked_address(method), token=token, path=path)


def sign_up_or_in(method: DeliveryMethod, login_id: str, uri: str | None, options: SignUpOptions | None) -> Call[str]:
    """Return the call that sends a link to a user, who is created if need be."""
    path = method_in_path(magiclink.SIGN_UP_OR_IN, method)
    body = LinkSignIn(login_id=text_of("login_id", login_id), uri=uri, login_options=login_options(options))
    return call(magiclink.SIGN_UP_OR_IN, body, masked_address(method), path=path)


def verify(token: str) -> Call[AuthBody]:
    """Return the call that takes the token of a link back."""
    return call(magiclink.VERIFY, LinkToken(token=text_of("token", token)), auth_body)


def update_user_email(refresh_token: str, body: LinkUpdateEmail) -> Call[str]:
    """Return the call that sends a link to a new e-mail address."""
    text_of("login_id", body.login_id)
    require_email(body.email)
    return call(
        magiclink.UPDATE_EMAIL, body, masked_address(DeliveryMethod.EMAIL), token=refresh_token_of(refresh_token)
    )


def update_user_phone(method: DeliveryMethod, refresh_token: str, body: LinkUpdatePhone) -> Call[str]:
    """Return the call that sends a link to a new phone number."""
    text_of("login_id", body.login_id)
    require_phone(body.phone)
    endpoint = magiclink.UPDATE_PHONE_BY_METHOD
    path = method_in_path(endpoint, method)
    return call(endpoint, body, masked_address(method), token=refresh_token_of(refresh_token), path=path)
