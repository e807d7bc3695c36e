"""HTTP/1.1 connections with bounds on what a client may send before it has asked for anything.

uvicorn closes connections that are idle between requests, but waits for ever for the rest of a request's head, keeps as
much of it as comes, and takes the trailers after a body in chunks for further headers, however many there are. The body
itself is bounded by the ASGI driver. What is more than the process can have in progress is refused here as well.
"""

import asyncio

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from avow.cli.shedding import Door, Unread
from avow.errors import HeadersTooLarge
from avow.server.asgi import is_always_answered
from avow.server.settings import Settings
from avow.wire.codec import encode
from avow.wire.errors import ErrorEnvelope

__all__ = ["BoundedProtocol", "bounded"]

_HEAD_ROOM_BYTES = 16_384  # above the sum of the headers: the address, names and punctuation
_TURN_SECONDS = 0.01  # after a timer, in which the loop has read what came before it


def bounded(settings: Settings, door: Door) -> type["BoundedProtocol"]:
    """Return the protocol with the bounds of a server's settings, and the door of its process."""
    bounds = {
        "door": door,
        "head_seconds": settings.head_seconds,
        "most_head_bytes": settings.header_bytes + _HEAD_ROOM_BYTES,
        "most_body_bytes": settings.body_bytes,
    }
    return type("Bounded", (BoundedProtocol,), bounds)


class BoundedProtocol(HttpToolsProtocol):
    """A connection that is closed when what is not body (head, trailers) is too large, or the head too slow.

    A request that finds no room is refused once it has come to its end, without a task; its connection goes on.
    """

    door: Door
    parser: httptools.HttpRequestParser  # until the connection is lost
    head_seconds = 15
    most_head_bytes = 65_536
    most_body_bytes = 262_144
    _head_bytes = 0  # of the head, then since its end or the last byte of body
    _is_in_head = True
    _is_refused = False
    _is_between = True  # of requests: no byte of the next one has come
    _unread: Unread | None = None  # kept from one refusal to the next
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Expect the head of a request."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes; too many of them that are no body end the connection."""
        if self.door.is_full and self._refuse_unread(data):
            return
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
        self._is_between = False
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
        if not self._is_refused:
            super().on_body(body)

    def on_headers_complete(self) -> None:
        """Leave the request to the application, if there is room for it."""
        self._is_in_head = False
        self._head_bytes = 0
        self._is_refused = self._may_be_refused() and not self.door.lets_in(self.loop)
        if not self._is_refused:  # a refused one must be at its end within the time of a head
            self._forget_head()
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Tell the application that the request is at its end, or refuse it."""
        self._is_between = True
        if self._is_refused:
            self._refuse()
        else:
            super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, but not on a request that came while the loop was busy and is yet to be read."""
        self.loop.call_later(_TURN_SECONDS, self._close_idle, self.timeout_keep_alive_task)

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._forget_head()
        super().connection_lost(exc)

    def _close_idle(self, timer: asyncio.TimerHandle | None) -> None:
        if self.timeout_keep_alive_task is timer and not self.transport.is_closing():
            self.transport.close()

    def _may_be_refused(self) -> bool:
        """Tell whether a refusal is as simple as those sent here; the application refuses what is left to it."""
        if self.flow.write_paused or _is_pending(self.cycle):  # earlier answers have to go out first
            return False
        if self.expect_100_continue or self.parser.should_upgrade() or not self._is_body_small():
            return False
        return not is_always_answered(httptools.parse_url(self.url).path.decode("ascii"))

    def _is_body_small(self) -> bool:
        """Tell whether the body has a stated length that is within the bound."""
        for name, value in self.headers:
            if name == b"content-length":
                return len(value) < 19 and int(value) <= self.most_body_bytes
            if name == b"transfer-encoding":
                return False
        return True

    def _refuse(self) -> None:
        self._is_refused = False
        keeps_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        self._send_refusal(is_head=self.parser.get_method() == b"HEAD", keeps_alive=keeps_alive)

    def _refuse_unread(self, data: bytes) -> bool:
        """Refuse what is one whole request; after False it is to be read like any other bytes."""
        if not self._is_between or _is_pending(self.cycle) or self.flow.write_paused or self.transport.is_closing():
            return False
        unread, self._unread = self._unread or Unread(), None
        if len(data) > self.most_head_bytes or not unread.is_whole(data):
            return False
        self._unread = unread
        self._send_refusal(is_head=unread.is_head, keeps_alive=unread.keeps_alive)
        return True

    def _send_refusal(self, *, is_head: bool, keeps_alive: bool) -> None:
        self._forget_head()
        self.transport.write(self.door.refusal(self.loop, is_head=is_head, keeps_alive=keeps_alive))
        if not keeps_alive:
            self.transport.close()
        self.on_response_complete()

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


def _is_pending(cycle: RequestResponseCycle | None) -> bool:
    return cycle is not None and not cycle.response_complete


def _too_large() -> bytes:
    """Return the refusal of a head, in the envelope of every other refusal."""
    error = HeadersTooLarge()
    body = encode(ErrorEnvelope(error_code=error.error_code, error_description=error.text))
    head = (
        f"HTTP/1.1 {error.status} Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
