"""Flows and the theme, as the caller sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.sdk._async.mgmt.unsupported import with_refusals
from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import flow as calls
from avow.sdk.flow import Flows

__all__ = ["AsyncFlow"]


@with_refusals("mgmt.flow")
class AsyncFlow:
    """List, export, import and delete flows, export and import the theme; `client.mgmt.flow`.

    The server keeps flows; it does not run them yet. Every call raises `AuthException` when the server refuses it: a
    flow that does not exist (404), a document of another form or too many of them (400).
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def list_flows(self) -> dict[str, Any]:
        """Return what there is of flows.

        Returns:
            `{"flows": [{"id", "name", "description", "disabled"}], "total": ...}`
        """
        return await self._run(self._flows.deliver(calls.list_flows()))

    async def delete_flows(self, flow_ids: Sequence[str]) -> dict[str, Any]:
        """Delete flows for ever, all of them or none.

        Args:
            flow_ids: At most 200.

        Returns:
            `{}`
        """
        return await self._run(self._flows.deliver(calls.delete_flows(flow_ids)))

    async def export_flow(self, flow_id: str) -> dict[str, Any]:
        """Return a flow with its screens, as `import_flow` takes both.

        Returns:
            `{"flow": {"id", "name", "description", "disabled", "etag", "dsl", ...}, "screens": [{"id", "inputs",
            "interactions", ...}]}`; the `etag` is another one after each change.
        """
        return await self._run(self._flows.deliver(calls.export_flow(flow_id)))

    async def import_flow(
        self, flow_id: str, flow: Mapping[str, Any], screens: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Keep a flow under an id, in the place of what was there.

        Args:
            flow_id: Letters, digits, `-` and `_`, at most 128.
            flow: `name`, `description`, `disabled` and `dsl`; what else there is, is kept as it is.
            screens: Each with an `id` of its own; at most 200.

        Returns:
            The flow as `export_flow` returns it.
        """
        return await self._run(self._flows.deliver(calls.import_flow(flow_id, flow, screens)))

    async def export_theme(self) -> dict[str, Any]:
        """Return the theme of the project, `{"id", "cssTemplate"}`; without one, "" and {}."""
        return await self._run(self._flows.deliver(calls.export_theme()))

    async def import_theme(self, theme: Mapping[str, Any]) -> dict[str, Any]:
        """Make a theme the project's, in the place of the one before, and return it.

        Args:
            theme: `{"id", "cssTemplate"}`
        """
        return await self._run(self._flows.deliver(calls.import_theme(theme)))
