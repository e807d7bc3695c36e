"""Management calls of what users sign in with: passkeys, seeds, recovery codes, trusted devices, provider tokens."""

from collections.abc import Sequence
from typing import TypedDict

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, refused, text_of
from avow.wire import credentials
from avow.wire.endpoint import Endpoint, Nothing

__all__ = [
    "Passkey",
    "Passkeys",
    "ProviderToken",
    "TrustedDevice",
    "TrustedDevices",
    "list_passkeys",
    "list_trusted_devices",
    "provider_token",
    "remove_all",
    "remove_passkey",
    "remove_trusted_devices",
]


class Passkey(TypedDict):
    """A passkey; `kind` is `platform` or `cross-platform`."""

    id: str
    rpId: str
    kind: str
    displayName: str
    createdTime: int


class Passkeys(TypedDict):
    """The passkeys of a user."""

    passkeys: list[Passkey]


class TrustedDevice(TypedDict):
    """A device that is trusted; times are RFC 3339."""

    id: str
    name: str
    deviceType: str
    lastLoginTime: str
    expirationTime: str
    lastLocation: str


class TrustedDevices(TypedDict):
    """The devices of users that are trusted now."""

    devices: list[TrustedDevice]


class ProviderToken(TypedDict):
    """A token that a provider gave for a user; `expiration` is 0 when the provider did not say."""

    provider: str
    providerUserID: str
    accessToken: str
    expiration: int
    scopes: list[str]
    refreshToken: str


_passkeys, _devices, _token = as_is(Passkeys), as_is(TrustedDevices), as_is(ProviderToken)


def list_passkeys(login_id: str) -> Call[Passkeys]:
    """Return the call for the passkeys of a user."""
    body = credentials.OfUser(login_id=text_of("login_id", login_id))
    return call(credentials.LIST_PASSKEYS, body, _passkeys, is_repeatable=True)


def remove_passkey(login_id: str, credential_id: str) -> Call[None]:
    """Return the call that removes one passkey."""
    body = credentials.OnePasskey(
        login_id=text_of("login_id", login_id), credential_id=text_of("credential_id", credential_id)
    )
    return call(credentials.REMOVE_PASSKEY, body, ignored)


def remove_all(endpoint: Endpoint[credentials.OfUser, Nothing], login_id: str) -> Call[None]:
    """Return the call that removes all of one kind: `REMOVE_PASSKEYS`, `REMOVE_TOTP_SEED`, `REMOVE_RECOVERY_CODES`."""
    body = credentials.OfUser(login_id=text_of("login_id", login_id))
    return call(endpoint, body, ignored, is_repeatable=True)


def list_trusted_devices(identifiers: Sequence[str]) -> Call[TrustedDevices]:
    """Return the call for the trusted devices of users."""
    body = credentials.OfUsers(identifiers=_texts("identifiers", identifiers))
    return call(credentials.LIST_TRUSTED_DEVICES, body, _devices, is_repeatable=True)


def remove_trusted_devices(identifier: str, device_ids: Sequence[str]) -> Call[None]:
    """Return the call that trusts devices no more."""
    body = credentials.SomeDevices(
        identifier=text_of("identifier", identifier), device_ids=_texts("device_ids", device_ids)
    )
    return call(credentials.REMOVE_TRUSTED_DEVICES, body, ignored)


def provider_token(
    login_id: str, provider: str, *, with_refresh_token: bool | None, force_refresh: bool | None
) -> Call[ProviderToken]:
    """Return the call for a provider's token."""
    query = credentials.ProviderTokenQuery(
        login_id=text_of("login_id", login_id),
        provider=text_of("provider", provider),
        with_refresh="true" if with_refresh_token else None,
        force_refresh="true" if force_refresh else None,
    )
    return call(credentials.PROVIDER_TOKEN, query, _token)


def _texts(name: str, values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise refused(f"{name} has to be a list of texts.")
    return tuple(text_of(name, each) for each in values)
