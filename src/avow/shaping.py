"""JSON and plain values as typed shapes, from any thread: the one place where msgspec looks into a class.

msgspec describes a Struct to itself at its first use, and keeps the description with the class before it is filled. A
second thread that comes meanwhile takes it for whole, and the process dies by a segmentation fault. So a shape is
described under a lock before anybody may use it. Decision 0037.
"""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

import msgspec

__all__ = ["convert", "decode", "decoder", "schemas", "type_info"]

T = TypeVar("T")

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_describing = threading.Lock()


@overload
def decode(data: bytes | str) -> Any: ...  # noqa: ANN401  # JSON of any shape
@overload
def decode(data: bytes | str, shape: type[T]) -> T: ...
@overload
def decode(data: bytes | str, shape: Any) -> Any: ...  # noqa: ANN401  # a union is no type
def decode(data: bytes | str, shape: Any = Any) -> Any:
    """Return JSON in a shape.

    Raises:
        msgspec.DecodeError: It is no JSON, or (`msgspec.ValidationError`) JSON of another shape.
        UnicodeDecodeError: A text in it is not UTF-8.
    """
    return decoder(shape).decode(data)


@overload
def convert(value: object, shape: type[T], *, strict: bool = ..., from_attributes: bool = ...) -> T: ...
@overload
def convert(value: object, shape: Any, *, strict: bool = ..., from_attributes: bool = ...) -> Any: ...  # noqa: ANN401  # as above
def convert(value: object, shape: Any, *, strict: bool = True, from_attributes: bool = False) -> Any:
    """Return plain values in a shape.

    Args:
        value: What JSON is made of, or with `from_attributes` an object.
        shape: What it shall be.
        strict: Take no text for a number or a boolean.
        from_attributes: Read the fields of a shape from attributes of an object.

    Raises:
        msgspec.ValidationError: It has another shape.
    """
    decoder(shape)
    return msgspec.convert(value, shape, strict=strict, from_attributes=from_attributes)


def decoder(shape: type[T]) -> msgspec.json.Decoder[T]:
    """Return the decoder of a shape, made at its first use."""
    found = _decoders.get(shape)
    if found is None:
        with _describing:
            found = _decoders[shape] = msgspec.json.Decoder(shape)
    return found


def type_info(shape: type[Any]) -> msgspec.inspect.Type:
    """Return what a shape is made of."""
    with _describing:
        return msgspec.inspect.type_info(shape)


def schemas(
    shapes: Iterable[Any], schema_hook: Callable[[type[Any]], dict[str, Any]] | None, ref_template: str
) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """Return the JSON schemas of shapes, and those of the shapes they refer to, as `msgspec.json.schema_components`."""
    with _describing:
        return msgspec.json.schema_components(shapes, schema_hook=schema_hook, ref_template=ref_template)


def _before_fork() -> None:
    _describing.acquire()  # else a child forked meanwhile would keep half of a description


def _after_fork_in_parent() -> None:
    _describing.release()


def _after_fork_in_child() -> None:
    global _describing
    _describing = threading.Lock()  # some hosts run no hook but this one; then somebody may hold the old lock


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
