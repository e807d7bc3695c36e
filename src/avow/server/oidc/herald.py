"""The herald: tells applications that somebody has logged out. Blocking code, a few threads, nobody's log-out waits.

Spec: OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Final
from urllib.parse import urlencode

from avow.clock import Clock
from avow.core import ids
from avow.core.networks import Network
from avow.core.oidc.idtoken import LOGOUT_TYP, logout_token
from avow.core.targets import target
from avow.core.tokens import SigningKey, sign
from avow.errors import AvowError
from avow.seen import SeenTokens
from avow.server.background import Background
from avow.server.oidc import logouts
from avow.server.oidc.logouts import Batch, Told
from avow.server.oidc.rows import LogoutRow
from avow.server.oidc.turns import AT_ONCE, Turns
from avow.server.outgoing import Calls, NotCalled, Unanswered
from avow.server.sessions import actions as sessions
from avow.server.store import Store

__all__ = ["Herald"]

_log = logging.getLogger("avow.logouts")

_IDLE_SECONDS: Final = 30  # sessions that another process ended, which then died, are found this late
_TURN_SECONDS: Final = 5.0  # then others come first, whoever has more to be told
_BATCH_SECONDS: Final = 10.0  # of log-outs that are held together none is begun later
_MOST_KEYS: Final = 64
_TOKEN_CHARACTERS: Final = 22
_FORM: Final = {"content-type": "application/x-www-form-urlencoded", "cache-control": "no-store"}


class Herald:
    """Tells the applications of one database, beside any number of other heralds."""

    def __init__(self, store: Store, allowed: Sequence[Network], clock: Clock) -> None:
        """Keep the parts; nothing starts yet.

        Args:
            store: Where sessions and log-outs are.
            allowed: Networks that may be called besides the public ones.
            clock: The store's clock.
        """
        self._store = store
        self._allowed = tuple(allowed)
        self._clock = clock
        self._keys: SeenTokens[str, SigningKey] = SeenTokens(_MOST_KEYS)
        self._guard = threading.Lock()
        self._turns = Turns(clock)
        self._pool: ThreadPoolExecutor | None = None
        self._background = Background("avow-herald", self._round, _log)
        store.listen(sessions.ENDED, self.wake)

    def run_once(self) -> int:
        """Tell everything that is due, in this thread; return how many calls were tried."""
        self._look_through()
        due = [row for row in logouts.due(self._store) if row.due_at <= self._clock()]
        return sum(self._empty(row.project_id, row.application_id) for row in due)

    def start(self) -> None:
        """Begin to tell in the background; threads begin with the first log-out."""
        if not self._background.is_started:
            self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="avow-logout")
            self._background.start()

    def stop(self) -> None:
        """Finish the calls on their way, and stop; what is not told stays."""
        if self._background.is_started:
            self._background.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
            self._turns.clear()

    def wake(self) -> None:
        """Look for log-outs now: a session ended, or a clock was moved."""
        self._background.wake()

    # --- The thread that hands out work ---

    def _round(self) -> float:
        self._look_through()
        now, rows = self._clock(), logouts.due(self._store)
        waiting = [(row.project_id, row.application_id) for row in rows if row.due_at <= now]
        if (pool := self._pool) is not None:
            with self._guard:
                begun = self._turns.begin(waiting)
            for project_id, application_id in begun:  # never more than there are threads: none waits in the pool
                pool.submit(self._carry, project_id, application_id)
        return min([float(_IDLE_SECONDS), *(float(row.due_at - now) for row in rows if row.due_at > now)])

    def _look_through(self) -> None:
        for project_id in logouts.ended(self._store):
            while logouts.look_through(self._store, project_id) and not self._background.is_stopping:
                pass

    def _carry(self, project_id: str, application_id: str) -> None:
        """Tell one application what is due for as long as its turn lasts, in a thread of the pool."""
        told: list[Told] = []
        try:
            until = monotonic() + _TURN_SECONDS
            while self._turn(project_id, application_id, told) and monotonic() < until:
                pass
        except AvowError as failure:  # the lease ends by itself and the log-outs go out again
            _log.warning("log-outs of project %s wait for the database: %s", project_id, failure.code)
        except Exception:
            _log.exception("application %s of project %s is not told of log-outs", application_id, project_id)
        finally:
            with self._guard:
                self._turns.end((project_id, application_id), max((each.seconds for each in told), default=0.0))
            self.wake()  # whoever has no turn yet may have one now

    # --- One application ---

    def _empty(self, project_id: str, application_id: str) -> int:
        told: list[Told] = []
        while self._turn(project_id, application_id, told):
            pass
        return sum(each.is_tried for each in told)

    def _turn(self, project_id: str, application_id: str, told: list[Told]) -> bool:
        """Tell some log-outs of one application, and add what became of them; tell whether there may be more."""
        batch = None if self._background.is_stopping else logouts.take(self._store, project_id, application_id)
        if batch is None:
            return False
        new = self._tell(batch)
        told += new
        logouts.settle(self._store, batch, new)
        return not any(each.error for each in new)

    def _tell(self, batch: Batch) -> list[Told]:
        """Tell log-outs one after another; once one does not arrive, the others of the batch are not tried."""
        told: list[Told] = []
        calls, failure, until = Calls(self._allowed), "", monotonic() + _BATCH_SECONDS
        try:
            for row in batch.leased:
                begun = monotonic()
                if failure or self._background.is_stopping or begun > until:
                    told.append(Told(row, failure or "its turn was over", is_tried=False))
                    continue
                failure = self._told(calls, batch, row) if batch.url else ""
                told.append(Told(row, failure, seconds=monotonic() - begun))
        finally:
            calls.close()
        return told

    def _told(self, calls: Calls, batch: Batch, row: LogoutRow) -> str:
        """Tell one log-out, by a token made for this call; return why it did not arrive, or "".

        Redirects are not followed, and of the answer nothing but its status counts.
        """
        where = target(batch.url, self._allowed)
        if where is None:
            return "its address may not be called"
        claims = logout_token(
            row.issuer,
            row.application_id,
            row.user_id,
            row.session_id,
            token_id=ids.secret_text(_TOKEN_CHARACTERS),
            now=self._clock(),
        )
        token = sign(self._key(batch), claims, typ=LOGOUT_TYP)
        try:
            answer = calls.post(where, _FORM, urlencode({"logout_token": token}).encode())
        except (NotCalled, Unanswered) as failure:
            return str(failure)
        return "" if 200 <= answer.status < 300 else f"it answered {answer.status}"

    def _key(self, batch: Batch) -> SigningKey:
        found = self._keys.find(batch.kid)
        if found is None:
            found = SigningKey.from_der(batch.algorithm, batch.private_key)
            self._keys.add(batch.kid, found)
        return found
