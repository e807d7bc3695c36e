"""What the SDK sends and gets back as plain values, and the port it goes through. No HTTP library in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from avow import shaping
from avow.errors import UnreadableAnswer

__all__ = ["AsyncTransport", "Request", "Response", "Transport"]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        verb: HTTP method, upper case.
        path: Encoded path from the first slash, without the base URL.
        query: Names and values, not encoded.
        headers: Header fields; they hold credentials, so `repr` leaves them out.
        body: JSON, or None for no body.
        timeout_seconds: How long the answer may take.
    """

    verb: str
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer.

    Attributes:
        status: HTTP status.
        headers: Header fields by lower-case name.
        set_cookies: Every Set-Cookie field as sent.
        body: The body as sent; it holds tokens, so `repr` leaves it out.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    set_cookies: tuple[str, ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def status_code(self) -> int:
        """Return the HTTP status."""
        return self.status

    @property
    def text(self) -> str:
        """Return the body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        """Return a header field, or "" if it is absent."""
        return self.headers.get(name.lower(), "")

    def json(self) -> object:
        """Return the body decoded; an empty body is an empty object.

        Raises:
            UnreadableAnswer: The body is not JSON.
        """
        if not self.body:
            return {}
        try:
            return shaping.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as unreadable:
            raise UnreadableAnswer(detail=self.text[:2000]) from unreadable

    def cookie(self, name: str) -> str:
        """Return the value of a cookie that this answer sets, or ""."""
        for line in self.set_cookies:
            key, _, value = line.partition(";")[0].partition("=")
            if key.strip() == name:
                return value.strip().strip('"')
        return ""


class Transport(Protocol):
    """Carries requests to a server: over HTTP, or in the process."""

    def send(self, request: Request) -> Response:
        """Send one request and return the answer, whatever its status; no retries, no redirects.

        Raises:
            Unreachable: Nothing was sent.
            UnknownOutcome: The request may have been carried out, but no answer came (`TimedOut`: not in time).
        """
        ...

    def close(self) -> None:
        """Let connections go; a later `send` opens new ones."""
        ...


class AsyncTransport(Protocol):
    """The same for asyncio."""

    async def send(self, request: Request) -> Response:
        """Send one request; as `Transport.send`."""
        ...

    async def close(self) -> None:
        """Let connections go; a later `send` opens new ones."""
        ...
