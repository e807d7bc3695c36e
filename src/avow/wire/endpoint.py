"""What an endpoint is: verb, path, shapes and who may call it."""

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

import msgspec

from avow.wire.secret import described, shown

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


class Caller(Enum):
    """Who may call an endpoint, by what the Authorization header must carry.

    Spec: contract "tokens" section 1 (request authentication).
    """

    ANYONE = "anyone"  # no header needed (key sets, health)
    PROJECT = "project"  # Bearer <projectId>; a valid refresh token beside it is read (step-up), any other ignored
    SESSION = "session"  # Bearer <projectId>:<refreshJwt>, or the refresh cookie
    ACCESS_KEY = "access_key"  # Bearer <projectId>:<accessKey>
    MANAGEMENT = "management"  # Bearer <projectId>:<managementKey>


class Shape(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """The root of every JSON shape: camelCase on the wire, unknown fields ignored, never changed once made.

    In a request, a field that the contract does not require is `T | None = None` (null and absent are one). In a
    response zero values are sent; only what may be missing is `UNSET`. Each shape repeats `frozen` and `kw_only`,
    which type checkers (and `kw_only` msgspec too) read per class. Fields marked as secrets do not show in `repr`.
    """

    __repr__ = described
    __rich_repr__ = shown


class Nothing(Shape, frozen=True, kw_only=True):
    """An empty body, `{}`."""


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[RequestT, ResponseT]):
    """One route of the API.

    Attributes:
        id: Operation name, `area.operation`, the name of the SDK's call where there is one.
        verb: HTTP method, upper case.
        path: Path with `{name}` parts. `{method}` is a delivery method.
        request: Shape of the body; for GET and DELETE of the query string.
        response: Shape of the 200 answer.
        caller: Who may call.
        methods: The delivery methods that `{method}` takes, empty when the path has none.
        may_be_empty: The 200 answer may be `{}` instead of the response (there is no session to refresh).
        is_page: A page for people: a POST takes a form of this server's own pages, and errors are shown as pages.
        only_reads: A management key that may read the area suffices; every other management call asks for the right
            to write there.
        for_tenant_admins: The administrator of a tenant may call it with a refresh token of their own, and a management
            key of one tenant; its handler keeps them within that tenant. No other management call is open to them.
        for_any_key: Every live management key may call it, whatever its rights.
        queried: Fields of the request, by their names on the wire, that travel in the query although the rest is a
            body.
        takes_form: The body is a form, and pages of other sites send it (an identity provider that answers).
        names_project: Of a call that anyone makes: the query names the project (`projectId`), not the path.
        is_oauth: It speaks OAuth: a body is a form or a flat JSON object, errors are `error` and `error_description`,
            and the handler sees the Authorization header.
        by_host: Of a call that anyone makes: the host names the project, not the path.
        shows_query: The handler sees the query as it was sent: a signature covers its very characters.
    """

    id: str
    verb: str
    path: str
    request: type[RequestT]
    response: type[ResponseT]
    caller: Caller
    methods: tuple[str, ...] = ()
    may_be_empty: bool = False
    is_page: bool = False
    only_reads: bool = False
    for_tenant_admins: bool = False
    for_any_key: bool = False
    queried: tuple[str, ...] = ()
    takes_form: bool = False
    names_project: bool = False
    is_oauth: bool = False
    by_host: bool = False
    shows_query: bool = False

    @property
    def area(self) -> str:
        """Return what a management call is about (`user`, `tenant`, ...): the right that a key needs names it."""
        parts = self.id.split(".")
        return parts[1] if parts[0] == "mgmt" else parts[0]

    @property
    def takes_query(self) -> bool:
        """Tell whether the request is the query string instead of a body."""
        return self.verb in ("GET", "DELETE")

    def concrete_paths(self) -> tuple[tuple[str, str], ...]:
        """Return (path, delivery method) for each method that `{method}` takes; (path, "") when it takes none."""
        if not self.methods:
            return ((self.path, ""),)
        return tuple((self.path.replace("{method}", method), method) for method in self.methods)
