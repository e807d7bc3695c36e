"""Flows and the theme, as the caller sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import flow as calls
from avow.sdk.flow import Flows
from avow.sdk.options import FlowRunOptions

__all__ = ["AsyncFlow"]


class AsyncFlow:
    """List, export, import, delete and run flows, export and import the theme; `client.mgmt.flow`.

    Every call raises `AuthException` when the server refuses it: a flow that does not exist (404), a document of
    another form, too many of them, or a flow to be run that waits for a person (400).
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

    async def run_flow(self, flow_id: str, options: FlowRunOptions | Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run a flow that has no screens, only acts and choices, to its end.

        Args:
            flow_id: Which.
            options: `input` (values that its acts take) and `tenant`.

        Returns:
            `{"output": {"status", "loginId", "sentTo"}}`, as far as there is something to say.
        """
        return await self._run(self._flows.deliver(calls.run_flow(flow_id, options)))

    async def run_flow_async(
        self, flow_id: str, options: FlowRunOptions | Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Run a flow as `run_flow` does, and leave its output for `get_flow_async_result`.

        Returns:
            `{"executionId": ...}`; the flow has run by then, and one that cannot be run was refused.
        """
        return await self._run(self._flows.deliver(calls.run_flow_async(flow_id, options)))

    async def get_flow_async_result(self, execution_id: str) -> dict[str, Any]:
        """Return what came of a flow that was run by `run_flow_async`, as `run_flow` returns it.

        Args:
            execution_id: As `run_flow_async` returned it; it is known for half an hour at least.
        """
        return await self._run(self._flows.deliver(calls.get_flow_async_result(execution_id)))

    async def export_theme(self) -> dict[str, Any]:
        """Return the theme of the project, `{"id", "cssTemplate"}`; without one, "" and {}."""
        return await self._run(self._flows.deliver(calls.export_theme()))

    async def import_theme(self, theme: Mapping[str, Any]) -> dict[str, Any]:
        """Make a theme the project's, in the place of the one before, and return it.

        Args:
            theme: `{"id", "cssTemplate"}`
        """
        return await self._run(self._flows.deliver(calls.import_theme(theme)))
