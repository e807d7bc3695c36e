"""Calls of social sign-in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict
from urllib.parse import urlencode

from avow.sdk.answers import AuthBody, as_is, auth_body
from avow.sdk.calls.call import Call, call, refresh_token_of, text_of
from avow.sdk.calls.login import login_options, step_up_token
from avow.sdk.options import LoginOptions
from avow.wire import oauth
from avow.wire.endpoint import Endpoint
from avow.wire.oauth import OAuthStart, OAuthUrl

__all__ = ["SignInURL", "Wishes", "exchange_token", "sign_in", "sign_up", "start", "update_user"]


class SignInURL(TypedDict):
    """Where to send the browser: an address of the Avow server, good for ten minutes."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a sign-in asks of the provider besides the usual."""

    prompt: str | None = None
    login_hint: str | None = None
    scopes: Iterable[str] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    is_popup: bool = False


def start(
    provider: str, return_url: str, options: LoginOptions | None, refresh_token: str | None, wishes: Wishes
) -> Call[SignInURL]:
    """Return the call that begins a sign-in, or a sign-up of whom nobody knows."""
    token = step_up_token(options, refresh_token)
    return _begun(oauth.START, provider, return_url, options, token, wishes)


def sign_in(
    provider: str, return_url: str, options: LoginOptions | None, refresh_token: str | None, wishes: Wishes
) -> Call[SignInURL]:
    """Return the call that begins a sign-in of somebody who is known."""
    token = step_up_token(options, refresh_token)
    return _begun(oauth.SIGN_IN, provider, return_url, options, token, wishes)


def sign_up(provider: str, return_url: str, options: LoginOptions | None, wishes: Wishes) -> Call[SignInURL]:
    """Return the call that begins a sign-up."""
    return _begun(oauth.SIGN_UP, provider, return_url, options, "", wishes)


def update_user(
    provider: str, refresh_token: str, return_url: str, options: LoginOptions | None, wishes: Wishes
) -> Call[SignInURL]:
    """Return the call that begins to connect a provider to the user of a session."""
    token = refresh_token_of(refresh_token)
    return _begun(oauth.UPDATE, provider, return_url, options, token, wishes)


def exchange_token(code: str) -> Call[AuthBody]:
    """Return the call that takes the code which the application's page was given."""
    return call(oauth.EXCHANGE, oauth.OAuthCode(code=text_of("code", code)), auth_body)


def _begun(
    endpoint: Endpoint[OAuthStart, OAuthUrl],
    provider: str,
    return_url: str,
    options: LoginOptions | None,
    token: str,
    wishes: Wishes,
) -> Call[SignInURL]:
    shared = login_options(options)
    body = OAuthStart(
        **{name: getattr(shared, name) for name in shared.__struct_fields__},
        provider=text_of("provider", provider),
        redirect_url=return_url or None,
        prompt=wishes.prompt,
        login_hint=wishes.login_hint,
        scopes=None if wishes.scopes is None else " ".join(wishes.scopes),
        parameters=urlencode(wishes.parameters) or None,
        popup="true" if wishes.is_popup else None,
    )
    return call(endpoint, body, as_is(SignInURL), token=token)
