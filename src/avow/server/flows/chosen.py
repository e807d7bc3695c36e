"""Which flow an id stands for: one that the project imported and Avow can run, otherwise the built-in one."""

from hashlib import sha256

import msgspec

from avow.core.flows.builtin import BUILT_IN, built_in
from avow.core.flows.model import Flow, Screen
from avow.core.flows.reading import Known, is_runnable, read
from avow.errors import InvalidArgument, NotFound
from avow.server.flows import actions, facts
from avow.server.flows.acts import OUTCOMES
from avow.server.screens import SCREENS
from avow.server.serving import Project
from avow.server.store import Tx

__all__ = ["KNOWN", "checked", "document_of_built_in", "flow_named", "names"]

KNOWN = Known(
    screens={each.name: (*each.interactions, "submit") for each in SCREENS},
    acts=OUTCOMES,
    facts=facts.NAMES,
)


def flow_named(tx: Tx, project: Project, flow_id: str) -> Flow:
    """Return a flow as it runs now.

    Raises:
        NotFound: There is none, or it is switched off.
    """
    own = actions.find(tx, flow_id)
    if own is not None and own.is_disabled:
        raise NotFound(error_message="This flow is switched off.")
    found = checked(own) if own is not None else None
    found = found or built_in(flow_id, project.settings.sign_in_methods)
    if found is None:
        raise NotFound(error_message="There is no such flow.")
    return msgspec.structs.replace(found, version=_version(found))


def document_of_built_in(project: Project, flow_id: str) -> actions.Flow:
    """Return a built-in flow as it would be imported to stay as it is.

    Raises:
        NotFound: There is none.
    """
    flow = built_in(flow_id, project.settings.sign_in_methods)
    if flow is None:
        raise NotFound(error_message="There is no such flow.")
    dsl = {"start": flow.start, "returns": flow.returns, "version": flow.version}
    shown = {each.name: each for each in SCREENS}
    screens = [
        {"id": name, "inputs": list(shown[step.screen].fields), "interactions": list(step.on)}
        for name, step in flow.steps.items()
        if isinstance(step, Screen)
    ]
    steps = msgspec.to_builtins(flow.steps)
    return actions.Flow(id=flow.id, name=flow.name, document={"dsl": {**dsl, "steps": steps}}, screens=screens)


def names(tx: Tx) -> list[str]:
    """Return the ids of all flows that can be started."""
    own = actions.listed(tx)
    off = {row.id for row in own if row.is_disabled}
    return sorted({*BUILT_IN, *(row.id for row in own)} - off)


def checked(kept: actions.Flow) -> Flow | None:
    """Return an imported flow as Avow runs it; None for a document of another kind, which is only kept.

    Raises:
        InvalidArgument: It is meant to be run, and cannot; the message names the step.
    """
    dsl = kept.document.get("dsl")
    if not isinstance(dsl, dict) or not is_runnable(dsl):
        return None
    if "_" in kept.id:  # what links lead back to is taken apart there
        raise InvalidArgument(error_message=f"flow {kept.id}: the id of a flow that is run has no _ in it.")
    return read(kept.id, kept.name, dsl, KNOWN)


def _version(flow: Flow) -> int:
    """Return a number that changes when anything about a flow does: its steps, or the methods on offer."""
    return int.from_bytes(sha256(msgspec.json.encode(flow, order="sorted")).digest()[:4]) >> 1
