"""Holds a run of the contract tests against passed.json, or writes that file with `--record-operations`.

A run that collected every file of this folder and left no test out must have shown exactly what the file says.
"""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.bed.run import is_controller
from tests.contract import results

_TALLY = pytest.StashKey[results.Tally]()
_COMPLETE = pytest.StashKey[bool]()
_DIFFERING = pytest.StashKey[list[str]]()
_IS_NARROWED = pytest.StashKey[bool]()
_OUTPUT = "operations_complete"  # a worker tells the controller by it that it collected everything


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-operations", action="store_true", help="write which operations the contract tests show")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_TALLY] = results.Tally()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Write down at each test what it is about, for the reports that reach the controller."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if "make_client" not in parameters:
        return
    item.user_properties.append(("colour", parameters["make_client"]))
    for mark in item.iter_markers("operation"):
        item.user_properties.extend(("operation", each) for each in mark.args)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note that the run leaves tests of this folder out."""
    for item in items:
        if results.HERE in item.path.parents:
            item.config.stash[_IS_NARROWED] = True


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    is_narrowed = config.stash.get(_IS_NARROWED, False) or any("::" in each for each in config.args)
    files = {item.path for item in session.items}
    is_complete = not is_narrowed and files >= set(results.HERE.glob("test_*.py"))
    if not is_controller():
        config.workeroutput[_OUTPUT] = is_complete  # type: ignore[attr-defined]  # of pytest-xdist
    elif files:
        config.stash[_COMPLETE] = is_complete


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over from a worker whether it collected everything."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[_COMPLETE] = node.config.stash.get(_COMPLETE, True) and output.get(_OUTPUT, False)


class Reports:
    """Listens to the reports of a run; a hook of a module is given no config."""

    def __init__(self, tally: results.Tally) -> None:
        self.tally = tally

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties: Iterable[tuple[str, object]] = report.user_properties
        self.tally.see(report.nodeid, report.when or "", report.outcome, properties)


def pytest_sessionstart(session: pytest.Session) -> None:
    if is_controller():
        session.config.pluginmanager.register(Reports(session.config.stash[_TALLY]))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    stopped = session.shouldstop or session.shouldfail or config.option.collectonly
    if not is_controller() or stopped or not config.stash.get(_COMPLETE, False):
        return
    seen = config.stash[_TALLY].results()
    if config.option.record_operations:
        results.PASSED.write_text(results.written(seen), encoding="utf-8")
    elif differing := results.differences(results.read(), seen):
        config.stash[_DIFFERING] = differing
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what the file says otherwise, and how to write it."""
    if not (differing := config.stash.get(_DIFFERING, None)):
        return
    terminalreporter.section("operations of the official SDK", red=True)
    terminalreporter.write_line("tests/contract/passed.json does not say what this run showed:")
    for line in differing:
        terminalreporter.write_line(f"  {line}")
    terminalreporter.write_line(
        "`pytest tests/contract --record-operations` writes it, then `make generate` README.md."
    )
