"""Calls of sign-in through SSO."""

from typing import TypedDict

import msgspec

from avow.sdk.answers import AuthBody, as_is, auth_body
from avow.sdk.calls.call import Call, call, shaped, text_of
from avow.sdk.calls.login import login_options, step_up_token
from avow.sdk.options import LoginOptions
from avow.wire import ssosignin as wire
from avow.wire.ssosignin import SsoCode, SsoStart

__all__ = ["SSOStart", "exchange_token", "exchange_token_by_older_name", "start", "start_by_older_name"]


class SSOStart(TypedDict):
    """Where to send the browser."""

    url: str


_answer = as_is(SSOStart)


def start(
    tenant: str,
    return_url: str | None,
    options: LoginOptions | None,
    refresh_token: str | None,
    *,
    prompt: str | None = None,
    sso_id: str | None = None,
    login_hint: str | None = None,
    force_authn: bool | None = None,
) -> Call[SSOStart]:
    """Return the call that begins a sign-in at the identity provider of a tenant."""
    body = _body(tenant, return_url, options)
    values = {
        "prompt": prompt or None,
        "ssoId": sso_id or None,
        "loginHint": login_hint or None,
        "forceAuthn": None if force_authn is None else str(bool(force_authn)).lower(),
    }
    return call(wire.START, shaped(body | values, SsoStart), _answer, token=step_up_token(options, refresh_token))


def start_by_older_name(
    tenant: str, return_url: str | None, options: LoginOptions | None, refresh_token: str | None
) -> Call[SSOStart]:
    """Return the older call that begins a sign-in."""
    body = _body(tenant, text_of("return_url", return_url), options)
    return call(wire.SAML_START, shaped(body, SsoStart), _answer, token=step_up_token(options, refresh_token))


def exchange_token(code: str) -> Call[AuthBody]:
    """Return the call that exchanges the code of a sign-in for a session."""
    return call(wire.EXCHANGE, SsoCode(code=text_of("code", code)), auth_body)


def exchange_token_by_older_name(code: str) -> Call[AuthBody]:
    """Return the older call that exchanges the code of a sign-in for a session."""
    return call(wire.SAML_EXCHANGE, SsoCode(code=text_of("code", code)), auth_body)


def _body(tenant: str, return_url: str | None, options: LoginOptions | None) -> dict[str, object]:
    """Return the fields of a start; its login options are fields of the body itself."""
    own: dict[str, object] = msgspec.to_builtins(login_options(options))
    return {**own, "tenant": text_of("tenant", tenant), "redirectURL": return_url or None}
