"""JWT templates, as the caller sees them."""

from collections.abc import Mapping
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import jwt_template as calls
from avow.sdk.flow import Flows

__all__ = ["AsyncJWTTemplate"]


class AsyncJWTTemplate:
    """Make, change and look through JWT templates; `client.mgmt.jwt_template`.

    A template says what session tokens carry beside the reserved claims, and where roles and permissions stand. It
    counts once the project setting `session_template` names it (`access_key_template` for access keys). A template is
    a dict: `name`; `template`, claims by name, in whose texts places such as `{{user.email}}`,
    `{{user.customAttributes.team}}`, `{{tenant.id}}` and `{{project.id}}` are filled in; `authSchema`: `default`,
    `tenantOnly` (roles and permissions of the selected tenant, at the top level) or `none`; `autoDCT`: who belongs to
    one tenant acts in it; `excludePermissions`; `addJti`; `emptyClaimPolicy`: `none`, `nil` or `delete`; `type`:
    `user` or `key`; `description` and `tags`.

    Every call raises `AuthException` when it is refused: something is wrong with the template (400), or there is none
    with this id (404).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """Make a template; return `{"template": {...}}` with its id."""
        return await self._run(self._flows.deliver(calls.create(template)))

    async def update(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """Put a template in the place of the one with its `id`; what it leaves out has its usual value."""
        return await self._run(self._flows.deliver(calls.update(template)))

    async def delete(self, id: str) -> None:
        """Delete a template that no project setting names."""
        await self._run(self._flows.deliver(calls.delete(id)))

    async def load(self, id: str) -> dict[str, Any]:
        """Return `{"template": {...}}`."""
        return await self._run(self._flows.deliver(calls.load(id)))

    async def list_all(self) -> dict[str, Any]:
        """Return `{"templates": [...]}`, every template of the project by name."""
        return await self._run(self._flows.deliver(calls.list_all()))

    async def validate(self, id: str | None = None, template: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Look a template through: `{"valid": ..., "issues": [{"field", "code", "message", "hint"}]}`."""
        return await self._run(self._flows.deliver(calls.validate(id, template)))

    async def list_library(self) -> dict[str, Any]:
        """Return `{"entries": [...]}`, the templates that come with the server."""
        return await self._run(self._flows.deliver(calls.list_library()))

    async def load_library_entry(self, id: str) -> dict[str, Any]:
        """Return `{"entry": {...}}`."""
        return await self._run(self._flows.deliver(calls.load_library_entry(id)))

    async def apply_from_library(
        self, library_entry_id: str, name: str | None = None, description: str | None = None
    ) -> dict[str, Any]:
        """Make a template of one that comes with the server; return it as `create` does."""
        return await self._run(self._flows.deliver(calls.apply_from_library(library_entry_id, name, description)))
