"""Security and fault cases: one test per case id, its control, its cells, and the count at the end of a run.

A test named `test_s_jwt_01_...` (or `test_f_...`) is the case S-JWT-01 of `tests/security/security_cases.json`. It
takes the fixture `case`, shows its control and tries each cell of its matrix:

    def test_s_jwt_01_alg_none(case, server):
        case.control(lambda: server.me(genuine).status == 200)
        for name, token in forgeries(genuine):
            with case.cell(f"GET /v1/auth/me, {name}"):
                assert server.me(token).status == 401

The control runs at once and again when the test is through: a server that refuses everything passes nothing. A cell
that fails lets the others go on; the test fails at its end. A case of several back ends is one case: it passes when
it passes on all of them. Cells that need a room not yet built stand in `tests/security/cells.toml` with the issue
that owes them; such a case counts as passed only once nothing is owed. What only a full run can measure says
`if case.full_only("goodput stays at 70 %"):` before the cell; a run with reduced counts then names the cell and counts
the case apart.
"""

import contextlib
import json
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.bed.counts import is_full

FOLDER = Path(__file__).resolve().parent.parent / "security"
_NAME = re.compile(r"^test_([sf])_([a-z]+)_(\d\d)(?:_|$)")
_CASE = pytest.StashKey["Case"]()
_PROPERTY = "case"
_LEFT = "left to the full run"


class FeatureAbsent(Exception):
    """What a cell attacks does not exist yet: the server answered 501 E019501."""


class Case:
    """One case while its test runs."""

    def __init__(self, id: str) -> None:
        """Begin the case with this id."""
        self.id = id
        self.controls: list[Callable[[], object]] = []
        self.cells: dict[str, str] = {}
        self.failures: list[str] = []

    def control(self, works: Callable[[], object]) -> None:
        """Show that the right value works: now, and again after the attack.

        Args:
            works: Does the whole flow; raises or returns False when it does not work.
        """
        assert works() is not False, "the control does not work before the attack"
        self.controls.append(works)

    @contextlib.contextmanager
    def cell(self, name: str) -> Iterator[None]:
        """Try one cell of the case's matrix; its failure is told when the test ends."""
        assert name not in self.cells, f"two cells are named {name!r}"
        try:
            yield
        except FeatureAbsent:
            self.cells[name] = "absent"
        except Exception as error:
            self.cells[name] = "failed"
            self.failures.append(f"{name}: {type(error).__name__}: {error}")
        else:
            self.cells[name] = "passed"

    def full_only(self, name: str) -> bool:
        """Tell whether to try a cell that only a full run measures; a run with reduced counts notes it as left."""
        if is_full():
            return True
        assert name not in self.cells, f"two cells are named {name!r}"
        self.cells[name] = _LEFT
        return False

    def finish(self) -> None:
        """Run the controls again and raise what failed."""
        assert self.controls, "the case shows no control (case.control)"
        for works in self.controls:
            assert works() is not False, "the control does not work after the attack"
        if not set(self.cells.values()) - {_LEFT}:
            self.cells["the case"] = "passed"
        if paid := sorted(set(self.cells) & set(owed().get(self.id, {}))):
            self.failures.append(f"these cells exist; strike them from cells.toml: {', '.join(paid)}")
        if absent := [name for name, verdict in self.cells.items() if verdict == "absent"]:
            pytest.xfail(f"feature absent: {', '.join(absent)}") if not self.failures else None
        if self.failures:
            raise AssertionError(f"{len(self.failures)} of {len(self.cells)} cells\n" + "\n".join(self.failures))


@cache
def areas() -> dict[str, str]:
    """Return the area of each case id."""
    listed = json.loads((FOLDER / "security_cases.json").read_text(encoding="utf-8"))
    return {entry["id"]: entry["area"] for entry in listed}


@cache
def owed() -> dict[str, dict[str, int]]:
    """Return the owed cells of each case id: name of the cell, number of the issue that owes it."""
    return tomllib.loads((FOLDER / "cells.toml").read_text(encoding="utf-8"))


def case_id(test_name: str) -> str | None:
    """Return the id of the case that a test's name states, or None."""
    found = _NAME.match(test_name)
    return f"{found[1]}-{found[2]}-{found[3]}".upper() if found else None


# --- pytest ----------------------------------------------------------------------------------------------------


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    """Give the case that the test's name states."""
    id = case_id(request.node.originalname)
    if id is None or id not in areas():
        raise ValueError(f"{request.node.originalname} is not named after a case of security_cases.json")
    request.node.stash[_CASE] = Case(id)
    started: Case = request.node.stash[_CASE]
    return started


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Finish a case within its test, and note its cells for the count."""
    id = case_id(pyfuncitem.originalname)
    if id is None:
        return (yield)
    started = pyfuncitem.stash.get(_CASE, None)
    assert started is not None, f"the test of {id} does not take the fixture `case`"
    try:
        result = yield
        started.finish()
    finally:
        pyfuncitem.user_properties.append((_PROPERTY, dict(started.cells)))
    return result


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse names of cases that do not exist."""
    for item in items:
        id = case_id(getattr(item, "originalname", None) or item.name)
        if id is not None and id not in areas():
            raise pytest.UsageError(f"{item.nodeid}: security_cases.json has no case {id}")


@dataclass(slots=True)
class Count:
    """The verdicts of a run."""

    verdicts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    cells: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def add(self, report: pytest.TestReport) -> None:
        """Take one report of a test into account."""
        id = case_id(report.nodeid.rpartition("::")[2])
        if id is None or (report.when != "call" and report.passed):
            return
        absent = bool(getattr(report, "wasxfail", "")) and report.skipped
        self.verdicts[id].append("absent" if absent else report.outcome)
        for name, cells in report.user_properties if report.when == "call" else []:
            if name == _PROPERTY and isinstance(cells, dict):
                self.cells.update({(id, report.nodeid, cell): verdict for cell, verdict in cells.items()})

    def verdict(self, id: str) -> str:
        """Return the verdict of one case over all tests of it: passed, owing, left, failed, absent, not run."""
        told = set(self.verdicts.get(id, []))
        if not told or told == {"skipped"}:
            return "not run"
        if "failed" in told or "skipped" in told:
            return "failed"
        if "absent" in told:
            return "absent"
        if owed().get(id):
            return "owing"
        return "left" if self._left(id) else "passed"

    def _left(self, id: str) -> list[str]:
        """Return the names of a case's cells that only a full run measures, and this one did not."""
        left = (cell for (case, _, cell), verdict in self.cells.items() if case == id and verdict == _LEFT)
        return list(dict.fromkeys(left))

    def lines(self, letter: str, name: str) -> list[str]:
        """Return what is printed about the cases of one kind."""
        ids = [id for id in areas() if id.startswith(f"{letter}-")]
        verdicts = {id: self.verdict(id) for id in ids}
        total = Counter(verdicts.values())
        lines = [
            f"{name} cases: {total['passed']} of {len(ids)} passed; {total['owing']} more pass with cells owed, "
            f"{total['left']} more but for what only a full run measures, "
            f"{total['failed']} failed, {total['absent']} feature absent, {total['not run']} not run"
        ]
        for area in dict.fromkeys(areas()[id] for id in ids):
            inside = [id for id in ids if areas()[id] == area]
            ran = [id for id in inside if verdicts[id] != "not run"]
            if ran:
                good = sum(verdicts[id] == "passed" for id in ran)
                owing = sum(verdicts[id] == "owing" for id in ran)
                left = sum(verdicts[id] == "left" for id in ran)
                extra = f" and {owing} with cells owed" if owing else ""
                extra += f" and {left} with cells left to the full run" if left else ""
                lines.append(f"  {area}: {good} of {len(inside)}{extra}")
        run = [verdict for (id, _, _), verdict in self.cells.items() if id.startswith(f"{letter}-")]
        missing = sum(len(cells) for id, cells in owed().items() if id.startswith(f"{letter}-"))
        aside = f"{missing} owed by later issues" + (f", {run.count(_LEFT)} {_LEFT}" if _LEFT in run else "")
        lines.append(f"{name} cells: {run.count('passed')} of {len(run) + missing} ({aside})")
        lines += [f"  {_LEFT}: {id}, {cell}" for id in ids for cell in self._left(id)]
        bad = [f"  {verdict}: {id}" for id, verdict in verdicts.items() if verdict in {"failed", "absent"}]
        return [*lines, *bad]


class CountingPlugin:
    """Counts in the process that prints."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.count = Count()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one report, of this process or of a worker."""
        self.count.add(report)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the count when the run had cases."""
        for letter, name in (("S", "security"), ("F", "fault")):
            if any(id.startswith(f"{letter}-") for id in self.count.verdicts):
                terminalreporter.section(f"{name} cases")
                for line in self.count.lines(letter, name):
                    terminalreporter.write_line(line)


def pytest_configure(config: pytest.Config) -> None:
    """Count in this process."""
    config.pluginmanager.register(CountingPlugin(), "case-count")
