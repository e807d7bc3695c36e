"""The routes of flows: for components that go through them, and for management, which keeps them; and of the theme."""

from avow.core.flows.builtin import BUILT_IN
from avow.errors import MissingArgument
from avow.server.flows import actions, chosen, component, running, static
from avow.server.flows.actions import Flow
from avow.server.flows.state import State
from avow.server.serving import Call, Slice, reads, steps, writes
from avow.server.store import Tx
from avow.wire import flows as wire
from avow.wire.endpoint import Nothing
from avow.wire.flows import (
    ExportedFlow,
    FlowHead,
    FlowIds,
    FlowOutput,
    FlowRef,
    FlowRun,
    Flows,
    ImportFlow,
    ImportTheme,
    RunFlow,
    Theme,
)

__all__ = ["SLICE"]


def list_flows(tx: Tx, call: Call[Nothing]) -> Flows:
    """Return all flows of the project, without what they do: the built-in ones, and those that were imported."""
    own = {row.id: row for row in actions.listed(tx)}
    found = [
        FlowHead(id=row.id, name=row.name, description=row.description, disabled=bool(row.is_disabled))
        for row in own.values()
    ]
    found += [
        FlowHead(id=name, name=label, description="", disabled=False)
        for name, label in BUILT_IN.items()
        if name not in own
    ]
    return Flows(flows=tuple(sorted(found, key=lambda head: head.id)), total=len(found))


def delete_flows(tx: Tx, call: Call[FlowIds]) -> None:
    """Delete imported flows for ever, all of them or none; a built-in one is as it was before it was replaced."""
    actions.delete(tx, call.body.ids or (), actor=call.management.actor)


def export_flow(tx: Tx, call: Call[FlowRef]) -> ExportedFlow:
    """Return a flow with its screens, as `import` takes it; of a built-in one the steps, for changing and importing."""
    own = actions.find(tx, call.body.flow_id)
    return _exported(own or chosen.document_of_built_in(call.project, call.body.flow_id))


def import_flow(tx: Tx, call: Call[ImportFlow]) -> ExportedFlow:
    """Keep a flow with its screens under an id, in the place of what was there, and return it."""
    if call.body.flow is None:
        raise MissingArgument(error_message="The field flow is missing.")
    flow = actions.checked(call.body.flow_id, call.body.flow, call.body.screens or ())
    chosen.check(flow)  # what is meant to be run has to be runnable
    actions.put(tx, flow, actor=call.management.actor)
    return _exported(flow)


def run_flow(tx: Tx, call: Call[RunFlow]) -> FlowOutput:
    """Run an imported flow of acts and choices to its end, with values for its acts.

    One that waits for a person is refused, and nothing of it is done.
    """
    state = State(tenant=call.body.tenant or "", locale=call.client.locale)
    return _output(running.run(tx, call, call.body.flow_id, state, call.body.input or {}))


def run_flow_async(tx: Tx, call: Call[RunFlow]) -> FlowRun:
    """Run a flow as `run` does, and answer by which id to ask what came of it: it is at its end by then.

    A flow that cannot be run is refused at once, for nobody would ask about it.
    """
    state = State(tenant=call.body.tenant or "", locale=call.client.locale)
    return FlowRun(execution_id=running.run_for_later(tx, call, call.body.flow_id, state, call.body.input or {}))


def flow_result(tx: Tx, call: Call[FlowRun]) -> FlowOutput:
    """Return what came of a flow that `async/run` ran, for half an hour at least."""
    return _output(running.result(tx, call.body.execution_id))


def export_theme(tx: Tx, call: Call[Nothing]) -> Theme:
    """Return the theme of the project, as `import` takes it."""
    return _theme(actions.find_theme(tx))


def import_theme(tx: Tx, call: Call[ImportTheme]) -> Theme:
    """Make a theme the project's, in the place of the one before, and return it."""
    if call.body.theme is None:
        raise MissingArgument(error_message="The field theme is missing.")
    theme = actions.checked_theme(call.body.theme)
    actions.put_theme(tx, theme, actor=call.management.actor)
    return _theme(theme)


def _exported(flow: Flow) -> ExportedFlow:
    return ExportedFlow(flow=actions.document_of(flow), screens=tuple(dict(each) for each in flow.screens))


def _output(ended: State) -> FlowOutput:
    said = {"status": "completed", "loginId": ended.login_id, "sentTo": ended.sent.to}
    return FlowOutput(output={name: value for name, value in said.items() if value})


def _theme(theme: actions.Theme) -> Theme:
    return Theme(id=theme.id, css_template=dict(theme.css_template))


SLICE = Slice(
    "flows",
    (
        steps(wire.START, component.start),
        steps(wire.NEXT, component.next_step),
        *static.HANDLERS,
        reads(wire.LIST, list_flows),
        writes(wire.DELETE, delete_flows),
        reads(wire.EXPORT, export_flow),
        writes(wire.IMPORT, import_flow),
        writes(wire.RUN, run_flow),
        writes(wire.RUN_ASYNC, run_flow_async),
        reads(wire.RESULT, flow_result),
        reads(wire.EXPORT_THEME, export_theme),
        writes(wire.IMPORT_THEME, import_theme),
    ),
)
