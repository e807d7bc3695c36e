"""Housekeeping: what has ended is deleted after a while, in small steps beside the requests; clocks are compared."""

import logging
import threading
from collections.abc import Callable

from avow.errors import AvowError
from avow.server.operations.clocks import ClockWatch
from avow.server.operations.leavings import actions as leavings
from avow.server.projects import actions as projects
from avow.server.store import Store, Tx

__all__ = ["Housekeeper"]

_log = logging.getLogger("avow.housekeeping")

_FIRST_SECONDS = 60.0
_EVERY_SECONDS = 600.0
_PAUSE_SECONDS = 0.05  # between two steps, so that requests go first
_MOST = 200  # rows a step
_MOST_PURGED = 1000  # rows a step of a deleted project
_PURGE_STEPS = 1000  # of one project in a round, so that the others are looked after too


class Housekeeper:
    """Deletes what has ended, of every project of a database, beside any number of others that do the same.

    Messages and the counters of rate limits are looked after by the courier and by `kv`.
    """

    def __init__(self, store: Store, watch: ClockWatch | None = None) -> None:
        self._store = store
        self._watch = watch
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def run_once(self) -> int:
        """Delete everything that is due, in this thread; return how many rows."""
        from avow.server.operations.forgetting import TASKS  # knows every room, and a start has time until here

        ids = [row.id for row in self._store.look_anywhere(projects.every)]
        deleted = sum(self._finish(project_id, task) for project_id in ids for task in TASKS)
        return deleted + sum(map(self._purge, self._store.look_anywhere(leavings.leaving)))

    def start(self) -> None:
        """Begin to look every ten minutes, in the background."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._loop, name="avow-housekeeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop after the step that runs."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None

    def _loop(self) -> None:
        pause = _FIRST_SECONDS
        while not self._stopping.wait(pause):
            pause = _EVERY_SECONDS
            if self._watch is not None:
                self._watch.look(self._store)
            try:
                deleted = self.run_once()
                _log.debug("%d rows that had ended were deleted", deleted)
            except AvowError as failure:
                _log.warning("housekeeping waits for the database: %s", failure.code)
            except Exception:  # a bug must not end all housekeeping
                _log.exception("housekeeping failed")

    def _purge(self, project_id: str) -> int:
        """Delete what a deleted project left, or a good part of it: the next round goes on."""
        deleted = self._finish(project_id, leavings.purge, most=_MOST_PURGED, steps=_PURGE_STEPS)
        if not self._stopping.is_set() and self._store.run(project_id, leavings.finish):
            _log.info("the deleted project %s is gone, with its last %d rows", project_id, deleted)
        return deleted

    def _finish(
        self, project_id: str, task: Callable[[Tx, int], int], *, most: int = _MOST, steps: int | None = None
    ) -> int:
        deleted = 0
        while not self._stopping.is_set() and steps != 0:
            step = self._store.run(project_id, lambda tx: task(tx, most))
            deleted += step
            steps = None if steps is None else steps - 1
            if step < most or self._stopping.wait(_PAUSE_SECONDS):
                break
        return deleted
