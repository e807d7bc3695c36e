"""Calls that this server makes to addresses which somebody else chose: where to, for how long and how much.

The address that is judged is the one that is connected to, so a name that changes its mind gains nothing. Redirects
are not followed, proxies of the environment not used, and no answer is unpacked. The library is imported with the first
call.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from avow.core.networks import Network
from avow.core.targets import Target
from avow.server.outgoing.messages import Answered, OutgoingCall

if TYPE_CHECKING:
    import ssl

    import httpcore2

__all__ = ["Calls", "NotCalled", "Unanswered"]

_DRAINED_BYTES = 65_536
_SECONDS = 5.0
_PLAIN = frozenset({"", "identity"})


class NotCalled(Exception):
    """Nobody was reached: no such name, an address that may not be called, no connection, no valid certificate."""


class Unanswered(Exception):
    """Somebody was reached and gave no answer that we can use in time; what was sent may have arrived."""


class Calls:
    """A few calls after one another, by one thread, over connections that are kept for that long."""

    def __init__(
        self, allowed: Sequence[Network], *, seconds: float = _SECONDS, tls: "ssl.SSLContext | None" = None
    ) -> None:
        """Keep the rules; nothing is connected yet.

        Args:
            allowed: Networks that may be called besides the public ones.
            seconds: The longest that one call takes, from the look-up of the name to the end of the answer.
            tls: How certificates are checked; by those of the machine when absent, which takes a while to read.
        """
        from avow.server.outgoing.lines import Line

        self._line = Line(tuple(allowed))
        self._seconds = seconds
        self._tls = tls
        self._pool: httpcore2.ConnectionPool | None = None

    def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send a body and return how it was answered, without what the answer says.

        Raises:
            NotCalled: It did not arrive.
            Unanswered: It may have arrived.
        """
        with self._answer(target, "POST", headers, body) as answer:
            _drain(answer)
            return Answered(answer.status, _retry_after(answer.headers))

    def call(self, target: Target, call: OutgoingCall) -> Answered:
        """Make a call and return its answer.

        Raises:
            NotCalled: It did not arrive.
            Unanswered: It may have arrived; the answer is late, longer than was asked for, or packed.
        """
        # Packed answers are not asked for: a small one could unpack to any size.
        headers = {"accept-encoding": "identity", "user-agent": "Avow", **call.headers}
        with self._answer(target, call.verb, headers, call.body) as answer:
            if _header(answer.headers, b"content-encoding").lower() not in _PLAIN:
                raise Unanswered("a packed answer")
            body = _read(answer, call.most_bytes)
            content_type = _header(answer.headers, b"content-type").partition(";")[0].strip().lower()
            return Answered(answer.status, _retry_after(answer.headers), content_type, body)

    def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    @contextmanager
    def _answer(
        self, target: Target, verb: str, headers: Mapping[str, str], body: bytes
    ) -> "Generator[httpcore2.Response]":
        import httpcore2

        self._line.begin(target, self._seconds)
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            with self._opened().stream(verb, target.url, headers=sent, content=body or None) as answer:
                yield answer
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.UnsupportedProtocol) as failure:
            raise NotCalled(f"no connection: {type(failure).__name__}") from failure
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as failure:
            raise Unanswered(f"no answer: {type(failure).__name__}") from failure

    def _opened(self) -> "httpcore2.ConnectionPool":
        from avow.server.outgoing.lines import pool

        if self._pool is None:
            self._pool = pool(self._line, self._tls)
        return self._pool


def _drain(answer: "httpcore2.Response") -> None:
    """Read an answer to its end, so that the connection can be kept, but no more than a little."""
    size = 0
    for chunk in answer.iter_stream():
        size += len(chunk)
        if size > _DRAINED_BYTES:
            return


def _read(answer: "httpcore2.Response", most: int) -> bytes:
    body = bytearray()
    for chunk in answer.iter_stream():
        body += chunk
        if len(body) > most:
            raise Unanswered(f"an answer of more than {most} bytes")
    return bytes(body)


def _header(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value for other, value in headers if other.lower() == name), b"").decode("latin-1").strip()


def _retry_after(headers: Sequence[tuple[bytes, bytes]]) -> int:
    value = _header(headers, b"retry-after")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else 0
