"""Trusted devices: on them a second factor is not asked for again, until their time is over or all sessions end.

A device becomes trusted by the second factor itself, in the sign-in that brings it to a session that waits for one;
whoever only holds a refresh token cannot make it so.
"""

import hmac
import re
from typing import Final

from avow.core import devices, ids
from avow.server.delivery.actions import known_device
from avow.server.serving import Client, DeviceToken
from avow.server.sessions import rows
from avow.server.sessions.rows import DeviceRow, EndedRow, OwnDeviceRow
from avow.server.store import Tx

__all__ = ["distrust_all", "known", "own", "recognise", "remove", "trust"]

_PURPOSE: Final = "trusted-device"
_SECRET_CHARACTERS: Final = 26  # 154.8 bits
_TOKEN: Final = re.compile(rf"({ids.DEVICE}[0-9A-Za-z]{{26}})([0-9A-Za-z]{{{_SECRET_CHARACTERS}}})", re.ASCII)
_DAY_SECONDS: Final = 86_400
_MOST: Final = 20  # of one user; the one that was used longest ago makes room


def recognise(tx: Tx, client: Client, user_id: str, days: int) -> str:
    """Return the id of the trusted device that a sign-in comes from, noted as used now; "" when it is none.

    Args:
        tx: Unit of the sign-in.
        client: Who shows a token, or none.
        user_id: Whose device it has to be.
        days: For how long devices are trusted as things are; one that was trusted for longer counts no more.
    """
    found = known(tx, client, user_id)
    if found is None or found.expires_at <= tx.now or found.expires_at > tx.now + days * _DAY_SECONDS:
        return ""
    tx.run(rows.TOUCH_DEVICE, id=found.id)
    return found.id


def known(tx: Tx, client: Client, user_id: str) -> DeviceRow | None:
    """Return the device whose token a caller shows, trusted still or not; None when it is not this user's."""
    token = _TOKEN.fullmatch(client.trusted_device)
    if token is None:
        return None
    device_id, secret = token[1], token[2]
    row = tx.one(rows.FIND_DEVICE, DeviceRow, id=device_id, user_id=user_id)
    mac = _mac(tx, user_id, device_id, secret)
    return row if row is not None and hmac.compare_digest(bytes(row.mac), mac) else None


def trust(tx: Tx, client: Client, user_id: str, days: int) -> DeviceToken:
    """Trust the device of a sign-in that has just shown two factors; one that was trusted gets a new token.

    Args:
        tx: Unit of the sign-in.
        client: Which device.
        user_id: Whose.
        days: For how long, at least 1.
    """
    before = known(tx, client, user_id)
    device_id = before.id if before is not None else ids.random_id(ids.DEVICE)
    secret = ids.secret_text(_SECRET_CHARACTERS)
    if before is None:
        tx.run(rows.CROWD_OUT_DEVICES, user_id=user_id, kept=_MOST - 1)
    tx.run(
        rows.TRUST_DEVICE,
        id=device_id,
        user_id=user_id,
        mac=_mac(tx, user_id, device_id, secret),
        name=" on ".join(filter(None, known_device(client.device))),
        device_type=devices.kind(client.device),
        expires_at=tx.now + days * _DAY_SECONDS,
    )
    tx.audit("trusted_device.added", actor=f"user:{user_id}", user_id=user_id, data={"device": device_id})
    return DeviceToken(device_id + secret, days * _DAY_SECONDS)


def own(tx: Tx, user_id: str) -> list[OwnDeviceRow]:
    """Return the user's devices that are trusted now, the one used last first."""
    return tx.all(rows.OWN_DEVICES, OwnDeviceRow, user_id=user_id)


def remove(tx: Tx, user_id: str, device_id: str) -> bool:
    """Trust a device of a user no more; False when it is not theirs."""
    removed = tx.one(rows.REMOVE_DEVICE, EndedRow, id=device_id, user_id=user_id)
    if removed is not None:
        tx.audit("trusted_device.removed", actor=f"user:{user_id}", user_id=user_id, data={"device": device_id})
    return removed is not None


def distrust_all(tx: Tx, user_id: str) -> int:
    """Trust none of a user's devices any more; return how many there were."""
    return tx.run(rows.DISTRUST, user_id=user_id)


def _mac(tx: Tx, user_id: str, device_id: str, secret: str) -> bytes:
    return tx.vault.mac(_PURPOSE, tx.project_id, user_id, device_id, secret)
