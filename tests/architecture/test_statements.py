"""Every SQL statement of the server: read by sqlglot, prepared on both databases, and held against its row class."""

import importlib
import pkgutil
import re
import sqlite3
import types
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import psycopg
import pytest
import sqlglot
from sqlglot import exp

import avow.server
from avow.server.store import CROSS_PROJECT, create
from avow.server.store.opening import sqlite_path
from avow.server.store.postgres import translate
from tests.bed.postgres import fresh_database

_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_PYTHON_TYPES = {20: int, 23: int, 25: str, 1043: str, 17: bytes}  # PostgreSQL's oids: int8, int4, text, varchar, bytea
_UNBOUND = dict(CROSS_PROJECT)
# The one statement that sees tenants which are being deleted and does not say so: the project itself is deleted.
_SEES_DELETED_TENANTS = "avow.server.operations.leavings.rows.PURGE_TENANTS"
# Statements that find the rows they change by a subquery, and why they may miss one that is being changed.
MAY_PASS_OVER = {
    r"operations\.leavings\.rows\.PURGE_\w+": "of a deleted project, again until nothing is left",
    r"(audit|challenges|flows|oidc|samlidp|sessions)\.rows\.FORGET\w*": "house-keeping, which comes by again",
    r"federation\.rows\.FORGET_ASSERTIONS": "house-keeping, which comes by again",
    r"users\.rows\.FORGET_ANONYMOUS": "house-keeping, which comes by again",
    r"sessions\.rows\.CROWD_OUT_DEVICES": "a device in use is not the oldest of a thousand",
    r"passwords\.rows\.FORGET": "the unit holds the user",
    r"(audit|delivery)\.rows\.(LEASE|TAKE_UNSENT|HURRY|GIVE_UP_OLD)": "what is missed is taken at the next turn",
    r"oidc\.rows\.(LEASE_LOGOUTS|TAKE_ENDED)": "what is missed is taken at the next turn",
    r"attributes\.rows\.CLEAR_KEYS_OF_USERS": "whoever writes values holds their key",
    r"tenants\.rows\.DROP_(GROUP\w+|DEFAULT_ROLES|IDENTITIES|ROLE\w+)": "of a deleted tenant, whose row takes the rest",
    r"operations\.leavings\.rows\.FORGET_IMPORTS": "house-keeping, which comes by again",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A constant of a `rows.py`."""

    name: str
    sql: str
    row: Any

    def __str__(self) -> str:
        return self.name.removeprefix("avow.server.")


def _rows_modules() -> Iterator[types.ModuleType]:
    for module in pkgutil.walk_packages(avow.server.__path__, "avow.server."):
        if module.name.endswith(".rows"):
            yield importlib.import_module(module.name)


def _statements() -> Iterator[Statement]:
    for module in _rows_modules():
        returns = getattr(module, "RETURNS", {})
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, str) and value.lstrip().startswith(_VERBS):
                yield Statement(f"{module.__name__}.{name}", value, returns.get(name))


STATEMENTS = list(_statements())
each_statement = pytest.mark.parametrize("statement", STATEMENTS, ids=str)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    url = f"sqlite:///{tmp_path_factory.mktemp('statements')}/avow.db"
    create(url)
    with closing(sqlite3.connect(sqlite_path(url), isolation_level=None)) as connection:
        yield connection


@pytest.fixture(scope="module")
def postgres(postgres_server_url: str) -> Iterator[psycopg.Connection]:
    with fresh_database(postgres_server_url) as url:
        create(url)
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection


def test_statements_are_found_in_the_store_and_in_slices() -> None:
    assert {"avow.server.store.rows.INSERT_AUDIT", "avow.server.projects.rows.FIND"} <= {
        each.name for each in STATEMENTS
    }


@each_statement
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_statement_is_one_that_names_its_columns(statement: Statement, dialect: str) -> None:
    (tree,) = sqlglot.parse(statement.sql, dialect=dialect)
    assert tree is not None
    assert not [star for star in tree.find_all(exp.Star) if not isinstance(star.parent, exp.Count)]
    if isinstance(tree, exp.Insert):
        assert isinstance(tree.this, exp.Schema), "INSERT has to name its columns"


@each_statement
def test_statement_binds_its_project_or_is_listed_with_a_reason(statement: Statement) -> None:
    assert ("project_id" in _parameters(statement.sql)) != (statement.name in _UNBOUND)


@each_statement
def test_rows_that_somebody_else_changes_are_not_found_by_a_subquery(statement: Statement) -> None:
    """Decision 0013: PostgreSQL passes over such a row in silence."""
    (tree,) = sqlglot.parse(statement.sql, dialect="postgres")
    condition = tree.args.get("where") if isinstance(tree, exp.Update | exp.Delete) else None
    asks = condition is not None and any(each.args.get("query") for each in condition.find_all(exp.In))
    assert asks == any(re.fullmatch(pattern, str(statement)) for pattern in MAY_PASS_OVER), str(statement)


def test_statements_that_may_pass_over_rows_exist() -> None:
    names = [str(each) for each in STATEMENTS]
    assert [each for each in MAY_PASS_OVER if not any(re.fullmatch(each, name) for name in names)] == []


@each_statement
def test_statement_can_be_prepared_on_sqlite(statement: Statement, sqlite: sqlite3.Connection) -> None:
    sqlite.execute(f"EXPLAIN {statement.sql}", dict.fromkeys(_parameters(statement.sql)))


def _field_names(row: type) -> list[str]:
    """Return the names of what a row class holds, a struct or a dataclass."""
    if issubclass(row, msgspec.Struct):
        return [field.name for field in msgspec.structs.fields(row)]
    return [field.name for field in fields(row)]  # type: ignore[arg-type]  # a dataclass


@each_statement
def test_row_class_has_the_columns_of_the_statement(statement: Statement, postgres: psycopg.Connection) -> None:
    """Preparing is the test for the statement itself; the description of its result is held against the class."""
    columns = _described(postgres, statement.sql)
    if statement.row is None:
        assert columns == [], "a statement that returns rows needs an entry in RETURNS"
        return
    assert _field_names(statement.row) == [name for name, _ in columns]
    hints = get_type_hints(statement.row)
    for name, oid in columns:
        assert oid in _PYTHON_TYPES, f"{name} is neither BIGINT, TEXT nor BYTEA: cast it"
        plain = _plain(hints[name])
        assert plain not in _PYTHON_TYPES.values() or plain is _PYTHON_TYPES[oid], f"{name} is not {plain}"


def test_every_row_class_is_returned_by_a_statement_of_its_module() -> None:
    known = {statement.name for statement in STATEMENTS}
    for module in _rows_modules():
        for name in getattr(module, "RETURNS", {}):
            assert f"{module.__name__}.{name}" in known


def test_statements_without_a_project_exist_and_have_reasons() -> None:
    known = {statement.name for statement in STATEMENTS}
    assert len(_UNBOUND) == len(CROSS_PROJECT)
    for name, reason in CROSS_PROJECT:
        assert name in known
        assert reason.endswith(".")


def test_statements_pass_over_tenants_that_are_being_deleted() -> None:
    reads_tenants = re.compile(r"\b(?:FROM|JOIN|UPDATE) tenants\b")
    seeing = {
        each.name
        for each in STATEMENTS
        if reads_tenants.search(each.sql) and not re.search(r"\bdeleted_at\b", each.sql)
    }
    assert seeing == {_SEES_DELETED_TENANTS}


def test_sql_is_written_in_rows_modules_only() -> None:
    """The store's own files and the tests apart: they are what the statements are run with."""
    statement = re.compile(r'"\s*(?:SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b', re.DOTALL)
    root = Path(avow.server.__file__).parent
    found = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if path.name != "rows.py" and "store" not in path.relative_to(root).parts and statement.search(path.read_text())
    ]
    assert found == []


def _parameters(sql: str) -> set[str]:
    return {name.decode() for name in re.findall(rb"%\((\w+)\)s", translate(sql))}


def _described(connection: psycopg.Connection, sql: str) -> list[tuple[str, int]]:
    """Prepare the statement and return its result columns with their types."""
    numbers: dict[bytes, int] = {}

    def number(match: re.Match[bytes]) -> bytes:
        return b"$%d" % numbers.setdefault(match[1], len(numbers) + 1)

    text = re.sub(rb"%\((\w+)\)s", number, translate(sql)).replace(b"%%", b"%")
    pgconn = connection.pgconn
    prepared = pgconn.prepare(b"", text)
    assert not prepared.error_message, prepared.error_message.decode()
    result = pgconn.describe_prepared(b"")
    return [((result.fname(number) or b"").decode(), result.ftype(number)) for number in range(result.nfields)]


def _plain(hint: Any) -> Any:
    """Return the type without None."""
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = [each for each in get_args(hint) if each is not type(None)]
    return hint
