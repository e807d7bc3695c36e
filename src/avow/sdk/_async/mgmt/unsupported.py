"""What the official SDK has and Avow does not do yet: the names are there, and each call raises NotSupported.

Nothing is sent. Type checkers know the methods of a whole area, but not the few that an area which works lacks: they
point at code that would fail.
"""

from collections.abc import Callable
from typing import NoReturn, Protocol, TypeVar

from avow.sdk.calls.mgmt import unsupported

__all__ = ["AsyncRefused", "AsyncUnsupported", "with_refusals"]

T = TypeVar("T")


class AsyncRefused(Protocol):
    """A method that takes whatever the official one takes."""

    async def __call__(self, *arguments: object, **named: object) -> NoReturn:
        """Raise NotSupported: status 501, code E019501."""
        ...


class AsyncUnsupported:
    """An area of the official SDK none of which Avow does yet: every method of it raises NotSupported."""

    def __init__(self, area: str) -> None:
        self._area = area
        self._methods = unsupported.methods(area)

    def __getattr__(self, name: str) -> AsyncRefused:
        if name.startswith("_") or name not in self._methods:
            raise AttributeError(f"the official SDK has no {name!r} here")
        return _refused(f"{self._area}.{name}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._methods]


def with_refusals(area: str) -> Callable[[type[T]], type[T]]:
    """Give a class those methods of the official one that Avow does not do yet."""

    def complete(kind: type[T]) -> type[T]:
        for name in unsupported.methods(area):
            setattr(kind, name, _refused(f"{area}.{name}"))
        return kind

    return complete


def _refused(operation: str) -> AsyncRefused:
    async def refuse(*arguments: object, **named: object) -> NoReturn:
        raise unsupported.refusal(operation)

    refuse.__name__ = operation.rpartition(".")[2]
    refuse.__doc__ = "Raise NotSupported: status 501, code E019501."
    return refuse
