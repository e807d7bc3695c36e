"""The SDK's transports that stay in the process: each request goes straight into the edge."""

from urllib.parse import unquote, urlencode

from avow.sdk.transport import Request, Response
from avow.server import visit
from avow.server.asgi import AsgiApp
from avow.server.site import Site, answer

__all__ = ["AsyncInProcessTransport", "InProcessTransport"]

_PEER = "127.0.0.1"


class InProcessTransport:
    """Carries requests of `Client` to a server in this process, blocking."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def send(self, request: Request) -> Response:
        """Answer the request here and now."""
        return _received(answer(self._site, _sent(request, self._site)))

    def close(self) -> None:
        """Do nothing: the server outlives its clients."""


class AsyncInProcessTransport:
    """Carries requests of `AsyncClient` to a server in this process; the loop goes on meanwhile."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._app = AsgiApp(site)

    async def send(self, request: Request) -> Response:
        """Answer the request on the running loop."""
        return _received(await self._app.answer(_sent(request, self._site)))

    async def close(self) -> None:
        """Do nothing: the server outlives its clients."""


def _sent(request: Request, site: Site) -> visit.Request:
    body = request.body or b""
    return visit.Request(
        verb=request.verb,
        path=unquote(request.path),
        query=urlencode(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body if len(body) <= site.settings.body_bytes else None,
        peer=_PEER,
        header_count=len(request.headers),
    )


def _received(response: visit.Response) -> Response:
    return Response(
        status=response.status,
        headers={name: value for name, value in response.headers if name != "set-cookie"},
        set_cookies=tuple(value for name, value in response.headers if name == "set-cookie"),
        body=response.body,
    )
