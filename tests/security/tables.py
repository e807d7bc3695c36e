"""Reads tables behind the server's back, for cases that compare what is stored before and after an attack."""

import sqlite3
from pathlib import Path

import psycopg


def read_table(database_url: str, query: str, *values: object) -> list[tuple[object, ...]]:
    """Return the rows of a query with `?` for each value, on either database."""
    if database_url.startswith("sqlite:///"):
        connection = sqlite3.connect(f"file:{database_url.removeprefix('sqlite:///')}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()
    with psycopg.connect(database_url) as postgres:
        return postgres.execute(query.replace("?", "%s").encode(), values).fetchall()


def table_names(database_url: str) -> list[str]:
    """Return the names of all tables."""
    if database_url.startswith("sqlite:///"):
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    else:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    return [str(name) for (name,) in read_table(database_url, query)]


def everything_stored(database_url: str) -> bytes:
    """Return all that a thief of the database has: of SQLite its files, of PostgreSQL every value of every row."""
    if database_url.startswith("sqlite:///"):
        file = Path(database_url.removeprefix("sqlite:///"))
        return b"\n".join(each.read_bytes() for each in sorted(file.parent.iterdir()) if each.is_file())
    values: list[bytes] = []
    for table in table_names(database_url):
        for row in read_table(database_url, f"SELECT * FROM {table}"):
            values += [bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row]
    return b"\n".join(values)
