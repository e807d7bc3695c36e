"""A browser without a screen at servers that are reached over HTTP."""

from avow.server.visit import Request, Response
from tests.bed.visitor import Visitor
from tests.security.calls import Wish
from tests.security.place import Place

__all__ = ["DistantVisitor"]


class DistantVisitor(Visitor):
    """One browser; each of its requests goes to the next of the servers."""

    def __init__(self, place: Place) -> None:
        """Begin with no cookie."""
        super().__init__(place.avow.server.site)
        self._carrier = place.api.carrier

    def answered(self, request: Request) -> Response:
        """Ask one of the servers."""
        answer = self._carrier.send(
            Wish(request.verb, f"{request.path}?{request.query}", request.headers, request.body or b"")
        )
        headers = [*answer.headers.items(), *(("set-cookie", each) for each in answer.set_cookies)]
        return Response(answer.status, headers, answer.content)
