"""HTTP/1.1 connections with bounds on what a client may send before it has asked for anything.

uvicorn closes connections that are idle between requests, but waits for ever for the rest of a request's head, keeps as
much of it as comes, and takes the trailers after a body in chunks for further headers, however many there are. The body
itself is bounded by the ASGI driver.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from avow.errors import HeadersTooLarge
from avow.server.settings import Settings
from avow.wire.codec import encode
from avow.wire.errors import ErrorEnvelope

__all__ = ["BoundedProtocol", "bounded"]

_HEAD_ROOM_BYTES = 16_384  # above the sum of the headers: the address, names and punctuation


def bounded(settings: Settings) -> type["BoundedProtocol"]:
    """Return the protocol with the bounds of a server's settings."""
    bounds = {"head_seconds": settings.head_seconds, "most_head_bytes": settings.header_bytes + _HEAD_ROOM_BYTES}
    return type("Bounded", (BoundedProtocol,), bounds)


class BoundedProtocol(HttpToolsProtocol):
    """A connection that is closed when what is not body (head, trailers) is too large, or the head too slow."""

    head_seconds = 15
    most_head_bytes = 65_536
    _head_bytes = 0  # of the head, then since its end or the last byte of body
    _is_in_head = True
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Expect the head of a request."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes; too many of them that are no body end the connection."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes <= self.most_head_bytes or self.transport.is_closing():
            return
        if self._is_in_head:
            self.transport.write(_too_large())
            self.transport.close()
        else:  # an answer may be on its way already
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Expect the rest of a head that has begun."""
        super().on_message_begin()
        self._head_bytes = 0
        self._is_in_head = True
        self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; drop a trailer, which could pass for a header that a proxy has checked.

        Spec: RFC 9110 section 6.5.1.
        """
        if self._is_in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Hand a part of the body on."""
        self._head_bytes = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Leave the request to the application."""
        self._is_in_head = False
        self._head_bytes = 0
        self._forget_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._forget_head()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._forget_head()
        self._head_timer = self.loop.call_later(self.head_seconds, self._abort)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _abort(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def _too_large() -> bytes:
    """Return the refusal of a head, in the envelope of every other refusal."""
    error = HeadersTooLarge()
    body = encode(ErrorEnvelope(error_code=error.error_code, error_description=error.text))
    head = (
        f"HTTP/1.1 {error.status} Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
