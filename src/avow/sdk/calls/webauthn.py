"""Calls of passkeys."""

from collections.abc import Mapping

import msgspec

from avow.sdk.answers import (
    AuthBody,
    Passkeys,
    PasskeyTransaction,
    as_is,
    auth_body,
    auth_body_or_none,
    ignored,
)
from avow.sdk.calls.call import Call, call, refresh_token_of, refused, shaped, text_of
from avow.sdk.calls.login import login_options, step_up_token
from avow.sdk.options import LoginOptions
from avow.wire import webauthn
from avow.wire.endpoint import Nothing

__all__ = [
    "passkeys",
    "remove",
    "rename",
    "sign_in_finish",
    "sign_in_start",
    "sign_up_finish",
    "sign_up_or_in_start",
    "sign_up_start",
    "update_finish",
    "update_start",
]


def sign_up_start(login_id: str, origin: str, user: Mapping[str, object] | None) -> Call[PasskeyTransaction]:
    """Return the call that begins the sign-up of a new user."""
    person = shaped({**(user or {}), "loginId": text_of("login_id", login_id)}, webauthn.PasskeyUser)
    body = webauthn.SignUpByPasskey(user=person, origin=text_of("origin", origin))
    return call(webauthn.SIGN_UP_START, body, as_is(PasskeyTransaction))


def sign_up_finish(transaction_id: str, response: object) -> Call[AuthBody]:
    """Return the call that takes the first passkey of a new user."""
    return call(webauthn.SIGN_UP_FINISH, _finish(transaction_id, response), auth_body)


def sign_in_start(
    login_id: str, origin: str, options: LoginOptions | None, refresh_token: str | None
) -> Call[PasskeyTransaction]:
    """Return the call that begins a sign-in; an empty login ID is any passkey of the device."""
    if not isinstance(login_id, str):
        raise refused("login_id is not a text.")
    body = webauthn.SignInByPasskey(
        login_id=login_id, origin=text_of("origin", origin), login_options=login_options(options)
    )
    token = step_up_token(options, refresh_token)
    return call(webauthn.SIGN_IN_START, body, as_is(PasskeyTransaction), token=token)


def sign_in_finish(transaction_id: str, response: object) -> Call[AuthBody]:
    """Return the call that takes the passkey that is shown."""
    return call(webauthn.SIGN_IN_FINISH, _finish(transaction_id, response), auth_body)


def sign_up_or_in_start(login_id: str, origin: str) -> Call[PasskeyTransaction]:
    """Return the call that begins a sign-in, or a sign-up where there is no such user."""
    body = webauthn.SignUpOrInByPasskey(login_id=text_of("login_id", login_id), origin=text_of("origin", origin))
    return call(webauthn.SIGN_UP_OR_IN_START, body, as_is(PasskeyTransaction))


def update_start(login_id: str, refresh_token: str, origin: str, mfa: bool) -> Call[PasskeyTransaction]:
    """Return the call that begins to add a passkey."""
    body = webauthn.AddPasskey(login_id=text_of("login_id", login_id), origin=text_of("origin", origin), mfa=mfa)
    return call(webauthn.ADD_START, body, as_is(PasskeyTransaction), token=refresh_token_of(refresh_token))


def update_finish(transaction_id: str, response: object, refresh_token: str | None) -> Call[AuthBody | None]:
    """Return the call that takes another passkey of a user."""
    token = refresh_token_of(refresh_token) if refresh_token else ""
    return call(webauthn.ADD_FINISH, _finish(transaction_id, response), auth_body_or_none, token=token)


def passkeys(refresh_token: str) -> Call[Passkeys]:
    """Return the call for the user's passkeys."""
    return call(webauthn.MINE, Nothing(), as_is(Passkeys), token=refresh_token_of(refresh_token))


def rename(refresh_token: str, credential_id: str, display_name: str) -> Call[None]:
    """Return the call that names one of the user's passkeys."""
    named = {"credentialId": credential_id, "displayName": display_name}
    body = shaped(named, webauthn.RenamePasskey)
    return call(webauthn.RENAME_MINE, body, ignored, token=refresh_token_of(refresh_token))


def remove(refresh_token: str, credential_id: str) -> Call[None]:
    """Return the call that removes one of the user's passkeys."""
    body = webauthn.RemovePasskey(credential_id=text_of("credential_id", credential_id))
    return call(webauthn.REMOVE_MINE, body, ignored, token=refresh_token_of(refresh_token))


def _finish(transaction_id: str, response: object) -> webauthn.FinishPasskey:
    """Return what finishes a ceremony; a mapping is put into the string that the API takes."""
    if isinstance(response, Mapping):
        response = msgspec.json.encode(dict(response)).decode()
    return webauthn.FinishPasskey(
        transaction_id=text_of("transaction_id", transaction_id), response=text_of("response", response)
    )
