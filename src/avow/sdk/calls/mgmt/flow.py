"""Management calls of flows and of the theme."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from avow.sdk.answers import as_is
from avow.sdk.calls.call import Call, call, refused, shaped, text_of
from avow.sdk.options import FlowRunOptions
from avow.wire import flows
from avow.wire.endpoint import Nothing

__all__ = [
    "delete_flows",
    "export_flow",
    "export_theme",
    "get_flow_async_result",
    "import_flow",
    "import_theme",
    "list_flows",
    "run_flow",
    "run_flow_async",
]

Shaped = TypeVar("Shaped")

_all = as_is(dict[str, Any])


def list_flows() -> Call[dict[str, Any]]:
    """Return the call for what lists show of all flows."""
    return call(flows.LIST, Nothing(), _all, is_repeatable=True)


def delete_flows(flow_ids: Sequence[str]) -> Call[dict[str, Any]]:
    """Return the call that deletes flows."""
    if isinstance(flow_ids, str) or not flow_ids:
        raise refused("flow_ids is empty or not a list.")
    return call(flows.DELETE, shaped({"ids": list(flow_ids)}, flows.FlowIds), _all)


def export_flow(flow_id: str) -> Call[dict[str, Any]]:
    """Return the call for a flow with its screens."""
    return call(flows.EXPORT, flows.FlowRef(flow_id=text_of("flow_id", flow_id)), _all, is_repeatable=True)


def import_flow(flow_id: str, flow: Mapping[str, Any], screens: Sequence[Mapping[str, Any]]) -> Call[dict[str, Any]]:
    """Return the call that keeps a flow."""
    body = {"flowId": text_of("flow_id", flow_id), "flow": flow, "screens": screens}
    return call(flows.IMPORT, shaped(body, flows.ImportFlow), _all)


def run_flow(flow_id: str, options: FlowRunOptions | Mapping[str, Any] | None) -> Call[dict[str, Any]]:
    """Return the call that runs a flow of acts."""
    return call(flows.RUN, _run(flow_id, options), _all)


def run_flow_async(flow_id: str, options: FlowRunOptions | Mapping[str, Any] | None) -> Call[dict[str, Any]]:
    """Return the call that runs a flow of acts whose output is asked for later."""
    return call(flows.RUN_ASYNC, _run(flow_id, options), _all)


def get_flow_async_result(execution_id: str) -> Call[dict[str, Any]]:
    """Return the call for what came of a flow that was run for later."""
    body = flows.FlowRun(execution_id=text_of("execution_id", execution_id))
    return call(flows.RESULT, body, _all, is_repeatable=True)


def export_theme() -> Call[dict[str, Any]]:
    """Return the call for the theme."""
    return call(flows.EXPORT_THEME, Nothing(), _all, is_repeatable=True)


def import_theme(theme: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Return the call that makes a theme the project's."""
    return call(flows.IMPORT_THEME, shaped({"theme": theme}, flows.ImportTheme), _all)


def _run(flow_id: str, options: FlowRunOptions | Mapping[str, Any] | None) -> flows.RunFlow:
    given: Mapping[str, Any] = options if isinstance(options, Mapping) else {}
    if isinstance(options, FlowRunOptions):
        given = {"input": options.flow_input, "preview": options.preview, "tenant": options.tenant}
    wanted = {name: given[name] for name in ("input", "preview", "tenant") if given.get(name) is not None}
    return shaped({"flowId": text_of("flow_id", flow_id), **wanted}, flows.RunFlow)
