"""The session token of an `Authorization` header."""

from typing import Final

__all__ = ["SCHEME", "bearer_token"]

SCHEME: Final = "Bearer"


def bearer_token(header: str | None) -> str | None:
    """Return the token of the header; None when it is absent or of another scheme, "" when it is empty."""
    scheme, _, token = (header or "").partition(" ")
    return token if scheme.lower() == SCHEME.lower() else None
