"""A client that sends bytes as they are, looks for an answer while it still sends, and stops when it is not heard."""

import select
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

_PIECE_BYTES = 65_536
_ANSWER_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Told:
    """What came back, and how much was taken of what was sent."""

    status: int
    head: bytes
    body: bytes
    sent_bytes: int
    seconds: float


def head(verb: str, path: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return request line and headers."""
    lines = [f"{verb} {path} HTTP/1.1", "host: localhost", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def tell(port: int, parts: Iterable[bytes]) -> Told:
    """Send a request in pieces until it ends or the server answers; return the answer.

    Raises:
        ConnectionError: The server closed without an answer.
    """
    begun, sent, came = time.perf_counter(), 0, b""
    with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_SECONDS) as line:
        try:
            for piece in _pieces(parts):
                line.sendall(piece)
                sent += len(piece)
                if select.select([line], [], [], 0)[0]:
                    break
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            pass  # what it said before, if anything, can still be read
        came = _answer(line)
    if not came:
        raise ConnectionError(f"no answer; {sent} bytes were sent")
    top, _, body = came.partition(b"\r\n\r\n")
    return Told(int(top.split(b" ")[1]), top, body, sent, time.perf_counter() - begun)


def _pieces(parts: Iterable[bytes]) -> Iterable[bytes]:
    for part in parts:
        for start in range(0, len(part), _PIECE_BYTES):
            yield part[start : start + _PIECE_BYTES]


def _answer(line: socket.socket) -> bytes:
    """Read one answer: its head, and as much of a body as it announces."""
    came = b""
    try:
        while not _is_whole(came) and (piece := line.recv(_PIECE_BYTES)):
            came += piece
    except ConnectionResetError:
        pass
    return came


def _is_whole(came: bytes) -> bool:
    top, gap, body = came.partition(b"\r\n\r\n")
    if not gap:
        return False
    for each in top.lower().split(b"\r\n"):
        if each.startswith(b"content-length:"):
            return len(body) >= int(each.partition(b":")[2])
    return False
