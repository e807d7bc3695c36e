"""The WSGI driver: Avow inside a Flask or Django process, blocking, one request per thread of the host."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from avow.core.ids import random_id
from avow.errors import MalformedRequest
from avow.server import answers
from avow.server.site import Site, answer
from avow.server.visit import Request, Response, Visit

__all__ = ["WsgiApp", "body_of", "malformed", "request_of"]

_LONG = 19  # digits of a length that no limit reaches

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class WsgiApp:
    """Avow as a WSGI application; mount it under a prefix of another one."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        response = self._answer(environ)
        phrase = HTTPStatus(response.status).phrase
        headers = [*response.headers, *([("content-length", str(len(response.body)))] if response.says_length else ())]
        start_response(f"{response.status} {phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else response.body]

    def _answer(self, environ: dict[str, Any]) -> Response:
        try:
            body = body_of(environ, self._site.settings.body_bytes)
        except MalformedRequest as error:
            return malformed(self._site, environ, error)
        return answer(self._site, request_of(environ, body))


def malformed(site: Site, environ: dict[str, Any], error: MalformedRequest) -> Response:
    """Answer a request whose body cannot be read, and note it."""
    visit = Visit(request_of(environ, b""), id=random_id("Q"), error=error)
    response = answers.failure(visit, error)
    site.observe(visit, response, 0.0)
    return response


def request_of(environ: dict[str, Any], body: bytes | None) -> Request:
    """Return a request as the edge takes it; `body` is None when it is over the limit."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return Request(
        environ["REQUEST_METHOD"],
        environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace") or "/",
        environ.get("QUERY_STRING", ""),
        headers,
        body,
        environ.get("REMOTE_ADDR", ""),
        len(headers),
    )


def body_of(environ: dict[str, Any], most: int) -> bytes | None:
    """Read the body; None when it is over the limit.

    Raises:
        MalformedRequest: Its length is no number, or it comes in chunks whose end the host's server does not tell.
    """
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH", "")
    if not length and "HTTP_TRANSFER_ENCODING" in environ:
        if not environ.get("wsgi.input_terminated"):
            raise MalformedRequest(error_message="The body must come with its length (Content-Length).")
        body: bytes = stream.read(most + 1)
        return body if len(body) <= most else None
    if length and not (length.isascii() and length.isdigit()):
        raise MalformedRequest(error_message="Content-Length is not a number.")
    size = int(length or 0) if len(length) < _LONG else most + 1
    return None if size > most else stream.read(size) if size else b""
