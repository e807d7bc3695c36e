"""A shop as tutorials write one: every page loads the component and the SDK, and its server reads the session token."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from avow import AuthException, Client

__all__ = ["Scripts", "open_shop"]

_FOLDER = Path(__file__).resolve().parent
_PAGES = {"/": "home.html", "/login": "login.html", "/profile": "profile.html"}
SECRET = "The cellar is behind the shelf."


@dataclass(frozen=True)
class Scripts:
    """What the shop's pages load.

    Attributes:
        component: Address of the script that has the component, or a file for the shop to serve.
        sdk: The same of the SDK.
        base_url: What component and SDK are told of the server; "" where they know by themselves.
    """

    component: str | Path
    sdk: str | Path
    base_url: str = ""


@contextlib.contextmanager
def open_shop(scripts: Scripts, project_id: str, server_url: str) -> Iterator[str]:
    """Serve the shop on a free port of localhost; give its address."""

    class Handler(BaseHTTPRequestHandler):
        """Speaks HTTP for the shop."""

        def do_GET(self) -> None:
            """Send a page, a script, or the secret to whoever is signed in."""
            path = self.path.partition("?")[0]
            if path == "/secret":
                self._tell()
            elif path in _PAGES:
                self._send(200, _page(path, scripts, project_id).encode(), "text/html")
            elif path in ("/component.js", "/sdk.js"):
                file = scripts.component if path == "/component.js" else scripts.sdk
                self._send(200, Path(file).read_bytes(), "text/javascript")
            else:
                self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _tell(self) -> None:
            token = (self.headers["authorization"] or "").removeprefix("Bearer ")
            try:
                with Client(project_id, base_url=server_url) as client:
                    client.validate_session(token)
            except AuthException:
                self._send(401, b"", "text/plain")
            else:
                self._send(200, SECRET.encode(), "text/plain")

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("content-type", f"{content_type}; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, name="shop")
        thread.start()
        try:
            yield f"http://localhost:{listener.server_port}"
        finally:
            listener.shutdown()
            thread.join()


def _page(path: str, scripts: Scripts, project_id: str) -> str:
    body = (_FOLDER / _PAGES[path]).read_text()
    attribute = f' base-url="{scripts.base_url}"' if scripts.base_url else ""
    return (
        (_FOLDER / "base.html")
        .read_text()
        .format(
            component="/component.js" if isinstance(scripts.component, Path) else scripts.component,
            sdk="/sdk.js" if isinstance(scripts.sdk, Path) else scripts.sdk,
            project=project_id,
            base_url=f'baseUrl: "{scripts.base_url}", ' if scripts.base_url else "",
            body=body.replace("{base_attribute}", attribute),
        )
    )
