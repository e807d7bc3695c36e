"""The store: where units are handed in, and what wakes whom after a commit."""

import threading
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Protocol, TypeVar, cast

from avow.errors import Unavailable
from avow.server.store.forks import watch
from avow.server.store.jobs import Done, Job, Load, Unit, call_listeners, latest
from avow.server.store.tx import Tx

__all__ = ["Announce", "Engine", "Store"]

T = TypeVar("T")

Announce = Callable[[Iterable[str]], None]


class Engine(Protocol):
    """The connections and threads of one process."""

    def write(self, job: Job) -> None:
        """Queue a unit that may write."""
        ...

    def read(self, job: Job) -> None:
        """Queue a unit that only reads."""
        ...

    def owns_thread(self) -> bool:
        """Say whether the caller runs on a thread of this engine."""
        ...

    def load(self) -> Load:
        """Return how much there is to do and was done."""
        ...

    def close(self) -> None:
        """Finish what waits, and close."""
        ...


class Store:
    """One database, from any number of threads; connections and threads begin with the first unit of each process.

    `write` and `read` hand a unit in and return at once. `run` and `look` do the same and wait: without a time given
    a unit is begun within `WAIT_SECONDS` and may run for as long as it needs; with one, a monotonic time, nobody waits
    for longer, whatever becomes of the unit.
    """

    def __init__(self, url: str, start: Callable[[Announce], Engine]) -> None:
        """Keep how to start; nothing is opened yet.

        Args:
            url: Where the database is.
            start: Opens the connections and starts the threads of this process.
        """
        self.url = url
        self._start = start
        self._starting = threading.Lock()
        self._engine: Engine | None = None
        self._listeners: dict[str, list[Callable[[], object]]] = {}
        watch(self)

    def write(
        self, project_id: str | None, unit: Unit, done: Done, waiter: object = None, until: float | None = None
    ) -> Job:
        """Queue a unit that may write; its job is answered once it is committed.

        Args:
            project_id: The project the unit is bound to; None for the few that belong to none.
            unit: Called with a `Tx`; if it raises, nothing of it is written. It may be run again.
            done: Called on a thread of the store, once for all jobs of a group that have the same `done`.
            waiter: Kept in the job for the submitter.
            until: Monotonic time after which it is not begun any more. Who waits no longer cancels the job.

        Raises:
            Unavailable: Too many units wait already.
        """
        job = Job(unit, project_id, done, waiter, until=latest() if until is None else until)
        (self._engine or self._started()).write(job)
        return job

    def read(
        self, project_id: str | None, unit: Unit, done: Done, waiter: object = None, until: float | None = None
    ) -> Job:
        """Queue a unit that only reads; like `write`, but beside the writer and without a transaction."""
        job = Job(unit, project_id, done, waiter, until=latest() if until is None else until)
        (self._engine or self._started()).read(job)
        return job

    def run(self, project_id: str, unit: Callable[[Tx], T], until: float | None = None) -> T:
        """Run a unit that may write, wait for the commit and return its result."""
        return self._wait(self.write, project_id, unit, until)

    def look(self, project_id: str, unit: Callable[[Tx], T], until: float | None = None) -> T:
        """Run a unit that only reads, wait for it and return its result."""
        return self._wait(self.read, project_id, unit, until)

    def run_anywhere(self, unit: Callable[[Tx], T], until: float | None = None) -> T:
        """Run a unit that belongs to no project: its statements are those of `CROSS_PROJECT`."""
        return self._wait(self.write, None, unit, until)

    def look_anywhere(self, unit: Callable[[Tx], T], until: float | None = None) -> T:
        """Run a unit that belongs to no project and only reads."""
        return self._wait(self.read, None, unit, until)

    def listen(self, signal: str, callback: Callable[[], object]) -> None:
        """Call `callback` after each commit of units that called `tx.after_commit(signal)`.

        It runs on a thread of the store, so it only wakes somebody.
        """
        self._listeners.setdefault(signal, []).append(callback)

    def load(self) -> Load:
        """Return how much there is to do and was done in this process since the store was opened."""
        engine = self._engine
        return engine.load() if engine is not None else Load()

    def close(self) -> None:
        """Finish the units that wait and close; a later unit opens the store again."""
        with self._starting:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _started(self) -> Engine:
        with self._starting:
            if self._engine is None:
                self._engine = self._start(self._announce)
            return self._engine

    def _announce(self, signals: Iterable[str]) -> None:
        for signal in signals:
            call_listeners(self._listeners.get(signal, ()))

    def _wait(
        self, submit: Callable[..., Job], project_id: str | None, unit: Callable[[Tx], T], until: float | None
    ) -> T:
        if (self._engine or self._started()).owns_thread():
            raise RuntimeError("a unit cannot wait for another unit; use its own tx")
        answered = threading.Lock()
        answered.acquire()
        job = submit(project_id, unit, _release, answered, until)
        if not answered.acquire(timeout=-1 if until is None else max(0.0, until - monotonic())):
            job.cancel()
            raise Unavailable(detail="the database took too long; the outcome is unknown")
        return cast(T, job.get())

    @property
    def is_carried(self) -> bool:
        """Tell whether this process was forked while the store was open: then nothing may be opened in it."""
        return self._start is _refuse_start

    def before_fork(self) -> None:
        """Close, and open nothing until the fork is over."""
        self._starting.acquire()
        if self._engine is not None and not self._engine.owns_thread():
            self._engine.close()
            self._engine = None

    def after_fork_in_parent(self) -> None:
        """Let the next unit open the store again."""
        self._starting.release()

    def after_fork_in_child(self) -> None:
        """Begin without connections; refuse to begin when some came along."""
        self._starting = threading.Lock()
        if self._engine is not None:  # forked by a unit, or by a program that runs no Python hooks before
            _CARRIED.append(self._engine)
            self._engine = None
            self._start = _refuse_start


def _release(jobs: list[Job]) -> None:
    for job in jobs:
        cast(threading.Lock, job.waiter).release()


def _refuse_start(announce: Announce) -> Engine:
    raise RuntimeError("this process was forked while the store was open; open the store after the fork")


_CARRIED: list[Engine] = []  # kept for ever: in the child, not even the garbage collector may close them
