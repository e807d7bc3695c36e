"""Prints at the end of a run the tables that tests made: `record_property("table", text)`, its first line the title."""

from typing import Any

import pytest

_TABLES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with none."""
    config.stash[_TABLES] = []
    config.pluginmanager.register(_Collector(config.stash[_TABLES]), "tables")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print them."""
    for table in config.stash[_TABLES]:
        title, _, rest = table.partition("\n")
        terminalreporter.section(title)
        terminalreporter.write_line(rest)


class _Collector:
    """Takes them from the reports of this process and of its workers."""

    def __init__(self, tables: list[str]) -> None:
        self.tables = tables

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the tables of one report."""
        if report.when == "call":
            self.tables += [str(value) for name, value in report.user_properties if name == "table"]
