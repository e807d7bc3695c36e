"""The licence, as the caller sees it."""

from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import license
from avow.sdk.flow import Flows

__all__ = ["AsyncLicense"]


class AsyncLicense:
    """What official clients ask a hosted service for; `client.mgmt.license`. Avow sells no tiers."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def get(self) -> dict[str, Any]:
        """Return `{"rateLimitTier": "tier4"}`, the same for everybody: limits are settings of the project."""
        return await self._run(self._flows.deliver(license.get()))
