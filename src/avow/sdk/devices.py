"""Which trusted device a thread or task speaks for: its token goes along with every call of one client."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from avow.sdk.calls.call import refresh_token_of

__all__ = ["HEADER", "shown_by", "showing"]

HEADER = "x-descope-trusted-device-token"

_shown: ContextVar[tuple[object, str] | None] = ContextVar("avow_trusted_device", default=None)


@contextlib.contextmanager
def showing(owner: object, token: str) -> Iterator[None]:
    """Send the token of a device with the calls of one client, in this thread or task.

    Args:
        owner: Whose calls.
        token: As a sign-in gave it; "" for a device that has none.

    Raises:
        InvalidToken: It has characters that no token has.
    """
    before = _shown.set((owner, refresh_token_of(token) if token else ""))
    try:
        yield
    finally:
        _shown.reset(before)


def shown_by(owner: object) -> str:
    """Return the token that goes with calls of this owner now, or ""."""
    shown = _shown.get()
    return shown[1] if shown is not None and shown[0] is owner else ""
