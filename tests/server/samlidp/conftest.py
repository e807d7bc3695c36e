"""The server may call loopback, where service providers of tests describe themselves."""

from collections.abc import Iterator
from ipaddress import IPv4Network

import pytest

from avow.testing.clock import MovableClock
from avow.testing.server import Server
from tests.bed.plugin import DATABASES
from tests.served import server_over
from tests.server.api import START

_LOOPBACK = {"callable_networks": (IPv4Network("127.0.0.0/8"),)}


@pytest.fixture(scope="session", params=DATABASES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    clock = MovableClock(lambda: START)
    with server_over(request.param, request.getfixturevalue, clock, settings=_LOOPBACK) as started:
        yield started
