"""Log-outs that applications are told of: for each session that ended, leased by one worker, and what became of it.

A session that an application wants to hear of carries a mark (`sessions.hear`). Whoever ends it knows nothing of
applications; the herald looks for marked sessions that have ended, and makes one row for each application.

Spec: OpenID Connect Back-Channel Logout 1.0 sections 2.4 to 2.8.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from avow.core import ids
from avow.server.keys import actions as keys
from avow.server.oidc import rows
from avow.server.oidc.rows import DueRow, GrantedRow, IdRow, LogoutRow, ProjectRow
from avow.server.store import Store, Tx, in_list, many_rows

__all__ = ["ATTEMPTS", "Batch", "Told", "due", "ended", "look_through", "settle", "take"]

ACTOR: Final = "back-channel"
ATTEMPTS: Final = 5
_LEASE_SECONDS: Final = 120
_MOST_SESSIONS: Final = 200
_MOST_AT_ONCE: Final = 10
# After the first, second, third and fourth call without success; the fifth ends it.
_PAUSES_SECONDS: Final = (10, 60, 600, 3600)
_PREFIX: Final = "B"


@dataclass(frozen=True, slots=True)
class Batch:
    """Log-outs of one application that a worker holds.

    Attributes:
        project_id: Whose.
        url: Where they are told, "" when the application wants to hear no more.
        kid, algorithm, private_key: What signs.
        leased: The log-outs.
    """

    project_id: str
    url: str
    kid: str
    algorithm: str
    private_key: bytes = field(repr=False)
    leased: tuple[LogoutRow, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one log-out.

    Attributes:
        row: Which.
        error: Why it did not arrive; "" when the application knows, or wants to hear no more.
        is_tried: The application was called, if it wants to hear at all.
        seconds: How long that took.
    """

    row: LogoutRow
    error: str = ""
    is_tried: bool = True
    seconds: float = 0.0


def ended(store: Store) -> list[str]:
    """Return the projects with sessions that ended and of which applications are to be told."""
    return [row.project_id for row in store.look_anywhere(lambda tx: tx.all(rows.ENDED, ProjectRow))]


def due(store: Store) -> list[DueRow]:
    """Return every application that is to be told something, and when."""
    return store.look_anywhere(lambda tx: tx.all(rows.DUE_LOGOUTS, DueRow))


def look_through(store: Store, project_id: str) -> bool:
    """Note for each session that ended which applications are to be told; return whether there may be more."""
    return store.run(project_id, _look_through)


def take(store: Store, project_id: str, application_id: str) -> Batch | None:
    """Take log-outs of an application that are due, or None when there are none."""
    return store.run(project_id, partial(_take, application_id=application_id))


def settle(store: Store, batch: Batch, told: Sequence[Told]) -> None:
    """Write down what became of a batch; what was not tried counts no attempt."""
    store.run(batch.project_id, partial(_settle, batch=batch, told=told))


def _look_through(tx: Tx) -> bool:
    found = tx.all(rows.TAKE_ENDED, IdRow, most=_MOST_SESSIONS)
    if not found:
        return False
    clause, listed = in_list("session_ids", [row.id for row in found])
    granted = tx.all(rows.GRANTED_IN.replace("(:session_ids)", clause), GrantedRow, **listed)
    urls = {each: _wishes(tx, each)[0] for each in {row.application_id for row in granted}}
    new = [
        {
            "id": ids.random_id(_PREFIX),
            "application_id": row.application_id,
            "user_id": row.user_id,
            "session_id": row.session_id,
            "issuer": row.issuer,
        }
        for row in granted
        if urls[row.application_id]
    ]
    for sql, params in many_rows(rows.KEEP_LOGOUT, new) if new else ():
        tx.run(sql, **params)
    return len(found) == _MOST_SESSIONS


def _take(tx: Tx, application_id: str) -> Batch | None:
    leased = tx.all(
        rows.LEASE_LOGOUTS,
        LogoutRow,
        application_id=application_id,
        most=_MOST_AT_ONCE,
        leased_until=tx.now + _LEASE_SECONDS,
    )
    if not leased:
        return None
    url, wished = _wishes(tx, application_id)
    kid, algorithm, private = _signing_key(tx, wished)
    return Batch(tx.project_id, url if kid else "", kid, algorithm, private, tuple(leased))


def _wishes(tx: Tx, application_id: str) -> tuple[str, str]:
    """Return where an application hears of log-outs, and by which algorithm; both "" when it hears no more."""
    from avow.server.applications import actions as applications  # takes long to import, and most servers tell nobody

    held = applications.find(tx, application_id)
    if held is None or held.row.kind not in applications.OAUTH_KINDS or not held.row.is_enabled:
        return "", ""
    settings = applications.client_of(held).settings
    return settings.backchannel_logout_uri, settings.id_token_algorithm


def _signing_key(tx: Tx, algorithm: str) -> tuple[str, str, bytes]:
    """Return the key that signs ID tokens of this algorithm: its kid, its algorithm, its private half."""
    active = [key for key in keys.published(tx) if key.state == "active"]
    own = [key for key in active if key.key_set == keys.SESSION and key.algorithm == algorithm != "RS256"]
    standard = [key for key in active if key.key_set == keys.OIDC]
    for key in (*own, *standard):
        return key.id, *keys.private_der(tx, key.id)
    return "", "", b""


def _settle(tx: Tx, batch: Batch, told: Sequence[Told]) -> None:
    for each in told:
        row = each.row
        held: dict[str, str | int] = {"id": row.id, "leased_until": row.leased_until}
        attempts = row.attempts if each.is_tried else row.attempts - 1
        if each.error and attempts < ATTEMPTS:
            pause = _PAUSES_SECONDS[max(attempts, 1) - 1]
            tx.run(rows.PUT_OFF_LOGOUT, due_at=tx.now + pause, attempts=attempts, error=each.error, **held)
            continue
        is_mine = tx.run(rows.END_LOGOUT, **held)
        if each.error and is_mine:
            data = {"application": row.application_id, "session": row.session_id, "reason": each.error}
            tx.audit("logout.not_told", outcome="refused", actor=ACTOR, user_id=row.user_id, data=data)
