"""Fixtures of the SDK's tests: each test that takes `client` or `make_client` runs in both colours."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from avow import AsyncClient, Client
from tests.sdk.bed import PROJECT, AsyncTransport, FakeServer, SyncTransport, WithoutAwait


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROJECT_ID", "PUBLIC_KEY", "MANAGEMENT_KEY", "AUTH_MANAGEMENT_KEY", "BASE_URL", "BASE_URI"):
        monkeypatch.delenv(f"AVOW_{name}", raising=False)
        monkeypatch.delenv(f"DESCOPE_{name}", raising=False)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture(params=["sync", "async"])
def make_client(request: pytest.FixtureRequest, server: FakeServer) -> Iterator[Callable[..., Any]]:
    with asyncio.Runner() as runner:

        def make(**options: Any) -> Any:
            given: dict[str, Any] = {
                "project_id": PROJECT,
                "clock": server.clock,
                "retry_delays_seconds": (0, 0),
            } | options
            if request.param == "sync":
                return Client(**{"transport": SyncTransport(server), **given})
            return WithoutAwait(AsyncClient(**{"transport": AsyncTransport(server), **given}), runner)

        yield make


@pytest.fixture
def client(make_client: Callable[..., Any]) -> Any:
    return make_client(management_key="K2management")
