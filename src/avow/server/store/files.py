"""The files of a SQLite database: how they are opened, what is recognised, and what is refused."""

import os
import sqlite3
from pathlib import Path

from avow.server.store.refused import StoreRefused

__all__ = ["APPLICATION_ID", "connect", "look_at_file", "tighten"]

# "Avow" in ASCII, in the header of every database file of ours (PRAGMA application_id).
APPLICATION_ID = 0x41766F77

_HEADER = b"SQLite format 3\x00"
_APPLICATION_ID_OFFSET = 68  # https://www.sqlite.org/fileformat2.html section 1.3

_OLDEST_SQLITE = (3, 35, 0)  # the first with RETURNING

# SQLite polls for its lock; short turns let the caller look at the clock in between.
_BUSY_SECONDS = 0.25


def connect(path: str, *, is_reader: bool, durable: bool = True) -> sqlite3.Connection:
    """Open a connection with the settings that every connection of ours has.

    Args:
        path: The database file; it exists.
        is_reader: Whether the connection may only read.
        durable: False drops the wait for the disk: for tests, never for data.
    """
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    settings = [
        "foreign_keys = ON",
        f"synchronous = {'FULL' if durable else 'OFF'}",
        "fullfsync = ON",  # macOS: fsync alone does not reach the disk there
        "checkpoint_fullfsync = ON",
        "case_sensitive_like = ON",  # as PostgreSQL; folding is done in Python
        "trusted_schema = OFF",
        "temp_store = MEMORY",
        "cache_size = -8000",
        "wal_autocheckpoint = 4000",  # 16 MB: pages written by many commits are copied back once
        "journal_size_limit = 67108864",
        "query_only = ON" if is_reader else "journal_mode = WAL",
    ]
    try:
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def look_at_file(path: str) -> None:
    """Refuse a file that is missing, empty, no SQLite database, or another program's; it is not changed.

    Raises:
        StoreRefused: With the sentence for the operator.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreRefused(f"Python has SQLite {sqlite3.sqlite_version} here; Avow needs 3.35 or newer.")
    try:
        with Path(path).open("rb") as file:
            header = file.read(_APPLICATION_ID_OFFSET + 4)
    except FileNotFoundError:
        raise StoreRefused(f"There is no database at {path}; create it with `avow migrate`.") from None
    except OSError as error:
        raise StoreRefused(f"The database {path} cannot be opened: {error.strerror}.") from error
    if not header:
        raise StoreRefused(
            f"The database {path} is an empty file, as a failed copy leaves it; restore a back-up, or delete the file "
            "and run `avow migrate` for a new database."
        )
    if not header.startswith(_HEADER):
        raise StoreRefused(f"The file {path} is not a SQLite database; set AVOW_DATABASE_URL to Avow's own.")
    if int.from_bytes(header[_APPLICATION_ID_OFFSET:], "big") != APPLICATION_ID:
        raise StoreRefused(f"The SQLite database {path} belongs to another program; set AVOW_DATABASE_URL to Avow's.")


def tighten(path: str) -> None:
    """Take every right from group and others; the write-ahead log inherits the mode of its database."""
    for name in (path, f"{path}-wal", f"{path}-shm", f"{path}.lock"):
        try:
            mode = Path(name).stat().st_mode
            if mode & 0o077:
                os.chmod(name, 0o600)
        except FileNotFoundError:
            continue
