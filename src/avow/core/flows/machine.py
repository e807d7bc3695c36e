"""Where a flow goes on to: a pure function of the flow, the step it is at, what happened, and the facts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from avow.core.flows.model import MOST_STEPS, Act, Choice, Done, Flow, Screen

__all__ = ["Began", "Came", "Chose", "Event", "Facts", "Finish", "Next", "Refuse", "Run", "Show", "Stay", "advance"]

Facts = Callable[[str], bool]
"""Tells whether a fact holds, by its name."""


@dataclass(frozen=True, slots=True)
class Began:
    """The flow begins, at its start or, with a step's name, there."""

    at: str = ""


@dataclass(frozen=True, slots=True)
class Chose:
    """A person did something on the screen they are at."""

    interaction: str


@dataclass(frozen=True, slots=True)
class Came:
    """An act came to its outcome."""

    outcome: str


Event = Began | Chose | Came


@dataclass(frozen=True, slots=True)
class Show:
    """The flow waits at a screen."""

    step: str
    screen: Screen


@dataclass(frozen=True, slots=True)
class Run:
    """An act is to be done; `Came` with its outcome goes on."""

    step: str
    act: Act
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Stay:
    """The flow stays at the screen it was at, with whatever the act has to say about it."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The flow is at its end."""

    step: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """The flow cannot go on so.

    Attributes:
        why: `interaction`: the screen has none of this name. `endless`: choices lead round in a ring, or nowhere.
    """

    why: str


Next = Show | Run | Stay | Finish | Refuse


def advance(flow: Flow, step: str, event: Event, holds: Facts) -> Next:
    """Decide where a flow goes on to.

    Args:
        flow: The flow.
        step: Where it is: a screen that was shown, or an act that ran. Of no meaning when it begins.
        event: What happened.
        holds: The facts of now.
    """
    here = flow.steps.get(step)
    match event:
        case Began(at):
            return _settled(flow, at or flow.start, holds)
        case Chose(interaction):
            name, _, argument = interaction.partition(".")
            target = here.on.get(name) if isinstance(here, Screen) else None
            return Refuse("interaction") if target is None else _settled(flow, target, holds, argument)
        case Came(outcome):
            target = here.on.get(outcome) if isinstance(here, Act) else None
            return Stay() if target is None else _settled(flow, target, holds)
        case _:
            assert_never(event)


def _settled(flow: Flow, step: str, holds: Facts, argument: str = "") -> Next:
    """Go through choices until there is something to show, to do, or nothing more."""
    for _ in range(MOST_STEPS):
        found = flow.steps.get(step)
        match found:
            case Screen():
                return Show(step, found)
            case Act():
                return Run(step, found, argument)
            case Done():
                return Finish(step)
            case Choice(cases=cases, otherwise=otherwise):
                step = next((case.to for case in cases if _is_met(case.when, holds)), otherwise)
            case None:
                return Refuse("endless")
            case _:
                assert_never(found)
    return Refuse("endless")


def _is_met(when: str, holds: Facts) -> bool:
    return not holds(when[1:]) if when.startswith("!") else holds(when)
