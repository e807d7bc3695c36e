"""Groups, as the caller sees them."""

from collections.abc import Sequence

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import group
from avow.sdk.calls.mgmt.group import TenantGroup
from avow.sdk.flow import Flows

__all__ = ["AsyncGroup"]


class AsyncGroup:
    """Read the groups of a tenant and who is in them; `client.mgmt.group`.

    Groups come from the tenant's identity provider. Each answer is a list of `{"id", "display", "source", "ssoId",
    "members": [{"loginId", "userId", "display"}]}`, by id. With `sso_id`, only groups of that SSO configuration are
    returned; `default_ssoid` is the first one. A tenant that does not exist raises `AuthException` (404).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def load_all_groups(self, tenant_id: str, sso_id: str | None = None) -> list[TenantGroup]:
        """Return every group of a tenant; more than 100,000 members in them are refused (400)."""
        return await self._run(self._flows.deliver(group.load_all(tenant_id, sso_id)))

    async def load_all_groups_for_members(
        self,
        tenant_id: str,
        user_ids: Sequence[str] | None = None,
        login_ids: Sequence[str] | None = None,
        sso_id: str | None = None,
    ) -> list[TenantGroup]:
        """Return the groups that any of these users is in, with all their members.

        Args:
            tenant_id: Whose groups.
            user_ids: Users by id, `sub` in their tokens; at most 1,000.
            login_ids: Users by what they sign in with; at most 1,000.
            sso_id: Only groups of this SSO configuration.
        """
        return await self._run(self._flows.deliver(group.load_for_members(tenant_id, user_ids, login_ids, sso_id)))

    async def load_all_group_members(
        self, tenant_id: str, group_id: str, sso_id: str | None = None
    ) -> list[TenantGroup]:
        """Return one group with its members: a list of one, or of none."""
        return await self._run(self._flows.deliver(group.load_members(tenant_id, group_id, sso_id)))
