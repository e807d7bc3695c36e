"""Trusted devices, as the caller sees them."""

from contextlib import AbstractContextManager

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.answers import TrustedDevices
from avow.sdk.calls import devices
from avow.sdk.flow import Flows
from avow.sdk.shown import showing_device

__all__ = ["AsyncDevices"]


class AsyncDevices:
    """Devices on which users are not asked for a second factor again; `client.devices`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    def showing(self, token: str) -> AbstractContextManager[None]:
        """Sign in for somebody on this device: `with client.devices.showing(token): ...`.

        Within it every call of this client, in this thread or task, carries the token. Where the device is trusted, a
        sign-in is not asked for a second factor.

        Args:
            token: `trustedDeviceJwt` of an earlier sign-in, as the device kept it; "" where it has none.

        Raises:
            InvalidToken: It has characters that no token has.
        """
        return showing_device(self._flows.config, token)

    async def mine(self, refresh_token: str) -> TrustedDevices:
        """Return the trusted devices of a session's user, `{"devices": [...]}`, the one used last first.

        Raises:
            AuthException: The token is not one of a live session.
        """
        return await self._run(self._flows.deliver(devices.mine(refresh_token)))

    async def remove(self, refresh_token: str, device_id: str) -> None:
        """Trust a device of a session's user no more.

        Args:
            refresh_token: Refresh token of the session.
            device_id: As `mine` has it.

        Raises:
            NotFound: The user has no such device.
            AuthException: The token is not one of a live session.
        """
        await self._run(self._flows.deliver(devices.remove(refresh_token, device_id)))
