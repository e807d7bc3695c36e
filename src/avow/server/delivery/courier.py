"""The courier: empties the outbox. Plain blocking code, one small pool for each method, none waits for another."""

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum

from avow.clock import Clock
from avow.errors import AvowError
from avow.server.background import Background
from avow.server.delivery import leases
from avow.server.delivery.messages import Method
from avow.server.delivery.rows import Leased
from avow.server.delivery.senders import Sender, TryLater, Undeliverable, Unreachable
from avow.server.delivery.templates import render
from avow.server.store import Store

__all__ = ["Courier"]

_log = logging.getLogger("avow.delivery")

_AT_ONCE = 4  # messages of one method on their way at the same time
_PAUSES_SECONDS = (1, 5, 30)  # after the first, second and every later attempt
_DOWN_SECONDS = (1, 2, 5, 10, 15)  # while the other side cannot be reached; then one message probes
_PHONE_ATTEMPTS = 4  # each may cost money; mail is tried for as long as it is of use
_IDLE_SECONDS = 30  # messages of a process that died are found this late
_TIDY_SECONDS = 3600


class _Outcome(Enum):
    """What one attempt says about the other side."""

    SPOKE = "spoke"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


class _Channel:
    """One method: its sender, its pool, and whether the other side can be reached. Guarded by the courier's lock."""

    def __init__(self, method: Method, sender: Sender) -> None:
        self.method: Method = method
        self.sender = sender
        self.pool = self.fresh_pool()
        self.busy = 0
        self.is_open = False  # the sender may hold a connection
        self.failures = 0  # attempts in a row that found nobody
        self.down_until = 0
        self.is_troubled = False

    def fresh_pool(self) -> ThreadPoolExecutor:
        """Return a pool; its threads begin with its first message."""
        return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=f"avow-{self.method}")

    def room(self, now: int) -> int:
        """Return how many messages may be taken now: one at a time while the other side is away."""
        if self.failures == 0:
            return _AT_ONCE - self.busy
        return 1 if now >= self.down_until and self.busy == 0 else 0


class Courier:
    """Sends what is in the outbox of one database, beside any number of other couriers."""

    def __init__(self, store: Store, senders: Mapping[Method, Sender], clock: Clock) -> None:
        """Keep the parts; nothing starts yet.

        Args:
            store: Where the outbox is.
            senders: Who sends each method; messages of other methods wait for a courier that has one.
            clock: The store's clock.
        """
        self._store = store
        self._clock = clock
        self._channels = {method: _Channel(method, sender) for method, sender in senders.items()}
        self._guard = threading.Lock()
        self._background = Background("avow-courier", self._hand_out, _log)
        self._tidy_at = 0
        self._missing: set[Method] = set()
        store.listen("outbox", self.wake)

    def run_once(self) -> int:
        """Deliver everything that is due, in this thread; return how many messages were attempted or dropped."""
        handled = 0
        for channel in self._channels.values():
            while batch := leases.lease(self._store, channel.method, self._room(channel)):
                handled += len(batch)
                for leased in batch:
                    self._deliver(channel, leased)
            channel.sender.rest()
        return handled

    @property
    def is_started(self) -> bool:
        """Whether it delivers in the background."""
        return self._background.is_started

    def start(self) -> None:
        """Begin to deliver in the background."""
        if self._background.is_started:
            return
        for channel in self._channels.values():
            channel.pool = channel.fresh_pool()
        self._background.start()

    def stop(self) -> None:
        """Finish what is on its way, and stop; what is not stays in the outbox."""
        if not self._background.is_started:
            return
        self._background.stop()
        for channel in self._channels.values():
            channel.pool.shutdown(wait=True)
            channel.sender.rest()

    def wake(self) -> None:
        """Look at the outbox now: something was queued, or a clock was moved."""
        self._background.wake()

    # --- The thread that hands out work ---

    def _hand_out(self) -> float:
        """Give every channel what is due, and return the seconds until there is something to do."""
        due = leases.due_times(self._store)
        self._tidy()
        self._tell_missing(due)
        pauses = [self._hand_to(channel, due.get(channel.method)) for channel in self._channels.values()]
        return min(pauses, default=_IDLE_SECONDS)

    def _hand_to(self, channel: _Channel, due_at: int | None) -> float:
        if due_at is None:
            self._let_rest(channel)
            return _IDLE_SECONDS
        now = self._clock()
        with self._guard:
            room = channel.room(now)
            due_at = max(due_at, channel.down_until)
        if due_at > now:
            return min(due_at - now, _IDLE_SECONDS)
        if room == 0:
            return _IDLE_SECONDS  # whoever finishes wakes us
        for leased in leases.lease(self._store, channel.method, room):
            with self._guard:
                channel.busy += 1
                channel.is_open = True
            channel.pool.submit(self._carry, channel, leased)
        return 0

    def _let_rest(self, channel: _Channel) -> None:
        with self._guard:
            is_idle = channel.is_open and channel.busy == 0
            channel.is_open = channel.is_open and not is_idle
        if is_idle:
            channel.sender.rest()

    def _tidy(self) -> None:
        now = self._clock()
        if now >= self._tidy_at:
            self._tidy_at = now + _TIDY_SECONDS
            leases.tidy(self._store)

    def _tell_missing(self, due: Mapping[Method, int]) -> None:
        """Say once of each method that there are messages for it and this server has no way to send them."""
        missing = due.keys() - self._channels.keys() - self._missing
        self._missing |= missing
        for method in sorted(missing):
            _log.error("%s waits in the outbox and this server is not set up to send it", method)

    def _room(self, channel: _Channel) -> int:
        with self._guard:
            return channel.room(self._clock())

    # --- One message ---

    def _carry(self, channel: _Channel, leased: Leased) -> None:
        """Deliver one message in a thread of the pool."""
        try:
            self._deliver(channel, leased)
        except AvowError as failure:  # the lease ends by itself and the message goes out again
            _log.warning("message %s: the outbox could not be written: %s", leased.id, failure.code)
        except Exception:
            _log.exception("message %s: the courier failed", leased.id)
        finally:
            with self._guard:
                channel.busy -= 1
            self.wake()

    def _deliver(self, channel: _Channel, leased: Leased) -> None:
        """Send one leased message and write down what became of it."""
        is_dead = leased.challenge_id is not None and leased.challenge_expires_at is None
        if is_dead or leased.project_name is None:
            leases.finish(self._store, leased, "dropped")
            return
        try:
            draft = leases.open_letter(self._store, leased)
        except AvowError as failure:  # nothing has left: it waits for no end of the lease, and no attempt is spent
            unread = TryLater(f"its letter could not be read: {failure.code}")
            self._retry(leased, unread, pause=_PAUSES_SECONDS[0], attempts=leased.attempts - 1)
            return
        if draft is None:
            self._fail(leased, "its letter cannot be opened")
            return
        try:
            channel.sender.send(render(draft))
        except Undeliverable as refused:
            self._note(channel, _Outcome.SPOKE)
            self._fail(leased, str(refused))
        except Unreachable as away:
            self._note(channel, _Outcome.UNREACHABLE, str(away))
            self._retry(leased, away, pause=self._down_seconds(channel), attempts=leased.attempts - 1)
        except TryLater as later:
            self._note(channel, _Outcome.FAILED, str(later))
            pause = _PAUSES_SECONDS[min(leased.attempts, len(_PAUSES_SECONDS)) - 1]
            self._retry(leased, later, pause=pause, attempts=leased.attempts)
        else:
            self._note(channel, _Outcome.SPOKE)
            leases.finish(self._store, leased, "sent")

    def _retry(self, leased: Leased, reason: TryLater, *, pause: int, attempts: int) -> None:
        """Put a message off, unless that would be one attempt too many or too late to be of use."""
        due_at = self._clock() + max(pause, reason.retry_after_seconds)
        ends_at = leased.challenge_expires_at or leased.created_at + leases.LIFETIME_SECONDS
        is_spent = leased.method != "email" and attempts >= _PHONE_ATTEMPTS
        if is_spent or due_at >= ends_at:
            self._fail(leased, f"given up after {leased.attempts} attempts: {reason}")
            return
        leases.put_off(self._store, leased, due_at=due_at, attempts=attempts, error=str(reason))

    def _fail(self, leased: Leased, reason: str) -> None:
        if leases.finish(self._store, leased, "failed", reason):
            _log.error("message %s (%s by %s) failed: %s", leased.id, leased.template, leased.method, reason)

    def _note(self, channel: _Channel, outcome: _Outcome, reason: str = "") -> None:
        """Remember whether the other side is there; say once when trouble begins, and once when it ends."""
        with self._guard:
            was_troubled, channel.is_troubled = channel.is_troubled, outcome is not _Outcome.SPOKE
            if outcome is _Outcome.UNREACHABLE:
                channel.failures += 1
                channel.down_until = self._clock() + self._down_seconds(channel)
            else:
                channel.failures, channel.down_until = 0, 0
        if channel.is_troubled and not was_troubled:
            _log.error("%s cannot be sent at the moment: %s", channel.method, reason)
        elif was_troubled and not channel.is_troubled:
            _log.warning("%s is sent again", channel.method)

    @staticmethod
    def _down_seconds(channel: _Channel) -> int:
        return _DOWN_SECONDS[min(max(channel.failures, 1), len(_DOWN_SECONDS)) - 1]
