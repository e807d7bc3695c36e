"""Every field of every request of the API, with a body that is right but for it, as an attacker walks through them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

from avow.server.pages import endpoints as pages
from avow.wire.endpoint import Caller, Endpoint
from avow.wire.table import ENDPOINTS
from tests.factories import new_email
from tests.security.calls import Answer, Wish
from tests.security.place import Person, Place

Path = tuple[str, ...]
PAGES = tuple(each for each in vars(pages).values() if isinstance(each, Endpoint))
# What ends the session that the walk goes on with.
_ENDS = {"logout", "logout_all", "sessions.end"}


@dataclass(frozen=True, slots=True)
class Target:
    """One address of the API, and who calls it."""

    endpoint: Endpoint[Any, Any]
    path: str
    method: str

    @property
    def name(self) -> str:
        """Return how cells name it."""
        return f"{self.endpoint.verb} {self.path}"

    def fields(self) -> list[Path]:
        """Return the path to each field of its request, those within others included."""
        return list(_fields(inspect.type_info(self.endpoint.request)))

    def body(self) -> dict[str, Any]:
        """Return a body that has the right shape."""
        return {name: _sample(name, kind) for name, kind in _members(inspect.type_info(self.endpoint.request))}

    def takes(self, body: object) -> bool:
        """Tell whether the contract takes a body of this shape."""
        try:
            msgspec.convert(body, self.endpoint.request)
        except (msgspec.ValidationError, RecursionError, UnicodeEncodeError):
            return False
        return True

    def send(self, place: Place, person: Person, body: object) -> Answer:
        """Send a body, or of a GET a query."""
        return self.send_raw(place, person, json.dumps(body).encode())

    def send_raw(self, place: Place, person: Person, content: bytes, kind: str = "application/json") -> Answer:
        """Send the bytes of a body as whoever may."""
        token = {Caller.SESSION: person.refresh_jwt, Caller.MANAGEMENT: place.avow.management_key}
        wish = place.api.wish(self.endpoint.verb, self.path, token.get(self.endpoint.caller, ""), {})
        return place.api.carrier.send(Wish(wish.verb, wish.path, {**wish.headers, "content-type": kind}, content))


def targets(most_methods: int) -> list[Target]:
    """Return every POST of the API that does not end the caller's own session, with so many delivery methods each."""
    return [
        Target(endpoint, path, method)
        for endpoint in ENDPOINTS
        if endpoint.verb == "POST" and endpoint.id not in _ENDS
        for path, method in endpoint.concrete_paths()[:most_methods]
    ]


def with_value(body: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    """Return the body with another value of one field."""
    name, *rest = path
    return {**body, name: with_value(body[name], tuple(rest), value) if rest else value}


def _fields(info: inspect.Type) -> Iterator[Path]:
    for name, kind in _members(info):
        yield (name,)
        for inner in _fields(kind):
            yield (name, *inner)


def _members(info: inspect.Type) -> list[tuple[str, inspect.Type]]:
    match info:
        case inspect.StructType(fields=fields):
            return [(each.encode_name, each.type) for each in fields]
        case inspect.UnionType(types=types):
            return [member for each in types for member in _members(each)]
        case inspect.Metadata(type=inner):
            return _members(inner)
        case _:
            return []


def _sample(name: str, kind: inspect.Type) -> object:
    members = _members(kind)
    if members:
        return {inner: _sample(inner, inner_kind) for inner, inner_kind in members}
    known = {
        "loginId": new_email(), "email": new_email(), "phone": "+12025550123", "voice": "+12025550123",
        "whatsapp": "+12025550123", "code": "123456", "URI": "https://app.example.com/", "token": "t" * 53,
        "redirectUrl": "https://app.example.com/", "pendingRef": "t" * 53, "sessionId": "S" + "0" * 26,
        "tenant": "T1", "ids": ["T1"], "locale": "de", "templateOptions": {"a": "b"}, "customClaims": {"a": "b"},
        "settings": {"codeDigits": 7}, "stepup": False, "mfa": False,
    }  # fmt: skip
    if name in known:
        return known[name]
    return False if _holds(kind, inspect.BoolType) else "text"


def _holds(kind: inspect.Type, wanted: type[inspect.Type]) -> bool:
    if isinstance(kind, inspect.UnionType):
        return any(_holds(each, wanted) for each in kind.types)
    return isinstance(kind, wanted)
