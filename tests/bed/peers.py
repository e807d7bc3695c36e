"""Clients of other people against our OpenID provider: which of them passed in a run, told at its end.

A test, a parameter or a whole file says whose it is, by a name of `PEERS`:

    pytestmark = pytest.mark.peer("openid-client")

A peer passed when at least one test of it ran and all of them passed, their fixtures too. The run ends with how many
of all did; one without a test counts as not run.
"""

from collections import defaultdict
from typing import Any, Final

import pytest

PEERS: Final = (
    "Authlib 1.3.2 with Django 5.0",
    "newest Authlib and Django",
    "openid-client",
    "oauth4webapi",
    "auth0-spa-js",
    "oidc-client-ts",
    "mozilla-django-oidc",
    "django-allauth",
    "social-auth",
    "auth0-python",
    "auth0-api-python",
    "mod_auth_openidc",
)
_MARK: Final = "peer"
_PROPERTY: Final = "peer"


class Count:
    """The verdicts of a run."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._outcomes: dict[str, set[str]] = defaultdict(set)

    def add(self, report: pytest.TestReport) -> None:
        """Take one report of a test into account; of its fixtures only what went wrong."""
        if report.when != "call" and report.passed:
            return
        for name, peer in report.user_properties:
            if name == _PROPERTY:
                self._outcomes[str(peer)].add(report.outcome)

    def verdict(self, peer: str) -> str:
        """Return the verdict over all tests of a peer: passed, failed, not run."""
        outcomes = self._outcomes.get(peer, set())
        if "failed" in outcomes:
            return "failed"
        return "passed" if outcomes == {"passed"} else "not run"

    def lines(self) -> list[str]:
        """Return what is printed: how many passed, and each that did not; nothing when the run had none."""
        if not self._outcomes:
            return []
        verdicts = {peer: self.verdict(peer) for peer in PEERS}
        passed = sum(verdict == "passed" for verdict in verdicts.values())
        others = [f"  {verdict}: {peer}" for peer, verdict in verdicts.items() if verdict != "passed"]
        return [f"{passed} of {len(PEERS)} peers", *others]


# --- pytest ----------------------------------------------------------------------------------------------------


class CountingPlugin:
    """Counts in the process that prints."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._count = Count()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one report, of this process or of a worker."""
        self._count.add(report)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the count when the run had peers."""
        if lines := self._count.lines():
            terminalreporter.section("clients of others against the OpenID provider")
            for line in lines:
                terminalreporter.write_line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write whose it is into the reports of each test, and refuse names that are not listed."""
    for item in items:
        for peer in [name for mark in item.iter_markers(_MARK) for name in mark.args]:
            if peer not in PEERS:
                raise pytest.UsageError(f"{item.nodeid}: tests/bed/peers.py lists no peer {peer!r}")
            item.user_properties.append((_PROPERTY, peer))


def pytest_configure(config: pytest.Config) -> None:
    """Count in this process."""
    config.addinivalue_line("markers", f"{_MARK}(name): a client of others against the OpenID provider, by its name")
    config.pluginmanager.register(CountingPlugin(), "peer-count")
