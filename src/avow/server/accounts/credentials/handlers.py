"""The routes by which management lists and removes what users have to sign in with."""

from datetime import UTC, datetime

from avow.errors import NotSupported
from avow.server.accounts.credentials import actions
from avow.server.serving import Call, Handler, reads, writes
from avow.server.store import Tx
from avow.wire import credentials as wire
from avow.wire.credentials import (
    OfUser,
    OfUsers,
    OnePasskey,
    Passkey,
    Passkeys,
    ProviderToken,
    ProviderTokenQuery,
    SomeDevices,
    TrustedDevice,
    TrustedDevices,
)
from avow.wire.endpoint import Nothing

__all__ = ["HANDLERS"]


def list_passkeys(tx: Tx, call: Call[OfUser]) -> Passkeys:
    """Return the passkeys of a user, the oldest first."""
    return Passkeys(
        passkeys=tuple(
            Passkey(
                id=row.id,
                rp_id=row.rp_id,
                kind=row.kind,
                display_name=row.display_name,
                created_time=row.created_at,
            )
            for row in actions.passkeys(tx, call.body.login_id)
        )
    )


def remove_passkey(tx: Tx, call: Call[OnePasskey]) -> Nothing:
    """Remove one passkey of a user; it signs nobody in any more."""
    body = call.body
    actions.remove_passkey(tx, body.login_id, body.credential_id, actor=call.management.actor)
    return Nothing()


def remove_passkeys(tx: Tx, call: Call[OfUser]) -> Nothing:
    """Remove every passkey of a user."""
    actions.remove_passkeys(tx, call.body.login_id, actor=call.management.actor)
    return Nothing()


def remove_totp_seed(tx: Tx, call: Call[OfUser]) -> Nothing:
    """Remove the seed of a user's authenticator app; they have to set it up again."""
    actions.remove_totp_seed(tx, call.body.login_id, actor=call.management.actor)
    return Nothing()


def remove_recovery_codes(tx: Tx, call: Call[OfUser]) -> Nothing:
    """Remove the recovery codes of a user."""
    actions.remove_recovery_codes(tx, call.body.login_id, actor=call.management.actor)
    return Nothing()


def list_trusted_devices(tx: Tx, call: Call[OfUsers]) -> TrustedDevices:
    """Return the devices of users that are trusted now, the one used last first. Unknown users refuse the call."""
    return TrustedDevices(
        devices=tuple(
            TrustedDevice(
                id=row.id,
                name=row.name,
                device_type=row.device_type,
                last_login_time=_text(row.last_used_at),
                expiration_time=_text(row.expires_at),
                last_location=row.last_location,
            )
            for row in actions.devices(tx, call.body.identifiers or ())
        )
    )


def remove_trusted_devices(tx: Tx, call: Call[SomeDevices]) -> Nothing:
    """Trust devices of a user no more, all or none."""
    body = call.body
    actions.remove_devices(tx, body.identifier, body.device_ids or (), actor=call.management.actor)
    return Nothing()


def provider_token(tx: Tx, call: Call[ProviderTokenQuery]) -> ProviderToken:
    """Return the token that a provider gave for a user, as it was given; who is handed it is audited."""
    body = call.body
    if _is_true(body.force_refresh):
        raise NotSupported(error_message="Avow does not fetch tokens of providers anew yet.")
    return actions.provider_token(
        tx,
        body.login_id,
        body.provider,
        with_refresh_token=_is_true(body.with_refresh),
        actor=call.management.actor,
    )


def _is_true(text: str | None) -> bool:
    """Read a flag of a query, as the clients of several languages write it."""
    return (text or "").lower() in ("true", "1")


def _text(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


HANDLERS: tuple[Handler, ...] = (
    reads(wire.LIST_PASSKEYS, list_passkeys),
    writes(wire.REMOVE_PASSKEY, remove_passkey),
    writes(wire.REMOVE_PASSKEYS, remove_passkeys),
    writes(wire.REMOVE_TOTP_SEED, remove_totp_seed),
    writes(wire.REMOVE_RECOVERY_CODES, remove_recovery_codes),
    reads(wire.LIST_TRUSTED_DEVICES, list_trusted_devices),
    writes(wire.REMOVE_TRUSTED_DEVICES, remove_trusted_devices),
    writes(wire.PROVIDER_TOKEN, provider_token),
)
