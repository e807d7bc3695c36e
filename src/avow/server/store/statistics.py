"""What PostgreSQL knows of its tables' sizes, counted anew while many rows are written.

It counts by itself about once a minute. Until then it takes a new table for a tiny one, for which every index is as
good: checking the references of ten thousand new rows by the wrong one reads a hundred million.
"""

from avow.server.store.opening import is_sqlite

__all__ = ["refresh"]

_TABLES = "users, login_ids, passwords, user_roles, memberships, membership_roles, attribute_values, audit_events"


def refresh(url: str) -> None:
    """Count the tables of the directory; SQLite needs no counting to choose a key. Nothing is lost when it fails."""
    if is_sqlite(url):
        return
    import psycopg  # takes a quarter of a second to import, and SQLite does not need it

    from avow.server.store.postgres import connect

    try:
        with connect(url) as connection:
            connection.execute(f"ANALYZE {_TABLES}")
    except psycopg.Error:
        return
