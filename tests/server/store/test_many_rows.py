"""Many rows in one INSERT: each of them once, in few different statements, and nothing of a value in the text."""

import pytest

from avow.server.store import Store, Tx, many_rows
from tests.server.store.conftest import INSERT_TENANT, PROJECT, TENANTS

INSERT = f"{INSERT_TENANT} ON CONFLICT DO NOTHING"
RETURNING = f"{INSERT} RETURNING id"


def rows(count: int) -> list[dict[str, str]]:
    return [{"id": f"t{number:04}", "name": "'); DROP TABLE tenants; --"} for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 127, 128, 129, 300])
def test_every_row_is_inserted_once(store: Store, count: int) -> None:
    def insert(tx: Tx) -> list[str]:
        return [each for sql, params in many_rows(RETURNING, rows(count)) for each in tx.all(sql, str, **params)]

    wanted = [row["id"] for row in rows(count)]
    assert sorted(store.run(PROJECT, insert)) == wanted
    assert store.look(PROJECT, lambda tx: tx.all(TENANTS, str)) == wanted
    assert store.run(PROJECT, insert) == []


def test_any_number_of_rows_is_few_statements() -> None:
    texts = {sql for count in range(1, 400) for sql, _ in many_rows(INSERT, rows(count))}
    assert len(texts) == 8
    assert not any("DROP" in sql for sql in texts)


def test_statement_that_cannot_pass_over_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="ON CONFLICT"):
        list(many_rows(INSERT_TENANT, rows(1)))
    with pytest.raises(ValueError, match="no row of values"):
        list(many_rows("INSERT INTO a (b) SELECT c FROM d ON CONFLICT DO NOTHING", rows(1)))
