"""Servers in this process, one per database, that the tests of a run share: each test takes a project of its own."""

import contextlib
import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import uvicorn

from avow.server.asgi import AsgiApp
from avow.server.visit import Response, Visit
from avow.testing.clock import MovableClock
from avow.testing.server import Server
from tests.bed import postgres
from tests.bed.databases import new_sqlite_url, remove_sqlite

Observe = Callable[[Visit, Response, float], None]

_START_SECONDS = 20


@contextlib.contextmanager
def server_over(
    database: str,
    value: Callable[[str], str],
    clock: MovableClock | None = None,
    *,
    settings: Mapping[str, object] | None = None,
) -> Iterator[Server]:
    """Give a server over a fresh database, and remove both.

    Args:
        database: `sqlite` or `postgres`.
        value: Returns the value of a fixture: the URL of the run's PostgreSQL, started when asked for.
        clock: The server's clock; one that shows the wall clock when absent.
        settings: Further values of the server's settings.
    """
    with contextlib.ExitStack() as stack:
        if database == "sqlite":
            url = new_sqlite_url()
            stack.callback(remove_sqlite, url)
        else:
            url = stack.enter_context(postgres.fresh_database(value("postgres_server_url")))
        server = Server(url, clock=clock, settings=settings)
        stack.callback(server.close)
        yield server


@contextlib.contextmanager
def over_http(server: Server, observe: Observe | None = None, *, port: int = 0, keeps: bool = False) -> Iterator[str]:
    """Serve a server's site on a free loopback port; give the address to call.

    Args:
        server: Its site is served; its background work begins, and it is closed at the end.
        observe: Sees every request with its answer.
        port: A certain one (`free_port`), for a server that says in its settings where it is.
        keeps: Others use the server afterwards: nothing of it begins, and nothing is closed.
    """
    site = dataclasses.replace(server.site, observe=observe) if observe else server.site
    config = uvicorn.Config(
        AsgiApp(site),
        host="127.0.0.1",
        port=port,
        lifespan="off" if keeps else "on",
        log_config=None,
        access_log=False,
    )
    listener = uvicorn.Server(config)
    thread = threading.Thread(target=listener.run, name="test-http", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port(listener)}"
    finally:
        listener.should_exit = True
        thread.join(_START_SECONDS)
        assert not thread.is_alive()


def free_port() -> int:
    """Return a port that nobody listened on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _port(listener: uvicorn.Server) -> int:
    deadline = time.monotonic() + _START_SECONDS
    while not listener.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    port: int = listener.servers[0].sockets[0].getsockname()[1]
    return port
