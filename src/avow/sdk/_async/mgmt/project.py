"""The project and its configuration, as the caller sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import project
from avow.sdk.flow import Flows

__all__ = ["AsyncProject"]


class AsyncProject:
    """Read and change name, tags and policy of the project, take its configuration elsewhere, end it.

    `client.mgmt.project`. A management key is of one project: these calls are about that project and no other. Every
    call raises `AuthException` when the server refuses it.
    """

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

    async def update_name(self, name: str) -> None:
        """Rename the project; messages and pages show the new name within a second."""
        await self._run(self._flows.deliver(project.update_name(name)))

    async def update_tags(self, tags: Sequence[str]) -> None:
        """Put tags in the place of those that the project has.

        Args:
            tags: At most 50 short texts.
        """
        await self._run(self._flows.deliver(project.update_tags(tags)))

    async def list_projects(self) -> dict[str, Any]:
        """Return the projects that the key is of: one.

        Returns:
            `{"projects": [{"id", "name", "environment", "tags"}]}`
        """
        return await self._run(self._flows.deliver(project.list_projects()))

    def remove_tag_field(self, projects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return projects without the field `tag`; `list_projects` does it for its own."""
        return project.remove_tag_field(projects)

    async def clone(
        self, name: str, environment: str | None = None, tags: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Make a project with the configuration of this one, without its users, tenants and keys.

        Args:
            name: Of the new project.
            environment: Free text, such as `production`.
            tags: Of the new project.

        Returns:
            `{"projectId", "projectName", "environment", "tags", "managementKey"}`; the key of the new project is shown
            this once, and may do what the key of this client may do.
        """
        return await self._run(self._flows.deliver(project.clone(name, environment, tags)))

    async def export_project(self) -> dict[str, Any]:
        """Return the configuration of the project as files, by path; the same as `export_snapshot()["files"]`."""
        return await self._run(self._flows.deliver(project.export_project()))

    async def import_project(self, files: Mapping[str, Any]) -> None:
        """Take files over that `export_project` gave; see `import_snapshot`."""
        await self._run(self._flows.deliver(project.import_project(files)))

    async def export_snapshot(self, format: str | None = None) -> dict[str, Any]:
        """Return the configuration of the project as files: settings, permissions, roles, attributes, flows, ...

        Users, tenants, keys and secrets are in none of them.

        Args:
            format: `json`, or none for the same.

        Returns:
            `{"files": {path: object}}`
        """
        return await self._run(self._flows.deliver(project.export_snapshot(format)))

    async def import_snapshot(
        self,
        files: Mapping[str, Any],
        input_secrets: Mapping[str, Any] | None = None,
        excludes: Sequence[str] | None = None,
    ) -> None:
        """Take a snapshot over, whole or not at all; a second time it changes nothing.

        What the files name is put into its place, found by its name: users keep roles that are imported anew. What the
        files do not name stays as it is.

        Args:
            files: As `export_snapshot` gave them, by path.
            input_secrets: Secrets that no snapshot holds, as `validate_snapshot` says which are missing.
            excludes: Files, or kinds of them (`settings`, `roles`, `flows`, ...), that are passed over.
        """
        await self._run(self._flows.deliver(project.import_snapshot(files, input_secrets, excludes)))

    async def validate_snapshot(
        self, files: Mapping[str, Any], input_secrets: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Try a snapshot and change nothing.

        Args:
            files: As `export_snapshot` gave them, by path.
            input_secrets: As for `import_snapshot`.

        Returns:
            `{"ok", "failures": [...], "missingSecrets": {"connectors", "oauthProviders", "outboundApps"}}`
        """
        return await self._run(self._flows.deliver(project.validate_snapshot(files, input_secrets)))

    async def delete(self) -> None:
        """Delete the project with everything in it, for ever; only a key that may do everything may do this."""
        await self._run(self._flows.deliver(project.delete()))
