"""A browser without a screen at Avow's own addresses: it keeps cookies, and follows nothing that it is not told to."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from avow.server.site import Site, answer
from avow.server.visit import Request, Response

__all__ = ["Page", "Visitor"]


@dataclass(frozen=True, slots=True)
class Page:
    """What came back.

    Attributes:
        status: HTTP status.
        headers: Names in lower case; of repeated ones the last.
        set_cookies: Values of Set-Cookie.
        content: The body.
    """

    status: int
    headers: dict[str, str]
    set_cookies: tuple[str, ...]
    content: bytes = field(repr=False)

    @property
    def location(self) -> str:
        """Return where the browser is sent."""
        assert self.status in (302, 303), (self.status, self.content[:400])
        return self.headers["location"]

    def parameter(self, name: str) -> str:
        """Return a parameter of the address where the browser is sent, "" for none."""
        return parse_qs(urlsplit(self.location).query).get(name, [""])[0]

    @property
    def code(self) -> str:
        """Return the code that the application's page is given."""
        assert self.parameter("code"), self.location
        return self.parameter("code")

    @property
    def error(self) -> str:
        """Return the code of the error that the application's page is given."""
        assert not self.parameter("code"), self.location
        return self.parameter("err")


class Visitor:
    """One browser.

    Attributes:
        cookies: By name.
    """

    def __init__(self, site: Site) -> None:
        """Begin with no cookie."""
        self._site = site
        self.cookies: dict[str, str] = {}

    def get(self, url: str, **headers: str) -> Page:
        """Open an address of the server, with the cookies that a link or a redirect brings along."""
        return self._send("GET", url, b"", {"cookie": self._cookie(), **headers})

    def post_from_elsewhere(self, url: str, fields: dict[str, str], **headers: str) -> Page:
        """Send a form of another site's page: Lax cookies stay behind."""
        sent = {"content-type": "application/x-www-form-urlencoded", "origin": "https://idp.example.com"}
        sent |= {"sec-fetch-site": "cross-site", **headers}
        return self._send("POST", url, urlencode(fields).encode(), sent)

    def answered(self, request: Request) -> Response:
        """Have the server answer; a browser of a server in another process asks it there."""
        return answer(self._site, request)

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _send(self, verb: str, url: str, body: bytes, headers: dict[str, str]) -> Page:
        parts = urlsplit(url)
        sent = {"accept": "text/html", **{name: value for name, value in headers.items() if value}}
        too_long = len(body) > self._site.settings.body_bytes
        request = Request(verb, parts.path, parts.query, sent, None if too_long else body, "203.0.113.9", len(sent))
        response = self.answered(request)
        cookies = tuple(value for name, value in response.headers if name == "set-cookie")
        for each in cookies:
            name, _, rest = each.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return Page(response.status, dict(response.headers), cookies, response.body)
