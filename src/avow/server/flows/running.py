"""A step of a flow: what a browser did is judged by the machine, acts are done, and the execution moves; once.

The step is taken in the unit that goes on with it. Whoever comes second with the same step is answered where the flow
is by then, if they are the browser that was a step behind, and refused otherwise; nothing is done twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec.structs import replace as changed

from avow.core.flows.machine import Began, Came, Chose, Event, Finish, Refuse, Run, Show, Stay, advance
from avow.core.flows.model import MOST_STEPS, Flow
from avow.errors import AvowError, FlowChanged, FlowElsewhere, FlowExpired, InvalidArgument, NotFound
from avow.server.flows import executions
from avow.server.flows.acts import ACTS, PREPARED
from avow.server.flows.acts.turn import Outcome, Turn, Unit
from avow.server.flows.chosen import flow_named
from avow.server.flows.executions import Execution
from avow.server.flows.facts import facts_of
from avow.server.flows.says import said_of
from avow.server.flows.state import State
from avow.server.flows.tokens import completed, issued_for
from avow.server.screens import text_of
from avow.server.serving import Call, Issued, Project, SessionCaller, Steps, read, write
from avow.server.store import Tx

__all__ = ["At", "begin", "found", "go_on", "result", "run", "run_for_later"]

POLLING = "polling"


@dataclass(frozen=True, slots=True)
class At:
    """Where an execution is, for whoever answers.

    Attributes:
        execution: The execution.
        flow: Its flow.
        is_polled: Nothing has happened yet.
        issued: The session, when the flow is at its end and there is one.
    """

    execution: Execution
    flow: Flow
    is_polled: bool = False
    issued: Issued | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Moving:
    """A step on its way."""

    call: Call[Any]
    flow: Flow
    execution: Execution
    inputs: Mapping[str, object] = field(repr=False)
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class _Led:
    """Where a flow has got to.

    Attributes:
        execution: The execution, moved.
        is_ended: It is at its end.
        issued: The session that the very last act has opened, so that nobody reads it again.
    """

    execution: Execution
    is_ended: bool = False
    issued: Issued | None = field(default=None, repr=False)


def begin(tx: Tx, call: Call[Any], flow_id: str, state: State, *, at: str = "") -> At:
    """Begin a flow.

    Args:
        tx: The unit.
        call: The request.
        flow_id: Which flow.
        state: What is known from the start.
        at: The step to begin with, otherwise the flow's own start.

    Raises:
        NotFound: There is no such flow.
        AuthException: What an act at its very beginning raised.
    """
    flow = flow_named(tx, call.project, flow_id)
    blank = Execution("", flow.id, flow.version, "", "", 0, state, 0)
    led = _led(tx, _Moving(call, flow, blank, {}, is_new=True), Began(at), "")
    moved = led.execution
    if not (led.is_ended or moved.step):  # an act came to something that leads nowhere
        raise InvalidArgument(error_message=f"This flow cannot begin: {_why(moved.state)}")
    made = executions.begin(tx, call.project, flow, moved.step, moved.state, ended=led.is_ended)
    return At(made, flow, issued=_issued(tx, call, led))


def run(tx: Tx, call: Call[Any], flow_id: str, state: State, inputs: Mapping[str, object]) -> State:
    """Run a flow that nobody has to do anything in, to its end; return what it knows then.

    Raises:
        NotFound: There is no such flow.
        InvalidArgument: It waits for a person, or an act of it came to nothing.
    """
    flow = flow_named(tx, call.project, flow_id)
    blank = Execution("", flow.id, flow.version, "", "", 0, state, 0)
    led = _led(tx, _Moving(call, flow, blank, inputs, is_new=True), Began(), "")
    moved = led.execution
    if not led.is_ended and not moved.step:
        raise InvalidArgument(error_message=f"The flow came to nothing: {_why(moved.state)}")
    if not led.is_ended:
        raise InvalidArgument(error_message=f"This flow waits for a person at the step {moved.step!r}.")
    if moved.state.session is not None:
        raise InvalidArgument(error_message="This flow signs somebody in, which nobody can do for them.")
    return moved.state


def run_for_later(tx: Tx, call: Call[Any], flow_id: str, state: State, inputs: Mapping[str, object]) -> str:
    """Run a flow as `run` does, and keep what it knows at its end; return the id that `result` takes.

    Nobody is ever given a nonce of it, so that no browser can go on with it.
    """
    ended = run(tx, call, flow_id, state, inputs)
    flow = flow_named(tx, call.project, flow_id)
    return executions.begin(tx, call.project, flow, "", changed(ended, ran=True)).wire_id


def result(tx: Tx, wire_id: str) -> State:
    """Return what a flow that was run for later knew at its end.

    Raises:
        NotFound: There was none, or it is too long ago; a flow that somebody goes through is none.
    """
    try:
        state = executions.find(tx, wire_id).state
    except FlowExpired:
        state = State()
    if not state.ran:
        raise NotFound(error_message="There is no such run of a flow.")
    return state


def found(tx: Tx, project: Project, wire_id: str) -> At:
    """Return an execution and its flow, as the flow is now.

    Raises:
        FlowExpired: There is no such execution, or its time is over.
        FlowChanged: The flow is not the one that was begun, or nobody may begin it any more.
    """
    execution = executions.find(tx, wire_id)
    try:
        flow = flow_named(tx, project, execution.flow_id)
    except NotFound:  # deleted, or switched off
        raise FlowChanged from None
    if flow.version != execution.flow_version:
        raise FlowChanged
    return At(execution, flow)


def go_on(call: Call[Any], here: At, interaction: str, inputs: Mapping[str, object], nonce: str) -> Steps[At]:
    """Take an execution a step further, or say where it is.

    Args:
        call: The request.
        here: Where the execution is.
        interaction: What was done.
        inputs: Values of the screen.
        nonce: What the browser shows of the execution.

    Raises:
        FlowElsewhere: The browser is not the one that began it, or far behind.
    """
    here = _with_newer_token(call, here)
    execution = here.execution
    is_behind = execution.is_before(nonce)
    if not is_behind and not execution.is_shown_by(nonce):
        raise FlowElsewhere
    if execution.ended_at is not None:
        return (yield from write(_answered_again, call, here))
    if is_behind and interaction != POLLING and "token" not in inputs:
        return here
    moving = _Moving(call, here.flow, execution, inputs)
    event, step = _event(here, interaction, inputs)
    first = advance(here.flow, step, event, lambda fact: False)
    if isinstance(first, Refuse):
        return here
    unit: Unit | None = None
    if isinstance(first, Run) and first.act.do in PREPARED:
        try:
            unit = yield from _prepared(moving, first)
        except AvowError as error:
            unit = _refusing(execution.state, error)
        if unit is None:
            return replace(here, is_polled=True)
    try:
        return (yield from write(_moved, moving, event, step, unit))
    except FlowElsewhere:
        return (yield from _second(call, here, nonce))
    except AvowError as error:
        if _is_ours(error):
            raise
        return (yield from write(_stayed, moving, error))


def _event(here: At, interaction: str, inputs: Mapping[str, object]) -> tuple[Event, str]:
    """Return what happened, and at which step: a mailed link comes back wherever the flow is by then."""
    flow = here.flow
    if "token" in inputs and flow.returns and interaction == "submit":
        return Chose("confirm"), flow.returns
    return Chose(interaction), here.execution.step


def _prepared(moving: _Moving, run: Run) -> Steps[Unit | None]:
    return (yield from PREPARED[run.act.do](_turn(moving, run, moving.execution.state)))


def _moved(tx: Tx, moving: _Moving, event: Event, step: str, unit: Unit | None) -> At:
    """Take the step, do what is to be done, and store what has become of it."""
    executions.take(tx, moving.execution)
    led = _led(tx, moving, event, step, unit)
    moved = replace(led.execution, ended_at=tx.now) if led.is_ended else led.execution
    return At(executions.save(tx, moved), moving.flow, issued=_issued(tx, moving.call, led))


def _stayed(tx: Tx, moving: _Moving, error: AvowError) -> At:
    """Take the step with nothing but what went wrong: the unit before this one has written nothing."""
    execution = moving.execution
    executions.take(tx, execution)
    state = changed(execution.state, error=said_of(error), notice=None)
    return At(executions.save(tx, executions.moved(execution, execution.step, state)), moving.flow)


def _led(tx: Tx, moving: _Moving, event: Event, step: str, unit: Unit | None = None) -> _Led:
    """Follow the flow from an event to the next screen, or to its end."""
    execution, issued = moving.execution, None
    state = execution.state if moving.is_new else changed(execution.state, error=None, notice=None)
    for _ in range(MOST_STEPS):
        match advance(moving.flow, step, event, facts_of(tx, moving.call.project, state)):
            case Show(step=screen):
                return _Led(executions.moved(execution, screen, state))
            case Finish(step=end):
                return _Led(executions.moved(execution, end, state), is_ended=True, issued=issued)
            case Stay():
                return _Led(executions.moved(execution, execution.step, state))
            case Refuse(why):
                if moving.is_new or why == "endless":
                    raise InvalidArgument(error_message="This flow leads nowhere from here.")
                return _Led(executions.moved(execution, execution.step, state))
            case Run(step=doing) as run:
                outcome = unit(tx) if unit is not None else _done(tx, moving, run, state)
                unit, step, event = None, doing, Came(outcome.name)
                state, issued = changed(outcome.state, error=outcome.error), outcome.issued
    raise InvalidArgument(error_message="This flow leads nowhere from here.")


def _done(tx: Tx, moving: _Moving, run: Run, state: State) -> Outcome:
    act = ACTS.get(run.act.do)
    if act is None:
        raise InvalidArgument(error_message=f"The act {run.act.do} follows what somebody does on a screen.")
    return act(tx, _turn(moving, run, state))


def _turn(moving: _Moving, run: Run, state: State) -> Turn:
    execution = moving.execution
    return Turn(
        call=moving.call,
        execution_id=execution.wire_id,
        seq=execution.seq + 1,
        state=state,
        inputs=moving.inputs,
        given=run.act.given,
        argument=run.argument,
    )


def _second(call: Call[Any], here: At, nonce: str) -> Steps[At]:
    """Answer whoever came second with a step that somebody has taken: where the flow is, if they were a step behind."""
    now = yield from read(found, call.project, here.execution.wire_id)
    if not now.execution.is_before(nonce):
        raise FlowElsewhere
    if now.execution.ended_at is not None:
        return (yield from write(_answered_again, call, _with_newer_token(call, now)))
    return now


def _with_newer_token(call: Call[Any], here: At) -> At:
    """Return an execution with the token that its caller shows now: the page may have refreshed the session meanwhile.

    The token that the flow was begun with is one of an earlier generation then, and who shows that ends the session.
    """
    shown, state = call.caller, here.execution.state
    known = state.caller
    if known is None or not isinstance(shown, SessionCaller) or shown.generation <= known.generation:
        return here
    if (shown.user_id, shown.session_id) != (known.user_id, known.session_id):
        return here
    state = changed(state, caller=changed(known, generation=shown.generation))
    return replace(here, execution=replace(here.execution, state=state))


def _issued(tx: Tx, call: Call[Any], led: _Led) -> Issued | None:
    if not led.is_ended:
        return None
    return completed(led.issued, led.execution.state) if led.issued else issued_for(tx, call, led.execution.state)


def _why(state: State) -> str:
    """Return what went wrong with an act that leads to no step, for whoever made the flow."""
    return text_of(state.error, "en") if state.error else "what its first act came to leads to no step."


def _answered_again(tx: Tx, call: Call[Any], here: At) -> At:
    return replace(here, issued=issued_for(tx, call, here.execution.state))


def _refusing(state: State, error: AvowError) -> Unit:
    return lambda tx: Outcome("refused", state, said_of(error))


def _is_ours(error: AvowError) -> bool:
    """Tell whether an error is nothing that a person could do anything about on the screen."""
    return error.status >= 500
