"""The ASGI driver on its own: what becomes of requests when the store takes no unit, and of trailers."""

import asyncio
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
        async with asyncio.timeout(5):
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
        async with asyncio.timeout(5):
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
