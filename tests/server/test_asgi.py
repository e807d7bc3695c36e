"""The ASGI driver on its own: what becomes of requests when the store takes no unit, and of trailers."""

import asyncio
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

import pytest

from avow.errors import AvowError, Unavailable
from avow.server.asgi import AsgiApp
from avow.server.store import Job, Store
from avow.server.visit import Request, Response, Visit
from tests.server.api import Api


def _request(project_id: str) -> Request:
    return Request("GET", f"/v2/keys/{project_id}", "", {}, b"", "203.0.113.7")


@pytest.mark.parametrize("error", [Unavailable(), RuntimeError("opened before a fork")])
def test_store_that_takes_no_unit_is_answered_at_once(
    error: Exception, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Job:
        raise error

    api.clock.advance(2)
    monkeypatch.setattr(Store, "read", refuse)
    app = AsgiApp(api.avow.server.site)

    async def both() -> list[Response]:
        async with asyncio.timeout(60):
            return await asyncio.gather(*(app.answer(_request(name)) for name in ("P1", "P2")))

    expected = error.status if isinstance(error, AvowError) else 500
    assert [response.status for response in asyncio.run(both())] == [expected] * 2


def test_request_that_gives_up_takes_no_other_with_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Job:
        raise Unavailable

    api.clock.advance(2)
    monkeypatch.setattr(Store, "read", refuse)
    app = AsgiApp(api.avow.server.site)

    async def one_gives_up() -> Response:
        async with asyncio.timeout(60):
            leaving, staying = (asyncio.create_task(app.answer(_request(name))) for name in ("P1", "P2"))
            asyncio.get_running_loop().call_soon(leaving.cancel)
            return await staying

    assert asyncio.run(one_gives_up()).status == 503


def test_what_follows_the_body_is_no_header(api: Api) -> None:
    seen: list[Visit] = []
    site = replace(api.avow.server.site, observe=lambda visit, *_: seen.append(visit))
    headers = [(b"x-forwarded-for", b"198.51.100.7")]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}

    async def receive() -> dict[str, Any]:
        headers.append((b"x-forwarded-for", b"192.0.2.1"))  # as uvicorn does with trailers
        return {"type": "http.request", "body": b""}

    async def send(message: object) -> None:
        pass

    asyncio.run(AsgiApp(site)(scope, receive, send))
    assert [visit.request.headers for visit in seen] == [{"x-forwarded-for": "198.51.100.7"}]
    assert seen[0].request.header_count == 1


async def _never() -> dict[str, Any]:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def _posting() -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}


def test_body_that_takes_too_long_is_read_no_further(api: Api) -> None:
    site = api.avow.server.site
    app = AsgiApp(replace(site, settings=replace(site.settings, request_seconds=0)))
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def late() -> bool:
        async with asyncio.timeout(60):
            await asyncio.gather(*(app(_posting(), _never, send) for _ in range(3)))
        task = asyncio.current_task()
        return task is not None and task.cancelling() == 0

    assert asyncio.run(late())
    assert [each["status"] for each in sent if "status" in each] == [408] * 3


def test_end_of_a_task_that_reads_a_body_is_not_taken_for_lateness(api: Api) -> None:
    app = AsgiApp(api.avow.server.site)

    async def send(message: object) -> None:
        raise AssertionError

    async def cancelled() -> None:
        task = asyncio.create_task(app(_posting(), _never, send))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
