"""Management keys, as the caller sees them."""

from collections.abc import Sequence

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import management_key
from avow.sdk.calls.mgmt.management_key import (
    CreatedManagementKey,
    DeletedManagementKeys,
    ManagementKeyAnswer,
    ManagementKeys,
)
from avow.sdk.flow import Flows
from avow.sdk.options import MgmtKeyReBac, MgmtKeyStatus

__all__ = ["AsyncManagementKey"]


class AsyncManagementKey:
    """Make, change and delete what authorises management; `client.mgmt.management_key`."""

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(
        self,
        name: str,
        rebac: MgmtKeyReBac,
        description: str | None = None,
        expires_in: int = 0,
        permitted_ips: Sequence[str] | None = None,
        *,
        tenant_id: str | None = None,
    ) -> CreatedManagementKey:
        """Make a key and return it with its secret, this once.

        Args:
            name: For people.
            rebac: What it may do; nothing unless roles in its project are named, and never more than the key that
                makes it: `MgmtKeyReBac(project_roles=[MgmtKeyProjectRole([project_id], ["user:write"])])`.
            description: For people.
            expires_in: Seconds until it ends; 0 for never.
            permitted_ips: Addresses and networks (`192.0.2.0/24`) that it may be used from; none for everywhere.
            tenant_id: The one tenant that it is confined to. Avow's own.

        Returns:
            `cleartext`, the secret to keep, and `key`.

        Raises:
            InvalidArgument: A role, project or address is none that a key can have.
            AuthException: Any other refusal; 403 when the key would have more than the one that makes it.
        """
        made = management_key.create(name, rebac, description, expires_in, permitted_ips, tenant_id)
        return await self._run(self._flows.deliver(made))

    async def update(
        self, id: str, name: str, description: str, permitted_ips: Sequence[str], status: MgmtKeyStatus
    ) -> ManagementKeyAnswer:
        """Change a key; every value takes the place of the one before. What it may do stays.

        Args:
            id: The key.
            name: For people.
            description: For people.
            permitted_ips: Where it may be used from; none for everywhere.
            status: An inactive key is refused at once.

        Raises:
            NotFound: There is no such key.
            AuthException: Any other refusal.
        """
        changed = management_key.update(id, name, description, permitted_ips, status)
        return await self._run(self._flows.deliver(changed))

    async def load(self, id: str) -> ManagementKeyAnswer:
        """Return a key, without its secret.

        Raises:
            NotFound: There is no such key.
            AuthException: Any other refusal.
        """
        return await self._run(self._flows.deliver(management_key.load(id)))

    async def delete(self, ids: Sequence[str]) -> DeletedManagementKeys:
        """Delete keys for ever, all of them or none; ids that are no key's are passed over.

        Raises:
            AuthException: The call was refused.
        """
        return await self._run(self._flows.deliver(management_key.delete(ids)))

    async def search(self) -> ManagementKeys:
        """Return every key of the project, without the secrets.

        Raises:
            AuthException: The call was refused.
        """
        return await self._run(self._flows.deliver(management_key.search()))
