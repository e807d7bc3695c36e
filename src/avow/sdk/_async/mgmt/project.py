"""The project's settings, as the caller sees them."""

from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import project
from avow.sdk.flow import Flows

__all__ = ["AsyncProject"]


class AsyncProject:
    """Read and change the policy of the project; `client.mgmt.project`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def get_settings(self) -> dict[str, Any]:
        """Return every setting with its value, by its name on the wire.

        Raises:
            AuthException: The call was refused.
        """
        return await self._run(self._flows.deliver(project.get_settings()))

    async def set_settings(self, **changes: object) -> dict[str, Any]:
        """Change settings; those not named stay.

        Args:
            changes: By name, for example `session_lifetime_seconds=900`; None puts a setting back to its default.

        Returns:
            Every setting with its value, by its name on the wire.

        Raises:
            AuthException: There is no such setting, or a value is out of its range.
        """
        return await self._run(self._flows.deliver(project.set_settings(changes)))
