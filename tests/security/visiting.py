"""Browsers without a screen at servers that are reached over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from avow.server.visit import Request, Response
from tests.bed.visitor import Visitor
from tests.security.calls import Answer, Carrier, Wish
from tests.security.place import Place
from tests.server.oidc.relying import Rp
from tests.server.pages.browsing import Browser

__all__ = ["DistantBrowser", "DistantRp", "DistantVisitor"]


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


@dataclass
class DistantRp(Rp):
    """An application whose calls, and those of its browsers, go to the next of the servers each."""

    place: Place | None = None

    @classmethod
    def of(cls, rp: Rp, place: Place) -> "DistantRp":
        """Return an application at a place; its servers know it by then."""
        place.advance(2)
        return cls(rp.avow, rp.id, rp.secret, rp.redirect, rp.host, place)

    def browser(self, **headers: str) -> Browser:
        """Return a new browser."""
        return DistantBrowser(self._place, **headers)

    def wish(self, form: Mapping[str, str]) -> Wish:
        """Return a call of the token endpoint, to be sent with others at once."""
        said = {"content-type": "application/x-www-form-urlencoded"}
        if self.secret:
            said["authorization"] = self.basic()
        else:
            form = {"client_id": self.id, **form}
        return Wish("POST", f"{self.prefix}/oauth/token", said, urlencode(form).encode())

    def carried(self, wish: Wish) -> Answer:
        """Send a call and return the raw answer."""
        return self._place.api.carrier.send(wish)

    @property
    def _place(self) -> Place:
        assert self.place is not None
        return self.place

    def _send(self, request: Request) -> Response:
        return _answered(self._place.api.carrier, request)


def _answered(carrier: Carrier, request: Request) -> Response:
    path = f"{request.path}?{request.query}" if request.query else request.path
    answer = carrier.send(Wish(request.verb, path, request.headers, request.body or b""))
    headers = [*answer.headers.items(), *(("set-cookie", each) for each in answer.set_cookies)]
    return Response(answer.status, headers, answer.content)
