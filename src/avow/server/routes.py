"""The table of endpoints: from verb and path to the handler, one dictionary look-up for almost every request."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
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
    """All routes of a server: those that it begins with, and further ones that are loaded when first looked for."""

    def __init__(self, handlers: Iterable[Handler], further: Iterable[Callable[[], Iterable[Handler]]] = ()) -> None:
        """Expand `{method}` into its values and index what is left.

        Args:
            handlers: Known from the beginning.
            further: Each called once, in their order, with the first request that none before answers.

        Raises:
            ValueError: Two handlers claim one address.
        """
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: dict[int, list[tuple[str, tuple[str, ...], Handler]]] = {}
        self._further = deque(further)
        self._completing = threading.Lock()
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
        missing = len(self._further)
        if not missing:
            return self._matched(verb, path)
        try:
            return self._matched(verb, path)
        except (NotFound, MethodNotAllowed):
            self._go_on(missing)
            return self.find(verb, path)

    def _go_on(self, missing: int) -> None:
        """Load what comes next, unless another thread has since so many were missing."""
        with self._completing:
            if len(self._further) == missing:
                for handler in self._further[0]():
                    self._add(handler)
                self._further.popleft()

    def _matched(self, verb: str, path: str) -> Route:
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
