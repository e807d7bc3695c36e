"""What a call is: an endpoint with its arguments, checked, and the way to read the answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from avow import shaping
from avow.errors import ERROR_TYPE_INVALID_ARGUMENT, ERROR_TYPE_INVALID_TOKEN, InvalidArgument, InvalidToken
from avow.sdk.transport import Response
from avow.wire.endpoint import Caller, Endpoint

__all__ = ["Call", "call", "refresh_token_of", "refused", "shaped", "text_of"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
RequestT = TypeVar("RequestT")

_TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]+")


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One call, ready to be sent.

    Attributes:
        verb: HTTP method.
        path: Encoded path.
        caller: What the Authorization header must carry.
        decode: Reads a 2xx answer.
        body: JSON, or None for none.
        query: Names and values, not encoded.
        token: Refresh token or access key for the Authorization header, or "".
        is_repeatable: Carrying it out twice is as good as once.
        timeout_seconds: A limit below the client's own, or None.
    """

    verb: str
    path: str
    caller: Caller
    decode: Callable[[Response], T_co] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    token: str = field(default="", repr=False)
    is_repeatable: bool = False
    timeout_seconds: float | None = None


def call(
    endpoint: Endpoint[RequestT, Any],
    body: RequestT,
    decode: Callable[[Response], T],
    *,
    token: str = "",
    path: Mapping[str, str] | None = None,
    is_repeatable: bool = False,
    timeout_seconds: float | None = None,
) -> Call[T]:
    """Return the call of an endpoint.

    Args:
        endpoint: The row of the API.
        body: Its request; for GET and DELETE it becomes the query, as do the fields that an endpoint has there.
        decode: Reads a 2xx answer.
        token: For the Authorization header.
        path: Values of the `{name}` parts.
        is_repeatable: It may be sent again although it may have arrived; every GET may.
        timeout_seconds: A limit below the client's own.

    Raises:
        InvalidArgument: A path part cannot be used.
    """
    is_get = endpoint.verb == "GET"
    return Call(
        verb=endpoint.verb,
        path=_path(endpoint, path or {}),
        caller=endpoint.caller,
        decode=decode,
        body=None if endpoint.takes_query else _body(endpoint, body),
        query=_query(endpoint, body),
        token=token,
        is_repeatable=is_repeatable or is_get,
        timeout_seconds=timeout_seconds,
    )


def refresh_token_of(token: object) -> str:
    """Return a refresh token that can travel in a header.

    Raises:
        InvalidToken: Empty, not text, or with characters that no token has.
    """
    if not isinstance(token, str) or not token:
        raise InvalidToken(400, ERROR_TYPE_INVALID_TOKEN, "A refresh token is needed.")
    if not _TOKEN.fullmatch(token):
        raise InvalidToken(400, ERROR_TYPE_INVALID_TOKEN, "The refresh token is not a token.")
    return token


def text_of(name: str, value: object) -> str:
    """Return an argument that must be a text and not empty.

    Raises:
        InvalidArgument: It is not.
    """
    if not isinstance(value, str) or not value:
        raise refused(f"{name} is empty or not a text.")
    return value


def refused(sentence: str) -> InvalidArgument:
    """Return the error of an argument that cannot be used."""
    return InvalidArgument(error_type=ERROR_TYPE_INVALID_ARGUMENT, error_message=sentence)


def _path(endpoint: Endpoint[Any, Any], values: Mapping[str, str]) -> str:
    path = endpoint.path
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", _path_part(name, value))
    return path


def _path_part(name: str, value: str) -> str:
    # "." and ".." survive percent-encoding and would be resolved on the way.
    if text_of(name, value) in (".", ".."):
        raise refused(f"{name} cannot stand in a path.")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:
        raise refused(f"{name} is not text.") from error


def _body(endpoint: Endpoint[RequestT, Any], body: RequestT) -> bytes:
    if not endpoint.queried:
        return msgspec.json.encode(body)
    fields = msgspec.to_builtins(body)
    return msgspec.json.encode({name: value for name, value in fields.items() if name not in endpoint.queried})


def _query(endpoint: Endpoint[RequestT, Any], body: RequestT) -> tuple[tuple[str, str], ...]:
    if not (endpoint.takes_query or endpoint.queried):
        return ()
    fields = msgspec.to_builtins(body)
    wanted = fields if endpoint.takes_query else endpoint.queried
    return tuple((name, str(fields[name])) for name in wanted if fields.get(name) is not None)


def shaped(values: Mapping[str, object], shape: type[T]) -> T:
    """Return the arguments of a call as the body they make, so that nothing of a wrong type or length is sent.

    Raises:
        InvalidArgument: An argument is not what the API takes.
    """
    try:
        return shaping.convert(values, shape)
    except msgspec.ValidationError as wrong:
        raise refused(f"The arguments do not have the expected shape: {wrong}.") from wrong
