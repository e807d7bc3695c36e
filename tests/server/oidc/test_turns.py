"""Turns of applications that are told of log-outs: who hangs is waited for by nobody else."""

import pytest

from avow.server.oidc.turns import AT_ONCE, Application, Turns


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock: Clock) -> Turns:
    return Turns(clock)


def apps(count: int, project: str = "P1", name: str = "app") -> list[Application]:
    return [(project, f"{name}{number}") for number in range(count)]


def had(turns: Turns, waiting: list[Application], seconds: float) -> None:
    """Let each of these have a turn in which the longest call takes so long."""
    for each in waiting:
        assert turns.begin([each]) == [each]
        turns.end(each, seconds)


def test_nobody_has_two_turns_at_once(turns: Turns) -> None:
    [app] = apps(1)
    assert turns.begin([app]) == [app]
    assert turns.begin([app]) == []
    turns.end(app, 0.1)
    assert turns.begin([app]) == [app]


def test_strangers_of_one_project_leave_room_for_others(turns: Turns) -> None:
    assert len(turns.begin(apps(50))) == 3
    other = ("P2", "good")
    assert turns.begin([*apps(50), other]) == [other]


def test_strangers_of_any_number_of_projects_leave_room_for_who_was_quick(turns: Turns) -> None:
    quick = [("P1", "good"), ("P2", "good")]
    had(turns, quick, 0.2)
    strangers = [("P1", "new")] + [(f"S{number}", "new") for number in range(50)]
    assert len(turns.begin(strangers)) == AT_ONCE - 2
    assert turns.begin([*strangers, *quick]) == quick


def test_those_who_hang_take_one_turn_of_a_project_one_after_another(turns: Turns) -> None:
    hanging = apps(5, name="hanging")
    had(turns, hanging, 5.0)
    order = []
    for _ in range(7):
        [begun] = turns.begin(hanging)
        order.append(begun)
        assert len(turns.begin([*hanging, *apps(9)])) == 2  # beside them strangers have turns
        turns.clear()
        turns.end(begun, 5.0)
    assert order == [*hanging, *hanging[:2]]


def test_those_who_hang_in_many_projects_take_half_of_all_turns(turns: Turns) -> None:
    hanging = [(f"P{number}", "hanging") for number in range(20)]
    had(turns, hanging, 5.0)
    assert len(turns.begin(hanging)) == AT_ONCE // 2
    assert len(turns.begin([("Q1", "new"), ("Q2", "new")])) == 2


def test_who_hung_is_slow_for_a_while_although_it_answers_once(turns: Turns, clock: Clock) -> None:
    first, second = apps(2)
    had(turns, [first, second], 1.5)
    had(turns, [first, second], 0.1)
    assert turns.begin([first, second]) == [first]
    turns.end(first, 0.1)
    clock.now += 600
    assert turns.begin([first, second]) == [second, first]


def test_whoever_has_waited_longest_comes_first(turns: Turns) -> None:
    busy, late = apps(4, name="busy"), ("P1", "late")
    had(turns, busy, 0.1)
    assert turns.begin(busy) == busy
    assert turns.begin([*busy, late]) == []
    turns.end(busy[1], 0.1)
    turns.end(busy[0], 0.1)
    assert turns.begin([*busy, late]) == [late, busy[1]]


def test_what_is_remembered_is_bounded(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avow.server.oidc.turns._MOST_REMEMBERED", 10)
    had(turns, apps(11), 0.1)
    assert len(turns._paces) == 1
