"""The ASGI driver: a thin shell that reads a request, runs the edge, performs its effects and sends the answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from avow.core.ids import random_id
from avow.errors import AvowError, Unavailable
from avow.server import answers
from avow.server.serving import Aside, Count, Effect, Read, Write
from avow.server.site import Site
from avow.server.store import Job
from avow.server.visit import Request, Response, Visit

__all__ = ["AsgiApp"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AsgiApp:
    """Avow as an ASGI application; give it to uvicorn, or mount it under a prefix."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of ASGI: a request or the server's lifespan."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._site.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._site.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive, self._site.settings.body_bytes)
        response = await self.answer(_request(scope, body))
        await _send(send, response, is_head=scope["method"] == "HEAD")

    async def answer(self, request: Request) -> Response:
        """Answer one request; also the way in for calls that stay in the process."""
        begun = time.perf_counter()
        visit = Visit(request, id=random_id("Q"))
        try:
            async with asyncio.timeout(self._site.settings.request_seconds):
                response = await self._run(visit)
        except TimeoutError:
            visit.error = Unavailable(detail="the request took too long")
            response = answers.failure(visit, visit.error)
        self._site.observe(visit, response, time.perf_counter() - begun)
        return response

    async def _run(self, visit: Visit) -> Response:
        """Run the edge; each effect is awaited, so no thread is held by a waiting request."""
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
                value = await self._perform(effect, visit.project_id)
            except (AvowError, Exception) as raised:
                error = raised

    async def _perform(self, effect: Effect, project_id: str | None) -> object:
        site = self._site
        match effect:
            case Write(unit):
                return await self._unit(site.store.write, project_id, unit)
            case Read(unit):
                return await self._unit(site.store.read, project_id, unit)
            case Aside(work):
                return await asyncio.wrap_future(site.pool.submit(work))
            case Count(counters):
                if site.kv.is_instant:
                    return site.kv.add(counters)
                return await asyncio.to_thread(site.kv.add, counters)

    async def _unit(self, submit: Callable[..., Job], project_id: str | None, unit: Callable[..., object]) -> object:
        self._loop = asyncio.get_running_loop()
        waiter: asyncio.Future[object] = self._loop.create_future()
        submit(project_id, unit, self._wake, waiter)
        return await waiter

    def _wake(self, jobs: Sequence[Job]) -> None:
        """Wake the loop once for a whole group of finished units; called on a thread of the store."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(_resolve, jobs)


def _resolve(jobs: Sequence[Job]) -> None:
    for job in jobs:
        waiter = job.waiter
        if waiter is None or waiter.done():
            continue
        if job.error is not None:
            waiter.set_exception(job.error)
        else:
            waiter.set_result(job.result)


def _request(scope: Scope, body: bytes | None) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in headers:
            headers[name] += ("; " if name == "cookie" else ", ") + value
        else:
            headers[name] = value
    path = scope["path"]
    root = scope.get("root_path", "")
    if root and path.startswith(root):
        path = path[len(root) :] or "/"
    client = scope.get("client")
    return Request(
        scope["method"],
        path,
        scope["query_string"].decode("latin-1"),
        headers,
        body,
        client[0] if client else "",
        len(scope["headers"]),
    )


async def _body(receive: Receive, most: int) -> bytes | None:
    """Read the body; stop at the limit and return None."""
    message = await receive()
    body = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= most else None
    parts = [body]
    size = len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            return None
    return b"".join(parts)


async def _send(send: Send, response: Response, *, is_head: bool) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else response.body})
