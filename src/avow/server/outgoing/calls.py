"""Calls that this server makes to addresses which somebody else chose: where to, for how long and how much.

The address that is judged is the one that is connected to, so a name that changes its mind gains nothing. Redirects
are not followed, proxies of the environment not used, and nothing of an answer but its status leaves this module. The
library is imported with the first call.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from avow.core.networks import Network
from avow.core.targets import Target
from avow.server.outgoing.messages import Answered

if TYPE_CHECKING:
    import httpcore2

__all__ = ["Calls", "NotCalled", "Unanswered"]

_ANSWER_BYTES = 65_536
_SECONDS = 5.0


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
        from avow.server.outgoing.lines import Line

        self._line = Line(tuple(allowed))
        self._seconds = seconds
        self._pool: httpcore2.ConnectionPool | None = None

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
        from avow.server.outgoing.lines import pool

        if self._pool is None:
            self._pool = pool(self._line)
        return self._pool


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
