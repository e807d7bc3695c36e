import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core.flows.builtin import BUILT_IN, built_in
from avow.core.flows.machine import Began, Came, Chose, Finish, Refuse, Run, Show, Stay, advance
from avow.core.flows.model import Act, Case, Choice, Done, Flow, Screen, Step
from avow.wire.projects import SIGN_IN_METHODS

STEPS: dict[str, Step] = {
    "first": Screen(screen="email", on={"code": "send", "social": "start", "later": "end"}),
    "send": Act(do="send-code", on={"sent": "typed"}),
    "start": Act(do="start-social"),
    "typed": Screen(screen="code"),
    "which": Choice(cases=(Case(when="a", to="typed"), Case(when="!b", to="send")), otherwise="end"),
    "ring": Choice(otherwise="ring"),
    "lost": Choice(otherwise="nowhere"),
    "end": Done(),
}
FLOW = Flow(id="f", name="F", version=1, start="first", steps=STEPS)


def never(fact: str) -> bool:
    return False


def test_flow_begins_at_its_start_or_at_the_step_that_is_named() -> None:
    assert advance(FLOW, "", Began(), never) == Show("first", STEPS["first"])  # type: ignore[arg-type]  # a screen
    assert advance(FLOW, "", Began("end"), never) == Finish("end")


def test_interaction_leads_to_its_step() -> None:
    assert advance(FLOW, "first", Chose("code"), never) == Run("send", STEPS["send"])  # type: ignore[arg-type]  # an act
    assert advance(FLOW, "first", Chose("later"), never) == Finish("end")


def test_interaction_says_after_a_dot_what_it_is_about() -> None:
    run = advance(FLOW, "first", Chose("social.google"), never)
    assert isinstance(run, Run)
    assert (run.step, run.argument) == ("start", "google")


@pytest.mark.parametrize("interaction", ["nothing", "", "Code", ".code"])
def test_interaction_that_the_screen_has_not_is_refused(interaction: str) -> None:
    assert advance(FLOW, "first", Chose(interaction), never) == Refuse("interaction")


def test_nothing_is_chosen_where_no_screen_is() -> None:
    for step in ("send", "which", "end", "nowhere"):
        assert advance(FLOW, step, Chose("code"), never) == Refuse("interaction")


def test_outcome_leads_on_or_leaves_the_flow_where_it_is() -> None:
    assert isinstance(advance(FLOW, "send", Came("sent"), never), Show)
    assert advance(FLOW, "send", Came("refused"), never) == Stay()


def test_choice_takes_the_first_condition_that_holds() -> None:
    at = Began("which")
    assert isinstance(advance(FLOW, "", at, lambda fact: fact == "a"), Show)
    assert isinstance(advance(FLOW, "", at, never), Run)
    assert isinstance(advance(FLOW, "", at, lambda fact: fact == "b"), Finish)


def test_choices_in_a_ring_and_steps_that_do_not_exist_are_refused() -> None:
    assert advance(FLOW, "", Began("ring"), never) == Refuse("endless")
    assert advance(FLOW, "", Began("lost"), never) == Refuse("endless")


@given(st.sampled_from(sorted(BUILT_IN)), st.sets(st.sampled_from(SIGN_IN_METHODS)).map(sorted))
def test_every_step_of_a_built_in_flow_leads_to_a_step(flow_id: str, methods: list[str]) -> None:
    flow = built_in(flow_id, methods)
    assert flow is not None
    targets = [target for step in flow.steps.values() for target in leads_to(step)]
    assert {flow.start, *targets} <= set(flow.steps)


@given(st.permutations(SIGN_IN_METHODS))
def test_first_screen_offers_ways_in_the_order_of_the_project(methods: list[str]) -> None:
    flow = built_in("sign-up-or-in", methods)
    assert flow is not None
    first = flow.steps["first"]
    assert isinstance(first, Screen)
    of_method = {"code": "otp", "link": "magiclink", "number": "enchantedlink", "passkey": "webauthn"}
    order = [methods.index(of_method.get(way, way)) for way in first.shown["ways"].split()]
    assert order == sorted(order)


def test_methods_that_are_off_are_nowhere_in_a_flow() -> None:
    flow = built_in("sign-up-or-in", ("otp",))
    assert flow is not None
    acts = {step.do for step in flow.steps.values() if isinstance(step, Act)}
    assert not acts & {"send-link", "check-password", "start-social", "start-sso"}


def leads_to(step: Step) -> list[str]:
    if isinstance(step, Screen | Act):
        return list(step.on.values())
    return [*(case.to for case in step.cases), step.otherwise] if isinstance(step, Choice) else []
