"""PostgreSQL behind the store: threads with a connection each, one transaction per write unit."""

import re
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from time import monotonic, sleep
from typing import NoReturn, cast

import psycopg
from psycopg import errors, pq
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8BinaryDumper

from avow.clock import Clock
from avow.core.vault import Vault
from avow.errors import Unavailable
from avow.server.store.forks import join
from avow.server.store.jobs import WAIT_SECONDS, Job, Line, Load, Rarely, deliver, refuse_late
from avow.server.store.places import place_of
from avow.server.store.tx import Cursor, Execute, Tx, Value

__all__ = ["MIGRATION_LOCK", "PostgresEngine", "connect", "translate"]

_RERUNS = 3
_PAUSE_SECONDS = 0.01
_CONNECT_SECONDS = 3
_DOWN_SECONDS = 0.5
_JOIN_SECONDS = 10.0

# Units that have less time left than such units take of late are not begun: under overload, a line whose oldest are
# always served first would otherwise end in none that is done in time. Whoever has half of the time left may try.
_MOST_NEEDED_SECONDS = WAIT_SECONDS / 2
_LATE_UNITS = 8

# Held by whoever creates or changes the tables (pg_advisory_xact_lock).
MIGRATION_LOCK = 0x41766F77

# What the URL does not say. A server that vanished without a word is noticed within some 10 s.
_CONNECTION_DEFAULTS = {
    "application_name": "avow",
    "connect_timeout": str(_CONNECT_SECONDS),
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}

# Reads run outside a transaction, so read-only is the default and a write unit says READ WRITE. A database that does
# not wait for its disk by default does for us: an answered write survives power loss.
_SESSION = """
SET default_transaction_read_only = on;
SET default_transaction_isolation = 'read committed';
SET statement_timeout = '5s';
SET lock_timeout = '4s';
SET idle_in_transaction_session_timeout = '15s';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')
"""

# Another unit was faster: a name was taken, or what a row refers to was deleted, after this unit had looked for it.
_OVERTAKEN = (
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.UniqueViolation,
    errors.ForeignKeyViolation,
)

# SQLSTATEs (by class, or whole) that are the machine's trouble; everything else is a bug in a statement.
# 08 connection, 25006 read-only database, 40 rolled back, 53 resources, 55P03 lock timeout, 57 operator, 58 and XX
# failures of the server.
_TROUBLES = ("08", "25006", "40", "53", "55P03", "57", "58", "XX")

_NAMED = re.compile(
    r"""'(?:[^']|'')*' | "[^"]*" | --[^\n]* | /\*.*?\*/ | :: | % | :(?P<name>[a-z_][a-z0-9_]*)""",
    re.VERBOSE | re.DOTALL,
)


# What only PostgreSQL needs, a row lock: `/* postgres: FOR SHARE OF u */` is a comment to SQLite, which has one writer.
_OURS = "/* postgres:"


@lru_cache(maxsize=4096)
def translate(sql: str) -> bytes:
    """Return a statement with `:named` parameters as psycopg takes it, with what is said to PostgreSQL alone."""
    return _NAMED.sub(_psycopg_style, sql).encode()


def connect(url: str) -> psycopg.Connection:
    """Open a connection outside any transaction, with the settings that every connection of ours has."""
    place = place_of(url)
    parameters = _CONNECTION_DEFAULTS | {name: str(value) for name, value in conninfo_to_dict(place.url).items()}
    # The parameters are text; the declared ones, of other types, are not among them.
    connection = psycopg.connect(autocommit=True, context=_adapters(), **parameters)  # type: ignore[arg-type]
    try:
        connection.prepared_max = 400
        connection.execute(_SESSION)
        if place.settings:
            connection.execute(place.settings.encode())
    except psycopg.Error:
        connection.close()
        raise
    return connection


class PostgresEngine:
    """The threads and connections of one process; both grow with the load, up to the size of the pool."""

    def __init__(
        self,
        url: str,
        *,
        vault: Vault,
        clock: Clock,
        announce: Callable[[Iterable[str]], None],
        capacity: int,
        pool_size: int,
    ) -> None:
        self._url = url
        self._vault = vault
        self._clock = clock
        self._announce = announce
        self._size = pool_size
        self._line = Line(capacity)
        self._idle = threading.Semaphore(0)
        self._growing = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._rarely = Rarely()
        self._writes = 0
        self._needed_seconds = {False: 0.0, True: 0.0}  # by `only_reads`; a lost update is nothing to lock for
        self._down_until = 0.0
        self._down_detail = ""

    def write(self, job: Job) -> None:
        """Queue a unit that may write."""
        self._put(job)

    def read(self, job: Job) -> None:
        """Queue a unit that only reads."""
        job.only_reads = True
        self._put(job)

    def owns_thread(self) -> bool:
        """Say whether the caller runs on a thread of this engine, where waiting for a unit would never end."""
        return threading.current_thread() in self._threads

    def load(self) -> Load:
        """Return how much there is to do and was done; each unit is a transaction of its own."""
        return Load(self._line.waiting(), self._writes, self._writes)

    def close(self) -> None:
        """Finish what waits, and close the connections."""
        self._line.close()
        join(self._threads, _JOIN_SECONDS)
        self._line.refuse_rest()

    def _put(self, job: Job) -> None:
        self._line.put(job)
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._size:
            self._grow()

    def _grow(self) -> None:
        with self._growing:
            if len(self._threads) < self._size:
                name = f"avow-postgres-{len(self._threads)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        link = _Link(self._connected)
        while True:
            if self._line.is_empty():
                self._idle.release()
            jobs = self._line.take(1)
            if not jobs:
                break
            refuse_late(jobs, self._needed_seconds[jobs[0].only_reads])
            signals: set[str] | None = None
            for job in jobs:
                begun = monotonic()
                try:
                    signals = self._perform(link, job)
                except BaseException as error:  # delivered to whoever asked
                    job.fail(self._translated(error, only_reads=job.only_reads))
                self._learn(monotonic() - begun, only_reads=job.only_reads)
            deliver(jobs)
            if signals:
                self._announce(signals)
        link.close()

    def _learn(self, seconds: float, *, only_reads: bool) -> None:
        """Note what a unit took, as a mean over the latest ones."""
        known = self._needed_seconds[only_reads]
        self._needed_seconds[only_reads] = known + (min(seconds, _MOST_NEEDED_SECONDS) - known) / _LATE_UNITS

    def _perform(self, link: "_Link", job: Job) -> set[str] | None:
        """Run one unit to its commit and return its signals.

        Run again is a deadlock, a row that another unit took or deleted in this moment (the unit now sees so, and
        refuses), and a unit whose connection was lost before COMMIT was sent: in each case nothing was written. What
        happens to a COMMIT without an answer nobody knows, so that is never run again.
        """
        reruns, reconnects = _RERUNS, 1
        while True:
            try:
                return self._attempt(link, job)
            except _OVERTAKEN:
                if not reruns:
                    raise
                sleep(_PAUSE_SECONDS * (_RERUNS + 1 - reruns))  # else the loser is back before the winner wakes
                reruns -= 1
            except _Lost as lost:
                if not reconnects:
                    raise lost.cause from None
                reconnects -= 1

    def _attempt(self, link: "_Link", job: Job) -> set[str] | None:
        execute = link.begin(only_reads=job.only_reads)
        tx = Tx(execute, job.project_id, self._clock(), self._vault)
        try:
            job.check()
            result = job.unit(tx)
            job.check()
        except BaseException as error:
            link.roll_back(error)
        if not job.only_reads:
            self._writes += 1  # of several threads; a lost count is nothing to lock for
            link.commit()
        job.result = result
        return tx.signals

    def _connected(self) -> psycopg.Connection:
        """Open a connection; while the database is away, only twice a second, and nobody waits for more."""
        if monotonic() < self._down_until:
            raise Unavailable(detail=self._down_detail)
        try:
            return connect(self._url)
        except psycopg.Error as error:
            self._down_detail = f"PostgreSQL cannot be reached: {_first_line(error)}"
            self._down_until = monotonic() + _DOWN_SECONDS
            self._rarely.error("down", self._down_detail)
            raise Unavailable(detail=self._down_detail) from error

    def _translated(self, error: BaseException, *, only_reads: bool) -> BaseException:
        """Return what a caller may see: the machine's troubles become Unavailable, bugs stay as they are."""
        if not isinstance(error, psycopg.Error) or not _is_trouble(error, only_reads=only_reads):
            return error
        detail = f"PostgreSQL: {_first_line(error)}"
        self._rarely.error(error.sqlstate or "lost", f"the database does not answer: {detail}")
        unavailable = Unavailable(detail=detail)
        unavailable.__cause__ = error
        return unavailable


class _Lost(Exception):
    """The connection was lost before COMMIT was sent."""

    def __init__(self, cause: psycopg.Error) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _Link:
    """The connection of one thread, opened when first needed and again after it was lost."""

    def __init__(self, connected: Callable[[], psycopg.Connection]) -> None:
        self._connected = connected
        self._connection: psycopg.Connection | None = None
        self._cursor: psycopg.Cursor | None = None

    def begin(self, *, only_reads: bool) -> Execute:
        """Begin a transaction, or none for a unit that only reads, and return how to run its statements.

        A connection that was lost while idle is nobody's failure, and is opened again.

        Raises:
            Unavailable: None can be opened, or the database takes no writes.
        """
        is_fresh = self._open()
        if not only_reads:
            try:
                self._command(b"BEGIN READ WRITE")
            except psycopg.Error as error:
                was_idle = self._is_lost() and not is_fresh
                self.close()  # a standby that refuses may have a successor, which a new connection finds
                if was_idle:
                    return self.begin(only_reads=only_reads)
                raise Unavailable(detail=f"PostgreSQL: {_first_line(error)}") from error
        return self._execute

    def _open(self) -> bool:
        if self._cursor is not None:
            return False
        self._connection = self._connected()
        self._cursor = self._connection.cursor()
        return True

    def commit(self) -> None:
        """Commit.

        Raises:
            Unavailable: The connection was lost, so nobody knows whether it is committed.
        """
        try:
            outcome = self._command(b"COMMIT")
        except psycopg.Error as error:
            is_lost = self._is_lost()
            self.close()
            if is_lost:
                raise Unavailable(detail=f"connection lost at COMMIT, outcome unknown: {_first_line(error)}") from error
            raise
        if outcome != b"COMMIT":
            raise RuntimeError("a unit caught a database error and went on, so PostgreSQL rolled it back")

    def roll_back(self, error: BaseException) -> NoReturn:
        """Undo the unit that raised `error`, and raise it again, as _Lost when the connection is gone."""
        if isinstance(error, psycopg.Error):
            self._raise(error)
        self._undo()
        raise error

    def close(self) -> None:
        """Close the connection; the next unit opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._cursor = None

    def _command(self, sql: bytes) -> bytes | None:
        """Run a statement without parameters or rows, straight through libpq: a third of the CPU of a cursor."""
        result = cast(psycopg.Connection, self._connection).pgconn.exec_(sql)
        if result.status != pq.ExecStatus.COMMAND_OK:
            error = errors.error_from_result(result)
            if error.sqlstate is None:  # libpq's own: it reaches nobody, also where it takes the connection for open
                self.close()
            raise error
        return result.command_status

    def _execute(self, sql: str, params: dict[str, Value]) -> Cursor:
        return cast(psycopg.Cursor, self._cursor).execute(translate(sql), params)

    def _raise(self, error: psycopg.Error) -> NoReturn:
        if self._is_lost():
            self.close()
            raise _Lost(error) from error
        self._undo()
        raise error

    def _undo(self) -> None:
        connection = self._connection
        try:
            if connection is not None and connection.info.transaction_status != pq.TransactionStatus.IDLE:
                connection.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    def _is_lost(self) -> bool:
        return self._connection is None or self._connection.closed


def _is_trouble(error: psycopg.Error, *, only_reads: bool) -> bool:
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    if only_reads and error.sqlstate == "25006":
        return False  # a unit that writes was declared as one that reads
    return error.sqlstate.startswith(_TROUBLES)


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]


def _psycopg_style(match: re.Match[str]) -> str:
    if match["name"]:
        return f"%({match['name']})s"
    text = match[0].replace("%", "%%")
    return text.removeprefix(_OURS).removesuffix("*/") if text.startswith(_OURS) else text


@lru_cache(maxsize=1)
def _adapters() -> AdaptersMap:
    """Send every integer as BIGINT: psycopg picks a type by size, and each type would be a new prepared statement."""
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(int, Int8BinaryDumper)
    adapters.register_dumper(bool, Int8BinaryDumper)
    return adapters
