"""SQLite behind the store: one writer thread with group commit, a few reader threads, one lock file per machine."""

import sqlite3
import threading
from collections.abc import Callable, Iterable
from time import monotonic

from avow.clock import Clock
from avow.core.vault import Vault
from avow.errors import Unavailable
from avow.server.store.files import connect, look_at_file, tighten
from avow.server.store.forks import join
from avow.server.store.jobs import WAIT_SECONDS, Job, Line, Load, Rarely, deliver, refuse_late
from avow.server.store.lockfile import LockFile
from avow.server.store.refused import StoreRefused
from avow.server.store.tx import Tx

__all__ = ["SqliteEngine", "sentence_of"]

# More units a commit give little, and the first of the group waits for the last.
_GROUP = 64
_READ_GROUP = 16
_READERS = 2

# What the machine does to us, by SQLite's primary result code; everything else is a bug in a statement.
_TROUBLES = {
    sqlite3.SQLITE_BUSY: "another process holds the database",
    sqlite3.SQLITE_LOCKED: "the database is locked",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
    sqlite3.SQLITE_INTERRUPT: "the statement was interrupted",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "the locks of the database failed",
    sqlite3.SQLITE_NOTADB: "the database file is damaged",
}
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_INTERRUPT}


class _GroupLost(Exception):
    """SQLite ended the transaction of the whole group."""


class SqliteEngine:
    """The connections and threads of one process on one database file."""

    def __init__(
        self,
        path: str,
        *,
        vault: Vault,
        clock: Clock,
        announce: Callable[[Iterable[str]], None],
        capacity: int,
        durable: bool = True,
    ) -> None:
        """Open the database and start the threads.

        Raises:
            StoreRefused: The file is not a database of ours.
        """
        self._path = path
        self._vault = vault
        self._clock = clock
        self._announce = announce
        self._durable = durable
        self._rarely = Rarely()
        self._writes = Line(capacity)
        self._reads = Line(capacity)
        self._groups = 0
        self._units = 0
        look_at_file(path)
        tighten(path)
        self._lock = LockFile(f"{path}.lock")
        try:
            with self._lock.held(WAIT_SECONDS):
                self._writer: sqlite3.Connection | None = connect(path, is_reader=False, durable=durable)
            self._readers = [connect(path, is_reader=True) for _ in range(_READERS)]
        except (sqlite3.Error, Unavailable) as error:
            self._lock.close()
            if isinstance(error, Unavailable):
                raise
            raise StoreRefused(f"The database {path} cannot be opened: {sentence_of(error)}.") from error
        self._threads = [
            threading.Thread(target=self._write_loop, name="avow-writer", daemon=True),
            *(
                threading.Thread(target=self._read_loop, args=(reader,), name=f"avow-reader-{number}", daemon=True)
                for number, reader in enumerate(self._readers)
            ),
        ]
        for thread in self._threads:
            thread.start()

    def write(self, job: Job) -> None:
        """Queue a unit that may write."""
        self._writes.put(job)

    def read(self, job: Job) -> None:
        """Queue a unit that only reads."""
        self._reads.put(job)

    def owns_thread(self) -> bool:
        """Say whether the caller runs on a thread of this engine, where waiting for a unit would never end."""
        return threading.current_thread() in self._threads

    def load(self) -> Load:
        """Return how much there is to do and was done."""
        return Load(self._writes.waiting() + self._reads.waiting(), self._groups, self._units)

    def close(self) -> None:
        """Finish what waits, and close; the last connection folds the write-ahead log into the database."""
        self._writes.close()
        self._reads.close()
        join(self._threads)
        self._writes.refuse_rest()
        self._reads.refuse_rest()
        is_held = self._lock.acquire(WAIT_SECONDS)
        for reader in self._readers:
            reader.close()
        if self._writer is not None:
            self._writer.close()
        if is_held:
            self._lock.release()
        self._lock.close()

    # --- Writing ---

    def _write_loop(self) -> None:
        while jobs := self._writes.take(_GROUP):
            signals: set[str] = set()
            self._groups += 1
            self._units += len(jobs)
            try:
                if self._begin(jobs):
                    signals = self._commit_group(jobs)
            except Exception as error:
                self._fail_group(jobs, error)
            deliver(jobs)
            if signals:
                self._announce(signals)

    def _begin(self, jobs: list[Job]) -> bool:
        """Take the lock file and SQLite's lock; False when every job waited too long for them."""
        refuse_late(jobs)
        while jobs:
            if self._lock.acquire(jobs[0].until - monotonic()) and self._begin_immediate():
                return True
            refuse_late(jobs)
        return False

    def _begin_immediate(self) -> bool:
        try:
            if self._writer is None:
                self._writer = connect(self._path, is_reader=False, durable=self._durable)
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._lock.release()
            if _code(error) != sqlite3.SQLITE_BUSY:
                raise
            self._rarely.error("busy", "another program holds the database; units wait for it")
            return False
        return True

    def _commit_group(self, jobs: list[Job]) -> set[str]:
        """Run every job in a savepoint of its own, commit them together, and return their signals.

        A job that is alone needs no savepoint: when it fails, the transaction is rolled back.
        """
        connection = self._writer
        assert connection is not None  # noqa: S101 - _begin opened it
        cursor = connection.cursor()
        signals: set[str] = set()
        is_alone = len(jobs) == 1
        try:
            for job in jobs:
                tx = Tx(cursor.execute, job.project_id, self._clock(), self._vault)
                if not is_alone:
                    cursor.execute("SAVEPOINT unit")
                try:
                    job.check()
                    job.result = job.unit(tx)
                    job.check()
                except BaseException as error:  # delivered to whoever asked
                    job.fail(self._translated(error))
                    if not connection.in_transaction:
                        raise _GroupLost from error
                    if is_alone:
                        return signals
                    cursor.execute("ROLLBACK TO unit")
                else:
                    signals.update(tx.signals or ())
                if not connection.in_transaction:
                    raise _GroupLost
                if not is_alone:
                    cursor.execute("RELEASE unit")
            cursor.execute("COMMIT")
        finally:
            self._leave(connection, cursor)
        return signals

    def _leave(self, connection: sqlite3.Connection, cursor: sqlite3.Cursor) -> None:
        try:
            cursor.close()  # a unit's traceback may keep it alive, and with it the connection
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        finally:
            self._lock.release()

    def _fail_group(self, jobs: list[Job], error: Exception) -> None:
        """Answer every job that nothing is known to be written, and get ready to begin anew."""
        cause = error.__cause__ if isinstance(error, _GroupLost) else error
        detail = sentence_of(cause) if isinstance(cause, sqlite3.Error) else str(cause or "SQLite rolled back")
        self._rarely.error(detail, f"the database cannot be written: {detail}")
        for job in jobs:
            job.fail(Unavailable(detail=detail))
        if isinstance(cause, sqlite3.Error) and _code(cause) in _PASSING:
            return
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    # --- Reading ---

    def _read_loop(self, connection: sqlite3.Connection) -> None:
        cursor = connection.cursor()
        while jobs := self._reads.take(_READ_GROUP):
            refuse_late(jobs)
            for job in jobs:
                try:
                    job.check()
                    job.result = job.unit(Tx(cursor.execute, job.project_id, self._clock(), self._vault))
                except BaseException as error:  # delivered to whoever asked
                    job.fail(self._translated(error))
            deliver(jobs)
        cursor.close()

    def _translated(self, error: BaseException) -> BaseException:
        """Return what a caller may see: the machine's troubles become Unavailable, bugs stay as they are."""
        if not isinstance(error, sqlite3.Error) or _code(error) not in _TROUBLES:
            return error
        detail = sentence_of(error)
        self._rarely.error(detail, f"the database does not answer: {detail}")
        unavailable = Unavailable(detail=detail)
        unavailable.__cause__ = error
        return unavailable


def sentence_of(error: sqlite3.Error) -> str:
    """Return in words what happened."""
    return f"{_TROUBLES.get(_code(error), 'SQLite failed')} ({error})"


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
