"""Events on their way to webhooks: to whom each goes, leased by one worker, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from avow.core.vault import SealBroken
from avow.core.webhooks import is_wanted
from avow.server.audit import events, rows
from avow.server.audit.rows import CountRow, DueRow, LeaseRow, NameRow, UnsentRow, WebhookRow
from avow.server.audit.webhooks import Webhook, opened, rules_of
from avow.server.projects import actions as projects
from avow.server.store import Store, Tx, in_list, many_rows
from avow.wire.audit import Audit

__all__ = [
    "ACTOR",
    "ATTEMPTS",
    "LEASE_SECONDS",
    "LIFETIME_SECONDS",
    "Batch",
    "Tried",
    "due",
    "forget_dead",
    "lives",
    "look_through",
    "settle",
    "take",
]

# Events that tell of the sending itself are not sent: a receiver that is away would be told of its absence for ever.
ACTOR: Final = "webhooks"
ATTEMPTS: Final = 4  # calls that may have arrived; somebody may pay for each
LEASE_SECONDS: Final = 60
LIFETIME_SECONDS: Final = 86400
MOST_AT_ONCE: Final = 50
_KEPT_SECONDS: Final = 7 * 86400
_MOST_UNSENT: Final = 500
_MOST_WAITING: Final = 100_000
_MOST_CHANGED: Final = 1000
# After the first, second and third call without success, of one event; the fourth ends it, a day after the first.
_PAUSES_SECONDS: Final = (60, 3600, LIFETIME_SECONDS - 3660)
# While a receiver takes nothing: one event probes, less and less often.
_PROBE_SECONDS: Final = (5, 15, 60, 300, 600)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one event: empty texts for an event that arrived.

    Attributes:
        lease: The event.
        error: Why it did not arrive, or "".
        may_have_arrived: It counts as an attempt.
        pause_seconds: How long the receiver asks us to wait.
    """

    lease: LeaseRow
    error: str = ""
    may_have_arrived: bool = True
    pause_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one webhook that a worker holds.

    Attributes:
        project_id: Whose.
        webhook: Where to; None when its seal is broken.
        name: Of the webhook.
        failures: How often in a row the receiver took nothing.
        leased: What is to be sent, and by id what it says.
    """

    project_id: str
    webhook: Webhook | None
    name: str
    failures: int
    leased: tuple[LeaseRow, ...]
    events: dict[str, Audit]


def due(store: Store) -> list[DueRow]:
    """Return every webhook with what there is to do for it."""
    return store.look_anywhere(lambda tx: tx.all(rows.DUE, DueRow))


def look_through(store: Store, project_id: str) -> tuple[bool, list[str]]:
    """Give new events to the webhooks that want them.

    Returns:
        Whether there may be more, and the webhooks that have too much waiting to be given more.
    """
    return store.run(project_id, _look_through)


def take(store: Store, project_id: str, name: str) -> Batch | None:
    """Take events of a webhook that are due, or None when there are none, or another worker probes the receiver."""
    return store.run(project_id, partial(_take, name=name))


def lives(store: Store, project_id: str) -> bool:
    """Tell whether a project is there still: of one that was deleted nothing more is sent."""
    return store.look(project_id, projects.find_version) is not None


def settle(store: Store, batch: Batch, tried: Sequence[Tried]) -> int:
    """Write down what became of a batch; those of it that were not tried go back. Return the seconds to wait.

    Returns:
        0 while the receiver takes what it is sent.
    """
    return store.run(batch.project_id, partial(_settle, batch=batch, tried=tried))


def forget_dead(tx: Tx, most: int) -> int:
    """Delete events that were given up a week ago, at most so many; return how many."""
    return tx.run(rows.FORGET_DEAD, before=tx.now - _KEPT_SECONDS, most=most)


def _look_through(tx: Tx) -> tuple[bool, list[str]]:
    found = tx.all(rows.TAKE_UNSENT, UnsentRow, most=_MOST_UNSENT)
    full: list[str] = []
    for webhook in tx.all(rows.WEBHOOKS, WebhookRow) if found else ():
        wanted = [each for each in found if _goes_to(webhook, each)]
        if not wanted:
            continue
        if webhook.failures and _is_full(tx, webhook.name):
            full.append(webhook.name)
            continue
        given = [{"webhook": webhook.name, "event_id": each.id} for each in wanted]
        for sql, params in many_rows(rows.INSERT_DELIVERY, given):
            tx.run(sql, **params)
    return len(found) == _MOST_UNSENT, full


def _goes_to(webhook: WebhookRow, event: UnsentRow) -> bool:
    if event.actor == ACTOR or event.occurred_at < webhook.created_at:
        return False
    return is_wanted(rules_of(webhook), action=event.action, tenant_id=event.tenant_id)


def _is_full(tx: Tx, name: str) -> bool:
    waiting = tx.one(rows.COUNT_OPEN, CountRow, webhook=name, most=_MOST_WAITING)
    return waiting is not None and waiting.total >= _MOST_WAITING


def _take(tx: Tx, name: str) -> Batch | None:
    row = tx.one(rows.FIND_WEBHOOK, WebhookRow, name=name)
    if row is None:
        return None
    if row.failures:
        later = tx.now + _probe_seconds(row.failures)
        if tx.one(rows.CLAIM_PROBE, NameRow, name=name, later=later) is None:
            return None
        _give_up_old(tx, name)
    most = 1 if row.failures else MOST_AT_ONCE
    leased = tx.all(rows.LEASE, LeaseRow, webhook=name, most=most, leased_until=tx.now + LEASE_SECONDS)
    if not leased:
        return None
    try:
        webhook = opened(tx, row)
    except SealBroken:
        webhook = None
    known = events.load(tx, [each.event_id for each in leased])
    return Batch(tx.project_id, webhook, name, row.failures, tuple(leased), known)


def _give_up_old(tx: Tx, name: str) -> None:
    """Give up what a receiver that is away has not taken for a day."""
    before = tx.now - LIFETIME_SECONDS
    given_up = tx.run(rows.GIVE_UP_OLD, webhook=name, before=before, most=_MOST_CHANGED)
    if given_up:
        _note_given_up(tx, name, given_up)


def _settle(tx: Tx, batch: Batch, tried: Sequence[Tried]) -> int:
    if arrived := [each for each in tried if not each.error]:
        _change(tx, batch, rows.DELIVERED, arrived)
    pause = 0
    for failure in (each for each in tried if each.error):
        pause = max(pause, _failed(tx, batch, failure))
    known = {each.lease.event_id for each in tried}
    if untried := [Tried(each) for each in batch.leased if each.event_id not in known]:
        _change(tx, batch, rows.RELEASE, untried)
    if arrived and not pause and tx.one(rows.RECOVERED, NameRow, name=batch.name) is not None:
        tx.run(rows.HURRY, webhook=batch.name, most=_MOST_CHANGED)
        tx.audit("webhook.recovered", actor=ACTOR, data={"webhook": batch.name})
    return pause


def _failed(tx: Tx, batch: Batch, failure: Tried) -> int:
    """Let an event wait, or give it up; the receiver is probed from now on. Return the seconds until then."""
    lease = failure.lease
    attempts = lease.attempts if failure.may_have_arrived else lease.attempts - 1
    pause = max(_probe_seconds(batch.failures + 1), failure.pause_seconds)
    own = _PAUSES_SECONDS[min(attempts, len(_PAUSES_SECONDS)) - 1] if attempts else 0
    due_at = tx.now + max(pause, own)
    if attempts >= ATTEMPTS or tx.now - lease.created_at >= LIFETIME_SECONDS:
        _change(tx, batch, rows.GIVE_UP, [failure], error=failure.error)
        _note_given_up(tx, batch.name, 1)
    else:
        tx.run(
            rows.PUT_OFF,
            webhook=batch.name,
            event_id=lease.event_id,
            leased_until=lease.leased_until,
            due_at=due_at,
            attempts=attempts,
            error=failure.error,
        )
    failed = tx.one(rows.FAILED, WebhookRow, name=batch.name, due_at=tx.now + pause, error=failure.error)
    if failed is not None and failed.failures == 1:
        data = {"webhook": batch.name, "reason": failure.error}
        tx.audit("webhook.failed", outcome="refused", actor=ACTOR, data=data)
    return pause


def _change(tx: Tx, batch: Batch, statement: str, tried: Sequence[Tried], **values: str) -> None:
    clause, listed = in_list("event_ids", [each.lease.event_id for each in tried])
    until = batch.leased[0].leased_until
    tx.run(statement.replace("(:event_ids)", clause), webhook=batch.name, leased_until=until, **listed, **values)


def _note_given_up(tx: Tx, name: str, count: int) -> None:
    tx.audit("webhook.events_given_up", outcome="refused", actor=ACTOR, data={"webhook": name, "events": count})


def _probe_seconds(failures: int) -> int:
    return _PROBE_SECONDS[min(max(failures, 1), len(_PROBE_SECONDS)) - 1]
