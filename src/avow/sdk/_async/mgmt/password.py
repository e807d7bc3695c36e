"""What passwords have to be, as the caller sees it."""

from collections.abc import Mapping
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import password
from avow.sdk.calls.mgmt.password import PasswordSettings
from avow.sdk.flow import Flows

__all__ = ["AsyncPassword"]


class AsyncPassword:
    """Read and change what passwords have to be, in the project and in tenants; `client.mgmt.password`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def get_settings(self, tenant_id: str = "") -> PasswordSettings:
        """Return the settings of a tenant, or of the project.

        Args:
            tenant_id: None for the project; a tenant without settings of its own has those of the project.

        Returns:
            Every field that `configure_settings` takes.

        Raises:
            NotFound: There is no such tenant.
        """
        return await self._run(self._flows.deliver(password.get_settings(tenant_id)))

    async def configure_settings(self, tenant_id: str, settings: Mapping[str, Any] | PasswordSettings) -> None:
        """Change the settings of a tenant, or of the project; they apply to passwords set from now on.

        Args:
            tenant_id: "" for the project.
            settings: What is to change: `enabled`, `minLength` (6 to 64), `lowercase`, `uppercase`, `number`,
                `nonAlphanumeric`, `expiration` with `expirationWeeks` (1 to 520), `reuse` with `reuseAmount` (1 to 24),
                `lock` with `lockAttempts` (1 to 100). What it does not name stays.

        Raises:
            NotFound: There is no such tenant.
            InvalidArgument: A number is out of its range.
        """
        await self._run(self._flows.deliver(password.configure_settings(tenant_id, settings)))
