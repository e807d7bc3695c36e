"""Steady load over kept connections, from one thread that spends little of the machine on itself.

A client that opens a connection for each request, or runs a task for each, cannot ask for more than a server can do
while both share two cores. This one writes prepared bytes to sockets that stay open and reads status lines.
"""

import re
import select
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.security.calls import Wish

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PATIENCE_SECONDS = 20.0
_TURN_SECONDS = 0.001
_OPENED_AT_ONCE = 64  # connections; more in one moment are load of another kind
_READ_BYTES = 65_536


@dataclass(slots=True)
class Flood:
    """What became of a steady load.

    Attributes:
        span_seconds: For how long requests were sent.
        asked: How many were sent.
        statuses: How many were answered with each status; 0 for a connection that ended, or no answer.
        done_in_span: How many were answered with 200 while requests were sent.
        refused_seconds: How long each refusal took, shortest first.
        done_seconds: How long each answer with 200 took, shortest first.
    """

    span_seconds: float
    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    done_in_span: int = 0
    refused_seconds: list[float] = field(default_factory=list)
    done_seconds: list[float] = field(default_factory=list)

    @property
    def offered(self) -> float:
        """Return how many requests were sent in a second."""
        return self.asked / self.span_seconds

    @property
    def goodput(self) -> float:
        """Return how many were answered with 200 in a second."""
        return self.done_in_span / self.span_seconds

    def told(self) -> str:
        """Return a line for who looks at the numbers."""
        return (
            f"offered {self.offered:.0f}/s for {self.span_seconds:.1f} s, goodput {self.goodput:.0f}/s, "
            f"{dict(self.statuses)}, 200 within {_percentile(self.done_seconds, 99):.3f} s (p99), "
            f"refused within {_percentile(self.refused_seconds, 99):.3f} s (p99)"
        )


def p99(seconds: Sequence[float]) -> float:
    """Return the value that 99 of 100 do not exceed, of values in order; 0 when there is none."""
    return _percentile(seconds, 99)


def flood(url: str, wishes: Sequence[Wish], *, lines: int, seconds: float, per_second: float = 0) -> Flood:
    """Send requests over kept connections for a time, then wait for the answers that are left.

    Args:
        url: The server.
        wishes: What to send, in turn.
        lines: How many connections; each carries one request at a time.
        seconds: For how long.
        per_second: How many to send, whether or not earlier ones were answered, as far as there are connections; 0
            sends the next one as soon as a connection has its answer.
    """
    client = _Client(urlsplit(url).port or 0, wishes, lines)
    try:
        return client.run(seconds, per_second)
    finally:
        client.close()


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[len(ordered) * percent // 100] if ordered else 0.0


class _Line:
    """One connection; `sent_at` is 0 while nothing is asked on it."""

    __slots__ = ("read", "sent_at", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.sent_at = 0.0
        self.read = b""


class _Client:
    """Connections to one server, written to and read in one loop."""

    def __init__(self, port: int, wishes: Sequence[Wish], lines: int) -> None:
        self._port = port
        self._requests = [wish.raw(f"localhost:{port}") for wish in wishes]
        self._poll = select.epoll()
        self._lines: dict[int, _Line] = {}
        self._idle: list[_Line] = []
        self._done = Flood(0)
        self._until = 0.0
        for number in range(lines):
            if number and number % _OPENED_AT_ONCE == 0:
                time.sleep(0.02)
            self._open()

    def run(self, seconds: float, per_second: float) -> Flood:
        done = self._done
        begun = now = time.monotonic()
        self._until = begun + seconds
        while now < self._until:
            due = len(self._idle)
            if per_second:
                due = min(due, int((now - begun) * per_second) - done.asked)
            for _ in range(due):
                self._ask(self._idle.pop(), now)
            for descriptor, _ in self._poll.poll(_TURN_SECONDS):
                self._hear(self._lines[descriptor])
            now = time.monotonic()
        done.span_seconds = now - begun
        self._wait()
        done.refused_seconds.sort()
        done.done_seconds.sort()
        return done

    def close(self) -> None:
        for line in self._lines.values():
            line.socket.close()
        self._poll.close()

    def _open(self) -> None:
        line = _Line(self._port)
        self._lines[line.socket.fileno()] = line
        self._poll.register(line.socket, select.EPOLLIN)
        self._idle.append(line)

    def _ask(self, line: _Line, now: float) -> None:
        request = self._requests[self._done.asked % len(self._requests)]
        self._done.asked += 1
        line.sent_at = now
        try:
            line.socket.send(request)
        except OSError:
            self._end(line)

    def _hear(self, line: _Line) -> None:
        try:
            read = line.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            read = b""
        if not read:
            self._end(line)
            return
        line.read += read
        head, found, body = line.read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if found and length is not None and len(body) >= int(length[1]):
            self._note(int(head[9:12]), line.sent_at)
            line.read, line.sent_at = b"", 0.0
            self._idle.append(line)

    def _note(self, status: int, sent_at: float) -> None:
        now, done = time.monotonic(), self._done
        done.statuses[status] += 1
        if status == 200:
            done.done_in_span += now <= self._until
            done.done_seconds.append(now - sent_at)
        else:
            done.refused_seconds.append(now - sent_at)

    def _end(self, line: _Line) -> None:
        """Note that no answer comes when one was due, and go on with a new connection."""
        self._poll.unregister(line.socket)
        del self._lines[line.socket.fileno()]
        line.socket.close()
        if line.sent_at:
            self._done.statuses[0] += 1
        else:
            self._idle.remove(line)
        self._open()

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while (waiting := len(self._lines) - len(self._idle)) and time.monotonic() < until:
            for descriptor, _ in self._poll.poll(0.1):
                self._hear(self._lines[descriptor])
        self._done.statuses[0] += waiting
        if not self._done.statuses[0]:
            del self._done.statuses[0]
