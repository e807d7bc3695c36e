"""Calls about the trusted devices of the person who holds a session."""

from avow.sdk.answers import TrustedDevices, as_is, ignored
from avow.sdk.calls.call import Call, call, refresh_token_of, text_of
from avow.wire import sessions
from avow.wire.endpoint import Nothing

__all__ = ["mine", "remove"]


def mine(refresh_token: str) -> Call[TrustedDevices]:
    """Return the call for the user's devices."""
    return call(sessions.MY_DEVICES, Nothing(), as_is(TrustedDevices), token=refresh_token_of(refresh_token))


def remove(refresh_token: str, device_id: str) -> Call[None]:
    """Return the call that ends the trust in a device."""
    body = sessions.RemoveDevice(device_id=text_of("device_id", device_id))
    return call(sessions.REMOVE_DEVICE, body, ignored, token=refresh_token_of(refresh_token))
