"""Bytes to shapes and back, as strict as the API promises, whatever the sender made of the bytes.

Refused before any shape is looked for: text that is not UTF-8, NUL (as a byte or an escape), surrogates that are not
pairs, nesting deeper than 32, numbers beyond 64 bits. Of a key that is given twice the last value counts.
"""

import re
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

import msgspec

from avow import shaping
from avow.errors import ERROR_TYPE_INVALID_ARGUMENT, InvalidRequest, MalformedRequest
from avow.wire.endpoint import Endpoint

__all__ = ["MAX_DEPTH", "decode", "decode_body", "decode_query", "encode", "flat_pairs"]

RequestT = TypeVar("RequestT")

MAX_DEPTH = 32

_Object: Any = dict[str, Any] | None

_encoder = msgspec.json.Encoder()
_several: dict[type[Any], frozenset[str]] = {}
_TO_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_LONG_NUMBER = re.compile(rb"-?[0-9]{19,}")
_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_RUN = b"0" * 19
_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?([^`]*)`\Z")
_MISSING = re.compile(r"^Object missing required field `([^`]*)`")


def encode(value: object) -> bytes:
    """Return a shape (or a list of shapes) as JSON."""
    return _encoder.encode(value)


def decode_body(endpoint: Endpoint[RequestT, Any], data: bytes, queried: Iterable[tuple[str, str]] = ()) -> RequestT:
    """Return the body of a request in its shape; no body at all is `{}`.

    Args:
        endpoint: Whose shape it is.
        data: JSON.
        queried: Fields of the shape that the endpoint takes from the query; in the body they do not count.

    Raises:
        MalformedRequest: It is not JSON, or JSON that this server refuses to read.
        InvalidRequest: It is JSON of another shape; the message names the field, never its value.
    """
    if not endpoint.queried:
        return decode(endpoint.request, data or b"{}")
    record = {name: value for name, value in _decoded_object(data).items() if name not in endpoint.queried}
    for name, value in queried:
        _check_query_text(name)
        _check_query_text(value)
        record[name] = value
    try:
        return shaping.convert(record, endpoint.request)
    except msgspec.ValidationError as error:
        _refuse_shape(error)


def decode(shape: type[RequestT], data: bytes) -> RequestT:
    """Return JSON in a shape; raises as `decode_body`."""
    _check_text(data)
    _check_depth_and_numbers(data)
    try:
        return shaping.decode(data, shape)
    except msgspec.ValidationError as error:
        _refuse_shape(error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequest(None, ERROR_TYPE_INVALID_ARGUMENT) from error


def decode_query(endpoint: Endpoint[RequestT, Any], pairs: Iterable[tuple[str, str]]) -> RequestT:
    """Return the query of a GET or DELETE in its shape; a field of several values takes each repetition of its name.

    Raises:
        MalformedRequest: A name or value holds NUL or is not Unicode.
        InvalidRequest: A field has another shape; the message names it, never its value.
    """
    pairs = list(pairs)
    _check_query_text("".join(map("".join, pairs)))  # surrogates stay what they are, whatever stands beside them
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    several = _fields_of_several(endpoint.request)
    record = {name: values if name in several else values[-1] for name, values in given.items()}
    try:
        return shaping.convert(record, endpoint.request, strict=False)
    except msgspec.ValidationError as error:
        _refuse_shape(error)


def flat_pairs(data: bytes) -> list[tuple[str, str]]:
    """Return a flat JSON object as the pairs of a form: null is none, a list several of a name, an object its JSON.

    Raises:
        MalformedRequest: It is not JSON, or JSON that this server refuses to read.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in _decoded_object(data).items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                pairs.append((name, each))
            elif each is not None:
                pairs.append((name, encode(each).decode()))
    return pairs


def _decoded_object(data: bytes) -> dict[str, Any]:
    """Return a JSON object of any shape; nothing, and null, are an empty one."""
    return decode(_Object, data or b"{}") or {}


def _fields_of_several(shape: type[Any]) -> frozenset[str]:
    """Return the names on the wire of the fields that hold a list."""
    names = _several.get(shape)
    if names is None:
        info = shaping.type_info(shape)
        fields = info.fields if isinstance(info, msgspec.inspect.StructType) else ()
        names = _several[shape] = frozenset(field.encode_name for field in fields if _holds_several(field.type))
    return names


def _holds_several(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(_holds_several(part) for part in kind.types)
    if isinstance(kind, msgspec.inspect.Metadata):
        return _holds_several(kind.type)
    return isinstance(kind, msgspec.inspect.VarTupleType | msgspec.inspect.ListType)


def _check_text(data: bytes) -> None:
    """Refuse what is not UTF-8, and the NUL escape: databases end strings there."""
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise MalformedRequest(None, ERROR_TYPE_INVALID_ARGUMENT) from error
    if rb"\u0000" in data and rb"\u0000" in data.replace(rb"\\", b""):
        raise MalformedRequest(None, ERROR_TYPE_INVALID_ARGUMENT)


def _check_query_text(text: str) -> None:
    if "\0" in text or not (text.isascii() or _is_unicode(text)):
        raise MalformedRequest(None, ERROR_TYPE_INVALID_ARGUMENT)


def _is_unicode(text: str) -> bool:
    """Tell whether the text has no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_depth_and_numbers(data: bytes) -> None:
    """Refuse deep nesting and long numbers without recursion and without parsing.

    Almost every body has too few brackets to nest deeply and no long run of digits, so that two scans settle it. For
    the others the strings are cut out first, since brackets and digits mean nothing in them.
    """
    may_be_deep = data.count(b"[") + data.count(b"{") > MAX_DEPTH
    if not may_be_deep and _LONG_RUN not in data.translate(_TO_ZEROS):
        return
    outside = _outside_strings(data)
    if may_be_deep and _is_deep(outside):
        raise MalformedRequest(None, ERROR_TYPE_INVALID_ARGUMENT, detail="nested too deep")
    if any(_is_long(number) for number in _LONG_NUMBER.findall(outside)):
        raise MalformedRequest(None, ERROR_TYPE_INVALID_ARGUMENT, detail="number beyond 64 bits")


def _outside_strings(data: bytes) -> bytes:
    """Return JSON text with its strings emptied; once escapes are gone, every quote opens or closes one."""
    unescaped = data.replace(rb"\\", b"").replace(rb"\"", b"")
    return b'"'.join(unescaped.split(b'"')[::2])


def _is_deep(outside: bytes) -> bool:
    """Peel the innermost brackets off, one level at a time: what is left after the last level was too deep.

    Brackets that do not match are left too; the parser would refuse them anyway.
    """
    brackets = outside.translate(_TO_BRACKETS, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _is_long(number: bytes) -> bool:
    return len(number) > 20 or not -(2**63) <= int(number) < 2**63


def _refuse_shape(error: msgspec.ValidationError) -> NoReturn:
    """Raise InvalidRequest with the place of the field; the library's own text may quote the value."""
    text = str(error)
    place = _PLACE.search(text)
    inside = place.group(1) if place else ""
    missing = _MISSING.search(text)
    if missing:
        message = f"The field {'.'.join(filter(None, (inside, missing.group(1))))} is missing."
    elif inside:
        message = f"The field {inside} does not have the expected shape."
    else:
        message = InvalidRequest.text
    # The cause is left out: its text may hold a secret that was sent in the wrong place.
    raise InvalidRequest(None, ERROR_TYPE_INVALID_ARGUMENT, message) from None
