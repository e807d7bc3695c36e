"""Calls of enchanted links."""

from collections.abc import Mapping

from avow.sdk.answers import AuthBody, PendingLink, as_is, auth_body, ignored
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
from avow.wire import enchantedlink
from avow.wire.enchantedlink import PendingSession
from avow.wire.links import LinkSignIn, LinkSignUp, LinkToken, LinkUpdateEmail, LinkUpdatePhone

__all__ = ["get_session", "sign_in", "sign_up", "sign_up_or_in", "update_user_email", "update_user_phone", "verify"]

_pending_link = as_is(PendingLink)


def sign_up(
    method: DeliveryMethod,
    login_id: str,
    uri: str | None,
    user: Mapping[str, object] | None,
    options: SignUpOptions | None,
) -> Call[PendingLink]:
    """Return the call that creates a user and sends three links."""
    path = method_in_path(enchantedlink.SIGN_UP, method)
    person = sign_up_user(method, login_id, user)
    body = LinkSignUp(
        login_id=text_of("login_id", login_id),
        uri=uri,
        user=person,
        login_options=None if options is None else login_options(options),
        **address_of(path["method"], person),
    )
    return call(enchantedlink.SIGN_UP, body, _pending_link, path=path)


def sign_in(
    method: DeliveryMethod, login_id: str, uri: str | None, options: LoginOptions | None, refresh_token: str | None
) -> Call[PendingLink]:
    """Return the call that sends three links to a user."""
    path = method_in_path(enchantedlink.SIGN_IN, method)
    body = LinkSignIn(login_id=text_of("login_id", login_id), uri=uri, login_options=login_options(options))
    return call(enchantedlink.SIGN_IN, body, _pending_link, token=step_up_token(options, refresh_token), path=path)


def sign_up_or_in(
    method: DeliveryMethod, login_id: str, uri: str | None, options: SignUpOptions | None
) -> Call[PendingLink]:
    """Return the call that sends three links to a user, who is created if need be."""
    path = method_in_path(enchantedlink.SIGN_UP_OR_IN, method)
    body = LinkSignIn(login_id=text_of("login_id", login_id), uri=uri, login_options=login_options(options))
    return call(enchantedlink.SIGN_UP_OR_IN, body, _pending_link, path=path)


def verify(token: str) -> Call[None]:
    """Return the call that takes the token of the clicked link back."""
    return call(enchantedlink.VERIFY, LinkToken(token=text_of("token", token)), ignored)


def get_session(pending_ref: str) -> Call[AuthBody]:
    """Return the call that asks whether the right link was clicked."""
    body = PendingSession(pending_ref=text_of("pending_ref", pending_ref))
    return call(enchantedlink.PENDING_SESSION, body, auth_body)


def update_user_email(refresh_token: str, body: LinkUpdateEmail) -> Call[PendingLink]:
    """Return the call that sends three links to a new e-mail address."""
    text_of("login_id", body.login_id)
    require_email(body.email)
    return call(enchantedlink.UPDATE_EMAIL, body, _pending_link, token=refresh_token_of(refresh_token))


def update_user_phone(refresh_token: str, body: LinkUpdatePhone) -> Call[PendingLink]:
    """Return the call that sends three links to a new phone number."""
    text_of("login_id", body.login_id)
    require_phone(body.phone)
    path = method_in_path(enchantedlink.UPDATE_PHONE, DeliveryMethod.SMS)
    return call(enchantedlink.UPDATE_PHONE, body, _pending_link, token=refresh_token_of(refresh_token), path=path)
