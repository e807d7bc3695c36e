"""A consistent copy of a SQLite database while the server goes on: `avow backup`."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from avow.server.store.files import look_at_file
from avow.server.store.opening import is_sqlite, sqlite_path
from avow.server.store.refused import StoreRefused
from avow.server.store.sqlite import sentence_of

__all__ = ["backup"]


def backup(url: str, target: str) -> None:
    """Write a copy, as of one moment and with mode 0600; it appears under its name when it is complete and on disk.

    The copy is read from a snapshot, so neither writers nor the lock file wait for it.

    Args:
        url: A `sqlite:///` URL.
        target: A file that does not exist.

    Raises:
        StoreRefused: The target exists, the database is PostgreSQL, or a file cannot be read or written.
    """
    if not is_sqlite(url):
        raise StoreRefused("A PostgreSQL database is backed up by PostgreSQL's own pg_dump.")
    path = sqlite_path(url)
    look_at_file(path)
    if Path(target).exists():
        raise StoreRefused(f"The file {target} exists already; a back-up never replaces one.")
    part = f"{target}.part"
    try:
        _copy(path, part)
        os.link(part, target)  # unlike a rename, refuses a file that came meanwhile
        _sync(str(Path(target).absolute().parent))
    except FileExistsError:
        raise StoreRefused(f"The file {target} exists already; a back-up never replaces one.") from None
    except sqlite3.Error as error:
        raise StoreRefused(f"The back-up failed: {sentence_of(error)}.") from error
    except OSError as error:
        raise StoreRefused(f"The back-up failed: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            Path(part).unlink(missing_ok=True)


def _copy(path: str, part: str) -> None:
    Path(part).unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5.0)) as connection:
        connection.execute("VACUUM INTO ?", (part,))
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        if copy.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise StoreRefused("The back-up failed: the copy is damaged.")
    _sync(part)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
