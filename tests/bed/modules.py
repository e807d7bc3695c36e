"""Modules of the conformance plans of OpenID Connect: which of them a run passed, told at its end.

A module is a test of `tests/oidc/modules` named after it: `oidcc-scope-email` is `test_oidcc_scope_email`. One of the
plan with answers by a form is the same test with the parameter `form_post`; where two plans have a module of one name,
a test whose file is named after the plan is that plan's. What is not written counts as failed.
"""

import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "oidc" / "modules"
_FORM = "(response_mode=form_post) "
_DYNAMIC = "oidcc-dynamic-certification-test-plan"
_TEST = re.compile(
    r"oidc/modules/(?P<file>test_[a-z]+)\.py::(?P<name>test_oidcc_[a-z0-9_]+)(?:\[(?P<parameters>.*)\])?$"
)


@cache
def plans() -> dict[str, list[str]]:
    """Return the names of the modules of each plan."""
    found: dict[str, list[str]] = json.loads((FOLDER / "plans.json").read_text(encoding="utf-8"))["plans"]
    return found


def test_name(module: str) -> str:
    """Return the name of the test of a module."""
    return "test_" + module.removeprefix(_FORM).replace("-", "_").lower()


def key_of(plan: str, module: str) -> tuple[str, str, str]:
    """Return what tells the tests of a module from others: name, mode of the answer, and whether it is dynamic."""
    mode = "form_post" if module.startswith(_FORM) else "query"
    return test_name(module), mode, "dynamic" if plan == _DYNAMIC else ""


class CountingPlugin:
    """Counts in the process that prints."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._outcomes: dict[tuple[str, str, str], set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one report, of this process or of a worker."""
        found = _TEST.search(report.nodeid)
        if found is None or (report.when != "call" and report.passed):
            return
        mode = "form_post" if "form_post" in (found["parameters"] or "") else "query"
        self._outcomes[found["name"], mode, "dynamic" if found["file"] == "test_dynamic" else ""].add(report.outcome)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the count when the run had modules."""
        if self._outcomes:
            terminalreporter.section("modules of the conformance plans")
            for line in self.lines():
                terminalreporter.write_line(line)

    def lines(self) -> list[str]:
        """Return what is printed: the whole, each plan, and what did not pass."""
        passed = {plan: [each for each in listed if self._is_passed(plan, each)] for plan, listed in plans().items()}
        total, every = sum(map(len, passed.values())), sum(map(len, plans().values()))
        found = [f"{total} of {every} modules"]
        for plan, listed in plans().items():
            found.append(f"  {plan}: {len(passed[plan])} of {len(listed)}")
            found += [f"    failed or not run: {each}" for each in listed if passed[plan] and each not in passed[plan]]
        return found

    def _is_passed(self, plan: str, module: str) -> bool:
        return self._outcomes.get(key_of(plan, module)) == {"passed"}


def pytest_configure(config: pytest.Config) -> None:
    """Count in this process."""
    config.pluginmanager.register(CountingPlugin(), "module-count")
