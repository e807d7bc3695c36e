"""Which flow an id stands for: one that the project imported and Avow can run, otherwise the built-in one."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final, Literal

import msgspec

from avow.core.flows.builtin import BUILT_IN, built_in
from avow.core.flows.model import Flow, Screen
from avow.core.flows.reading import Known, is_runnable, read
from avow.errors import InvalidArgument, NotFound
from avow.server.flows import actions, facts
from avow.server.flows.acts import OUTCOMES, PREPARED
from avow.server.flows.showing import SHOWN
from avow.server.screens import SCREENS
from avow.server.serving import Project
from avow.server.store import Tx

__all__ = ["KNOWN", "check", "document_of_built_in", "flow_named", "versions"]

KNOWN = Known(
    screens={each.name: (*each.interactions, "submit") for each in SCREENS},
    acts=OUTCOMES,
    facts=facts.NAMES,
    slow=PREPARED,
    shown=SHOWN,
)


_MOST_RUN: Final = 256 * 1024  # bytes of a flow that is run: each step of it reads the whole
_TELLS: Final = ("password",)  # a sign-up by it says that a login ID is taken
_MOST_KNOWN: Final = 4096

# Version of each imported flow by its id and etag, so that nobody reads documents to answer which flows there are.
_known: dict[tuple[str, str], int | Literal["only kept", "not runnable"]] = {}


def flow_named(tx: Tx, project: Project, flow_id: str) -> Flow:
    """Return a flow as it runs now.

    Raises:
        NotFound: There is none, or it is switched off.
    """
    own = actions.find(tx, flow_id)
    if own is not None and own.is_disabled:
        raise NotFound(error_message="This flow is switched off.")
    found = _read(own) if own is not None else None
    found = found or built_in(flow_id, _methods(project, flow_id))
    if found is None:
        raise NotFound(error_message="There is no such flow.")
    return msgspec.structs.replace(found, version=_version(found))


def document_of_built_in(project: Project, flow_id: str) -> actions.Flow:
    """Return a built-in flow as it would be imported to stay as it is.

    Raises:
        NotFound: There is none.
    """
    flow = built_in(flow_id, _methods(project, flow_id))
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


def versions(tx: Tx, project: Project) -> dict[str, int]:
    """Return the version of every flow that can be started now, by its id."""
    own = actions.listed(tx)
    if any((row.id, row.etag) not in _known for row in own):
        _learn(actions.every(tx))
    found = {name: _built_in_version(name, _methods(project, name)) for name in BUILT_IN}
    for row in own:
        known = _known.get((row.id, row.etag), "not runnable")
        if row.is_disabled or known == "not runnable":
            found.pop(row.id, None)
        elif known != "only kept":
            found[row.id] = known
    return dict(sorted(found.items()))


def check(kept: actions.Flow) -> None:
    """Refuse a flow that is meant to be run and cannot; a document of another kind is only kept.

    Raises:
        InvalidArgument: It cannot be run; the message names the step. Or it is too long for that.
    """
    if _read(kept) is not None and len(msgspec.json.encode(kept.document["dsl"])) > _MOST_RUN:
        raise InvalidArgument(error_message=f"flow {kept.id}: a flow that is run has at most {_MOST_RUN} bytes.")


def _methods(project: Project, flow_id: str) -> tuple[str, ...]:
    """Return the methods that a built-in flow offers: what tells who has an account, a project may hide."""
    settings = project.settings
    hides = _TELLS if flow_id == "sign-up" and settings.hides_existence else ()
    return tuple(method for method in settings.sign_in_methods if method not in hides)


def _read(kept: actions.Flow) -> Flow | None:
    """Return an imported flow as Avow runs it; None for a document of another kind.

    Raises:
        InvalidArgument: It is meant to be run, and cannot.
    """
    dsl = kept.document.get("dsl")
    if not isinstance(dsl, dict) or not is_runnable(dsl):
        return None
    if "_" in kept.id:  # what links lead back to is taken apart there
        raise InvalidArgument(error_message=f"flow {kept.id}: the id of a flow that is run has no _ in it.")
    return read(kept.id, kept.name, dsl, KNOWN)


def _learn(flows: Sequence[actions.Flow]) -> None:
    if len(_known) + len(flows) > _MOST_KNOWN:
        _known.clear()
    for kept in flows:
        try:
            flow = _read(kept)
        except InvalidArgument:
            _known[kept.id, kept.etag] = "not runnable"
        else:
            _known[kept.id, kept.etag] = "only kept" if flow is None else _version(flow)


@lru_cache(maxsize=1024)
def _built_in_version(flow_id: str, methods: tuple[str, ...]) -> int:
    flow = built_in(flow_id, methods)
    if flow is None:
        raise LookupError(flow_id)
    return _version(flow)


def _version(flow: Flow) -> int:
    """Return a number that changes when anything about a flow does: its steps, or the methods on offer."""
    return int.from_bytes(sha256(msgspec.json.encode(flow, order="sorted")).digest()[:4]) >> 1
