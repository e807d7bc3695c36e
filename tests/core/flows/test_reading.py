from typing import Any

import pytest

from avow.core.flows.reading import Known, is_runnable, read
from avow.errors import InvalidArgument

KNOWN = Known(
    screens={"email": ("code",), "code": ("verify", "back")},
    acts={"send-code": ("sent", "refused"), "verify-code": ("done",), "check": ("done", "refused")},
    facts={"signed-in"},
    slow={"check"},
    shown={"email": {"ways": ("code", "link")}},
)


def dsl(**steps: Any) -> dict[str, Any]:
    whole = {
        "first": {"kind": "screen", "screen": "email", "on": {"code": "send"}},
        "send": {"kind": "act", "do": "send-code", "on": {"sent": "end"}},
        "end": {"kind": "done"},
        **steps,
    }
    return {"start": "first", "steps": whole}


def test_imported_flow_becomes_steps() -> None:
    flow = read("mine", "Mine", dsl(), KNOWN)
    assert (flow.id, flow.start, sorted(flow.steps)) == ("mine", "first", ["end", "first", "send"])


def test_documents_of_another_kind_are_told_apart() -> None:
    assert is_runnable(dsl())
    assert not is_runnable({"tasks": {}})


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            {"send": {"kind": "act", "do": "send-code", "on": {"sent": "gone"}}},
            "step send: it leads to the step 'gone'",
        ),
        ({"send": {"kind": "act", "do": "steal"}}, "step send: there is no act 'steal'"),
        (
            {"send": {"kind": "act", "do": "send-code", "on": {"vanished": "end"}}},
            "step send: the act 'send-code' has no",
        ),
        ({"first": {"kind": "screen", "screen": "cinema"}}, "step first: there is no screen 'cinema'"),
        (
            {"first": {"kind": "screen", "screen": "email", "on": {"jump": "end"}}},
            "step first: the screen 'email' has no",
        ),
        (
            {"send": {"kind": "act", "do": "send-code", "on": {"refused": "end"}}},
            "step send: refused leads to 'end', which is no screen",
        ),
        (
            {
                "send": {"kind": "act", "do": "send-code", "on": {"refused": "again"}},
                "again": {"kind": "act", "do": "verify-code"},
            },
            "step send: refused leads to 'again', which is no screen",
        ),
        (
            {
                "send": {"kind": "act", "do": "send-code", "on": {"refused": "which"}},
                "which": {"kind": "choice", "otherwise": "first"},
            },
            "step send: refused leads to 'which', which is no screen",
        ),
        (
            {"send": {"kind": "choice", "otherwise": "slow"}, "slow": {"kind": "act", "do": "check"}},
            "step send: it leads to 'slow', to which only a screen leads",
        ),
        (
            {
                "send": {"kind": "choice", "otherwise": "end", "cases": [{"when": "signed-in", "to": "slow"}]},
                "slow": {"kind": "act", "do": "check"},
            },
            "step send: it leads to 'slow', to which only a screen leads",
        ),
        (
            {
                "send": {"kind": "act", "do": "send-code", "on": {"sent": "slow"}},
                "slow": {"kind": "act", "do": "check"},
            },
            "step send: it leads to 'slow', to which only a screen leads",
        ),
        ({"first": {"kind": "act", "do": "check"}}, "step first: only a screen leads to this act"),
        (
            {"first": {"kind": "screen", "screen": "email", "shown": {"ways": "code pigeon"}}},
            "step first: ways has no 'pigeon'",
        ),
        (
            {"first": {"kind": "screen", "screen": "email", "shown": {"color": "red"}}},
            "step first: the screen 'email' is shown no 'color'",
        ),
        ({"first": {"kind": "poem"}}, "step first: Invalid value 'poem'"),
        ({"first": {"kind": "screen", "screen": 7}}, "step first: Expected `str`, got `int`"),
        ({"first": {"kind": "screen", "screen": "email", "then": "end"}}, "step first: Object contains unknown field"),
        (
            {"first": {"kind": "choice", "otherwise": "end", "cases": [{"when": "raining", "to": "end"}]}},
            "step first: there is no fact 'raining'",
        ),
    ],
)
def test_error_names_the_step(steps: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read("mine", "Mine", dsl(**steps), KNOWN)
    assert f"flow mine, {said}" in refused.value.error_message


def test_start_has_to_exist() -> None:
    with pytest.raises(InvalidArgument) as refused:
        read("mine", "Mine", {**dsl(), "start": "nowhere"}, KNOWN)
    assert "start names the step 'nowhere'" in refused.value.error_message


@pytest.mark.parametrize("back", ["end", "first"])
def test_links_come_back_to_a_screen_that_confirms(back: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read("mine", "Mine", {**dsl(), "returns": back}, KNOWN)
    assert f"flow mine, step {back}: links come back" in refused.value.error_message


def test_screen_leads_to_a_slow_act_and_a_refusal_to_a_screen() -> None:
    steps = {
        "first": {"kind": "screen", "screen": "email", "shown": {"ways": "link code"}, "on": {"code": "slow"}},
        "slow": {"kind": "act", "do": "check", "on": {"refused": "first", "done": "end"}},
    }
    assert read("mine", "Mine", dsl(**steps), KNOWN).start == "first"


def test_flow_of_too_many_steps_is_refused() -> None:
    many = {f"s{number}": {"kind": "done"} for number in range(201)}
    with pytest.raises(InvalidArgument):
        read("mine", "Mine", dsl(**many), KNOWN)
