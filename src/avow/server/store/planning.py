"""What SQLite's planner is told about the tables: how many rows an index finds, as of many large projects.

Every index begins with project_id. Without statistics SQLite believes that the first column of any index leaves ten
rows, so that sorting out a whole project in the order of its pages looks cheap to it. Measured statistics (ANALYZE)
would be those of the day: plans of a small installation, kept while it grows. These are the same everywhere, so that
plans are, and a test can hold them. PostgreSQL measures by itself.
"""

from collections.abc import Iterator
from math import prod
from typing import Final

from sqlalchemy import Index, MetaData, Table

__all__ = ["statistics_sql"]

_PROJECTS: Final = 50  # so that no table is read whole for the rows of one project
_MANY: Final = 1_000_000
# Rows of one project.
_ROWS: Final = {
    "kv": 100_000,
    "projects": 1,
    "signing_keys": 40,
    "management_keys": 100,
    "roles": 1_000,
    "permissions": 1_000,
    "role_permissions": 10_000,
    "tenants": 50_000,
    "tenant_domains": 50_000,
    "tenant_default_roles": 50_000,
    "sso_connections": 10_000,
    "groups": 100_000,
    "access_keys": 100_000,
    "access_key_roles": 100_000,
    "access_key_tenants": 100_000,
    "access_key_tenant_roles": 100_000,
    "applications": 10_000,
    "application_secrets": 10_000,
    "application_apis": 10_000,
    "apis": 100,
    "api_permissions": 1_000,
    "attribute_definitions": 100,
    "audit_webhooks": 10,
    "imports": 100,
    "lists": 100,
    "flows": 100,
    "themes": 10,
    "jwt_templates": 100,
    "message_templates": 100,
    "password_policies": 1_000,
}
# Values that a column has in a large project; one that is not here has as many as its table has rows of a project.
_DISTINCT: Final = {
    "project_id": _PROJECTS,
    "kind": 3,
    "state": 3,
    "status": 3,
    "method": 4,
    "purpose": 4,
    "key_set": 2,
    "is_test": 2,
    "is_anonymous": 2,
    "webhook": 5,
    "locale": 10,
    "phone_prefix": 100,
    "role_id": 100,
    "tenant_id": 10_000,
    "application_id": 10_000,
    "api_id": 100,
    "permission_id": 500,
    "subject": 500_000,
    "name": 50_000,
}
_DISTINCT_IN: Final = {("attribute_values", "name"): 20, ("attribute_values", "value"): 50_000}
_FEW: Final = 1_000  # rows of a project in an index that takes some rows of its table only


def statistics_sql(tables: MetaData) -> Iterator[str]:
    """Yield the statements that make SQLite's statistics what they are for these tables."""
    yield "ANALYZE sqlite_schema"
    yield "DELETE FROM sqlite_stat1"
    for table in tables.sorted_tables:
        rows = _ROWS.get(table.name, _MANY)
        primary = [column.name for column in table.primary_key.columns]
        yield _row(table, f"sqlite_autoindex_{table.name}_1", rows, primary, is_unique=True)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            taken = min(_FEW, rows) if _is_partial(index) else rows
            yield _row(table, str(index.name), taken, index.columns.keys(), is_unique=bool(index.unique))


def _row(table: Table, index: str, rows: int, columns: list[str], *, is_unique: bool) -> str:
    distinct = [_DISTINCT_IN.get((table.name, each), _DISTINCT.get(each, rows)) for each in columns]
    found = [max(1, rows * _PROJECTS // prod(distinct[: number + 1])) for number in range(len(distinct))]
    if is_unique:
        found[-1] = 1
    numbers = " ".join(map(str, (rows * _PROJECTS, *found)))
    # The names are those of our own schema.
    return f"INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('{table.name}', '{index}', '{numbers}')"  # noqa: S608


def _is_partial(index: Index) -> bool:
    return index.dialect_options["sqlite"]["where"] is not None
