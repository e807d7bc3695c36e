"""Which flow an id stands for: one that the project imported and Avow can run, otherwise the built-in one."""

from hashlib import sha256

import msgspec

from avow.core.flows.builtin import BUILT_IN, built_in
from avow.core.flows.model import Flow
from avow.core.flows.reading import Known, is_runnable, read
from avow.errors import NotFound
from avow.server.flows import actions, facts, rows
from avow.server.flows.acts import OUTCOMES
from avow.server.flows.rows import FlowRow
from avow.server.screens import SCREENS
from avow.server.serving import Project
from avow.server.store import Tx

__all__ = ["KNOWN", "checked", "flow_named", "names"]

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
    row = tx.one(rows.FIND, FlowRow, id=flow_id)
    if row is not None and row.is_disabled:
        raise NotFound(error_message="This flow is switched off.")
    found = checked(actions.held(row)) if row is not None else None
    found = found or built_in(flow_id, project.settings.sign_in_methods)
    if found is None:
        raise NotFound(error_message="There is no such flow.")
    return msgspec.structs.replace(found, version=_version(found))


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
    return read(kept.id, kept.name, dsl, KNOWN)


def _version(flow: Flow) -> int:
    """Return a number that changes when anything about a flow does: its steps, or the methods on offer."""
    return int.from_bytes(sha256(msgspec.json.encode(flow, order="sorted")).digest()[:4]) >> 1
