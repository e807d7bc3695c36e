"""The server of this process as an application of WSGI and of ASGI, and the transport of `AsyncClient` to it.

A mount believes the path that it is reached under (SCRIPT_NAME, root_path) for finding its routes, and nothing else of
a request: every address that it tells begins with the setting.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from avow.embed.embedded import LOOPBACK, Embedded, unready
from avow.embed.transport import received, sent
from avow.errors import Unreachable
from avow.sdk.transport import Request, Response
from avow.server.asgi import AsgiApp, Receive, Scope, Sending
from avow.server.settings import SettingsRefused
from avow.server.site import Site
from avow.server.store import StoreRefused
from avow.server.wsgi import StartResponse, WsgiApp

__all__ = ["AsgiMount", "AsyncCalls", "WsgiMount", "ready"]


class WsgiMount:
    """An application of WSGI; give it to whatever mounts such ones."""

    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        try:
            site = self._embedded.site
        except (SettingsRefused, StoreRefused) as refused:
            self._embedded.tell(refused)
            answered = unready()
            start_response(f"{answered.status} Service Unavailable", answered.headers)
            return [answered.body]
        if not environ.get("REMOTE_ADDR"):  # a Unix socket: somebody on this machine, a proxy as a rule
            environ = {**environ, "REMOTE_ADDR": LOOPBACK}
        return WsgiApp(site)(environ, start_response)


class AsgiMount:
    """An application of ASGI; started and stopped by its lifespan where somebody runs that, else with its first use."""

    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded

    async def __call__(self, scope: Scope, receive: Receive, send: Sending) -> None:
        """Serve one connection of ASGI: a request, or the server's lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        try:
            app, _ = await ready(self._embedded)
        except (SettingsRefused, StoreRefused) as refused:
            self._embedded.tell(refused)
            await _refuse(scope, send)
            return
        if not scope.get("client"):
            scope = {**scope, "client": (LOOPBACK, 0)}
        await app(scope, receive, send)

    async def _live(self, receive: Receive, send: Sending) -> None:
        await receive()
        try:
            await asyncio.to_thread(self._embedded.start)
        except (SettingsRefused, StoreRefused) as refused:
            await send({"type": "lifespan.startup.failed", "message": str(refused)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._embedded.close)
        await send({"type": "lifespan.shutdown.complete"})


class AsyncCalls:
    """Carries requests of `AsyncClient` to the server of this process; the loop goes on meanwhile."""

    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded

    async def send(self, request: Request) -> Response:
        """Answer the request on the running loop.

        Raises:
            Unreachable: There is no server to be had in this process; the log says why.
        """
        try:
            app, site = await ready(self._embedded)
        except (SettingsRefused, StoreRefused) as refused:
            self._embedded.tell(refused)
            raise Unreachable(detail=str(refused)) from refused
        return received(await app.answer(sent(request, site, is_within=True)))

    async def close(self) -> None:
        """Do nothing: the server outlives its clients."""


async def ready(embedded: Embedded) -> tuple[AsgiApp, Site]:
    """Return the application of this process; made beside the loop, whose other requests go on.

    Raises:
        SettingsRefused: As `Embedded.settings`.
        StoreRefused: As `Embedded.site`.
    """
    if not embedded.is_started:
        await asyncio.to_thread(embedded.start)
    return embedded.app(), embedded.site


async def _refuse(scope: Scope, send: Sending) -> None:
    if scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1013})
        return
    answered = unready()
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answered.headers]
    await send({"type": "http.response.start", "status": answered.status, "headers": headers})
    await send({"type": "http.response.body", "body": answered.body})
