"""What users sign in with beside codes and links, as management lists and removes it: passkeys, devices, tokens."""

from typing import Annotated

from msgspec import Meta, field

from avow.wire.bounds import LoginId, Name, Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import Secret

__all__ = [
    "ENDPOINTS",
    "LIST_PASSKEYS",
    "LIST_TRUSTED_DEVICES",
    "PROVIDER_TOKEN",
    "REMOVE_PASSKEY",
    "REMOVE_PASSKEYS",
    "REMOVE_RECOVERY_CODES",
    "REMOVE_TOTP_SEED",
    "REMOVE_TRUSTED_DEVICES",
    "OfUser",
    "OfUsers",
    "OnePasskey",
    "Passkey",
    "Passkeys",
    "ProviderToken",
    "ProviderTokenQuery",
    "SomeDevices",
    "TrustedDevice",
    "TrustedDevices",
]

MOST = 100
CredentialId = Annotated[str, Meta(min_length=1, max_length=2048)]


class OfUser(Shape, frozen=True, kw_only=True):
    """The user, by login ID."""

    login_id: LoginId


class OnePasskey(Shape, frozen=True, kw_only=True):
    """One passkey of a user."""

    login_id: LoginId
    credential_id: CredentialId


class Passkey(Shape, frozen=True, kw_only=True):
    """A passkey.

    Attributes:
        id: Credential id, base64url.
        rp_id: Domain that it is for.
        kind: `platform` or `cross-platform`.
        display_name: As its owner sees it.
        created_time: Seconds since the epoch.
    """

    id: str
    rp_id: str
    kind: str
    display_name: str
    created_time: int


class Passkeys(Shape, frozen=True, kw_only=True):
    """The passkeys of a user, the oldest first."""

    passkeys: tuple[Passkey, ...] = ()


class OfUsers(Shape, frozen=True, kw_only=True):
    """Users, by login ID or by id; at most a hundred."""

    identifiers: Annotated[tuple[LoginId, ...], Meta(max_length=MOST)] | None = None


class SomeDevices(Shape, frozen=True, kw_only=True):
    """Trusted devices of one user, who is named by login ID or by id."""

    identifier: LoginId
    device_ids: Annotated[tuple[Reference, ...], Meta(max_length=MOST)] | None = None


class TrustedDevice(Shape, frozen=True, kw_only=True):
    """A device that is trusted, so that a second factor is not asked for on it.

    Attributes:
        id: Of the device.
        name: For people.
        device_type: What it is.
        last_login_time: RFC 3339, UTC.
        expiration_time: When it is trusted no more; RFC 3339, UTC.
        last_location: Where it was seen last, as far as the address told.
    """

    id: str
    name: str
    device_type: str
    last_login_time: str
    expiration_time: str
    last_location: str


class TrustedDevices(Shape, frozen=True, kw_only=True):
    """The devices that are trusted now, the one used last first."""

    devices: tuple[TrustedDevice, ...] = ()


class ProviderTokenQuery(Shape, frozen=True, kw_only=True):
    """Whose token of which provider.

    Attributes:
        login_id: The user.
        provider: `google`, `github`, ...
        with_refresh: `true` to get the refresh token too.
        force_refresh: `true` for a token that is fetched anew; not supported yet.
    """

    login_id: LoginId
    provider: Reference
    with_refresh: Name | None = field(default=None, name="withRefreshToken")
    force_refresh: Name | None = None


class ProviderToken(Shape, frozen=True, kw_only=True):
    """A token that a provider gave for a user.

    Attributes:
        provider: Of whom.
        provider_user_id: The user at the provider.
        access_token: For the provider's own API.
        expiration: When it ends, seconds since the epoch; 0 when the provider did not say.
        scopes: What it allows.
        refresh_token: Only when it was asked for.
    """

    provider: str
    provider_user_id: str = field(name="providerUserID")
    access_token: Secret
    expiration: int
    scopes: tuple[str, ...]
    refresh_token: Secret = ""


LIST_PASSKEYS = Endpoint(
    "mgmt.user.list_passkeys",
    "POST",
    "/v1/mgmt/user/passkeys/list",
    OfUser,
    Passkeys,
    Caller.MANAGEMENT,
    only_reads=True,
)
REMOVE_PASSKEY = Endpoint(
    "mgmt.user.delete_passkey", "POST", "/v1/mgmt/user/passkey/delete", OnePasskey, Nothing, Caller.MANAGEMENT
)
REMOVE_PASSKEYS = Endpoint(
    "mgmt.user.remove_all_passkeys", "POST", "/v1/mgmt/user/passkeys/delete", OfUser, Nothing, Caller.MANAGEMENT
)
REMOVE_TOTP_SEED = Endpoint(
    "mgmt.user.remove_totp_seed", "POST", "/v1/mgmt/user/totp/delete", OfUser, Nothing, Caller.MANAGEMENT
)
REMOVE_RECOVERY_CODES = Endpoint(
    "mgmt.user.remove_recovery_codes",
    "POST",
    "/v1/mgmt/user/recovery-codes/delete",
    OfUser,
    Nothing,
    Caller.MANAGEMENT,
)
LIST_TRUSTED_DEVICES = Endpoint(
    "mgmt.user.list_trusted_devices",
    "POST",
    "/v1/mgmt/user/trusteddevices/list",
    OfUsers,
    TrustedDevices,
    Caller.MANAGEMENT,
    only_reads=True,
)
REMOVE_TRUSTED_DEVICES = Endpoint(
    "mgmt.user.remove_trusted_device",
    "POST",
    "/v1/mgmt/user/trusteddevices/remove",
    SomeDevices,
    Nothing,
    Caller.MANAGEMENT,
)
# It hands out a secret, so that the right to read does not suffice, and it is audited.
PROVIDER_TOKEN = Endpoint(
    "mgmt.user.get_provider_token",
    "GET",
    "/v1/mgmt/user/provider/token",
    ProviderTokenQuery,
    ProviderToken,
    Caller.MANAGEMENT,
)

ENDPOINTS = (
    LIST_PASSKEYS,
    REMOVE_PASSKEY,
    REMOVE_PASSKEYS,
    REMOVE_TOTP_SEED,
    REMOVE_RECOVERY_CODES,
    LIST_TRUSTED_DEVICES,
    REMOVE_TRUSTED_DEVICES,
    PROVIDER_TOKEN,
)
