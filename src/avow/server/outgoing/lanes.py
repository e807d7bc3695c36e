"""A bounded pool of threads for calls to other servers, of which no one host can take all."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from avow.errors import Unavailable

__all__ = ["Lanes"]

T = TypeVar("T")

_NO_THREAD: Final = "no thread for calls to other servers"


@dataclass(slots=True)
class _Job(Generic[T]):
    """Work and its future; what is refused is not run, although the pool may hold it still."""

    work: Callable[[], T]
    future: Future[T] = field(default_factory=Future)
    is_refused: bool = False


@dataclass(slots=True)
class _Lane:
    """The calls to one host: how many run, and those that wait for one of these to end."""

    running: int = 0
    waiting: deque[_Job[Any]] = field(default_factory=deque)


class Lanes:
    """Runs work on a few threads; of one host only so much at a time, so that a slow one does not stop the others."""

    def __init__(self, *, threads: int = 16, of_one_host: int = 12, waiting: int = 256) -> None:
        """Take the bounds; threads begin with the first work.

        Args:
            threads: How many calls are on their way at once.
            of_one_host: How many of them to one host.
            waiting: How many may be waiting or on their way; the next one is refused at once.
        """
        self._threads = threads
        self._of_one_host = of_one_host
        self._room = threads + waiting
        self._guard = threading.Lock()
        self._begin_anew()

    def submit(self, host: str, work: Callable[[], T]) -> Future[T]:
        """Have work done that waits for a host; return its future.

        Raises:
            Unavailable: There is no room, or no thread.
        """
        job = _Job(work)
        if self._process != os.getpid():  # threads do not come along through a fork
            self._begin_anew()
        with self._guard:
            if self._held >= self._room:
                raise Unavailable(detail="the pool for calls to other servers is full")
            self._held += 1
            lane = self._lanes.setdefault(host, _Lane())
            lane.waiting.append(job)
            refused = self._go_on(host, lane)
        _refuse([each for each in refused if each is not job])
        if job.is_refused:
            raise Unavailable(detail=_NO_THREAD)
        return job.future

    def close(self) -> None:
        """Start nothing more, and wait for what runs; it ends within the time of a call."""
        with self._guard:
            waiting = [job for lane in self._lanes.values() for job in lane.waiting]
            self._lanes.clear()
        for job in waiting:
            job.future.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin_anew(self) -> None:
        self._process = os.getpid()
        self._guard = threading.Lock()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="avow-outgoing")
        self._lanes: dict[str, _Lane] = {}
        self._held = 0

    def _go_on(self, host: str, lane: _Lane) -> list[_Job[Any]]:
        """Start what has room in a lane; the guard is held. Return what found no thread, for `_refuse` without it."""
        refused: list[_Job[Any]] = []
        while lane.waiting and lane.running < self._of_one_host:
            job = lane.waiting.popleft()
            try:
                self._pool.submit(self._run, host, lane, job)
            except RuntimeError:  # the machine has no more threads, or the pool has ended
                job.is_refused = True
                self._held -= 1
                refused.append(job)
            else:
                lane.running += 1
        if not lane.running:
            self._lanes.pop(host, None)
        return refused

    def _run(self, host: str, lane: _Lane, job: _Job[Any]) -> None:
        with self._guard:
            if job.is_refused:
                return
        try:
            if job.future.set_running_or_notify_cancel():
                _settle(job)
        finally:
            with self._guard:
                self._held -= 1
                lane.running -= 1
                refused = self._go_on(host, lane)
            _refuse(refused)


def _refuse(jobs: Iterable[_Job[Any]]) -> None:
    for job in jobs:
        if job.future.set_running_or_notify_cancel():
            job.future.set_exception(Unavailable(detail=_NO_THREAD))


def _settle(job: _Job[Any]) -> None:
    try:
        result = job.work()
    except Exception as failure:  # whoever waits is told, as by every future
        job.future.set_exception(failure)
    else:
        job.future.set_result(result)
