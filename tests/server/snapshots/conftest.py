"""Room for copies of projects."""

import pytest


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take room for another project, in a server that has one for each test before."""
    monkeypatch.setattr("avow.server.projects.actions._MOST_PROJECTS", 1_000_000)
