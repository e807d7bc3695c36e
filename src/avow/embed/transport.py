"""The SDK's transport that stays in the process: each request goes straight into the edge, blocking."""

from urllib.parse import unquote, urlencode

from avow.sdk.transport import Request, Response
from avow.server import visit
from avow.server.site import Site, answer

__all__ = ["InProcessTransport", "received", "sent"]

_PEER = "127.0.0.1"


class InProcessTransport:
    """Carries requests of `Client` to a server in this process, blocking; `is_within` as for `sent`."""

    def __init__(self, site: Site, *, is_within: bool = False) -> None:
        self._site = site
        self._is_within = is_within

    def send(self, request: Request) -> Response:
        """Answer the request here and now."""
        return received(answer(self._site, sent(request, self._site, is_within=self._is_within)))

    def close(self) -> None:
        """Do nothing: the server outlives its clients."""


def sent(request: Request, site: Site, *, is_within: bool = False) -> visit.Request:
    """Return a request of the SDK as the edge takes it.

    Args:
        request: As a client made it.
        site: The server that answers it.
        is_within: It comes from the application around the server, which speaks for people at other addresses.
    """
    body = request.body or b""
    return visit.Request(
        verb=request.verb,
        path=unquote(request.path),
        query=urlencode(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body if len(body) <= site.settings.body_bytes else None,
        peer=_PEER,
        header_count=len(request.headers),
        is_within=is_within,
    )


def received(response: visit.Response) -> Response:
    """Return an answer of the edge as the SDK takes it."""
    return Response(
        status=response.status,
        headers={name: value for name, value in response.headers if name != "set-cookie"},
        set_cookies=tuple(value for name, value in response.headers if name == "set-cookie"),
        body=response.body,
    )
