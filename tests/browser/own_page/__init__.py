"""A small application of the tests' own: a page at http://localhost, and the server behind it, which uses our SDK."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from avow import AuthException, Client
from avow.sdk.answers import JWTResponse, SessionClaims
from avow.testing.server import Avow, Server

__all__ = ["OwnPage", "serving"]

_FOLDER = Path(__file__).resolve().parent
_FILES = {"/": ("index.html", "text/html"), "/page.js": ("page.js", "text/javascript")}


@dataclass(slots=True)
class OwnPage:
    """The application.

    Attributes:
        server: Avow, in this process and reached over HTTP.
        server_url: Where it is reached.
        url: Where the page is.
        told: What the page is told of the project.
        entered: Claims of the session tokens that the application's server accepted, the newest last.
    """

    server: Server
    server_url: str
    url: str = ""
    told: dict[str, str] = field(default_factory=dict)
    entered: list[SessionClaims] = field(default_factory=list)

    def project(self, **settings: Any) -> Avow:
        """Make a project that lets the page call it, and have the application use it."""
        origin = self.url.rstrip("/")
        avow = self.server.project(
            allowed_origins=[origin],
            approved_redirects=[self.url],
            passkey_rp_id="localhost",
            passkey_origins=[origin],
            **settings,
        )
        self.told = {"url": self.server_url, "project": avow.project_id}
        return avow

    def answer(self, path: str, text: str) -> object:
        """Answer the page as the server behind it: take a code that came to it, or let a session token in."""
        with Client(self.told["project"], base_url=self.server_url) as client:
            if path == "/exchange/sso":
                return _session(client.sso.exchange_token(text))
            if path == "/exchange/oauth":
                return _session(client.oauth.exchange_token(text))
            self.entered.append(client.validate_session(text))
            return {}


@contextlib.contextmanager
def serving(server: Server, server_url: str) -> Iterator[OwnPage]:
    """Serve the application on a free port of localhost."""
    own = OwnPage(server, server_url)

    class Handler(BaseHTTPRequestHandler):
        """Speaks HTTP for the application."""

        def do_GET(self) -> None:
            """Send a file, or what the page is told."""
            path = self.path.partition("?")[0]
            if path == "/config.json":
                self._send(200, json.dumps(own.told).encode())
            elif path in _FILES:
                name, content_type = _FILES[path]
                self._send(200, (_FOLDER / name).read_bytes(), content_type)
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            """Answer what the page asks of its server, or tell why not."""
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            try:
                self._send(200, json.dumps(own.answer(self.path, text)).encode())
            except AuthException as error:
                self._send(401, json.dumps({"errorMessage": str(error)}).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _send(self, status: int, body: bytes, content_type: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("content-type", f"{content_type}; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        own.url = f"http://localhost:{listener.server_port}/"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, name="own-page")
        thread.start()
        try:
            yield own
        finally:
            listener.shutdown()
            thread.join()


def _session(found: JWTResponse) -> dict[str, object]:
    """Return a session as the routes of Avow answer it to the page."""
    tokens = {"sessionJwt": found["sessionToken"]["jwt"], "refreshJwt": found["refreshSessionToken"]["jwt"]}
    return {**tokens, "user": found["user"]}
