"""The transport over HTTP. The library is imported when the first request is sent."""

from typing import TYPE_CHECKING

from avow.errors import ERROR_TYPE_INVALID_ARGUMENT, InvalidArgument, TimedOut, UnknownOutcome, Unreachable
from avow.sdk.local import AsyncLocal
from avow.sdk.transport import Request, Response

if TYPE_CHECKING:
    import httpx2

__all__ = ["AsyncHttpTransport"]

CONNECT_SECONDS = 5.0
# Below the five seconds after which common servers close an idle connection: none is used while it closes.
KEEP_ALIVE_SECONDS = 4.0
MAX_CONNECTIONS = 100


class AsyncHttpTransport:
    """Sends requests to one server and keeps the connections open; redirects are not followed, cookies not kept."""

    def __init__(self, base_url: str, *, verifies_tls: bool = True) -> None:
        """Keep the address; nothing is opened yet.

        Args:
            base_url: Address of the server without a slash at its end, or "" for a client that sends nothing.
            verifies_tls: Whether certificates are checked.
        """
        self._base_url = base_url
        self._verifies_tls = verifies_tls
        self._clients = AsyncLocal(self._open)

    async def send(self, request: Request) -> Response:
        """Send one request; as `AsyncTransport.send`."""
        import httpx2

        if not self._base_url:
            raise InvalidArgument(
                error_type=ERROR_TYPE_INVALID_ARGUMENT,
                error_message="Where is the server? Pass base_url or set AVOW_BASE_URL.",
            )
        try:
            answer = await self._clients.get().request(
                request.verb,
                self._base_url + request.path,
                params=dict(request.query) or None,
                headers=dict(request.headers),
                content=request.body,
                timeout=httpx2.Timeout(request.timeout_seconds, connect=min(CONNECT_SECONDS, request.timeout_seconds)),
            )
        except (httpx2.ReadTimeout, httpx2.WriteTimeout) as error:
            raise TimedOut(detail=str(error)) from error
        except (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.InvalidURL,
            httpx2.LocalProtocolError,
            httpx2.PoolTimeout,
            httpx2.ProxyError,
            httpx2.UnsupportedProtocol,
        ) as error:
            raise Unreachable(error_message=f"{Unreachable.text} ({error})", detail=str(error)) from error
        except httpx2.HTTPError as error:
            raise UnknownOutcome(detail=str(error)) from error
        return Response(
            answer.status_code,
            dict(answer.headers),
            tuple(answer.headers.get_list("set-cookie")),
            answer.content,
        )

    async def close(self) -> None:
        """Close the connections of this event loop; a later request opens new ones."""
        client = self._clients.take()
        if client is not None:
            await client.aclose()

    def _open(self) -> "httpx2.AsyncClient":
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx2

        return httpx2.AsyncClient(
            verify=self._verifies_tls,
            follow_redirects=False,
            # One client serves many users: the refresh cookie of one must never travel with the call of another.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx2.Limits(
                max_connections=MAX_CONNECTIONS,
                max_keepalive_connections=MAX_CONNECTIONS,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
            ),
        )
