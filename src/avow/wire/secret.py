"""Secrets on the wire: what marks a field of a shape as one, and how a shape shows itself without them.

Tracebacks, debuggers and logs show the `repr` of what they meet. A struct that is no `Shape` takes `described` as its
`__repr__` and `shown` as its `__rich_repr__`.
"""

from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from avow import shaping

__all__ = ["SECRET", "Secret", "described", "shown"]

# As `Meta(extra=SECRET)` beside the bounds of a request's field.
SECRET = {"is_secret": True}

Secret = Annotated[str, Meta(extra=SECRET)]


def described(self: msgspec.Struct) -> str:
    """Return the `repr` of a shape without its secrets."""
    fields = ", ".join(f"{name}={'...' if value is ... else repr(value)}" for name, value in shown(self))
    return f"{type(self).__qualname__}({fields})"


def shown(self: msgspec.Struct, /) -> list[tuple[str, Any]]:
    """Return name and value of each field; in the place of a secret that was given stands `...`."""
    hidden = _secrets_of(type(self))
    values = ((name, getattr(self, name)) for name in self.__struct_fields__)
    return [(name, ... if name in hidden and value else value) for name, value in values]


@cache
def _secrets_of(shape: type[msgspec.Struct]) -> frozenset[str]:
    """Return the names of the fields that are marked as secrets."""
    info: Any = shaping.type_info(shape)
    return frozenset(field.name for field in info.fields if _is_secret(field.type))


def _is_secret(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(_is_secret(part) for part in kind.types)
    if isinstance(kind, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
        return _is_secret(kind.item_type)
    return isinstance(kind, msgspec.inspect.Metadata) and bool((kind.extra or {}).get("is_secret"))
