"""A bounded pool of threads for calls to other servers, of which no one host can take all."""

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from avow.errors import Unavailable

__all__ = ["Lanes"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    work: Callable[[], T]
    future: Future[T] = field(default_factory=Future)


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
            Unavailable: There is no room.
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
            self._go_on(host, lane)
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

    def _go_on(self, host: str, lane: _Lane) -> None:
        """Start what has room in a lane; the guard is held."""
        while lane.waiting and lane.running < self._of_one_host:
            lane.running += 1
            self._pool.submit(self._run, host, lane, lane.waiting.popleft())
        if not lane.running:
            self._lanes.pop(host, None)

    def _run(self, host: str, lane: _Lane, job: _Job[Any]) -> None:
        try:
            if job.future.set_running_or_notify_cancel():
                _settle(job)
        finally:
            with self._guard:
                self._held -= 1
                lane.running -= 1
                self._go_on(host, lane)


def _settle(job: _Job[Any]) -> None:
    try:
        result = job.work()
    except Exception as failure:  # whoever waits is told, as by every future
        job.future.set_exception(failure)
    else:
        job.future.set_result(result)
