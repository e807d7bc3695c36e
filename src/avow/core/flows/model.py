"""A flow as data: named steps, each a screen, an act, a choice or the end. What they mean, the server knows."""

from typing import Final

from msgspec import Struct

__all__ = ["MOST_STEPS", "Act", "Case", "Choice", "Done", "Flow", "Screen", "Step"]

MOST_STEPS: Final = 200


class Screen(Struct, frozen=True, kw_only=True, tag="screen", tag_field="kind", forbid_unknown_fields=True):
    """A step that waits for a person.

    Attributes:
        screen: Name of what is shown.
        on: Step that each interaction leads to. An interaction with a part after a dot (`social.google`) is looked up
            without it.
        shown: Arguments of the screen.
    """

    screen: str
    on: dict[str, str] = {}
    shown: dict[str, str] = {}


class Act(Struct, frozen=True, kw_only=True, tag="act", tag_field="kind", forbid_unknown_fields=True):
    """A step that does something, and goes on by its outcome.

    Attributes:
        do: Name of the act.
        on: Step that each outcome leads to. One that is not named leaves the flow at the screen it is at.
        given: Arguments of the act.
    """

    do: str
    on: dict[str, str] = {}
    given: dict[str, str] = {}


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition and where it leads.

    Attributes:
        when: Name of a fact; with `!` before it, that it does not hold.
        to: The step.
    """

    when: str
    to: str


class Choice(Struct, frozen=True, kw_only=True, tag="choice", tag_field="kind", forbid_unknown_fields=True):
    """A step that goes on by the first condition that holds.

    Attributes:
        cases: In order.
        otherwise: The step when none holds.
    """

    cases: tuple[Case, ...] = ()
    otherwise: str


class Done(Struct, frozen=True, kw_only=True, tag="done", tag_field="kind", forbid_unknown_fields=True):
    """The end: whoever is proven gets their session."""


Step = Screen | Act | Choice | Done


class Flow(Struct, frozen=True, kw_only=True):
    """A flow.

    Attributes:
        id: What it is started by.
        name: For people.
        version: Changes when the flow does, so that nobody goes on in another flow than they began.
        start: The first step.
        steps: By name.
        returns: Step of whoever opens a mailed link in another browser than the one that asked for it, or "".
    """

    id: str
    name: str
    version: int
    start: str
    steps: dict[str, Step]
    returns: str = ""
