"""A running server's parts, and the blocking way to perform effects (WSGI, in-process, CLI)."""

import logging
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from avow.clock import Clock
from avow.core.ids import random_id
from avow.errors import AvowError, Unavailable
from avow.server.delivery.courier import Courier
from avow.server.edge import Edge
from avow.server.serving import Aside, Count, Effect, Read, Write
from avow.server.settings import Settings
from avow.server.store import Kv, Store
from avow.server.visit import Request, Response, Visit

__all__ = ["Pool", "Site", "answer"]

_log = logging.getLogger("avow.server")


class Pool:
    """The bounded pool for slow pure work: when too many wait, the next is refused at once."""

    def __init__(self, threads: int, waiting: int = 256) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="avow-aside")
        self._room = threads + waiting
        self._busy = 0

    def submit(self, work: Callable[[], object]) -> Future[object]:
        """Start the work; return its future.

        Raises:
            Unavailable: The pool has no room.
        """
        if self._busy >= self._room:
            raise Unavailable(detail="the pool for slow work is full")
        self._busy += 1
        future = self._threads.submit(work)
        future.add_done_callback(self._left)
        return future

    def close(self) -> None:
        """Finish what runs and start nothing more."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _left(self, _: object) -> None:
        self._busy -= 1


@dataclass(frozen=True, slots=True)
class Site:
    """All parts of one server, wired by `app.build`; drivers are given this and nothing else.

    Attributes:
        courier: Carries messages; tests let it run when they look into the outbox.
        observe: Called after each answer with the visit, the response and the seconds it took.
        start: Begins background work (delivery, clean-up) in this process.
        drain: Makes `/readyz` say no from now on; requests are still answered.
        close: Ends background work and gives the database back.
    """

    settings: Settings
    clock: Clock
    edge: Edge
    store: Store
    kv: Kv
    pool: Pool
    courier: Courier
    observe: Callable[[Visit, Response, float], None]
    start: Callable[[], None]
    drain: Callable[[], None]
    close: Callable[[], None]


def answer(site: Site, request: Request) -> Response:
    """Answer one request, blocking."""
    visit = Visit(request, id=random_id("Q"))
    begun = time.perf_counter()
    response = _run(site, visit, site.edge.answer(visit))
    site.observe(visit, response, time.perf_counter() - begun)
    return response


def perform(site: Site, effect: Effect, project_id: str | None) -> object:
    """Perform one effect, blocking, and return its result."""
    match effect:
        case Write(unit):
            return site.store.run(project_id, unit) if project_id else site.store.run_anywhere(unit)
        case Read(unit):
            return site.store.look(project_id, unit) if project_id else site.store.look_anywhere(unit)
        case Aside(work):
            return site.pool.submit(work).result()
        case Count(counters):
            return site.kv.add(counters)


def _run(site: Site, visit: Visit, steps: Generator[Effect, Any, Response]) -> Response:
    value: Any = None
    error: BaseException | None = None
    while True:
        try:
            effect = steps.send(value) if error is None else steps.throw(error)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # the generator's declared result
        value, error = None, None
        try:
            value = perform(site, effect, visit.project_id)
        except (AvowError, Exception) as raised:
            error = raised
