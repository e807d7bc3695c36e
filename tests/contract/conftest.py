"""The official SDK as it is installed, sync and async, against our server over HTTP, on both databases."""

import asyncio
import datetime
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Network
from types import ModuleType
from typing import Any

import descope
import jwt.api_jwt
import pytest
from descope import DeliveryMethod

from avow.server.visit import Request, Response, Visit
from avow.testing.server import Avow, Server
from tests.bed.plugin import DATABASES
from tests.contract.colours import WithoutAwait
from tests.contract.people import EMAIL, Person, new_address
from tests.contract.shapes import OPERATIONS, misfits
from tests.served import over_http, server_over

# Identity providers and webhooks of the tests listen there.
_LOOPBACK = {"callable_networks": (IPv4Network("127.0.0.0/8"),)}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "operation(*ids): the operations of operations.json that a test covers")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer, as they were on the wire."""

    request: Request
    response: Response

    def is_of(self, operation: str) -> bool:
        """Tell whether the request is the one of an operation."""
        return _is_of(operation, self.request.verb, self.request.path)


@dataclass(frozen=True, slots=True)
class Served:
    """A server, the address where it answers, and what it answered lately.

    Attributes:
        server: The server.
        base_url: Where it answers.
        exchanges: The last fifty.
        answered: Verb and path of what it answered with success during this test.
    """

    server: Server
    base_url: str
    exchanges: deque[Exchange]
    answered: set[tuple[str, str]]

    def last(self, operation: str) -> Exchange:
        """Return the last exchange of an operation."""
        return next(each for each in reversed(self.exchanges) if each.is_of(operation))


@pytest.fixture(scope="session", params=DATABASES)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    exchanges: deque[Exchange] = deque(maxlen=50)
    answered: set[tuple[str, str]] = set()

    def record(visit: Visit, response: Response, seconds: float) -> None:
        exchanges.append(Exchange(visit.request, response))
        if 200 <= response.status < 300:
            answered.add((visit.request.verb, visit.request.path))

    with (
        server_over(request.param, request.getfixturevalue, settings=_LOOPBACK) as server,
        over_http(server, record, keeps=True) as base_url,
    ):
        yield Served(server, base_url, exchanges, answered)


@pytest.fixture(autouse=True)
def _answered(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Write down which of the operations a test is marked with were answered; `recording` counts them."""
    if "served" not in request.fixturenames:
        yield
        return
    served: Served = request.getfixturevalue("served")
    served.answered.clear()
    yield
    for mark in request.node.iter_markers("operation"):
        for operation in mark.args:
            is_local = OPERATIONS[operation]["path"] is None
            if is_local or any(_is_of(operation, verb, path) for verb, path in served.answered):
                record_property("answered", operation)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROJECT_ID", "PUBLIC_KEY", "MANAGEMENT_KEY", "AUTH_MANAGEMENT_KEY", "BASE_URI"):
        monkeypatch.delenv(f"DESCOPE_{name}", raising=False)


@pytest.fixture
def make_project(served: Served) -> Callable[..., Avow]:
    served.server.clock.reset()
    served.server.inbox.clear()
    return served.server.project


@pytest.fixture
def avow(make_project: Callable[..., Avow]) -> Avow:
    return make_project()


@pytest.fixture(params=["sync", "async"])
def make_client(request: pytest.FixtureRequest, served: Served) -> Iterator[Callable[..., Any]]:
    """Make clients of one colour; only the address differs from what their makers' manual says.

    They are of the official SDK; of ours, which has the same names, with `sdk=avow`.
    """
    with asyncio.Runner() as runner, ExitStack() as stack:

        def make(avow: Avow, *, sdk: ModuleType = descope, **options: Any) -> Any:
            given: dict[str, Any] = {
                "management_key": avow.management_key,
                "base_url": served.base_url,
                "verbose": True,
                **options,
            }
            is_sync = request.param == "sync"
            made = (sdk.DescopeClient if is_sync else sdk.DescopeClientAsync)(avow.project_id, **given)
            client = made if is_sync else WithoutAwait(made, runner)
            if sdk is not descope:
                stack.callback(client.close)
            elif not is_sync:  # the official synchronous client holds nothing open
                stack.callback(client.aclose)
            return client

        yield make


@pytest.fixture
def client(make_client: Callable[..., Any], avow: Avow) -> Any:
    return make_client(avow)


@pytest.fixture
def fits(served: Served) -> Callable[..., bool]:
    """Tell whether the last answer to an operation is what the contract says of it, the named fields included."""

    def check(operation: str, *present: str) -> bool:
        response = served.last(operation).response
        assert response.status == 200
        assert misfits(operation, json.loads(response.body), present=present) == []
        return True

    return check


@pytest.fixture
def sign_in(client: Any, avow: Avow) -> Callable[..., Person]:
    """Sign somebody up or in with a code; a new person unless one is named."""

    def act(login_id: str | None = None, method: DeliveryMethod = EMAIL, **options: Any) -> Person:
        login_id = login_id or new_address(method.name.lower())
        client.otp.sign_up_or_in(method, login_id, **options)
        return Person(login_id, client.otp.verify_code(method, login_id, avow.code(login_id)))

    return act


@pytest.fixture
def advance(avow: Avow, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Move the server's clock, and that of the library with which the official SDK reads tokens."""

    class Moved(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Moved":
            return cls.fromtimestamp(avow.server.clock(), tz)

    def act(seconds: int) -> None:
        monkeypatch.setattr(jwt.api_jwt, "datetime", Moved)
        avow.advance(seconds)

    return act


def _is_of(operation: str, verb: str, path: str) -> bool:
    row = OPERATIONS[operation]
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(row["path"]))
    return bool(verb == row["method"] and re.fullmatch(pattern, path))
