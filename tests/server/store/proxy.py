"""A TCP proxy before PostgreSQL that can lose the answer to a statement, or everything."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit


class Proxy:
    """Passes connections on to the server of a URL; `url` leads through it.

    Attributes:
        cut_after: When a client sends this text, the server gets it, and both sides lose their connection once the
            server has answered; then it is None again. The client never sees the answer.
        url: The URL of the same database through the proxy.
        cuts: How many connections were cut so.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
        self._port = parts.port or 5432
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}", query=""))
        self.cut_after: bytes | None = None
        self.cuts = 0
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._connected()
                for source, target in ((client, server), (server, client)):
                    self._begin(self._pass_on, source, target, source is client)

    def _begin(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _connected(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(Path(self._host) / f".s.PGSQL.{self._port}"))
        return server

    def _pass_on(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        with source:  # each side is closed by the thread that reads it
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    marker = self.cut_after
                    if is_request and marker is not None and marker in data:
                        self._lose_answer(source, target, data)
                        return
                    target.sendall(data)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)

    def _lose_answer(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        self.cut_after = None
        self.cuts += 1
        client.shutdown(socket.SHUT_RDWR)  # first, so that the answer has no way back
        server.sendall(data)
        server.shutdown(socket.SHUT_WR)
