"""Requests of service providers on their way: each waits in one browser for its person, and is taken once."""

import hmac
from typing import Any, Final

import msgspec

from avow import shaping
from avow.core import ids
from avow.core.networks import subscriber
from avow.core.saml.idp import AuthnAsked
from avow.errors import RateLimitException
from avow.server.samlidp import rows
from avow.server.samlidp.rows import IdRow, RequestRow
from avow.server.serving import Call, Client, Steps, count, write
from avow.server.store import Tx

__all__ = ["RequestRow", "asked_of", "counted", "find", "keep", "noted", "take"]

_MOST_WAITING: Final = 3000  # of one address in ten minutes: each is a row, and anybody can make them
_WINDOW_SECONDS: Final = 600
_MOST_NOTED: Final = 20
_WAITING_SECONDS: Final = 1800
_PREFIX: Final = "Q"
_MAC: Final = "saml-browser"


def counted(call: Call[Any], now: int) -> Steps[None]:
    """Count a request that is about to be kept.

    Raises:
        RateLimitException: There were too many from this address.
    """
    window = now // _WINDOW_SECONDS
    ends_at = (window + 1) * _WINDOW_SECONDS
    key = f"saml-waiting:{call.project.id}:{subscriber(call.client.address)}:{window}"
    [seen] = yield from count((key, ends_at))
    if seen > _MOST_WAITING:
        raise RateLimitException(retry_after_seconds=ends_at - now)


def noted(call: Call[Any], application_id: str, reason: str, now: int) -> Steps[None]:
    """Note in the audit log why a message was not believed; of one address only some in a minute."""
    minute = now // 60
    key = f"saml-refused:{call.project.id}:{subscriber(call.client.address)}:{minute}"
    [seen] = yield from count((key, (minute + 1) * 60))
    if seen <= _MOST_NOTED:
        yield from write(_note, call.client, application_id, reason)


def keep(tx: Tx, application_id: str, asked: AuthnAsked, mark: str, session_id: str) -> str:
    """Keep a request until its person comes back to it in the same browser; return its id.

    Args:
        tx: The unit.
        application_id: Whose request it is.
        asked: What it asks for.
        mark: Of the browser; "" for one that was posted: forms of other sites bring no cookies.
        session_id: The session that the browser had then, or "": a fresh sign-in is another one.
    """
    request_id = ids.random_id(_PREFIX)
    tx.run(
        rows.KEEP,
        id=request_id,
        application_id=application_id,
        asked=msgspec.json.encode(asked).decode(),
        browser_mac=_browser(tx, request_id, mark) if mark else None,
        session_id=session_id,
        expires_at=tx.now + _WAITING_SECONDS,
    )
    return request_id


def find(tx: Tx, application_id: str, request_id: str, mark: str, session_id: str) -> RequestRow | None:
    """Return a request of this browser that goes on, or None; one that was posted is this browser's from now on."""
    named = {"id": request_id, "application_id": application_id}
    mac = _browser(tx, request_id, mark)
    found = tx.one(rows.FIND, RequestRow, **named)
    if found is not None and found.browser_mac is None:
        found = tx.one(rows.BIND, RequestRow, browser_mac=mac, session_id=session_id, **named)
    is_own = found is not None and found.browser_mac is not None and hmac.compare_digest(found.browser_mac, mac)
    return found if is_own else None


def take(tx: Tx, request_id: str, mark: str) -> bool:
    """Take a request of this browser, once; False when it was taken."""
    return tx.one(rows.TAKE, IdRow, id=request_id, browser_mac=_browser(tx, request_id, mark)) is not None


def asked_of(row: RequestRow) -> AuthnAsked:
    """Return what a request asks for."""
    return shaping.decode(row.asked, AuthnAsked)


def _note(tx: Tx, client: Client, application_id: str, reason: str) -> None:
    tx.audit(
        "saml.refused",
        outcome="refused",
        actor="anyone",
        address=client.address,
        device=client.device,
        data={"application": application_id, "reason": reason},
    )


def _browser(tx: Tx, request_id: str, mark: str) -> bytes:
    return tx.vault.mac(_MAC, tx.project_id, request_id, mark)
