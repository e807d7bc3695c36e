"""A TCP proxy before a server that can lose the answer to a request, answer late, or be away."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit


class Proxy:
    """Passes connections on to a server.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        cut_after: When a client sends this text, the server gets it, and both sides lose their connection once the
            server has answered; then it is None again. The client never sees the answer.
        cuts: How many connections were cut so.
        delay_seconds: How late each piece of an answer is.
        is_away: Connections end as soon as they are made.
    """

    def __init__(self, host: str, port: int) -> None:
        """Listen; a host that begins with / is the path of a Unix socket."""
        self._host = host
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self.cut_after: bytes | None = None
        self.cuts = 0
        self.delay_seconds = 0.0
        self.is_away = False
        self._guard = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: set[socket.socket] = set()
        self._losing: set[socket.socket] = set()
        self._begin(self._accept)

    def close(self) -> None:
        """Cut every connection and stop."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self.cut_all()
        for thread in self._threads:
            thread.join(5)

    def leave(self) -> None:
        """Be away: cut every connection, and each new one at once."""
        self.is_away = True
        self.cut_all()

    def come_back(self) -> None:
        """Pass connections on again."""
        self.is_away = False

    def cut_all(self) -> None:
        """Cut every connection there is."""
        for each in list(self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.is_away:
                    client.close()
                    continue
                try:
                    server = self._connected()
                except OSError:
                    client.close()
                    continue
                self._sockets |= {client, server}
                for source, target in ((client, server), (server, client)):
                    self._begin(self._pass_on, source, target, source is client)

    def _begin(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _connected(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self._host)
        except OSError:
            server.close()
            raise
        return server

    def _pass_on(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        with source:  # each side is closed by the thread that reads it
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    if is_request and self._takes_cut(data):
                        self._losing.add(target)  # the rest of the request still goes through
                    if not is_request and source in self._losing:
                        break  # the answer is there, and nobody gets it
                    if not is_request and self.delay_seconds:
                        time.sleep(self.delay_seconds)
                    target.sendall(data)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_WR if is_request else socket.SHUT_RDWR)
        self._sockets.discard(source)
        self._losing.discard(source)

    def _takes_cut(self, data: bytes) -> bool:
        with self._guard:
            if self.cut_after is None or self.cut_after not in data:
                return False
            self.cut_after = None
            self.cuts += 1
            return True


class DatabaseProxy(Proxy):
    """A proxy before PostgreSQL; `url` is that of the same database through it."""

    def __init__(self, url: str) -> None:
        """Listen before the server that a URL names."""
        parts = urlsplit(url)
        host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
        port = parts.port or 5432
        super().__init__(str(Path(host) / f".s.PGSQL.{port}") if host.startswith("/") else host, port)
        self.url = urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{self.port}", query=""))
