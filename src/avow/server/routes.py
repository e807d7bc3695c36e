"""The table of endpoints: from verb and path to the handler, one dictionary look-up for almost every request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from avow.errors import MethodNotAllowed, NotFound
from avow.server.serving import Handler

__all__ = ["Route", "Routes"]


@dataclass(frozen=True, slots=True)
class Route:
    """A handler and the values of the `{name}` parts of its path."""

    handler: Handler
    path: Mapping[str, str] = field(default_factory=dict)


class Routes:
    """All routes of a server; built once, never changed."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        """Expand `{method}` into its values and index what is left.

        Raises:
            ValueError: Two handlers claim one address.
        """
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: dict[int, list[tuple[str, tuple[str, ...], Handler]]] = {}
        for handler in handlers:
            self._add(handler)

    def find(self, verb: str, path: str) -> Route:
        """Return the route of a request; HEAD is answered as GET.

        Raises:
            NotFound: No route has this path.
            MethodNotAllowed: The path exists with other verbs.
        """
        verb = "GET" if verb == "HEAD" else verb
        exact = self._exact.get((verb, path))
        if exact is not None:
            return exact
        parts = tuple(path.split("/"))
        known = False
        for other, pattern, handler in self._patterns.get(len(parts), ()):
            values = _match(pattern, parts)
            if values is not None and other == verb:
                return Route(handler, values)
            known = known or values is not None
        if known or self.verbs(path):
            raise MethodNotAllowed
        raise NotFound

    def verbs(self, path: str) -> list[str]:
        """Return the verbs that an exact path takes."""
        return [verb for verb, other in self._exact if other == path]

    def _add(self, handler: Handler) -> None:
        endpoint = handler.endpoint
        if "{method}" in endpoint.path:
            for method in endpoint.methods:
                self._add_exact(handler, endpoint.path.replace("{method}", method), {"method": method})
        elif "{" in endpoint.path:
            parts = tuple(endpoint.path.split("/"))
            self._patterns.setdefault(len(parts), []).append((endpoint.verb, parts, handler))
        else:
            self._add_exact(handler, endpoint.path, {})

    def _add_exact(self, handler: Handler, path: str, values: dict[str, str]) -> None:
        key = (handler.endpoint.verb, path)
        if key in self._exact:
            raise ValueError(f"two handlers for {key}")
        self._exact[key] = Route(handler, values)


def _match(pattern: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            if not part or len(part) > 200:
                return None
            values[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return values
