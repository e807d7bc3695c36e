"""What a server process does with more requests than it can have in progress: it refuses them before it reads them.

A refusal by the ASGI application costs a task, a log line and much of what a request costs that is served. Under an
overload of three times what a process can do, refusing would take most of its time.
"""

import asyncio
from typing import Final

import httptools

from avow.core.ids import random_id
from avow.errors import Unavailable
from avow.server import answers
from avow.server.asgi import TOO_MANY, AsgiApp, is_always_answered
from avow.server.site import Site
from avow.server.visit import Request, Visit

__all__ = ["Door", "Unread"]

_TELL_SECONDS = 1.0


class Door:
    """Lets requests in as long as fewer than `Settings.requests_at_once` are in progress in this process."""

    def __init__(self, site: Site, app: AsgiApp) -> None:
        """Let nothing in yet."""
        self._app = app
        self._most = site.settings.requests_at_once
        self._tell = site.observe_refused
        self._entering = 0  # in this turn of the loop: their tasks have not begun
        self._refused = 0  # since this was last told
        self._request_id = ""
        self._head = self._body = b""

    @property
    def is_full(self) -> bool:
        """Tell whether the next request would be refused."""
        return self._app.running + self._entering >= self._most

    def lets_in(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Decide about one request, whose task must be made in this turn of the loop."""
        if self.is_full:
            return False
        if not self._entering:
            loop.call_soon(self._entered)
        self._entering += 1
        return True

    def refusal(self, loop: asyncio.AbstractEventLoop, *, is_head: bool, keeps_alive: bool) -> bytes:
        """Return the bytes of a refusal, and count it.

        All refusals of one second bear the same request id: that of the line of log that tells of them.
        """
        if not self._refused:
            self._request_id = random_id("Q")
            self._head, self._body = _refusal(self._request_id)
            loop.call_later(_TELL_SECONDS, self._tell_refused)
        self._refused += 1
        end = b"\r\n" if keeps_alive else b"connection: close\r\n\r\n"
        return self._head + end + (b"" if is_head else self._body)

    def _entered(self) -> None:
        """Count no more who has entered: this runs before their tasks, each of which counts itself."""
        self._entering = 0

    def _tell_refused(self) -> None:
        refused, self._refused = self._refused, 0
        self._tell(refused, self._request_id, TOO_MANY)


class Unread:
    """Reads a request only as far as its refusal needs: a third of the work of reading it for the application.

    Attributes:
        is_head: Its method is HEAD.
        keeps_alive: Its connection goes on.
    """

    is_head = False
    keeps_alive = True

    def __init__(self) -> None:
        """Expect the first byte of a request."""
        self._parser: Final = httptools.HttpRequestParser(self)
        self._marks: Final[list[str]] = []
        self._url = b""

    def is_whole(self, data: bytes) -> bool:
        """Tell whether these bytes are one whole request, and one that may be refused; after False, read no more."""
        self._marks.clear()
        self._url = b""
        try:
            self._parser.feed_data(data)
            path = httptools.parse_url(self._url).path
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return False
        return self._marks == ["begins", "ends"] and not is_always_answered((path or b"").decode("latin-1"))

    def on_message_begin(self) -> None:
        """Mark the beginning of a request."""
        self._marks.append("begins")

    def on_url(self, url: bytes) -> None:
        """Keep a part of its address."""
        self._url += url

    def on_message_complete(self) -> None:
        """Mark its end, and note what only the parser knows, and only now."""
        self._marks.append("ends")
        self.is_head = self._parser.get_method() == b"HEAD"
        self.keeps_alive = self._parser.get_http_version() != "1.0" and self._parser.should_keep_alive()


def _refusal(request_id: str) -> tuple[bytes, bytes]:
    """Return the head, but for its empty line, and the body of what the application answers in the same case."""
    visit = Visit(Request("GET", "/", "", {}, b"", ""), id=request_id)
    response = answers.failure(visit, Unavailable())
    lines = [f"HTTP/1.1 {response.status} Service Unavailable"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    lines.append(f"content-length: {len(response.body)}")
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1"), response.body
