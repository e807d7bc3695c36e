"""Browsers without a screen at servers that are reached over HTTP."""

from typing import Any

from avow.server.visit import Request, Response
from tests.bed.visitor import Visitor
from tests.security.calls import Carrier, Wish
from tests.security.place import Place
from tests.server.pages.browsing import Browser

__all__ = ["DistantBrowser", "DistantVisitor"]


class DistantVisitor(Visitor):
    """One browser; each of its requests goes to the next of the servers."""

    def __init__(self, place: Place) -> None:
        """Begin with no cookie."""
        super().__init__(place.avow.server.site)
        self._carrier = place.api.carrier

    def answered(self, request: Request) -> Response:
        """Ask one of the servers."""
        return _answered(self._carrier, request)


class DistantBrowser(Browser):
    """One browser on pages; each of its requests goes to the next of the servers."""

    def __init__(self, place: Place, **options: Any) -> None:
        """Begin with no cookie; options as of a `Browser`."""
        super().__init__(place.avow, **options)
        self._carrier = place.api.carrier

    def _send(self, request: Request) -> Response:
        return _answered(self._carrier, request)


def _answered(carrier: Carrier, request: Request) -> Response:
    path = f"{request.path}?{request.query}" if request.query else request.path
    answer = carrier.send(Wish(request.verb, path, request.headers, request.body or b""))
    headers = [*answer.headers.items(), *(("set-cookie", each) for each in answer.set_cookies)]
    return Response(answer.status, headers, answer.content)
