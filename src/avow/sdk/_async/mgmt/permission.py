"""Permissions, as the caller sees them."""

from collections.abc import Sequence
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import permission
from avow.sdk.flow import Flows

__all__ = ["AsyncPermission"]


class AsyncPermission:
    """Make, change, delete and load permissions, the named rights that roles are made of; `client.mgmt.permission`.

    Every call raises `AuthException` when the server refuses it: a name that is taken (400), a permission that does
    not exist (404).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(self, name: str, description: str | None = None) -> None:
        """Make a permission.

        Args:
            name: Unique in the project.
            description: What it allows, for people.
        """
        await self._run(self._flows.deliver(permission.create(name, description)))

    async def create_batch(self, permissions: Sequence[dict[str, Any]]) -> None:
        """Make permissions, all of them or none.

        Args:
            permissions: Each with `name` and, if wanted, `description`; at most 500.
        """
        await self._run(self._flows.deliver(permission.create_batch(permissions)))

    async def update_batch(self, permissions: Sequence[dict[str, Any]]) -> None:
        """Change permissions, all of them or none.

        Args:
            permissions: Each with `name` or `id`, `newName` and, if wanted, `description`; at most 500.
        """
        await self._run(self._flows.deliver(permission.update_batch(permissions)))

    async def delete_batch(self, names: Sequence[str]) -> None:
        """Delete permissions by name, for ever, all of them or none."""
        await self._run(self._flows.deliver(permission.delete_batch(names, None)))

    async def delete_batch_by_ids(self, ids: Sequence[str]) -> None:
        """Delete permissions by id, for ever, all of them or none."""
        await self._run(self._flows.deliver(permission.delete_batch(None, ids)))

    async def update(self, name: str, new_name: str, description: str | None = None) -> None:
        """Replace name and description of a permission; no description empties it.

        Args:
            name: Its name until now.
            new_name: Its name from now on.
            description: What it allows, for people.
        """
        await self._run(self._flows.deliver(permission.update(name, None, new_name, description)))

    async def update_by_id(self, id: str, new_name: str, description: str | None = None) -> None:
        """Replace name and description of the permission with this id; see `update`."""
        await self._run(self._flows.deliver(permission.update(None, id, new_name, description)))

    async def delete(self, name: str) -> None:
        """Delete the permission of this name, for ever; it leaves every role and the next token."""
        await self._run(self._flows.deliver(permission.delete(name, None)))

    async def delete_by_id(self, id: str) -> None:
        """Delete the permission with this id, for ever."""
        await self._run(self._flows.deliver(permission.delete(None, id)))

    async def load_all(self) -> dict[str, Any]:
        """Return every permission; more than 100,000 are refused (400).

        Returns:
            `{"permissions": [{"id": ..., "name": ..., "description": ...}]}`
        """
        return await self._run(self._flows.deliver(permission.load_all()))
