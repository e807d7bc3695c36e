"""What the manual says that a flow can name is what an import takes."""

import re
from pathlib import Path

from avow.core.flows.builtin import BUILT_IN
from avow.server.flows.acts import PREPARED
from avow.server.flows.chosen import KNOWN

PAGE = (Path(__file__).parents[3] / "docs" / "flows.md").read_text(encoding="utf-8")


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table whose first column has this name."""
    [table] = re.findall(rf"^\| {head} \|.*\n\|[ |-]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_flow_is_in_the_table() -> None:
    assert {name for row in rows("flow") for name in names(row[0])} == set(BUILT_IN)


def test_every_screen_is_there_with_what_it_leads_on_by_and_is_shown() -> None:
    told = {names(row[0])[0]: row for row in rows("screen")}
    assert set(told) == set(KNOWN.screens)
    for name, interactions in KNOWN.screens.items():
        assert {*names(told[name][1]), "submit"} == set(interactions), name
        takes = KNOWN.shown.get(name, {})
        assert set(names(told[name][2])) == {*takes, *(word for words in takes.values() for word in words)}, name


def test_every_act_is_there_with_its_outcomes() -> None:
    told = {names(row[0])[0]: row for row in rows("act")}
    assert set(told) == set(KNOWN.acts)
    for name, outcomes in KNOWN.acts.items():
        assert set(names(told[name][2])) == set(outcomes), name
        assert told[name][0].endswith("*") == (name in PREPARED), name


def test_every_fact_is_there() -> None:
    assert {names(row[0])[0] for row in rows("fact")} == set(KNOWN.facts)
