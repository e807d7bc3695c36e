"""The SDK's asyncio transport that stays in the process; apart, because importing asyncio costs what a start may."""

from avow.embed.transport import received, sent
from avow.sdk.transport import Request, Response
from avow.server.asgi import AsgiApp
from avow.server.site import Site

__all__ = ["AsyncInProcessTransport"]


class AsyncInProcessTransport:
    """Carries requests of `AsyncClient` to a server in this process; the loop goes on meanwhile."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._app = AsgiApp(site)

    async def send(self, request: Request) -> Response:
        """Answer the request on the running loop."""
        return received(await self._app.answer(sent(request, self._site)))

    async def close(self) -> None:
        """Do nothing: the server outlives its clients."""
