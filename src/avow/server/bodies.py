"""What a request says, in the shape of its endpoint: of its query, its JSON or its form."""

from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from avow.errors import MalformedRequest
from avow.server.visit import Request
from avow.wire.codec import decode_body, decode_query, flat_pairs
from avow.wire.endpoint import Endpoint

__all__ = ["pairs", "shaped"]

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_MOST_PAIRS = 100


def shaped(endpoint: Endpoint[Any, Any], request: Request) -> Any:  # noqa: ANN401 - of whichever shape
    """Return the body or query of a request in the shape of its endpoint.

    Raises:
        MalformedRequest: It is of another kind, or cannot be read.
        InvalidRequest: It does not fit the shape.
    """
    if endpoint.takes_query:
        return decode_query(endpoint, pairs(request.query))
    if request.headers.get("content-encoding", "identity") != "identity":
        raise MalformedRequest(error_message="The body must not be compressed.")
    content_type = request.headers.get("content-type", _JSON)
    body = request.body or b""
    queried = [pair for pair in pairs(request.query) if pair[0] in endpoint.queried] if endpoint.queried else []
    if endpoint.is_oauth and not endpoint.is_page and content_type.lower().startswith(_JSON):
        return decode_query(endpoint, flat_pairs(body or b"{}"))
    if endpoint.is_page or endpoint.takes_form or endpoint.is_oauth:
        if content_type.partition(";")[0].strip().lower() != _FORM:
            raise MalformedRequest(error_message=f"The body must be a form (Content-Type: {_FORM}).")
        form = [pair for pair in pairs(_text(body)) if pair[0] not in endpoint.queried]
        return decode_query(endpoint, form + queried)
    if body and not content_type.lower().startswith(_JSON):
        raise MalformedRequest(error_message=f"The body must be JSON (Content-Type: {_JSON}).")
    return decode_body(endpoint, body, queried)


def pairs(text: str) -> list[tuple[str, str]]:
    """Return names and values of a query or form, in their order.

    Raises:
        MalformedRequest: There are more than a hundred.
    """
    if text.count("&") >= _MOST_PAIRS:
        raise MalformedRequest(error_message="The request has more fields than this server accepts.")
    found = []
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            found.append((_decoded(name), _decoded(value)))
    return found


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError as wrong:
        raise MalformedRequest(detail="a form that is not ASCII") from wrong


def _decoded(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    return unquote_to_bytes(text).decode(errors="replace") if text.isascii() else unquote(text)
