"""What pages post: the login page's script when its flow has ended, and forms that say where to go. No I/O in it."""

from email.parser import BytesParser
from typing import Final
from urllib.parse import parse_qs

import msgspec

from avow import shaping
from avow.sdk.integration.session import Tokens
from avow.wire.secret import Secret, described, shown

__all__ = ["LARGEST_BODY_BYTES", "posted_next", "posted_tokens"]

LARGEST_BODY_BYTES: Final = 64 * 1024  # more than any pair of tokens


class _Posted(msgspec.Struct, rename="camel"):
    session_jwt: Secret | None = None
    refresh_jwt: Secret | None = None

    __repr__ = described
    __rich_repr__ = shown


def posted_tokens(content_type: str | None, body: bytes, cookie: str | None) -> Tokens:
    """Return the tokens of a body; empty ones where it has none.

    Args:
        content_type: JSON, which a form of another site cannot send.
        body: As it came.
        cookie: The refresh token of an Avow server on the same host, which counts when none was posted.
    """
    if _kind(content_type) != "application/json":
        return Tokens()
    try:
        posted = shaping.decode(body, _Posted)
    except (msgspec.DecodeError, RecursionError):
        return Tokens()
    return Tokens(posted.session_jwt or "", posted.refresh_jwt or cookie or "")


def posted_next(content_type: str | None, body: bytes) -> str | None:
    """Return the field `next` of a form, "" where it has none; None when the body is no form."""
    match _kind(content_type):
        case "application/x-www-form-urlencoded":
            return parse_qs(body.decode("utf-8", "replace")).get("next", [""])[0]
        case "multipart/form-data":
            return _next_of_parts((content_type or "").encode("utf-8", "replace"), body)
        case _:
            return None


def _next_of_parts(content_type: bytes, body: bytes) -> str:
    """Read a form of several parts as a mail is read (RFC 7578 section 4)."""
    for part in BytesParser().parsebytes(b"Content-Type: " + content_type + b"\r\n\r\n" + body).walk():
        if part.get_param("name", header="content-disposition") == "next":
            value = part.get_payload(decode=True)
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
    return ""


def _kind(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()
