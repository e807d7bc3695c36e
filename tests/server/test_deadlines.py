"""The time of a request: one for all that it waits for, kept by both drivers whatever the store does."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from threading import Event

import pytest

from avow.server import site as blocking
from avow.server.asgi import AsgiApp
from avow.server.password import handlers
from avow.server.site import Pool
from avow.server.store import WAIT_SECONDS, Job, Store
from avow.server.store.jobs import Done, Unit
from avow.server.visit import Request, Response
from tests.server.api import Api
from tests.server.password import people

Answer = Callable[[blocking.Site, Request], Response]


def _await(site: blocking.Site, request: Request) -> Response:
    return asyncio.run(AsgiApp(site).answer(request))


@pytest.fixture(params=[_await, blocking.answer], ids=["asgi", "blocking"])
def answer(request: pytest.FixtureRequest) -> Answer:
    """Give each way to answer a request."""
    chosen: Answer = request.param
    return chosen


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give requests half a second, which what comes before the waiting never takes."""
    monkeypatch.setattr(blocking, "WAIT_SECONDS", 0.5)


class Submitted:
    """The units handed to a store, which it passes on only while `goes_on`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
        self._store = store
        self.jobs: list[Job] = []
        self.times: list[float | None] = []
        self.goes_on = True
        for name in ("read", "write"):
            monkeypatch.setattr(Store, name, self._instead_of(getattr(Store, name)))

    def _instead_of(self, submit: Callable[..., Job]) -> Callable[..., Job]:
        def noted(
            store: Store, project: str | None, unit: Unit, done: Done, waiter: object, until: float | None
        ) -> Job:
            if store is not self._store:  # another server of this process
                return submit(store, project, unit, done, waiter, until)
            self.times.append(until)
            if self.goes_on:
                return submit(store, project, unit, done, waiter, until)
            self.jobs.append(Job(unit, project, done, waiter))
            return self.jobs[-1]

        return noted


def _sign_up(api: Api) -> Request:
    headers = {"authorization": f"Bearer {api.avow.project_id}", "content-type": "application/json"}
    body = b'{"loginId": "ada@example.com"}'
    return Request("POST", "/v1/auth/otp/signup/email", "", headers, body, "203.0.113.7")


def _sign_in(api: Api, login_id: str) -> Request:
    headers = {"authorization": f"Bearer {api.avow.project_id}", "content-type": "application/json"}
    body = json.dumps({"loginId": login_id, "password": people.GOOD}).encode()
    return Request("POST", people.SIGN_IN, "", headers, body, "203.0.113.7")


def _keys(api: Api) -> Request:
    return Request("GET", f"/v2/keys/{api.avow.project_id}", "", {}, b"", "203.0.113.7")


def test_all_units_of_a_request_have_the_same_time(api: Api, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    api.clock.advance(2)
    submitted = Submitted(monkeypatch, api.avow.server.site.store)
    assert answer(api.avow.server.site, _sign_up(api)).status == 200
    assert len(submitted.times) >= 2  # the project and the sign-up
    assert None not in submitted.times
    assert len(set(submitted.times)) == 1


@pytest.mark.usefixtures("hurried")
def test_store_that_does_not_answer_is_waited_for_no_longer(
    api: Api, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.clock.advance(2)
    submitted = Submitted(monkeypatch, api.avow.server.site.store)
    submitted.goes_on = False
    response = answer(api.avow.server.site, _sign_up(api))
    assert response.status == 503
    assert "retry-after" in dict(response.headers)
    assert submitted.jobs
    assert [job for job in submitted.jobs if not job.is_cancelled] == []


def test_key_set_is_answered_from_what_is_known(api: Api, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(api.avow.server.site, _keys(api)).status == 200
    monkeypatch.setattr(blocking, "WAIT_SECONDS", 0.5)
    api.clock.advance(2)
    submitted = Submitted(monkeypatch, api.avow.server.site.store)
    submitted.goes_on = False
    assert answer(api.avow.server.site, _keys(api)).status == 200
    assert submitted.jobs


@pytest.mark.usefixtures("hurried")
def test_slow_work_is_waited_for_no_longer_and_not_begun(api: Api, answer: Answer) -> None:
    class FullPool(Pool):
        def submit(self, work: Callable[[], object]) -> Future[object]:
            begun.append(Future())
            return begun[-1]

    begun: list[Future[object]] = []
    site = replace(api.avow.server.site, pool=FullPool(1))
    request = Request("GET", "/metrics", "", {}, b"", "127.0.0.1")
    assert answer(site, request).status == 503
    assert [future.cancelled() for future in begun] == [True]


def test_try_at_a_password_that_was_not_looked_at_in_time_is_taken_back(
    api: Api, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    login_id, _ = people.make_person(api.avow)
    people.configure(api, lock=True, lockAttempts=2)
    ended = Event()
    with monkeypatch.context() as patch:
        patch.setattr(blocking, "_SPARE_SECONDS", WAIT_SECONDS - 0.5)  # so much is left to take it back
        patch.setattr(handlers, "check", lambda *_: ended.wait(60))
        assert [answer(api.avow.server.site, _sign_in(api, login_id)).status for _ in range(3)] == [503] * 3
        ended.set()
    assert people.sign_in(api, login_id, people.OTHER).refusal == (401, "E062901")
    assert people.sign_in(api, login_id).status == 200


def test_unit_of_a_request_that_is_cancelled_is_cancelled(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.clock.advance(2)
    submitted = Submitted(monkeypatch, api.avow.server.site.store)
    submitted.goes_on = False
    app = AsgiApp(api.avow.server.site)

    async def leave() -> None:
        request = asyncio.create_task(app.answer(_sign_up(api)))
        while not submitted.jobs:
            await asyncio.sleep(0)
        request.cancel()
        with suppress(asyncio.CancelledError):
            await request

    asyncio.run(leave())
    assert [job.is_cancelled for job in submitted.jobs] == [True]
