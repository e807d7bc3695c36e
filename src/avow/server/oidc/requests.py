"""Requests on their way: pushed by a client, or waiting in one browser for sign-in or consent; each is taken once."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from avow import shaping
from avow.clock import Clock
from avow.core import ids
from avow.core.networks import subscriber
from avow.errors import RateLimitException
from avow.server.oidc import rows
from avow.server.oidc.rows import RequestRow
from avow.server.serving import Call, Steps, count
from avow.server.store import MemoryKv, Tx, json_text

__all__ = [
    "RequestRow",
    "Askers",
    "MOST_ANSWERED",
    "MOST_WAITING",
    "PUSHED_SECONDS",
    "REQUEST_URI",
    "WAITING_SECONDS",
    "counted",
    "find",
    "forget",
    "keep",
    "parameters_of",
    "push",
    "pushed_id",
    "take",
    "take_pushed",
]

REQUEST_URI = "urn:ietf:params:oauth:request_uri:"
PUSHED_SECONDS = 90
MOST_WAITING = 3000  # of one address in ten minutes: each is a row, and anybody can make them
MOST_ANSWERED = 3000  # of one person likewise: each may be a grant, and no page has to be shown for it
_COUNTED_HERE = 100
_WINDOW_SECONDS = 600
WAITING_SECONDS = 1800
_PREFIX = "Q"
_MAC = "oidc-browser"
_AUTHORIZE, _PUSHED = "authorize", "pushed"

Parameters = Mapping[str, Sequence[str]]


class Askers:
    """How often each person, by whatever applications, is asked for a grant.

    The first hundred times are counted in this process, which costs nothing; whoever goes on is counted for all nodes.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin with nobody."""
        self._clock = clock
        self._here = MemoryKv(clock)

    def counted(self, call: Call[Any], user_id: str) -> Steps[None]:
        """Count a request of a browser with a session of this user.

        Raises:
            RateLimitException: There were too many.
        """
        now = self._clock()
        window = now // _WINDOW_SECONDS
        ends_at = (window + 1) * _WINDOW_SECONDS
        counter = (f"oidc-answered:{call.project.id}:{user_id}:{window}", ends_at)
        [seen] = self._here.add((counter,))
        if seen > _COUNTED_HERE:
            [seen] = yield from count(counter)
        if seen > MOST_ANSWERED:
            raise RateLimitException(retry_after_seconds=ends_at - now)


def counted(call: Call[Any], now: int) -> Steps[None]:
    """Count a request that is about to be kept.

    Raises:
        RateLimitException: There were too many from this address.
    """
    window = now // _WINDOW_SECONDS
    ends_at = (window + 1) * _WINDOW_SECONDS
    key = f"oidc-waiting:{call.project.id}:{subscriber(call.client.address)}:{window}"
    [seen] = yield from count((key, ends_at))
    if seen > MOST_WAITING:
        raise RateLimitException(retry_after_seconds=ends_at - now)


def keep(
    tx: Tx, application_id: str, issuer: str, parameters: Parameters, mark: str, *, session_id: str, is_pushed: bool
) -> str:
    """Keep a request until the person comes back to it in the same browser; return its id.

    Args:
        tx: The unit.
        application_id: Whose request it is.
        issuer: At which issuer.
        parameters: As they came.
        mark: Of the browser.
        session_id: The session that the browser had then, or "": a fresh sign-in is another one.
        is_pushed: It had been pushed.
    """
    request_id = ids.random_id(_PREFIX)
    tx.run(
        rows.KEEP,
        id=request_id,
        kind=_AUTHORIZE,
        application_id=application_id,
        issuer=issuer,
        parameters=json_text({"parameters": parameters, "pushed": is_pushed}),
        browser_mac=_browser(tx, request_id, mark),
        session_id=session_id,
        expires_at=tx.now + WAITING_SECONDS,
    )
    return request_id


def find(tx: Tx, request_id: str, mark: str) -> RequestRow | None:
    """Return a request of this browser that goes on, or None."""
    found = tx.one(rows.FIND, RequestRow, id=request_id, kind=_AUTHORIZE)
    return found if found is not None and _is_of(tx, found, mark) else None


def take(tx: Tx, request_id: str, mark: str) -> RequestRow | None:
    """Take a request of this browser, once; None when there is none, or somebody was faster."""
    if find(tx, request_id, mark) is None:
        return None
    return tx.one(rows.TAKE, RequestRow, id=request_id, kind=_AUTHORIZE)


def push(tx: Tx, application_id: str, issuer: str, parameters: Parameters) -> str:
    """Keep a request that a client pushed; return its `request_uri`, which counts once. Spec: RFC 9126 section 2.2."""
    request_id = ids.random_id(_PREFIX)
    tx.run(
        rows.KEEP,
        id=request_id,
        kind=_PUSHED,
        application_id=application_id,
        issuer=issuer,
        parameters=json_text({"parameters": parameters, "pushed": True}),
        browser_mac=None,
        session_id="",
        expires_at=tx.now + PUSHED_SECONDS,
    )
    return REQUEST_URI + request_id


def pushed_id(request_uri: str) -> str:
    """Return the id of a pushed request, "" for an address of another kind."""
    return request_uri.removeprefix(REQUEST_URI) if request_uri.startswith(REQUEST_URI) else ""


def take_pushed(tx: Tx, request_id: str, application_id: str, issuer: str) -> RequestRow | None:
    """Take a request that this client pushed at this issuer, once."""
    found = tx.one(rows.FIND, RequestRow, id=request_id, kind=_PUSHED)
    if found is None or (found.application_id, found.issuer) != (application_id, issuer):
        return None
    return tx.one(rows.TAKE, RequestRow, id=request_id, kind=_PUSHED)


def parameters_of(row: RequestRow) -> tuple[dict[str, tuple[str, ...]], bool]:
    """Return the parameters of a request, and whether it was pushed."""
    kept = shaping.decode(row.parameters, _Kept)
    return kept.parameters, kept.pushed


def forget(tx: Tx, most: int) -> int:
    """Delete requests whose time is over, at most so many; return how many."""
    return tx.run(rows.FORGET_REQUESTS, most=most)


class _Kept(msgspec.Struct, frozen=True):
    parameters: dict[str, tuple[str, ...]]
    pushed: bool = False


def _browser(tx: Tx, request_id: str, mark: str) -> bytes:
    return tx.vault.mac(_MAC, tx.project_id, request_id, mark)


def _is_of(tx: Tx, row: RequestRow, mark: str) -> bool:
    return (
        bool(mark) and row.browser_mac is not None and hmac.compare_digest(row.browser_mac, _browser(tx, row.id, mark))
    )
