"""Roles, as the caller sees them."""

from collections.abc import Sequence
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import role
from avow.sdk.flow import Flows

__all__ = ["AsyncRole"]


class AsyncRole:
    """Make, change, delete and find roles, in the project and in its tenants; `client.mgmt.role`.

    Every call raises `AuthException` when the server refuses it: a name that is taken or a permission that does not
    exist (400), a role or tenant that does not exist (404).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(
        self,
        name: str,
        description: str | None = None,
        permission_names: Sequence[str] | None = None,
        tenant_id: str | None = None,
        default: bool | None = None,
        private: bool | None = None,
    ) -> None:
        """Make a role.

        Args:
            name: Unique in the project, or in the tenant.
            description: What it allows, for people.
            permission_names: The permissions it is made of; they exist.
            tenant_id: The tenant it belongs to; none for a role of the project.
            default: New users have it; if it is a tenant's, new members of that tenant.
            private: Tenants' administrators neither see nor give it.
        """
        made = role.create(name, description, permission_names, tenant_id, default, private)
        await self._run(self._flows.deliver(made))

    async def create_batch(self, roles: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Make roles, all of them or none.

        Args:
            roles: Each with `name` and, if wanted, `description`, `permissionNames`, `tenantId`, `default`, `private`;
                at most 200.

        Returns:
            `{"roles": [...]}`, those made, as `load_all` shows them.
        """
        return await self._run(self._flows.deliver(role.create_batch(roles)))

    async def update_batch(self, roles: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Change roles, all of them or none.

        Args:
            roles: Each with `name` or `id`, `newName` and what `create_batch` takes besides; at most 200.

        Returns:
            `{"roles": [...]}`, those changed, as `load_all` shows them.
        """
        return await self._run(self._flows.deliver(role.update_batch(roles)))

    async def delete_batch(self, roles: Sequence[str | dict[str, Any]], tenant_id: str | None = None) -> None:
        """Delete roles for ever, all of them or none.

        Args:
            roles: Names, or `{"name": ..., "tenantId": ...}` each; at most 200.
            tenant_id: The tenant of those that name none.
        """
        await self._run(self._flows.deliver(role.delete_batch(roles, (), tenant_id)))

    async def delete_batch_by_ids(self, role_ids: Sequence[str], tenant_id: str | None = None) -> None:
        """Delete the roles with these ids for ever, all of them or none.

        Args:
            role_ids: At most 200.
            tenant_id: The tenant they belong to, if that is to be checked.
        """
        await self._run(self._flows.deliver(role.delete_batch((), role_ids, tenant_id)))

    async def update(
        self,
        name: str,
        new_name: str,
        description: str | None = None,
        permission_names: Sequence[str] | None = None,
        tenant_id: str | None = None,
        default: bool | None = None,
        private: bool | None = None,
    ) -> None:
        """Replace name, description and permissions of a role; what is not given is emptied, flags stay.

        Args:
            name: Its name until now.
            new_name: Its name from now on.
            description: What it allows, for people.
            permission_names: The permissions it is made of.
            tenant_id: The tenant it belongs to.
            default: New users have it.
            private: Tenants' administrators neither see nor give it.
        """
        changed = role.update(name, None, new_name, description, permission_names, tenant_id, default, private)
        await self._run(self._flows.deliver(changed))

    async def update_by_id(
        self,
        id: str,
        new_name: str,
        description: str | None = None,
        permission_names: Sequence[str] | None = None,
        tenant_id: str | None = None,
        default: bool | None = None,
        private: bool | None = None,
    ) -> None:
        """Replace what the role with this id is; see `update`."""
        changed = role.update(None, id, new_name, description, permission_names, tenant_id, default, private)
        await self._run(self._flows.deliver(changed))

    async def delete(self, name: str, tenant_id: str | None = None) -> None:
        """Delete the role of this name, of the project or of a tenant, for ever; it leaves the next token."""
        await self._run(self._flows.deliver(role.delete(name, None, tenant_id)))

    async def delete_by_id(self, id: str, tenant_id: str | None = None) -> None:
        """Delete the role with this id, for ever."""
        await self._run(self._flows.deliver(role.delete(None, id, tenant_id)))

    async def load_all(self) -> dict[str, Any]:
        """Return every role, of the project and of its tenants; refused (400) beyond 100,000 permissions in them.

        Returns:
            `{"roles": [{"id", "name", "description", "permissionNames", "createdTime", "tenantId", "default",
            "private"}]}`
        """
        return await self._run(self._flows.deliver(role.load_all()))

    async def search(
        self,
        tenant_ids: Sequence[str] | None = None,
        role_names: Sequence[str] | None = None,
        role_name_like: str | None = None,
        permission_names: Sequence[str] | None = None,
        include_project_roles: bool | None = None,
        role_ids: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Return the roles that match everything given, as `load_all` shows them.

        Args:
            tenant_ids: Roles of these tenants.
            role_names: Roles of these names.
            role_name_like: Roles whose name contains this, in whatever case.
            permission_names: Roles with all of these permissions.
            include_project_roles: With `tenant_ids`: the roles of the project besides.
            role_ids: Roles with these ids.
        """
        wanted = {
            "tenantIds": tenant_ids,
            "roleNames": role_names,
            "roleNameLike": role_name_like,
            "permissionNames": permission_names,
            "includeProjectRoles": include_project_roles,
            "roleIds": role_ids,
        }
        return await self._run(self._flows.deliver(role.search(wanted)))
