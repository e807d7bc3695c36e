"""A shop whose pages sign people in by themselves: files over TLS on a port of their own, on the provider's site."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.bed import npm

__all__ = ["shop"]

_PAGE: Final = """<!doctype html>
<html lang="en"><title>Shop</title><script src="/script/{library}"></script>
<script>
// In the hidden frame of a silent sign-in the page hands on where it was sent, and nothing else.
if (location.pathname === "/oidc-client-ts/silent") {{
  new oidc.UserManager({{ authority: "-", client_id: "-", redirect_uri: "-" }}).signinSilentCallback();
}}
// In a popup it tells the page that opened it.
if (location.pathname === "/oidc-client-ts/popup") {{
  new oidc.UserManager({{ authority: "-", client_id: "-", redirect_uri: "-" }}).signinPopupCallback();
}}
</script></html>
"""
_SCRIPTS: Final = {
    "auth0-spa-js": "@auth0/auth0-spa-js/dist/auth0-spa-js.production.js",
    "oidc-client-ts": "oidc-client-ts/dist/browser/oidc-client-ts.min.js",
}


class _Files(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/script/"):
            found = npm.FOLDER / "node_modules" / _SCRIPTS[path.removeprefix("/script/")]
            self._send(found.read_bytes(), "text/javascript; charset=utf-8")
        else:
            self._send(_PAGE.format(library=path.split("/")[1]).encode(), "text/html; charset=utf-8")

    def _send(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # a frame that is gone
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: browsers close connections as they like."""


@contextlib.contextmanager
def shop(chain: Path) -> Iterator[str]:
    """Serve pages below `/auth0-spa-js` and `/oidc-client-ts`; give their origin.

    Args:
        chain: File with a certificate for `localhost` and its key.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    with _Server(("127.0.0.1", 0), _Files) as server:
        # The handshake is done by the thread of a connection, not by the one that accepts them.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"https://localhost:{server.server_address[1]}"
        server.shutdown()
        thread.join()
