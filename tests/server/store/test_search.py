"""IN lists and searches: constant fragments, values as parameters only."""

from functools import partial

import pytest

from avow.server.store import Search, Store, Tx, in_list
from tests.server.store.conftest import INSERT_TENANT, OTHER, PROJECT

FIND = "SELECT id FROM tenants WHERE project_id = :project_id"
NAMES = ["100%", "1000", "a_b", "axb", "wow!", "wow", "'; DROP TABLE tenants; --", "back\\slash"]


@pytest.fixture
def store(store: Store) -> Store:
    def insert(tx: Tx) -> None:
        for name in NAMES:
            tx.run(INSERT_TENANT, id=name, name=name)

    store.run(PROJECT, insert)
    store.run(OTHER, lambda tx: tx.run(INSERT_TENANT, id="foreign", name="foreign"))
    return store


def found(store: Store, search: Search) -> set[str]:
    return set(store.look(PROJECT, lambda tx: search.all(tx, str)))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8])
def test_list_matches_its_values(store: Store, count: int) -> None:
    clause, ids = in_list("ids", NAMES[:count])
    sql = f"{FIND} AND id IN (:ids)".replace("(:ids)", clause)
    assert set(store.look(PROJECT, lambda tx: tx.all(sql, str, **ids))) == set(NAMES[:count])


def test_lists_of_many_lengths_are_few_statements() -> None:
    assert len({in_list("ids", list(range(length)))[0] for length in range(1, 65)}) == 7


def test_list_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="1025"):
        in_list("ids", list(range(1025)))


def test_search_without_conditions_finds_the_project(store: Store) -> None:
    assert found(store, Search(FIND)) == set(NAMES)


@pytest.mark.parametrize("text", ["%", "_", "!", "\\", "'", "100%", "'; DROP TABLE tenants; --", "w", "nothing such"])
def test_text_is_taken_literally(store: Store, text: str) -> None:
    assert found(store, Search(FIND).contains("name", "text", text)) == {name for name in NAMES if text in name}
    assert found(store, Search(FIND).starts_with("name", "text", text)) == {
        name for name in NAMES if name.startswith(text)
    }


def test_conditions_are_joined_by_and(store: Store) -> None:
    search = Search(FIND).contains("name", "text", "wow").where("id <> :id OR id = :second", id="wow", second="none")
    assert found(store, search.among("id", "ids", ["wow", "wow!", "axb"])) == {"wow!"}


def test_page_is_part_of_the_order(store: Store) -> None:
    pages = [
        store.look(PROJECT, partial(Search(FIND).order("id").page(3, offset).all, row=str)) for offset in (0, 3, 6, 9)
    ]
    assert [name for page in pages for name in page] == sorted(NAMES)
    assert [len(page) for page in pages] == [3, 3, 2, 0]


def test_values_never_enter_the_text() -> None:
    search = Search(FIND).contains("name", "text", "secret").where("id = :id", id="secret").page(1)
    assert "secret" not in search.sql
    assert search.params == {"text": "%secret%", "id": "secret", "page_limit": 1, "page_offset": 0}


def test_column_is_a_name() -> None:
    with pytest.raises(ValueError, match="not a column"):
        Search(FIND).contains("name) OR (1=1", "text", "x")


def test_parameter_is_used_once() -> None:
    with pytest.raises(TypeError, match="twice"):
        Search(FIND).where("id = :id", id="a").where("name = :id", id="b")
