"""The WSGI driver: Avow inside a Flask or Django process, blocking, one request per thread of the host."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from avow.server.site import Site, answer
from avow.server.visit import Request

__all__ = ["WsgiApp"]

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class WsgiApp:
    """Avow as a WSGI application; mount it under a prefix of another one."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        response = answer(self._site, _request(environ, self._site.settings.body_bytes))
        phrase = HTTPStatus(response.status).phrase
        headers = [*response.headers, ("content-length", str(len(response.body)))]
        start_response(f"{response.status} {phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else response.body]


def _request(environ: dict[str, Any], most: int) -> Request:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if 0 < length <= most else b""
    return Request(
        environ["REQUEST_METHOD"],
        environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace") or "/",
        environ.get("QUERY_STRING", ""),
        headers,
        None if length > most else body,
        environ.get("REMOTE_ADDR", ""),
        len(headers),
    )
