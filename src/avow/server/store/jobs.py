"""Units on their way through a store's threads: the job, the bounded line it waits in, and its delivery."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic
from typing import Any

from avow.errors import Unavailable
from avow.server.store.tx import Tx

__all__ = [
    "WAIT_SECONDS",
    "Done",
    "Job",
    "Line",
    "Load",
    "Rarely",
    "Unit",
    "call_listeners",
    "deliver",
    "latest",
    "logger",
    "refuse_late",
]

logger = logging.getLogger("avow.store")

# The longest that a unit waits for its turn or for a lock, and a request for all of its units together; then the
# caller is told to come back. Every request is answered within 5 s: the rest is for its way through the server.
WAIT_SECONDS = 4.5

Unit = Callable[[Tx], object]
Done = Callable[[list["Job"]], object]


def latest() -> float:
    """Return the monotonic time until which what is handed in now may wait."""
    return monotonic() + WAIT_SECONDS


@dataclass(slots=True, eq=False)
class Job:
    """One unit and what became of it.

    Attributes:
        unit: The function to run; it may be run again.
        project_id: Its project; None for a unit that belongs to none.
        done: Called once with all jobs of a group that share it, on a thread of the store.
        waiter: The submitter's own (a future, a lock); the store does not look at it.
        result: What the unit returned, once committed.
        error: Why there is no result.
        only_reads: Whether it runs beside the writer, without a transaction.
        until: Monotonic time after which it is not begun any more.
        is_cancelled: Nobody waits for it any more.
    """

    unit: Unit
    project_id: str | None
    done: Done
    waiter: Any = None
    result: object = None
    error: BaseException | None = None
    only_reads: bool = False
    until: float = field(default_factory=latest)
    is_cancelled: bool = False

    def cancel(self) -> None:
        """Wait for it no longer: it is not begun any more, or not committed unless its COMMIT is on its way."""
        self.is_cancelled = True

    def check(self) -> None:
        """Stop the thread that works on it when nobody waits any more.

        Raises:
            Unavailable: Nobody does.
        """
        if self.is_cancelled:
            raise Unavailable(detail="nobody waits for this unit any more")

    def fail(self, error: BaseException) -> None:
        """Answer with an error, whatever the unit returned."""
        self.result, self.error = None, error

    def get(self) -> object:
        """Return the result, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.result


@dataclass(frozen=True, slots=True)
class Load:
    """How much a store has to do and has done, for metrics.

    Attributes:
        waiting: Units that no thread has taken yet.
        groups: Transactions begun by writers.
        units: Units in them; by groups, how many share a commit.
    """

    waiting: int = 0
    groups: int = 0
    units: int = 0


class Line:
    """Jobs waiting for a thread, at most `capacity` of them."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._closed = Event()

    def put(self, job: Job) -> None:
        """Add a job.

        Raises:
            Unavailable: Too many wait already, or the store is closed.
        """
        if self._queue.qsize() >= self._capacity:
            raise Unavailable(detail=f"more than {self._capacity} units wait for the database")
        if self._closed.is_set():
            raise Unavailable(detail="the store is closed")
        self._queue.put(job)
        if self._closed.is_set():  # closed in between: nobody will take it any more
            self.refuse_rest()

    def take(self, most: int) -> list[Job]:
        """Wait for work and return up to `most` jobs; none at all once the line is closed and empty."""
        job = self._queue.get()
        jobs: list[Job] = []
        try:
            while job is not None:
                jobs.append(job)
                if len(jobs) == most or self._queue.empty():
                    return jobs
                job = self._queue.get_nowait()
        except Empty:
            return jobs
        self._queue.put(None)  # the closing mark is for every thread, and for this one's next turn
        return jobs

    def waiting(self) -> int:
        """Return how many jobs nobody has taken yet."""
        return self._queue.qsize()

    def is_empty(self) -> bool:
        """Say whether nothing waits at this moment."""
        return self._queue.empty()

    def close(self) -> None:
        """Accept no more; the threads finish what waits."""
        self._closed.set()
        self._queue.put(None)

    def refuse_rest(self) -> None:
        """Answer whatever nobody will take any more; the closing mark stays for the threads that look for it."""
        try:
            while True:
                job = self._queue.get_nowait()
                if job is not None:
                    job.fail(Unavailable(detail="the store is closed"))
                    deliver([job])
        except Empty:
            self._queue.put(None)


class Rarely:
    """Logs each kind of trouble at most once a minute, so that a full disk is not filled by its own log."""

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._last: dict[str, float] = {}

    def error(self, kind: str, message: str) -> None:
        """Log the message unless one of its kind was logged within the time."""
        now = monotonic()
        if now - self._last.get(kind, -self._seconds) >= self._seconds:
            self._last[kind] = now
            logger.error(message)


def refuse_late(jobs: list[Job], needed_seconds: float = 0.0) -> None:
    """Answer the jobs that have too little time left, or nobody who waits, and take them out of the list.

    Args:
        jobs: About to be begun.
        needed_seconds: What one of them will take.
    """
    ready_at = monotonic() + needed_seconds
    late = [job for job in jobs if job.until <= ready_at or job.is_cancelled]
    if not late:
        return
    jobs[:] = [job for job in jobs if job not in late]
    for job in late:
        job.fail(Unavailable(detail="waited too long for the database"))
    deliver(late)


def deliver(jobs: list[Job]) -> None:
    """Call each `done` once, with its jobs in order."""
    if not jobs:
        return
    first = jobs[0].done
    if all(job.done == first for job in jobs):
        _call(first, jobs)
        return
    groups: dict[Done, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.done, []).append(job)
    for done, group in groups.items():
        _call(done, group)


def call_listeners(listeners: Iterable[Callable[[], object]]) -> None:
    """Call what listens to the signals of a commit."""
    for listener in listeners:
        try:
            listener()
        except Exception:
            logger.exception("a listener of the store failed")


def _call(done: Done, jobs: list[Job]) -> None:
    try:
        done(jobs)
    except Exception:  # a closed event loop must not end the thread that serves everybody else
        logger.exception("the answer of %d units could not be delivered", len(jobs))
