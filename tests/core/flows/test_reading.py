from typing import Any

import pytest

from avow.core.flows.reading import Known, is_runnable, read
from avow.errors import InvalidArgument

KNOWN = Known(
    screens={"email": ("code",), "code": ("verify", "back")},
    acts={"send-code": ("sent", "refused"), "verify-code": ("done",)},
    facts={"signed-in"},
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


def test_flow_of_too_many_steps_is_refused() -> None:
    many = {f"s{number}": {"kind": "done"} for number in range(201)}
    with pytest.raises(InvalidArgument):
        read("mine", "Mine", dsl(**many), KNOWN)
