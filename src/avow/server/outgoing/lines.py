"""Connections of outgoing calls: to judged addresses only, every step within the time of the call."""

import socket
import ssl
import threading
from collections.abc import Iterable, Sequence
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

import httpcore2
from httpcore2 import SOCKET_OPTION, ConnectError, ConnectTimeout, ReadTimeout, WriteTimeout

from avow.core.networks import Network, is_callable, is_within
from avow.core.targets import Target

__all__ = ["Line", "looked_up", "pool"]

_LOOK_UPS = threading.BoundedSemaphore(16)  # threads that may hang in the resolver at once


class Line:
    """Which call is on its way and until when it may take."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._target: Target | None = None
        self._until = 0.0

    def begin(self, target: Target, seconds: float) -> None:
        """Note the next call."""
        self._target = target
        self._until = monotonic() + seconds

    def left(self, late: type[Exception]) -> float:
        """Return the seconds that the call may still take, or raise `late`."""
        left = self._until - monotonic()
        if left <= 0:
            raise late("the call took too long")
        return left

    def address(self, host: str, port: int) -> str:
        """Return the address behind a name that is called.

        Raises:
            ConnectError: The name is not known, or no address of it may be called.
            ConnectTimeout: Nobody said in time.
        """
        may = is_within if self._target is not None and self._target.is_plain else is_callable
        known = looked_up(host, port, self.left(ConnectTimeout))
        address = next((each for each in known if may(each, self._allowed)), None)
        if address is None:
            raise ConnectError("an address that may not be called")
        return address


def looked_up(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses behind a name.

    The resolver of the system has no time limit that we could set, so a thread waits for it that nobody waits for.

    Raises:
        ConnectError: The name is not known.
        ConnectTimeout: Nobody said in time, too many look-ups hang already, or there is no thread for another.
    """
    until, answer = monotonic() + seconds, SimpleQueue[list[str] | OSError | UnicodeError]()
    if not _LOOK_UPS.acquire(timeout=seconds):
        raise ConnectTimeout("too many names are being looked up")
    try:
        threading.Thread(target=_look_up, args=(host, port, answer), name="avow-look-up", daemon=True).start()
    except RuntimeError:  # the system has no more threads
        _LOOK_UPS.release()
        raise ConnectTimeout("no thread to look a name up") from None
    try:
        found = answer.get(timeout=max(until - monotonic(), 0.001))
    except Empty:
        raise ConnectTimeout("the name was not looked up in time") from None
    if isinstance(found, Exception):
        raise ConnectError("the name is not known") from found
    return found


def pool(line: Line, tls: ssl.SSLContext | None = None) -> httpcore2.ConnectionPool:
    """Return what holds one connection at a time; certificates are checked against the name that was called.

    Args:
        line: Which call is on its way.
        tls: How certificates are checked; by those of the machine when absent.
    """
    return httpcore2.ConnectionPool(
        ssl_context=tls or ssl.create_default_context(), max_connections=1, network_backend=_Backend(line)
    )


def _look_up(host: str, port: int, answer: "SimpleQueue[list[str] | OSError | UnicodeError]") -> None:
    try:
        answer.put([str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
    except (OSError, UnicodeError) as failure:
        answer.put(failure)
    finally:
        _LOOK_UPS.release()


class _Stream(httpcore2.NetworkStream):
    """A connection that ends with the time of its call, however slowly the other side speaks."""

    def __init__(self, stream: httpcore2.NetworkStream, line: Line) -> None:
        self._stream = stream
        self._line = line

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._line.left(ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._line.left(WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, self._line.left(ConnectTimeout))
        return _Stream(inner, self._line)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 # as the library declares it
        return self._stream.get_extra_info(info)


class _Backend(httpcore2.NetworkBackend):
    """Opens connections to judged addresses."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        address = self._line.address(host, port)
        return _Stream(self._inner.connect_tcp(address, port, self._line.left(ConnectTimeout)), self._line)
