"""Issuers in this very process: whoever embeds Avow announces it, and no request goes out for its keys.

A process that serves one request at a time would wait for itself otherwise.
"""

import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from avow.sdk.transport import AsyncTransport, Request, Transport

__all__ = ["AsyncInside", "Inside", "Server", "announce"]


class Server(Transport, Protocol):
    """A server in this process, which answers requests for paths of its own."""

    def path_of(self, url: str) -> str | None:
        """Return the path that an address has at this server; None when it is none of its."""
        ...

    def for_asyncio(self) -> AsyncTransport:
        """Return the same for asyncio."""
        ...


_Find = Callable[[], Server | None]
_announced: Final[list[_Find]] = []


def announce(find: _Find) -> None:
    """Have a server of this process found, for as long as it is there; the newest comes first.

    Args:
        find: Returns it, such as a weak reference to it; None once it is gone.
    """
    gone = [each for each in _announced if isinstance(each, weakref.ref) and each() is None]
    for each in gone:
        _announced.remove(each)
    _announced.append(find)


class Inside:
    """Finds who answers a whole address in this process."""

    @staticmethod
    def find(request: Request) -> tuple[Transport, Request] | None:
        """Return a server and what to ask it; None for an address that is elsewhere."""
        return _find(request)


class AsyncInside:
    """The same for asyncio."""

    @staticmethod
    def find(request: Request) -> tuple[AsyncTransport, Request] | None:
        """As `Inside.find`."""
        found = _find(request)
        return (found[0].for_asyncio(), found[1]) if found else None


def _find(request: Request) -> tuple[Server, Request] | None:
    for find in reversed(_announced):
        server = find()
        path = server.path_of(request.path) if server is not None else None
        if server is not None and path is not None:
            query = parse_qsl(urlsplit(request.path).query, keep_blank_values=True)
            return server, replace(request, path=path, query=tuple(query))
    return None
