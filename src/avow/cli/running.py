"""One server process: uvicorn over a Site, with our own signals, limits and end."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from avow.cli.connections import BoundedProtocol
from avow.cli.problems import CannotStart
from avow.server.asgi import AsgiApp
from avow.server.site import Site

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

__all__ = ["Certificate", "listen", "serve"]

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 20
_FORCED = 1

Certificate = tuple[Path, Path]


def listen(host: str, port: int) -> socket.socket:
    """Bind the address that the server will accept on.

    Raises:
        CannotStart: The port is taken, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotStart(_why(host, port, error)) from None
    listener.set_inheritable(True)
    return listener


def serve(
    site: Site,
    listener: socket.socket,
    *,
    on_ready: Callable[[], None] = lambda: None,
    notice_seconds: float = 0,
    certificate: Certificate | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was accepted.

    Args:
        site: What to serve; started and closed here.
        listener: A bound socket.
        on_ready: Called once the server answers.
        notice_seconds: How long a stopping server still accepts while `/readyz` says no, so that whoever sends it
            requests can stop before it does.
        certificate: Files of certificate and key, to speak TLS.
    """
    config = uvicorn.Config(
        AsgiApp(site),
        http=BoundedProtocol.of(site.settings),
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=site.settings.drain_seconds,
        backlog=_BACKLOG,
        ssl_certfile=certificate[0] if certificate else None,
        ssl_keyfile=certificate[1] if certificate else None,
    )
    _Server(config, site, on_ready, notice_seconds).run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn, stopped our way: not ready first, then draining, at once on a second signal or after the time is up."""

    def __init__(self, config: uvicorn.Config, site: Site, on_ready: Callable[[], None], notice_seconds: float) -> None:
        super().__init__(config)
        self._site = site
        self._on_ready = on_ready
        self._notice_seconds = notice_seconds
        self._is_stopping = False
        self._loop: AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, then say so."""
        import asyncio

        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order; the second time at once."""
        if self._is_stopping:
            os._exit(_FORCED)
        self._is_stopping = True
        self._site.drain()
        limit = threading.Timer(self._notice_seconds + self._site.settings.drain_seconds, os._exit, (_FORCED,))
        limit.daemon = True
        limit.start()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop_soon)
        else:
            self.should_exit = True

    def _stop_soon(self) -> None:
        if self._loop is not None:
            self._loop.call_later(self._notice_seconds, setattr, self, "should_exit", True)


def _why(host: str, port: int, error: OSError) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program; stop it, or choose another port with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the administrator; choose one from 1024 on with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine; use --host 127.0.0.1, or 0.0.0.0 for every address."
    return f"The server cannot listen on {host} port {port}: {error.strerror}."
