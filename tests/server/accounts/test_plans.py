"""How the databases go about requests that have to take the same in a project of any size: by keys, never through it.

Asked of the databases themselves, with some thousand users. The paths are those that `make bench` measures.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from avow.server.store import Store, Tx
from bench import people
from bench.paths import PATHS, Path
from bench.people import World
from tests.bed.postgres import fresh_database

_COUNT = 6_000
_GROWING = (
    "users|login_ids|memberships|membership_roles|user_roles|attribute_values|sessions|audit_events|access_keys"
    "|tenant_domains|access_key_tenants"
)
_FLAT = [path for path in PATHS if path.is_flat]


@dataclass(frozen=True, slots=True)
class Planned:
    """A store that asks for the plan of every statement it runs."""

    store: Store
    plans: list[tuple[str, list[str]]] = field(default_factory=list)

    def look(self, project_id: str, unit: Callable[[Tx], Any]) -> Any:
        return self.store.look(project_id, lambda tx: unit(self._asking(tx)))

    def run(self, project_id: str, unit: Callable[[Tx], Any]) -> Any:
        return self.store.run(project_id, lambda tx: unit(self._asking(tx)))

    def _asking(self, tx: Tx) -> Tx:
        explain = "EXPLAIN " if self.store.url.startswith("postgres") else "EXPLAIN QUERY PLAN "

        def execute(sql: str, params: Any) -> Any:
            lines = [str(row[-1]) for row in tx._execute(explain + sql, dict(params)).fetchall()]
            self.plans.append((sql, lines))
            return tx._execute(sql, params)

        return Tx(execute, tx.project_id, tx.now, tx.vault)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if request.param == "sqlite":
        with people.filled(f"sqlite:///{tmp_path_factory.mktemp('plans')}/avow.db", _COUNT) as filled:
            yield filled
        return
    with (
        fresh_database(request.getfixturevalue("postgres_server_url")) as url,
        people.filled(url, _COUNT) as filled,
    ):
        yield filled


@pytest.mark.parametrize("path", _FLAT, ids=lambda path: path.name.replace(" ", "-"))
def test_flat_path_walks_through_no_project(world: World, path: Path) -> None:
    path.prepare(world, [7])
    asked = Planned(world.store)
    path.run(replace(world, store=asked), 7)  # type: ignore[arg-type]  # the two methods are all that paths use
    assert asked.plans
    walks = [(line, sql) for sql, lines in asked.plans for line in lines if _walks(line)]
    assert not walks, walks


@pytest.mark.parametrize(
    ("name", "index"),
    [("page 1,000 deep", "ix_users_listed"), ("first page by name", "ix_users_project_id_name_folded_id")],
)
def test_page_comes_from_an_index_in_its_order(world: World, name: str, index: str) -> None:
    (path,) = [each for each in PATHS if each.name == name]
    asked = Planned(world.store)
    path.run(replace(world, store=asked), 0)  # type: ignore[arg-type]
    (_, page), (_, total), _ = asked.plans
    assert index in "\n".join(page)
    assert "Sort" not in "\n".join(page)
    assert "TEMP B-TREE" not in "\n".join(page)
    if world.store.url.startswith("sqlite"):  # PostgreSQL reads the table itself as long as it is small
        assert "COVERING INDEX ix_users_listed" in "\n".join(total)


def test_a_walk_is_noticed(world: World) -> None:
    asked = Planned(world.store)
    asked.look(
        world.project_id, lambda tx: tx.all("SELECT id FROM users WHERE project_id = :project_id AND name = ''", str)
    )
    assert [line for _, lines in asked.plans for line in lines if _walks(line)]


def _walks(line: str) -> bool:
    """Tell whether a line of a plan reads all rows of a project, or more, of a table that grows with it."""
    if "Seq Scan on " in line:
        return re.search(rf"Seq Scan on ({_GROWING})\b", line) is not None
    if "Index Cond: " in line:
        return re.search(r"Index Cond: \(+project_id = '\w+'::text(?: COLLATE \"C\")?\)+$", line) is not None
    if match := re.match(r"SCAN (\w+)", line):
        return match[1] not in ("f", "r")  # what was found already; roles
    if "ix_users_test" in line:
        return False
    return line.endswith("(project_id=?)") and re.search(rf"(?:autoindex|ix)_({_GROWING})_", line) is not None
