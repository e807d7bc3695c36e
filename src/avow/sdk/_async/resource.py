"""Judging the requests of an API: carries out the verdicts of `avow.sdk.resource`."""

from dataclasses import replace
from urllib.parse import urlsplit

from avow.sdk._async.http import AsyncHttpTransport
from avow.sdk._async.runner import AsyncRunner
from avow.sdk.integration.refusals import Refusal
from avow.sdk.resource.credentials import Head
from avow.sdk.resource.guard import Judge
from avow.sdk.resource.inside import AsyncInside
from avow.sdk.resource.tokens import AccessToken, Needs
from avow.sdk.transport import AsyncTransport, Request, Response

__all__ = ["AsyncGuard", "AsyncIssuerTransport"]


class AsyncIssuerTransport:
    """Fetches from whole addresses; nothing stays open, since keys are asked for once in minutes.

    What an Avow in this process answers stays in the process.
    """

    async def send(self, request: Request) -> Response:
        """Send one request, whose path is a whole address; as `AsyncTransport.send`."""
        inside = AsyncInside.find(request)
        if inside is not None:
            return await inside[0].send(inside[1])
        parts = urlsplit(request.path)
        transport = AsyncHttpTransport(f"{parts.scheme}://{parts.netloc}")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            return await transport.send(replace(request, path=path))
        finally:
            await transport.close()

    async def close(self) -> None:
        """Do nothing."""


class AsyncGuard:
    """Lets requests with the right access token pass. Make one and share it: it is safe for threads and tasks."""

    def __init__(self, judge: Judge, transport: AsyncTransport | None = None) -> None:
        """Keep who decides; nothing is fetched yet.

        Args:
            judge: May be shared by guards of both colours.
            transport: Carries requests for whole addresses to the issuer; for tests and servers in the process.
        """
        self._judge = judge
        self._runner = AsyncRunner(transport or AsyncIssuerTransport(), keeps_last=False)

    async def judge(self, head: Head, wanted: Needs) -> AccessToken | Refusal:
        """Return the token of a request that may pass; the answer to one that may not."""
        return await self._runner.run(self._judge.judge(head, wanted))
