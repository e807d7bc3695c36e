"""The ASGI driver: a thin shell that reads a request, runs the edge, performs its effects and sends the answer."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from time import monotonic
from typing import Any

from avow.core.ids import random_id
from avow.errors import AvowError, RequestLate, Unavailable
from avow.server import answers
from avow.server.serving import Aside, Count, Effect, Obtain, Read, Send, Write
from avow.server.site import Site, time_for, time_for_work
from avow.server.store import Job
from avow.server.visit import Request, Response, Visit

__all__ = ["TOO_MANY", "AsgiApp", "is_always_answered"]

_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_LINGER_SECONDS = 2
_LINGER_BYTES = 8 * 1024 * 1024

# How much later than its time a wait may end, so that many of them end together.
_RING_SECONDS = 0.05

TOO_MANY = "too many requests at once"

_Submit = Callable[[str | None, Callable[..., object], Callable[[Sequence[Job]], object], object, float], Job]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Sending = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class _Gone(Exception):
    """The client closed the connection."""


@dataclass(slots=True, eq=False)
class _Wait:
    """One request that waits for a result.

    Attributes:
        waiter: Gets the result.
        until: Monotonic time after which nobody waits for it.
        work: Who makes the result, once that has begun; is told when nobody waits any more.
    """

    waiter: asyncio.Future[object]
    until: float
    work: Job | asyncio.Future[object] | None = None


@dataclass(slots=True, eq=False)
class _Arrival:
    """One request whose body is still on its way; its task is cancelled when it has taken too long.

    Attributes:
        task: That reads it.
        until: Monotonic time after which nobody reads on.
        is_late: It was cancelled because of that.
    """

    task: asyncio.Task[Any]
    until: float
    is_late: bool = False


class _Waits:
    """What the requests on one event loop wait for: units that leave together, and one timer that ends every wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._leaving: list[tuple[_Submit, str | None, Callable[..., object], _Wait]] = []
        self._waiting: set[_Wait] = set()
        self._arriving: set[_Arrival] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = inf

    def for_unit(self, submit: _Submit, project_id: str | None, unit: Callable[..., object], until: float) -> _Wait:
        """Have a unit handed to the store at the end of this turn of the loop.

        The units of all requests in one turn are handed over together: each one by itself would wake the writer's
        thread, which then competes with this one for the interpreter (a quarter of the CPU of a refresh).
        """
        wait = self._begun(until)
        if not self._leaving:
            self._loop.call_soon(self._hand_over)
        self._leaving.append((submit, project_id, unit, wait))
        return wait

    def for_work(self, work: asyncio.Future[Any], until: float) -> _Wait:
        """Wait for what another thread does."""
        wait = self._begun(until)
        wait.work = work
        work.add_done_callback(partial(_pass_on, wait.waiter))
        return wait

    def for_body(self, task: asyncio.Task[Any], until: float) -> _Arrival:
        """Have the task that reads a body cancelled at a time; a timer for each of them costs more than most bodies."""
        arrival = _Arrival(task, until)
        self._arriving.add(arrival)
        if until < self._rings_at:
            self._ring_at(until)
        return arrival

    def arrived(self, arrival: _Arrival) -> None:
        """Forget a body: it is read, or nobody reads on."""
        self._arriving.discard(arrival)

    def end(self, wait: _Wait) -> None:
        """Forget a wait; who works for it is told unless there is a result."""
        self._waiting.discard(wait)
        if wait.waiter.cancelled() and wait.work is not None:
            wait.work.cancel()

    def _begun(self, until: float) -> _Wait:
        wait = _Wait(self._loop.create_future(), until)
        self._waiting.add(wait)
        if until < self._rings_at:
            self._ring_at(until)
        return wait

    def _hand_over(self) -> None:
        leaving, self._leaving = self._leaving, []
        for submit, project_id, unit, wait in leaving:
            if wait.waiter.done():  # the client is gone, or the time is over: nobody waits for this unit any more
                continue
            try:
                wait.work = submit(project_id, unit, _wake, wait.waiter, wait.until)
            except Exception as error:  # too many wait, or the store does not open; the next ones are handed over still
                wait.waiter.set_exception(error)

    def _ring_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = at
        self._timer = self._loop.call_later(max(_RING_SECONDS, at - monotonic()), self._ring)

    def _ring(self) -> None:
        """Refuse every request whose time is over, and ring again for the next one."""
        self._timer, self._rings_at = None, inf
        now, following = monotonic(), inf
        for arrival in self._arriving:
            if arrival.until > now:
                following = min(following, arrival.until)
            elif not arrival.is_late:
                arrival.is_late = True
                arrival.task.cancel()
        for wait in self._waiting:
            if wait.waiter.done():
                continue
            if wait.until > now:
                following = min(following, wait.until)
                continue
            wait.waiter.set_exception(Unavailable(detail="waited too long; the outcome is unknown"))
            if wait.work is not None:
                wait.work.cancel()
        if following < inf:
            self._ring_at(following)


def is_always_answered(path: str) -> bool:
    """Tell whether a path is of what others go by while this server refuses the rest: probes and key sets."""
    return path in _PROBES or path.startswith("/v2/keys/") or path.endswith("/jwks.json")


class AsgiApp:
    """Avow as an ASGI application; give it to uvicorn, or mount it under a prefix."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waits: dict[asyncio.AbstractEventLoop, _Waits] = {}
        self._running = 0

    @property
    def running(self) -> int:
        """Return how many requests are in progress: read to their end, and not answered."""
        return self._running

    async def __call__(self, scope: Scope, receive: Receive, send: Sending) -> None:
        """Serve one connection of ASGI: a request or the server's lifespan."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Sending) -> None:
        await receive()
        self._site.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._site.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Sending) -> None:
        is_late = False
        headers = _headers(scope)  # before the body: some servers add what follows it (trailers) to the same list
        body: bytes | None = None
        try:
            body = await self._body_in_time(scope, receive)
        except TimeoutError:
            is_late = True
        except _Gone:
            return
        request = _request(scope, headers, body)
        response = self._refuse_late(request) if is_late else await self.answer(request)
        await _send(send, response, is_head=scope["method"] == "HEAD", receive=receive if body is None else None)

    async def _body_in_time(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the body as `_body` does.

        Raises:
            TimeoutError: It took too long.
            _Gone: The client left before it had sent all.
        """
        settings, waits, task = self._site.settings, self._here(), asyncio.current_task()
        if task is None:  # nobody could be told to stop
            return await _body(scope, receive, settings.body_bytes)
        arrival = waits.for_body(task, monotonic() + settings.request_seconds)
        try:
            return await _body(scope, receive, settings.body_bytes)
        except asyncio.CancelledError:
            if not arrival.is_late or task.uncancel():  # somebody else wants it to end
                raise
            raise TimeoutError from None
        finally:
            waits.arrived(arrival)

    def _refuse_late(self, request: Request) -> Response:
        visit = Visit(request, id=random_id("Q"), error=RequestLate())
        response = answers.failure(visit, RequestLate())
        self._site.observe(visit, response, float(self._site.settings.request_seconds))
        return response

    async def answer(self, request: Request) -> Response:
        """Answer one request; also the way in for calls that stay in the process."""
        begun = time.perf_counter()
        visit = Visit(request, id=random_id("Q"), until=time_for(self._site.settings))
        if self._running >= self._site.settings.requests_at_once and not is_always_answered(request.path):
            visit.error = Unavailable(detail=TOO_MANY)
            response = answers.failure(visit, visit.error)
        else:
            self._running += 1
            try:
                response = await self._run(visit)
            finally:
                self._running -= 1
        self._site.observe(visit, response, time.perf_counter() - begun)
        return response

    async def _run(self, visit: Visit) -> Response:
        """Run the edge; each effect is awaited in the time of the visit, so no thread is held by a waiting request."""
        steps = self._site.edge.answer(visit)
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = steps.send(value) if error is None else steps.throw(error)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # the generator's declared result
            value, error = None, None
            try:
                value = await self._perform(effect, visit.project_id, visit.until)
            except (AvowError, Exception) as raised:
                error = raised

    async def _perform(self, effect: Effect, project_id: str | None, until: float) -> object:
        site, waits = self._site, self._here()
        if isinstance(effect, Count):  # first: every request has some
            counters = effect.counters
            return site.kv.add(counters) if site.kv.is_instant else await self._count(waits, counters, until)
        match effect:
            case Write(unit):
                wait = waits.for_unit(site.store.write, project_id, unit, until)
            case Read(unit):
                wait = waits.for_unit(site.store.read, project_id, unit, until)
            case Aside(work):
                wait = waits.for_work(asyncio.wrap_future(site.pool.submit(work)), time_for_work(until))
            case Send(call):
                wait = waits.for_work(asyncio.wrap_future(site.outbound.send(call, until)), until)
            case Obtain(document, has):
                wait = waits.for_work(asyncio.wrap_future(site.outbound.obtain(document, has, until)), until)
        try:
            return await wait.waiter
        finally:
            waits.end(wait)

    async def _count(self, waits: _Waits, counters: Sequence[tuple[str, int]], until: float) -> object:
        kv = self._site.kv
        unit = kv.unit(counters)
        if unit is None:
            loop = asyncio.get_running_loop()
            wait = waits.for_work(loop.run_in_executor(None, kv.add, counters, until), until)
        else:
            wait = waits.for_unit(self._site.store.write, None, unit, until)
        try:
            return await wait.waiter
        except Unavailable:  # a limit is kept even then
            return kv.add_alone(counters)
        finally:
            waits.end(wait)

    def _here(self) -> _Waits:
        loop = asyncio.get_running_loop()
        waits = self._waits.get(loop)
        if waits is None:
            for closed in [other for other in list(self._waits) if other.is_closed()]:
                self._waits.pop(closed, None)
            waits = self._waits[loop] = _Waits(loop)
        return waits


def _wake(jobs: Sequence[Job]) -> None:
    """Wake each loop once for a whole group of finished units; called on a thread of the store."""
    groups: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.waiter.get_loop(), []).append(job)
    for loop, group in groups.items():
        with suppress(RuntimeError):  # the loop was closed; nobody waits any more
            loop.call_soon_threadsafe(_resolve, group)


def _pass_on(waiter: asyncio.Future[object], work: asyncio.Future[object]) -> None:
    error = None if work.cancelled() else work.exception()
    if waiter.done():  # the client is gone or the time is over
        return
    if work.cancelled():  # by the end of the pool
        waiter.set_exception(Unavailable(detail="the server is stopping"))
    elif error is not None:
        waiter.set_exception(error)
    else:
        waiter.set_result(work.result())


def _resolve(jobs: Sequence[Job]) -> None:
    for job in jobs:
        waiter = job.waiter
        if waiter.done():  # the client is gone or the time is over
            continue
        if job.error is not None:
            waiter.set_exception(job.error)
        else:
            waiter.set_result(job.result)


def _headers(scope: Scope) -> tuple[dict[str, str], int]:
    """Return the headers by name, and how many lines there were."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in headers:
            headers[name] += ("; " if name == "cookie" else ", ") + value
        else:
            headers[name] = value
    return headers, len(scope["headers"])


def _request(scope: Scope, headers: tuple[dict[str, str], int], body: bytes | None) -> Request:
    path = scope["path"]
    root = scope.get("root_path", "")
    if root and path.startswith(root):
        path = path[len(root) :] or "/"
    client = scope.get("client")
    return Request(
        scope["method"],
        path,
        scope["query_string"].decode("latin-1"),
        headers[0],
        body,
        client[0] if client else "",
        headers[1],
    )


async def _body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """Read the body; None as soon as it is known to be over the limit.

    Raises:
        _Gone: The client left before it had sent all.
    """
    if _stated_length(scope) > most:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _stated_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value) if len(value) < 19 else sys.maxsize
    return 0


async def _send(send: Sending, response: Response, *, is_head: bool, receive: Receive | None) -> None:
    """Send the answer; with `receive` the body was not read to its end, and the connection does not go on."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.says_length:
        headers.append((b"content-length", str(len(response.body)).encode()))
    if receive is not None:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    body = b"" if is_head else response.body
    if receive is not None:
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await _linger(receive)
        body = b""
    await send({"type": "http.response.body", "body": body})


async def _linger(receive: Receive) -> None:
    """Drop what still comes, for a moment: a connection closed on a client that sends loses the answer on its way."""
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while size < _LINGER_BYTES:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
                size += len(message.get("body", b""))
