"""Statements with a variable part, IN lists and searches: constant fragments only, no caller's text enters SQL."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import LiteralString, Self, TypeVar

from avow.errors import InvalidArgument
from avow.server.store.tx import Tx, Value

__all__ = ["MOST_IN_LIST", "Search", "containing", "in_list", "many_rows"]

R = TypeVar("R")

MOST_IN_LIST = 1024

_MOST_ROWS = 128
_ROW = re.compile(r"\bVALUES\s*(\([^()]*\))")

_COLUMN = re.compile(r"[a-z_]+(?:\.[a-z_]+)?\Z")


def in_list(name: str, values: Sequence[Value]) -> tuple[str, dict[str, Value]]:
    """Return the text and parameters of an IN list.

    A constant says `... id IN (:ids)`, and is used so:

        clause, ids = in_list("ids", wanted)
        tx.all(FIND.replace("(:ids)", clause), Row, **ids)

    The list is padded to a power of two by its last value, so that few different statements are prepared. An empty
    list matches nothing.

    Args:
        name: The parameter of the constant, a constant itself.
        values: At most `MOST_IN_LIST`.

    Raises:
        ValueError: There are more.
    """
    if len(values) > MOST_IN_LIST:
        raise ValueError(f"{len(values)} values in one list; the most is {MOST_IN_LIST}")
    if not values:
        return "(NULL)", {}
    width = 1 << (len(values) - 1).bit_length()
    padded = [*values, *[values[-1]] * (width - len(values))]
    params = {f"{name}_{number}": value for number, value in enumerate(padded)}
    return "(" + ", ".join(f":{key}" for key in params) + ")", params


def many_rows(statement: str, rows: Sequence[Mapping[str, Value]]) -> Iterator[tuple[str, dict[str, Value]]]:
    """Return the statements that insert many rows, or look many up, with the parameters of each.

    A constant inserts one row, `... VALUES (:project_id, :user_id, :role_id) ON CONFLICT DO NOTHING`, and is used so:

        for sql, params in many_rows(GRANT, [{"user_id": user_id, "role_id": role_id}, ...]):
            tx.run(sql, **params)

    One that looks up says `FROM (VALUES (:login_id)) AS w`, with columns `w.column1` and so on. What the rows do not
    name (`:project_id`, `:now`) is the same in all of them. As a list is, they are padded to a power of two by the last
    row, so an INSERT has to pass over a row that is there already.

    Args:
        statement: The constant.
        rows: Values of its parameters, of every row the same ones.

    Raises:
        ValueError: A row that is there already would be an error.
    """
    if statement.lstrip().startswith("INSERT") and "ON CONFLICT" not in statement:
        raise ValueError("the statement has to say ON CONFLICT DO NOTHING")
    for start in range(0, len(rows), _MOST_ROWS):
        part = rows[start : start + _MOST_ROWS]
        width = 1 << (len(part) - 1).bit_length()
        padded = [*part, *[part[-1]] * (width - len(part))]
        params = {f"{name}_{number}": value for number, row in enumerate(padded) for name, value in row.items()}
        yield _widened(statement, tuple(part[0]), width), params


@lru_cache(maxsize=256)
def _widened(statement: str, names: tuple[str, ...], width: int) -> str:
    """Return the statement with so many rows in the place of the one."""
    found = _ROW.search(statement)
    if found is None:
        raise ValueError(f"the statement inserts no row of values: {statement.strip()}")
    named = re.compile(rf":({'|'.join(names)})\b")
    several = ", ".join(named.sub(rf":\1_{number}", found[1]) for number in range(width))
    return statement[: found.start(1)] + several + statement[found.end(1) :]


def containing(text: str) -> str:
    """Return the pattern that `... LIKE :text ESCAPE '!'` finds a text with, wherever it stands in the column."""
    return f"%{_escaped(text)}%"


class Search:
    """One SELECT whose conditions depend on what was asked for.

        search = Search(FIND_USERS)  # a constant that ends in its first condition, project_id = :project_id
        if body.status:
            search.where("status = :status", status=body.status)
        if body.text:
            search.contains("name_folded", "text", body.text.casefold())
        users = search.order("created_at, id").page(limit, offset).all(tx, UserRow)

    Fragments are constants of the slice; values travel as parameters only.
    """

    def __init__(self, select: LiteralString) -> None:
        """Begin with a constant that selects named columns and ends in `WHERE project_id = :project_id`."""
        self._parts: list[str] = [select.rstrip()]
        self._params: dict[str, Value] = {}
        self._tail: list[str] = []

    @property
    def sql(self) -> str:
        """Return the statement as it stands."""
        return "\n".join([*self._parts, *self._tail])

    @property
    def params(self) -> dict[str, Value]:
        """Return a copy of its parameters."""
        return dict(self._params)

    def where(self, condition: LiteralString, /, **values: Value) -> Self:
        """Add a condition, and the values of its parameters."""
        return self._add(f"({condition})", values)

    def within(self, condition: LiteralString, lists: Mapping[str, Sequence[Value]], /, **values: Value) -> Self:
        """Add a condition with lists, `u.id IN (SELECT ... WHERE tenant_id IN (:tenants))`, any number of times.

        Args:
            condition: A constant of the slice; its parameters are numbered here, so that each use has its own.
            lists: Values of each `(:name)`; an empty list matches nothing.
            values: Values of the other parameters.
        """
        number, given = len(self._params), dict[str, Value]()
        text: str = condition
        for name, listed in lists.items():
            clause, params = in_list(f"{name}_{number}", listed)
            text, given = text.replace(f"(:{name})", clause), given | params
        for name, value in values.items():
            text = re.sub(rf":{name}\b", f":{name}_{number}", text)
            given[f"{name}_{number}"] = value
        return self._add(f"({text})", given)

    def among(self, column: LiteralString, name: LiteralString, values: Sequence[Value]) -> Self:
        """Add: the column has one of the values; an empty list matches nothing."""
        clause, params = in_list(name, values)
        return self._add(f"{_column(column)} IN {clause}", params)

    def contains(self, column: LiteralString, name: LiteralString, text: str) -> Self:
        """Add: the column contains the text. Both are folded before; wildcards in the text are plain letters."""
        return self._add(f"{_column(column)} LIKE :{name} ESCAPE '!'", {name: f"%{_escaped(text)}%"})

    def starts_with(self, column: LiteralString, name: LiteralString, text: str) -> Self:
        """Add: the column starts with the text. Both are folded before; wildcards in the text are plain letters."""
        return self._add(f"{_column(column)} LIKE :{name} ESCAPE '!'", {name: f"{_escaped(text)}%"})

    def order(self, columns: LiteralString) -> Self:
        """Sort by these columns; the last is unique, so that pages do not overlap."""
        self._tail.append(f"ORDER BY {columns}")
        return self

    def page(self, limit: int, offset: int = 0) -> Self:
        """Return at most `limit` rows after the first `offset`; called last."""
        self._tail.append("LIMIT :page_limit OFFSET :page_offset")
        self._params |= {"page_limit": limit, "page_offset": offset}
        return self

    def all(self, tx: Tx, row: Callable[..., R]) -> list[R]:
        """Return the rows that match."""
        return tx.all(self.sql, row, **self._params)

    def listed(self, tx: Tx, row: Callable[..., R], most: int | None, what: str) -> list[R]:
        """Return the rows that match, if there are no more of them than one answer lists; called last.

        Args:
            tx: The unit.
            row: Called with the columns, in order.
            most: How many one answer lists; None for a reader who takes any number.
            what: What the rows are, for people.

        Raises:
            InvalidArgument: There are more.
        """
        if most is None:
            return self.all(tx, row)
        found = self.page(most + 1).all(tx, row)
        if len(found) > most:
            raise InvalidArgument(
                error_message=f"There are more than {most:,} {what}: too many for one answer. Ask for some of them."
            )
        return found

    def _add(self, condition: str, values: dict[str, Value]) -> Self:
        if twice := self._params.keys() & values.keys():
            raise TypeError(f"parameter {', '.join(sorted(twice))} is used twice")
        self._parts.append(f"  AND {condition}")
        self._params |= values
        return self


def _column(name: str) -> str:
    if not _COLUMN.match(name):
        raise ValueError(f"not a column: {name!r}")
    return name


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
