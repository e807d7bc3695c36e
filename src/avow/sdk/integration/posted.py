"""What the login page's script posts when its flow has ended. No I/O in it."""

from typing import Final

import msgspec

from avow.sdk.integration.session import Tokens
from avow.wire.secret import Secret, described, shown

__all__ = ["LARGEST_BODY_BYTES", "posted_tokens"]

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
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        return Tokens()
    try:
        posted = msgspec.json.decode(body, type=_Posted)
    except (msgspec.DecodeError, RecursionError):
        return Tokens()
    return Tokens(posted.session_jwt or "", posted.refresh_jwt or cookie or "")
