"""A browser without a screen at servers that are reached over HTTP."""

from urllib.parse import urlsplit

from tests.bed.visitor import Page, Visitor
from tests.security.calls import Carrier, Wish

__all__ = ["DistantVisitor"]


class DistantVisitor(Visitor):
    """One browser; each of its requests goes to the next of the servers."""

    def __init__(self, carrier: Carrier) -> None:
        """Begin with no cookie."""
        self._carrier = carrier
        self.cookies = {}

    def _answered(self, verb: str, url: str, body: bytes, headers: dict[str, str]) -> Page:
        parts = urlsplit(url)
        answer = self._carrier.send(Wish(verb, f"{parts.path}?{parts.query}", headers, body))
        return Page(answer.status, dict(answer.headers), answer.set_cookies, answer.content)
