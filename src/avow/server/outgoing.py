"""Calls that this server makes to addresses which somebody else chose: where to, for how long and how much.

The address that is judged is the one that is connected to, so a name that changes its mind gains nothing. Redirects
are not followed, proxies of the environment not used, and nothing of an answer but its status leaves this module.
"""

import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from avow.core.networks import Network, is_callable, is_within
from avow.core.targets import Target

if TYPE_CHECKING:
    import httpcore2

__all__ = ["Answered", "Calls", "NotCalled", "Unanswered"]

_ANSWER_BYTES = 65_536
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What we keep of an answer: its status, and how long it asks us to wait."""

    status: int
    retry_after_seconds: int = 0


class NotCalled(Exception):
    """Nobody was reached: no such name, an address that may not be called, no connection, no valid certificate."""


class Unanswered(Exception):
    """Somebody was reached and gave no answer in time, or none that is HTTP; what was sent may have arrived."""


class Calls:
    """A few calls after one another, by one thread, over connections that are kept for that long."""

    def __init__(self, allowed: Sequence[Network], *, seconds: float = _SECONDS) -> None:
        """Keep the rules; nothing is connected yet.

        Args:
            allowed: Networks that may be called besides the public ones.
            seconds: The longest that one call takes, from the look-up of the name to the end of the answer.
        """
        self._allowed = tuple(allowed)
        self._seconds = seconds
        self._pool: httpcore2.ConnectionPool | None = None
        self._line = _Line(self._allowed)

    def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send a body and return how it was answered.

        Raises:
            NotCalled: It did not arrive.
            Unanswered: It may have arrived.
        """
        import httpcore2

        self._line.begin(target, self._seconds)
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            with self._opened().stream("POST", target.url, headers=sent, content=body) as answer:
                _drain(answer)
                return Answered(answer.status, _retry_after(answer.headers))
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.UnsupportedProtocol) as failure:
            raise NotCalled(f"no connection: {type(failure).__name__}") from failure
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as failure:
            raise Unanswered(f"no answer: {type(failure).__name__}") from failure

    def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _opened(self) -> "httpcore2.ConnectionPool":
        import httpcore2

        if self._pool is None:
            self._pool = httpcore2.ConnectionPool(
                ssl_context=ssl.create_default_context(), max_connections=1, network_backend=_backend(self._line)
            )
        return self._pool


class _Line:
    """Which call is on its way and until when it may take."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self.allowed = allowed
        self.target: Target | None = None
        self.until = 0.0

    def begin(self, target: Target, seconds: float) -> None:
        self.target = target
        self.until = monotonic() + seconds

    def left(self) -> float:
        return self.until - monotonic()

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses behind a name that may be called."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        texts = dict.fromkeys(str(entry[4][0]) for entry in found)
        if self.target is not None and self.target.is_plain:
            return [text for text in texts if is_within(text, self.allowed)]
        return [text for text in texts if is_callable(text, self.allowed)]


def _backend(line: _Line) -> "httpcore2.NetworkBackend":
    """Return what opens connections: to judged addresses only, every step within the time of the call."""
    import httpcore2

    inner = httpcore2.SyncBackend()

    class Stream(httpcore2.NetworkStream):
        def __init__(self, stream: httpcore2.NetworkStream) -> None:
            self._stream = stream

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return self._stream.read(max_bytes, _left(httpcore2.ReadTimeout))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self._stream.write(buffer, _left(httpcore2.WriteTimeout))

        def close(self) -> None:
            self._stream.close()

        def start_tls(
            self,
            ssl_context: ssl.SSLContext,
            server_hostname: str | None = None,
            timeout: float | None = None,
        ) -> httpcore2.NetworkStream:
            return Stream(self._stream.start_tls(ssl_context, server_hostname, _left(httpcore2.ConnectTimeout)))

        def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 # as the library declares it
            return self._stream.get_extra_info(info)

    class Backend(httpcore2.NetworkBackend):
        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Any = None,  # noqa: ANN401 # as the library declares it
        ) -> httpcore2.NetworkStream:
            try:
                addresses = line.addresses(host, port)
            except (OSError, UnicodeError) as failure:
                raise httpcore2.ConnectError("the name is not known") from failure
            if not addresses:
                raise httpcore2.ConnectError("an address that may not be called")
            return Stream(inner.connect_tcp(addresses[0], port, _left(httpcore2.ConnectTimeout)))

    def _left(late: type[Exception]) -> float:
        left = line.left()
        if left <= 0:
            raise late("the call took too long")
        return left

    return Backend()


def _drain(answer: "httpcore2.Response") -> None:
    """Read an answer to its end, so that the connection can be kept, but no more than a little."""
    size = 0
    for chunk in answer.iter_stream():
        size += len(chunk)
        if size > _ANSWER_BYTES:
            return


def _retry_after(headers: Sequence[tuple[bytes, bytes]]) -> int:
    value = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return int(value) if value.isdigit() and len(value) <= 9 else 0
