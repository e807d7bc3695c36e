"""Every management route of the API, those that are not supported yet included, made from the tables of `wire`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from avow.wire.endpoint import Caller
from avow.wire.table import ENDPOINTS
from avow.wire.unsupported import UNSUPPORTED
from tests.security.calls import Answer, Api

_PART = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One address that management may call.

    Attributes:
        id: Name of the operation.
        verb: HTTP method.
        path: With a value for each part.
        area: The right that it needs names it; "" where every key may call.
        only_reads: A right to read suffices.
        for_tenant_admins: Callers of one tenant may call it.
    """

    id: str
    verb: str
    path: str
    area: str
    only_reads: bool
    for_tenant_admins: bool = False

    @property
    def name(self) -> str:
        """Return how cells name it."""
        return f"{self.verb} {self.path}"

    def send(self, api: Api, token: str, **options: object) -> Answer:
        """Call it with an empty body; the token is a key."""
        return api.carrier.send(api.wish(self.verb, self.path, token, {}, **options))  # type: ignore[arg-type]  # headers


def routes() -> list[Route]:
    """Return every management route once."""
    return [*_supported(), *_unsupported()]


def _supported() -> Iterator[Route]:
    for row in ENDPOINTS:
        if row.caller is Caller.MANAGEMENT:
            for path, _ in row.concrete_paths():
                area = "" if row.for_any_key else row.area
                yield Route(row.id, row.verb, _filled(path), area, row.only_reads, row.for_tenant_admins)


def _unsupported() -> Iterator[Route]:
    for row in UNSUPPORTED:
        if row.caller is Caller.MANAGEMENT:
            head, _, rest = row.id.partition(".")
            area = rest.partition(".")[0] if head == "mgmt" else head
            yield Route(row.id, row.verb, _filled(row.path), area, row.verb == "GET")


def _filled(path: str) -> str:
    return _PART.sub("x1", path)
