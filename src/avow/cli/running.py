"""One server process: uvicorn over a Site, with our own bounds, signals and end."""

import asyncio
import contextlib
import errno
import gc
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from avow.cli.connections import bounded
from avow.cli.problems import CannotStart
from avow.cli.shedding import Door
from avow.server.asgi import AsgiApp
from avow.server.site import Site

__all__ = ["Certificate", "collect_rarely", "listen", "serve"]

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 20
# Threads of the store need the interpreter after every statement; Python makes the loop leave it to them after 5 ms.
# Decision 0036 has what that costs under an overload.
_SWITCH_SECONDS = 0.00002
_UNREAD_SECONDS = 30
_FORCED = 1
# A sign-in takes 6 percent less than with Python's own thresholds, and a process with a thousand requests in progress,
# whose objects all look young, does a sixth more than with 20,000.
_COLLECTIONS = (100_000, 20, 50)

Certificate = tuple[Path, Path]


def listen(host: str, port: int) -> socket.socket:
    """Bind the address that the server will accept on.

    Raises:
        CannotStart: The port is taken, or the address is not one of this machine.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # accepted connections inherit it: who never reads its answer is dropped
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_SECONDS * 1000)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotStart(_why(host, port, error)) from None
    return listener


def collect_rarely() -> None:
    """Look for cycles of objects less often than Python does by itself: requests leave few behind, and make many."""
    gc.set_threshold(*_COLLECTIONS)


def serve(
    site: Site,
    listener: socket.socket,
    *,
    on_ready: Callable[[], None] = lambda: None,
    certificate: Certificate | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was accepted; a second signal ends the process at once.

    Args:
        site: What to serve; started and closed here.
        listener: A bound socket.
        on_ready: Called once the server accepts.
        certificate: Files of certificate and key, to speak TLS.
    """
    _allow_many_connections()
    collect_rarely()
    sys.setswitchinterval(_SWITCH_SECONDS)
    settings, app = site.settings, AsgiApp(site)
    config = uvicorn.Config(
        app,
        http=bounded(settings, Door(site, app)),
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, settings.drain_seconds - settings.notice_seconds - 1),
        backlog=_BACKLOG,
        ssl_certfile=certificate[0] if certificate else None,
        ssl_keyfile=certificate[1] if certificate else None,
    )
    _Server(config, site, on_ready).run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn, stopped our way: not ready first, then draining; at once on a second signal or when the time is up."""

    def __init__(self, config: uvicorn.Config, site: Site, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._site = site
        self._on_ready = on_ready
        self._is_stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, then say so."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order; the second time at once."""
        if self._is_stopping:
            os._exit(_FORCED)
        self._is_stopping = True
        self._site.drain()
        limit = threading.Timer(self._site.settings.drain_seconds, os._exit, (_FORCED,))
        limit.daemon = True
        limit.start()
        if self._loop is None:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._stop_soon, self._loop)

    def _stop_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_later(self._site.settings.notice_seconds, setattr, self, "should_exit", True)


def _allow_many_connections() -> None:
    """Raise the limit of open files, which is often 1,024, to what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):  # macOS names a limit that it does not accept
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program; stop it, or choose another port with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the administrator; choose one from 1024 on with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine; use --host 127.0.0.1, or 0.0.0.0 for every address."
    return f"The server cannot listen on {host} port {port}: {error.strerror}."
