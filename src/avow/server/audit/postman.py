"""The postman: brings audit events to webhooks. Blocking code, a few threads, no receiver waits for another."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from avow.clock import Clock
from avow.core.networks import Network
from avow.core.targets import target
from avow.core.webhooks import sign
from avow.errors import AvowError
from avow.server.audit import deliveries
from avow.server.audit.deliveries import Batch, Tried
from avow.server.audit.rows import DueRow, LeaseRow
from avow.server.audit.webhooks import Webhook
from avow.server.background import Background
from avow.server.outgoing import Calls, NotCalled, Unanswered
from avow.server.store import Store
from avow.wire.audit import Audit

__all__ = ["Postman"]

_log = logging.getLogger("avow.webhooks")

_AT_ONCE: Final = 4  # receivers that are called at the same time
_IDLE_SECONDS: Final = 30  # events of a process that died are found this late
_GATHER_SECONDS: Final = 0.05  # so that events of a busy moment are looked through together
_LONGEST_WAIT_SECONDS: Final = 3600
_BATCH_SECONDS: Final = deliveries.LEASE_SECONDS - 20  # nothing is begun later, so that no lease ends on its way


class Postman:
    """Sends the events of one database, beside any number of other postmen."""

    def __init__(self, store: Store, allowed: Sequence[Network], clock: Clock) -> None:
        """Keep the parts; nothing starts yet.

        Args:
            store: Where the events are.
            allowed: Networks that may be called besides the public ones.
            clock: The store's clock.
        """
        self._store = store
        self._allowed = tuple(allowed)
        self._clock = clock
        self._guard = threading.Lock()
        self._busy: set[tuple[str, str]] = set()
        self._told_full: set[tuple[str, str]] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._background = Background("avow-postman", self._round, _log)
        store.listen("audit", self.wake)

    def run_once(self) -> int:
        """Send everything that is due, in this thread; return how many events were tried."""
        tried = 0
        self._look_through(deliveries.due(self._store))
        for row in deliveries.due(self._store):
            if row.due_at is not None and max(row.due_at, row.open_at) <= self._clock():
                tried += self._empty(row.project_id, row.name, lambda: False)
        return tried

    def start(self) -> None:
        """Begin to send in the background; threads begin with the first event."""
        if not self._background.is_started:
            self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="avow-webhook")
            self._background.start()

    def stop(self) -> None:
        """Finish the calls on their way, and stop; what is not sent stays."""
        if self._background.is_started:
            self._background.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
            self._busy.clear()

    def wake(self) -> None:
        """Look for events now: some were written, or a clock was moved."""
        self._background.wake()

    # --- The thread that hands out work ---

    def _round(self) -> float:
        rows = deliveries.due(self._store)
        if self._look_through(rows):
            rows = deliveries.due(self._store)
        now, pause = self._clock(), float(_IDLE_SECONDS)
        for row in rows:
            if row.due_at is None:
                continue
            due_at = max(row.due_at, row.open_at)
            if due_at > now:
                pause = min(pause, due_at - now)
            else:
                self._hand_out(row.project_id, row.name)
        return max(pause, _GATHER_SECONDS)

    def _look_through(self, rows: Sequence[DueRow]) -> bool:
        """Give new events of every project to its webhooks; tell whether there were any."""
        projects = dict.fromkeys(row.project_id for row in rows if row.unsent_at is not None)
        for project_id in projects:
            is_more = True
            while is_more and not self._background.is_stopping:
                is_more, full = deliveries.look_through(self._store, project_id)
                for name in full:
                    self._tell_full(project_id, name)
        return bool(projects)

    def _hand_out(self, project_id: str, name: str) -> None:
        key = (project_id, name)
        with self._guard:
            if key in self._busy or self._pool is None:
                return  # whoever finishes wakes us
            self._busy.add(key)
            self._pool.submit(self._carry, project_id, name)

    def _carry(self, project_id: str, name: str) -> None:
        """Send what is due to one webhook, in a thread of the pool."""
        try:
            self._empty(project_id, name, lambda: self._background.is_stopping)
        except AvowError as failure:  # the lease ends by itself and the events go out again
            _log.warning("webhook %r of project %s waits for the database: %s", name, project_id, failure.code)
        except Exception:
            _log.exception("webhook %r of project %s failed", name, project_id)
        finally:
            with self._guard:
                self._busy.discard((project_id, name))
            self.wake()

    # --- One webhook ---

    def _empty(self, project_id: str, name: str, is_stopping: Callable[[], bool]) -> int:
        count = 0
        while not is_stopping():
            batch = deliveries.take(self._store, project_id, name)
            if batch is None:
                break
            tried = self._send(batch, is_stopping)
            count += len(tried)
            self._note(batch, tried)
            if deliveries.settle(self._store, batch, tried):
                break
        return count

    def _send(self, batch: Batch, is_stopping: Callable[[], bool]) -> list[Tried]:
        """Send the events of a batch one after another, until one does not arrive."""
        tried: list[Tried] = []
        calls = Calls(self._allowed)
        ends_at = self._clock() + _BATCH_SECONDS
        try:
            for lease in batch.leased:
                if tried and (is_stopping() or self._clock() >= ends_at):
                    break
                if tried and not deliveries.lives(self._store, batch.project_id):
                    break
                tried.append(self._sent(calls, batch, lease))
                if tried[-1].error:
                    break
        finally:
            calls.close()
        return tried

    def _sent(self, calls: Calls, batch: Batch, lease: LeaseRow) -> Tried:
        event = batch.events.get(lease.event_id)
        if event is None:  # the project keeps events for a shorter time
            return Tried(lease)
        if batch.webhook is None:
            return Tried(lease, "an earlier secret key of the installation is missing", may_have_arrived=False)
        where = target(batch.webhook.url, self._allowed)
        if where is None:
            return Tried(lease, "its address may not be called", may_have_arrived=False)
        body = msgspec.json.encode(event)
        try:
            answer = calls.post(where, _headers(batch.webhook, event, self._clock(), body), body)
        except NotCalled as failure:
            return Tried(lease, str(failure), may_have_arrived=False)
        except Unanswered as failure:
            return Tried(lease, str(failure))
        if 200 <= answer.status < 300:
            return Tried(lease)
        pause = min(answer.retry_after_seconds, _LONGEST_WAIT_SECONDS)
        return Tried(lease, f"it answered {answer.status}", pause_seconds=pause)

    def _note(self, batch: Batch, tried: Sequence[Tried]) -> None:
        """Say once when trouble begins, and once when it ends, whichever process meets it."""
        failure = next((each.error for each in tried if each.error), "")
        if failure and not batch.failures:
            _log.error("webhook %r of project %s does not take its events: %s", batch.name, batch.project_id, failure)
        elif batch.failures and not failure:
            _log.warning("webhook %r of project %s takes its events again", batch.name, batch.project_id)

    def _tell_full(self, project_id: str, name: str) -> None:
        """Say once of a webhook, in the life of this process, that events are not given to it any more."""
        if (project_id, name) not in self._told_full:
            self._told_full.add((project_id, name))
            _log.error("webhook %r of project %s has too many events waiting; new ones are not sent", name, project_id)


def _headers(webhook: Webhook, event: Audit, now: int, body: bytes) -> dict[str, str]:
    """Return the headers of one call; the timestamp is of this call, so that a receiver can refuse old ones."""
    return {
        **webhook.sealed.headers,
        "content-type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(webhook.sealed.secret, event.id, now, body),
    }
