"""What goes along with the calls of a client in one thread or task: a device, an anonymous session, an address."""

import contextlib
from collections.abc import Generator
from contextvars import ContextVar

from avow.core.networks import canonical
from avow.sdk.calls.call import refresh_token_of, refused

__all__ = [
    "ADDRESS_HEADER",
    "DEVICE_HEADER",
    "address_of",
    "anonymous_token_of",
    "calling_for",
    "device_token_of",
    "showing_device",
    "signing_up",
]

ADDRESS_HEADER = "x-forwarded-for"
DEVICE_HEADER = "x-descope-trusted-device-token"

_Shown = tuple[object, str]

_device: ContextVar[_Shown | None] = ContextVar("avow_trusted_device", default=None)
_anonymous: ContextVar[_Shown | None] = ContextVar("avow_anonymous", default=None)
_address: ContextVar[_Shown | None] = ContextVar("avow_address", default=None)


def showing_device(owner: object, token: str) -> contextlib.AbstractContextManager[None]:
    """Send the token of a device with the calls of one client.

    Args:
        owner: Whose calls.
        token: As a sign-in gave it; "" for a device that has none.

    Raises:
        InvalidToken: It has characters that no token has.
    """
    return _showing(_device, owner, refresh_token_of(token) if token else "")


def signing_up(owner: object, refresh_token: str) -> contextlib.AbstractContextManager[None]:
    """Send the refresh token of an anonymous session with those calls of one client that need none.

    Raises:
        InvalidToken: It is empty, or has characters that no token has.
    """
    return _showing(_anonymous, owner, refresh_token_of(refresh_token))


def calling_for(owner: object, address: str) -> contextlib.AbstractContextManager[None]:
    """Send the address of a person with the calls of one client.

    Raises:
        InvalidArgument: It is no IP address.
    """
    found = canonical(address)
    if not found or "/" in found:
        raise refused("The address of the person is no IP address.")
    return _showing(_address, owner, found)


def address_of(owner: object) -> str:
    """Return the address of a person that goes with calls of this owner now, or ""."""
    return _of(_address, owner)


def device_token_of(owner: object) -> str:
    """Return the token of a device that goes with calls of this owner now, or ""."""
    return _of(_device, owner)


def anonymous_token_of(owner: object) -> str:
    """Return the refresh token of an anonymous session that goes with calls of this owner now, or ""."""
    return _of(_anonymous, owner)


@contextlib.contextmanager
def _showing(shown: ContextVar[_Shown | None], owner: object, token: str) -> Generator[None, None, None]:
    before = shown.set((owner, token))
    try:
        yield
    finally:
        shown.reset(before)


def _of(shown: ContextVar[_Shown | None], owner: object) -> str:
    found = shown.get()
    return found[1] if found is not None and found[0] is owner else ""
