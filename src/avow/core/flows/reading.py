"""Reads an imported flow: its form, and that every name in it leads somewhere. Errors say which step is wrong."""

from collections.abc import Collection, Mapping

import msgspec

from avow import shaping
from avow.core.flows.model import MOST_STEPS, Act, Choice, Done, Flow, Screen, Step
from avow.errors import InvalidArgument

__all__ = ["Known", "is_runnable", "read"]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the server has names for.

    Attributes:
        screens: Interactions of each screen.
        acts: Outcomes of each act.
        facts: What a choice can ask.
        slow: Acts with work before their unit: only what somebody does on a screen leads to them.
        shown: Arguments of each screen, and the words that each takes (several may stand in one, with spaces).
    """

    screens: Mapping[str, Collection[str]]
    acts: Mapping[str, Collection[str]]
    facts: Collection[str]
    slow: Collection[str] = ()
    shown: Mapping[str, Mapping[str, Collection[str]]] = {}


class _Dsl(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `dsl` of an imported flow, as Avow runs it."""

    start: str
    steps: dict[str, dict[str, object]]
    version: int = 1
    returns: str = ""


def is_runnable(dsl: Mapping[str, object]) -> bool:
    """Tell whether a `dsl` is meant for Avow to run: others are kept as documents, and given back."""
    return "steps" in dsl and "start" in dsl


def read(flow_id: str, name: str, dsl: Mapping[str, object], known: Known) -> Flow:
    """Return a flow as it was imported.

    Raises:
        InvalidArgument: A step has another form than steps have, or a name in it leads nowhere; the message says where.
    """
    head = _shaped(dsl, _Dsl, f"flow {flow_id}")
    if len(head.steps) > MOST_STEPS:
        raise _wrong(flow_id, "", f"there are more than {MOST_STEPS} steps")
    steps = {step: _step(flow_id, step, value) for step, value in head.steps.items()}
    for place, target in (("start", head.start), ("returns", head.returns)):
        if target not in steps and not (place == "returns" and not target):
            raise _wrong(flow_id, "", f"{place} names the step {target!r}, which does not exist")
    for step, value in steps.items():
        _check(flow_id, step, value, steps, known)
        _check_order(flow_id, step, value, steps, known)
        _check_shown(flow_id, step, value, known)
    _check_ends(flow_id, head, steps, known)
    return Flow(id=flow_id, name=name, version=head.version, start=head.start, steps=steps, returns=head.returns)


def _step(flow_id: str, step: str, value: dict[str, object]) -> Step:
    try:
        found: Step = shaping.convert(value, Step)
    except msgspec.ValidationError as wrong:
        raise _wrong(flow_id, step, str(wrong)) from None
    return found


def _check(flow_id: str, step: str, value: Step, steps: Mapping[str, Step], known: Known) -> None:
    """Refuse names that lead nowhere."""
    if isinstance(value, Screen | Act):
        what, name, names = (
            ("screen", value.screen, known.screens) if isinstance(value, Screen) else ("act", value.do, known.acts)
        )
        if name not in names:
            raise _wrong(flow_id, step, f"there is no {what} {name!r}")
        if strange := [each for each in value.on if each not in names[name]]:
            raise _wrong(flow_id, step, f"the {what} {name!r} has no {strange[0]!r}")
    for target in _targets(value):
        if target not in steps:
            raise _wrong(flow_id, step, f"it leads to the step {target!r}, which does not exist")
    if isinstance(value, Choice):
        for case in value.cases:
            if case.when.removeprefix("!") not in known.facts:
                raise _wrong(flow_id, step, f"there is no fact {case.when!r}")


def _check_order(flow_id: str, step: str, value: Step, steps: Mapping[str, Step], known: Known) -> None:
    """Refuse what would lose a refusal that is to stand, and slow acts that no screen leads to."""
    refused = value.on.get("refused") if isinstance(value, Act) else None
    if refused is not None and not isinstance(steps[refused], Screen):
        # An act or the end may raise, and what was counted as a wrong guess would be rolled back with it.
        raise _wrong(flow_id, step, f"refused leads to {refused!r}, which is no screen")
    if isinstance(value, Screen):
        return
    for target in _targets(value):
        if _is_slow(steps[target], known):
            raise _wrong(flow_id, step, f"it leads to {target!r}, to which only a screen leads at once")


def _check_shown(flow_id: str, step: str, value: Step, known: Known) -> None:
    """Refuse arguments that a screen does not take."""
    if not isinstance(value, Screen):
        return
    takes = known.shown.get(value.screen, {})
    for name, words in value.shown.items():
        if name not in takes:
            raise _wrong(flow_id, step, f"the screen {value.screen!r} is shown no {name!r}")
        if strange := [word for word in words.split() if word not in takes[name]]:
            raise _wrong(flow_id, step, f"{name} has no {strange[0]!r}")


def _check_ends(flow_id: str, head: _Dsl, steps: Mapping[str, Step], known: Known) -> None:
    """Refuse a flow that begins with a slow act, or takes links back where nothing confirms them."""
    if _is_slow(steps[head.start], known):
        raise _wrong(flow_id, head.start, "only a screen leads to this act, so no flow starts with it")
    back = steps[head.returns] if head.returns else None
    if back is not None and not (isinstance(back, Screen) and "confirm" in back.on):
        raise _wrong(flow_id, head.returns, "links come back to a screen that leads on by 'confirm'")


def _is_slow(step: Step, known: Known) -> bool:
    return isinstance(step, Act) and step.do in known.slow


def _targets(step: Step) -> list[str]:
    match step:
        case Screen(on=on) | Act(on=on):
            return list(on.values())
        case Choice(cases=cases, otherwise=otherwise):
            return [*(case.to for case in cases), otherwise]
        case Done():
            return []


def _shaped(value: Mapping[str, object], shape: type[_Dsl], place: str) -> _Dsl:
    try:
        return shaping.convert(value, shape)
    except msgspec.ValidationError as wrong:
        raise InvalidArgument(error_message=f"{place}: {wrong}.") from None


def _wrong(flow_id: str, step: str, why: str) -> InvalidArgument:
    where = f"flow {flow_id}, step {step}" if step else f"flow {flow_id}"
    return InvalidArgument(error_message=f"{where}: {why}.")
