"""The pytest plugin that applications get with Avow: fixtures `avow` and `avow_server`.

It imports the server only when a test asks for it, so that every other test run pays nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from avow.testing.server import Avow, Server

__all__ = ["avow", "avow_server"]


@pytest.fixture(scope="session")
def avow_server() -> Iterator[Server]:
    """Start one server in the process for the whole test run, on a temporary SQLite file."""
    from avow.testing.server import Server

    server = Server()
    yield server
    server.close()


@pytest.fixture
def avow(avow_server: Server) -> Iterator[Avow]:
    """Give the test a fresh project: no users, an empty outbox, a clock that shows the wall clock."""
    avow_server.clock.reset()
    avow_server.inbox.clear()
    yield avow_server.project()
    avow_server.clock.reset()
