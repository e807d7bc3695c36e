"""What nodes know of a project: at most a second old, and still there when the database is away."""

from collections.abc import Generator
from typing import Any

import pytest

from avow.errors import Unavailable
from avow.server.keys.directory import ProjectDirectory
from avow.server.serving import Project, Read
from avow.testing.clock import MovableClock
from avow.testing.server import Avow


def found(avow: Avow, steps: Generator[Any, Any, Project | None], *, is_away: bool = False) -> Project | None:
    """Perform the reads that a look-up asks for."""
    value: object = None
    error: Exception | None = None
    while True:
        try:
            effect = steps.send(value) if error is None else steps.throw(error)
        except StopIteration as end:
            project: Project | None = end.value
            return project
        assert isinstance(effect, Read)
        error = Unavailable() if is_away else None
        value = None if is_away else avow.server.site.store.look(avow.project_id, effect.unit)


def test_known_project_is_found_while_the_database_is_away(avow: Avow) -> None:
    clock = MovableClock(source=lambda: 1_800_000_000)
    directory = ProjectDirectory(clock, avow.server.site.settings, frozenset())
    known = found(avow, directory.find(avow.project_id))
    assert known is not None
    clock.advance(5)
    assert found(avow, directory.find(avow.project_id), is_away=True) == known


def test_unknown_project_is_not_made_up_while_the_database_is_away(avow: Avow) -> None:
    directory = ProjectDirectory(MovableClock(), avow.server.site.settings, frozenset())
    with pytest.raises(Unavailable):
        found(avow, directory.find(avow.project_id), is_away=True)
