"""One request on its way through the server: what came in, what the checks found, what goes out. No framework in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from avow.errors import AvowError
from avow.server.credentials import Credential
from avow.server.routes import Route
from avow.server.serving import Anyone, Caller, Client, Project
from avow.wire.endpoint import Caller as Kind

__all__ = ["Request", "Response", "Visit"]

_API_PATHS = ("/v1/", "/v2/")
_NO_CREDENTIAL, _NOWHERE, _ANYONE = Credential(), Client(""), Anyone()


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as every driver hands it over.

    Attributes:
        verb: Upper case.
        path: Decoded path, without the prefix Avow is mounted under.
        query: Raw query string; that of a mailed link is a secret.
        headers: Names in lower case; repeated headers joined by ", " (cookies by "; ").
        body: At most `Settings.body_bytes`, or None when the driver stopped reading a larger one.
        peer: Address of the connection.
        header_count: How many header lines there were.
        is_within: The application that this server runs in calls by the SDK: nobody's address is that of the call.
    """

    verb: str
    path: str
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    peer: str
    header_count: int = 0
    is_within: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer as every driver sends it; `headers` keeps order and repeats (Set-Cookie)."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)

    @property
    def says_length(self) -> bool:
        """Tell whether Content-Length is that of the body: in a 304 it would be that of what the caller has.

        Spec: RFC 9110 section 8.6.
        """
        return self.status != HTTPStatus.NOT_MODIFIED


@dataclass(slots=True)
class Visit:
    """One request on its way through the checks: each check reads what earlier ones left and adds its own.

    Attributes:
        until: Monotonic time until which it waits, for all of its effects together; by itself a visit has none.
        origin: Of the page that may read the answer, once that is known.
    """

    request: Request
    id: str
    until: float = 0.0
    route: Route | None = None
    project_id: str | None = None
    project: Project | None = None
    credential: Credential = _NO_CREDENTIAL  # shared, as nobody changes them
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    client: Client = _NOWHERE
    caller: Caller = _ANYONE
    body: Any = field(default=None, repr=False)
    origin: str = ""
    error: AvowError | None = None

    @property
    def kind(self) -> Kind:
        """Return whom the endpoint is for."""
        return self._routed.handler.endpoint.caller

    @property
    def is_page(self) -> bool:
        """Tell whether a person's browser is meant: an address of a page, or one that nothing answers."""
        if self.route is not None:
            return self.route.handler.endpoint.is_page
        return not self.request.path.startswith(_API_PATHS)

    @property
    def takes_foreign_form(self) -> bool:
        """Tell whether pages of other sites send their forms here."""
        return self.route is not None and self.route.handler.endpoint.takes_form

    @property
    def endpoint_id(self) -> str:
        """Return the operation's name, for logs and metrics; never the path, which may hold a secret."""
        return self.route.handler.endpoint.id if self.route else "none"

    @property
    def _routed(self) -> Route:
        if self.route is None:
            raise TypeError("the visit has no route yet")
        return self.route
