"""How cases are judged and counted."""

from typing import Literal

import pytest

from tests.bed import cases
from tests.bed.cases import Case, Count, FeatureAbsent, case_id


def test_names_of_tests_state_the_case() -> None:
    assert case_id("test_s_jwt_01_alg_none[sqlite]") == "S-JWT-01"
    assert case_id("test_f_ovl_01_overload") == "F-OVL-01"
    assert case_id("test_second_use_of_code_is_refused") is None


def test_case_without_control_fails() -> None:
    case = Case("S-JWT-01")
    with case.cell("one"):
        pass
    with pytest.raises(AssertionError, match="no control"):
        case.finish()


def test_control_that_stops_working_fails_the_case() -> None:
    case = Case("S-JWT-01")
    answers = iter([True, False])
    case.control(lambda: next(answers))
    with pytest.raises(AssertionError, match="after the attack"):
        case.finish()


def test_failed_cell_lets_the_others_run_and_fails_the_case() -> None:
    case = Case("S-JWT-01")
    case.control(lambda: None)
    with case.cell("broken"):
        raise AssertionError("took the token")
    with case.cell("sound"):
        pass
    with pytest.raises(AssertionError, match="1 of 2 cells\nbroken: AssertionError: took the token"):
        case.finish()
    assert case.cells == {"broken": "failed", "sound": "passed"}


def test_owed_cell_that_runs_must_be_struck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "owed", lambda: {"S-JWT-01": {"Django view": 8}})
    case = Case("S-JWT-01")
    case.control(lambda: None)
    with case.cell("Django view"):
        pass
    with pytest.raises(AssertionError, match="strike them"):
        case.finish()


def test_absent_feature_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "owed", lambda: {})
    case = Case("S-JWT-01")
    case.control(lambda: None)
    with case.cell("userinfo"):
        raise FeatureAbsent
    with pytest.raises(pytest.xfail.Exception, match="userinfo"):
        case.finish()


def test_cell_that_only_a_full_run_measures_is_left_by_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVOW_TEST_FULL", raising=False)
    case = Case("S-JWT-01")
    case.control(lambda: None)
    assert not case.full_only("goodput")
    case.finish()
    assert case.cells == {"goodput": "left to the full run", "the case": "passed"}
    monkeypatch.setenv("AVOW_TEST_FULL", "1")
    full = Case("S-JWT-01")
    assert full.full_only("goodput")
    assert full.cells == {}


def test_case_with_a_cell_left_is_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "owed", lambda: {})
    count = Count()
    count.verdicts["F-OVL-01"] = ["passed"]
    count.cells = {("F-OVL-01", "node", "goodput"): "left to the full run", ("F-OVL-01", "node", "memory"): "passed"}
    lines = count.lines("F", "fault")
    assert lines[0].startswith("fault cases: 0 of 26 passed; 0 more pass with cells owed, 1 more but for what only a ")
    assert "  fault-overload: 0 of 1 and 1 with cells left to the full run" in lines
    assert "fault cells: 1 of 2 (0 owed by later issues, 1 left to the full run)" in lines
    assert "  left to the full run: F-OVL-01, goodput" in lines


def test_count_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "owed", lambda: {"S-JWT-02": {"Django view": 8}})

    def report(id: str, outcome: Literal["passed", "failed"], cells: dict[str, str]) -> pytest.TestReport:
        name = f"tests/security/test_x.py::test_{id.lower().replace('-', '_')}_x"
        place = ("test_x.py", 0, "x")
        return pytest.TestReport(name, place, {}, outcome, None, "call", user_properties=[("case", cells)])

    count = Count()
    count.add(report("S-JWT-01", "passed", {"a": "passed", "b": "passed"}))
    count.add(report("S-JWT-02", "passed", {"a": "passed"}))
    count.add(report("S-JWT-03", "passed", {"sqlite": "passed"}))
    count.add(report("S-JWT-03", "failed", {"a": "failed"}))
    lines = count.lines("S", "security")
    assert lines[0] == (
        "security cases: 1 of 187 passed; 1 more pass with cells owed, 0 more but for what only a full run measures, "
        "1 failed, 0 feature absent, 184 not run"
    )
    assert "  jwt: 1 of 19 and 1 with cells owed" in lines
    assert "  failed: S-JWT-03" in lines


def test_two_back_ends_are_one_case() -> None:
    count = Count()
    count.verdicts["S-JWT-01"] = ["passed", "failed"]
    assert count.verdict("S-JWT-01") == "failed"
