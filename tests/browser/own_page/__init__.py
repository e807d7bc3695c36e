"""A small page of the tests' own, which an application could have, and the server that it speaks to."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from avow.testing.server import Avow, Server

__all__ = ["OwnPage", "serving"]

_FOLDER = Path(__file__).resolve().parent
_FILES = {"/": ("index.html", "text/html"), "/page.js": ("page.js", "text/javascript")}


@dataclass(slots=True)
class OwnPage:
    """The page, and the server behind it.

    Attributes:
        server: Avow, in this process and reached over HTTP.
        server_url: Where it is reached.
        url: Where the page is.
        told: What the page is told of the project.
    """

    server: Server
    server_url: str
    url: str
    told: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Return the origin of the page."""
        return self.url.rstrip("/")

    def project(self, **settings: Any) -> Avow:
        """Make a project that lets the page call it, and have the page speak to it."""
        avow = self.server.project(
            allowed_origins=[self.origin],
            approved_redirects=[self.url],
            passkey_rp_id="localhost",
            passkey_origins=[self.origin],
            **settings,
        )
        self.tell(url=self.server_url, project=avow.project_id, tenant="", provider="")
        return avow

    def tell(self, **told: str) -> None:
        """Tell the page more, such as the tenant or provider that its buttons name."""
        self.told.update(told)


@contextlib.contextmanager
def serving(server: Server, server_url: str) -> Iterator[OwnPage]:
    """Serve the page on a free port of localhost."""
    told: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        """Answers with the files of the page."""

        def do_GET(self) -> None:
            """Send a file, or what the page is told."""
            path = self.path.partition("?")[0]
            if path == "/config.json":
                self._send(json.dumps(told).encode(), "application/json")
            elif path in _FILES:
                name, content_type = _FILES[path]
                self._send((_FOLDER / name).read_bytes(), content_type)
            else:
                self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _send(self, body: bytes, content_type: str) -> None:
            self.send_response(200)
            self.send_header("content-type", f"{content_type}; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, name="own-page", daemon=True)
    thread.start()
    try:
        yield OwnPage(server, server_url, f"http://localhost:{listener.server_port}/", told)
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join(10)
