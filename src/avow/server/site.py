"""A running server's parts, and the blocking way to perform effects (WSGI, in-process, CLI)."""

import logging
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any

from avow.clock import Clock
from avow.core.ids import random_id
from avow.errors import AvowError, Unavailable
from avow.server.audit.postman import Postman
from avow.server.delivery.courier import Courier
from avow.server.edge import Edge
from avow.server.oidc.herald import Herald
from avow.server.outgoing import Outbound
from avow.server.serving import Aside, Count, Effect, Obtain, Read, Send, Write
from avow.server.settings import Settings
from avow.server.store import WAIT_SECONDS, Kv, Store
from avow.server.visit import Request, Response, Visit

__all__ = ["Pool", "Site", "answer", "time_for", "time_for_work"]

_SPARE_SECONDS = 0.5

_log = logging.getLogger("avow.server")


class Pool:
    """The bounded pool for slow pure work: when too many wait, the next is refused at once.

    Its threads begin with the first work, also after they were closed.
    """

    def __init__(self, threads: int, waiting: int = 256) -> None:
        self._count = threads
        self._room = threads + waiting
        self._busy = 0
        self._threads: ThreadPoolExecutor | None = None
        self._lock = Lock()

    def submit(self, work: Callable[[], object]) -> Future[object]:
        """Start the work; return its future.

        Raises:
            Unavailable: The pool has no room.
        """
        with self._lock:
            if self._busy >= self._room:
                raise Unavailable(detail="the pool for slow work is full")
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="avow-aside")
            future = self._threads.submit(work)
            self._busy += 1
        future.add_done_callback(self._left)
        return future

    def close(self) -> None:
        """Finish what runs."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=True, cancel_futures=True)

    def _left(self, _: object) -> None:
        with self._lock:
            self._busy -= 1


@dataclass(frozen=True, slots=True)
class Site:
    """All parts of one server, wired by `app.build`; drivers are given this and nothing else.

    Attributes:
        outbound: Calls other servers for requests, and keeps their documents.
        courier: Carries messages; tests let it run when they look into the outbox.
        postman: Brings audit events to webhooks; tests let it run too.
        herald: Tells applications of log-outs; tests let it run too.
        observe: Called after each answer with the visit, the response and the seconds it took.
        observe_refused: Called now and then with how many requests were refused unread, the request id that all of
            them were given, and why.
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
    outbound: Outbound
    courier: Courier
    postman: Postman
    herald: Herald
    observe: Callable[[Visit, Response, float], None]
    observe_refused: Callable[[int, str, str], None]
    start: Callable[[], None]
    drain: Callable[[], None]
    close: Callable[[], None]


def time_for(settings: Settings) -> float:
    """Return the monotonic time until which a request that begins now waits, for everything together."""
    return monotonic() + min(WAIT_SECONDS, settings.request_seconds)


def time_for_work(until: float) -> float:
    """Return until when a request waits for slow work: its unit that takes something back has time after that."""
    return until - _SPARE_SECONDS


def answer(site: Site, request: Request) -> Response:
    """Answer one request, blocking."""
    visit = Visit(request, id=random_id("Q"), until=time_for(site.settings))
    begun = time.perf_counter()
    response = _run(site, visit, site.edge.answer(visit))
    site.observe(visit, response, time.perf_counter() - begun)
    return response


def perform(site: Site, effect: Effect, project_id: str | None, until: float) -> object:
    """Perform one effect, blocking, and return its result.

    Raises:
        Unavailable: It is not done by `until`, a monotonic time.
    """
    store = site.store
    match effect:
        case Write(unit):
            return store.run(project_id, unit, until) if project_id else store.run_anywhere(unit, until)
        case Read(unit):
            return store.look(project_id, unit, until) if project_id else store.look_anywhere(unit, until)
        case Aside(work):
            return _result(site.pool.submit(work), time_for_work(until))
        case Count(counters):
            return site.kv.add(counters, until)
        case Send(call):
            return _result(site.outbound.send(call, until), until)
        case Obtain(document, has):
            return _result(site.outbound.obtain(document, has, until), until)


def _result(future: Future[Any], until: float) -> object:
    wait([future], timeout=max(0.0, until - monotonic()))
    if not future.done():
        future.cancel()
        raise Unavailable(detail="slow work took too long")
    return future.result()


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
            value = perform(site, effect, visit.project_id, visit.until)
        except (AvowError, Exception) as raised:
            error = raised
