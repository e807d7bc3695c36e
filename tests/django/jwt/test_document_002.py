"""Every step of the djwto tutorial, over https, in each mode: a project is made, served, changed, and spoken to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.django.walk import Walk, walking


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    yield from walking(tmp_path / "project", "djwto_project", {})


def test_steps_of_the_document_behave(walk: Walk) -> None:
    text = Path(__file__).with_name("document_002.md").read_text(encoding="utf-8")
    assert walk.do(text) == 5
