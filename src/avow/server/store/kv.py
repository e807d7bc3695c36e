"""Counters of rate limits, shared as far as the installation is: one process, one machine, or all nodes.

Losing them may only reset a limit, so they are kept where writing is cheapest. Where the shared place fails, each
process counts for itself: limits become looser by the number of processes, but never vanish.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from avow.clock import Clock, system_clock
from avow.errors import Unavailable
from avow.server.store.forks import watch
from avow.server.store.jobs import Rarely
from avow.server.store.lockfile import LockFile
from avow.server.store.opening import is_sqlite, sqlite_path
from avow.server.store.rows import ADD_COUNTERS, SWEEP_COUNTERS, CounterRow
from avow.server.store.store import Store
from avow.server.store.tx import Tx, Value

__all__ = ["Kv", "MemoryKv", "PostgresKv", "SqliteKv", "ValkeyKv", "open_kv"]

_MOST_KEYS = 100_000
_SWEEP_SECONDS = 60.0
_BUSY_SECONDS = 1.0
_VALKEY_SECONDS = 0.5
_VALKEY_PAUSE_SECONDS = 1.0

Counter = tuple[str, int]

_FILE_TABLE = """
CREATE TABLE IF NOT EXISTS kv (key TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL, expires_at INTEGER NOT NULL)
WITHOUT ROWID
"""


class Kv(Protocol):
    """Counters by key, each with the end of its window."""

    @property
    def is_instant(self) -> bool:
        """Say whether `add` waits for nothing, so that an event loop may call it."""
        ...

    @property
    def fallbacks(self) -> int:
        """Return how often the shared place failed and this process counted for itself."""
        ...

    def add(self, counters: Sequence[Counter], until: float | None = None) -> list[int]:
        """Add one to each counter and return the new values, in order.

        Args:
            counters: (key, end of the window in epoch seconds), no key twice; a counter past its end begins anew.
            until: Monotonic time until which the caller waits; then the process counts for itself.
        """
        ...

    def add_alone(self, counters: Sequence[Counter]) -> list[int]:
        """Add to the counters of this process alone, as the shared place does not answer."""
        ...

    def unit(self, counters: Sequence[Counter]) -> Callable[[Tx], list[int]] | None:
        """Return `add` as a unit of the store that belongs to no project; None where the store is not the place."""
        ...

    def close(self) -> None:
        """Give up what it holds."""
        ...


def open_kv(store: Store, *, valkey_url: str = "", clock: Clock = system_clock, processes: int = 1) -> Kv:
    """Return the counters that fit the installation.

    Args:
        store: Without Valkey, its database decides where the counters are.
        valkey_url: `valkey://` or `redis://` URL of a server shared by all nodes, or "".
        clock: Decides when a window has ended.
        processes: Server processes on this machine; one alone counts in its memory on SQLite.
    """
    if valkey_url:
        return ValkeyKv(valkey_url, clock)
    if not is_sqlite(store.url):
        return PostgresKv(store, clock)
    if processes == 1:
        return MemoryKv(clock)
    return SqliteKv(f"{sqlite_path(store.url)}.kv", clock)


class MemoryKv:
    """Counters of one process."""

    is_instant = True
    fallbacks = 0

    def __init__(self, clock: Clock = system_clock, most_keys: int = _MOST_KEYS) -> None:
        """Begin empty; above `most_keys` the oldest counters go."""
        self._clock = clock
        self._most = most_keys
        self.adds = 0
        self._counters: dict[str, tuple[int, int]] = {}
        self._sweep_above = 1024
        self._lock = threading.Lock()
        watch(self)

    def add(self, counters: Sequence[Counter], until: float | None = None) -> list[int]:
        """Add one to each counter and return the new values, in order."""
        now = self._clock()
        with self._lock:
            self.adds += 1
            values = [self._add(key, ends_at, now) for key, ends_at in counters]
            if len(self._counters) > self._sweep_above:
                self._sweep(now)
        return values

    def add_alone(self, counters: Sequence[Counter]) -> list[int]:
        """Add to the counters of this process alone."""
        return self.add(counters)

    def unit(self, counters: Sequence[Counter]) -> None:
        """Return None: the counters are not in the store."""

    def close(self) -> None:
        """Forget everything."""
        self._counters.clear()

    def before_fork(self) -> None:
        """Stop counting for a moment."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on counting."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Go on counting, apart from the parent."""
        self._lock = threading.Lock()

    def _add(self, key: str, ends_at: int, now: int) -> int:
        value, end = self._counters.get(key, (0, 0))
        if end <= now:
            value, end = 0, ends_at
        self._counters[key] = (value + 1, end)
        return value + 1

    def _sweep(self, now: int) -> None:
        live = [(key, counter) for key, counter in self._counters.items() if counter[1] > now]
        # When there are too many, half of them go: room for as many new ones, so that not each of those sweeps again.
        self._counters = dict(live if len(live) <= self._most else live[-(self._most // 2) :])
        self._sweep_above = min(2 * len(self._counters) + 1024, max(self._most, len(self._counters) + 1024))


class SqliteKv:
    """Counters of the processes of one machine, in a file of its own beside the database; not waited for on disk."""

    is_instant = False

    def __init__(self, path: str, clock: Clock = system_clock) -> None:
        """Keep the path; the file is opened with the first counter, and made anew when it is damaged."""
        self._path = path
        self._clock = clock
        self._alone = MemoryKv(clock)
        self._rarely = Rarely()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._swept_at = monotonic()
        watch(self)

    def add(self, counters: Sequence[Counter], until: float | None = None) -> list[int]:
        """Add one to each counter and return the new values, in order."""
        if not self._lock.acquire(timeout=-1 if until is None else max(0.0, until - monotonic())):
            return self._alone.add(counters)
        try:
            return self._add(counters)
        except (sqlite3.Error, OSError, Unavailable) as error:
            self._rarely.error("kv", f"the file of rate limits fails; each process counts for itself: {error}")
            self._recover(error)
        finally:
            self._lock.release()
        return self._alone.add(counters)

    def add_alone(self, counters: Sequence[Counter]) -> list[int]:
        """Add to the counters of this process alone."""
        return self._alone.add(counters)

    def unit(self, counters: Sequence[Counter]) -> None:
        """Return None: the counters are not in the store."""

    @property
    def fallbacks(self) -> int:
        """Return how often this process counted for itself."""
        return self._alone.adds

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def before_fork(self) -> None:
        """Close the file, and keep it closed."""
        self.close()
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Let the next counter open the file."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Let the next counter open the file."""
        self._lock = threading.Lock()

    def _add(self, counters: Sequence[Counter]) -> list[int]:
        connection = self._connection or self._open()
        sql, params = _statement(counters)
        params["now"] = self._clock()
        rows = connection.execute(sql, params).fetchall()
        if monotonic() - self._swept_at > _SWEEP_SECONDS:
            self._swept_at = monotonic()
            connection.execute(SWEEP_COUNTERS, {"now": params["now"]})
        return _in_order(counters, [CounterRow(*row) for row in rows])

    def _open(self) -> sqlite3.Connection:
        Path(self._path).touch(mode=0o600)
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        # Of processes that make the file at once, SQLite refuses all but one the switch to WAL without any wait.
        opening = LockFile(f"{self._path}.lock")
        try:
            with opening.held(_BUSY_SECONDS):
                for sql in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = OFF", _FILE_TABLE):
                    connection.execute(sql)
        except BaseException:
            connection.close()
            raise
        finally:
            opening.close()
        self._connection = connection
        return connection

    def _recover(self, error: Exception) -> None:
        """Close, and delete a file that is damaged."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if getattr(error, "sqlite_errorcode", 0) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    Path(self._path + suffix).unlink(missing_ok=True)


class PostgresKv:
    """Counters of all nodes in a table that PostgreSQL does not log."""

    is_instant = False

    def __init__(self, store: Store, clock: Clock = system_clock) -> None:
        """Use the connections of the store."""
        self._store = store
        self._alone = MemoryKv(clock)
        self._swept_at = monotonic()

    def add(self, counters: Sequence[Counter], until: float | None = None) -> list[int]:
        """Add one to each counter and return the new values, in order."""
        try:
            return self._store.run_anywhere(self.unit(counters), until)
        except Unavailable:  # logged by the store
            return self._alone.add(counters)

    def add_alone(self, counters: Sequence[Counter]) -> list[int]:
        """Add to the counters of this process alone."""
        return self._alone.add(counters)

    def unit(self, counters: Sequence[Counter]) -> Callable[[Tx], list[int]]:
        """Return what `add` does, for callers that wait in their own way."""
        sql, params = _statement(counters)
        is_due = monotonic() - self._swept_at > _SWEEP_SECONDS
        if is_due:
            self._swept_at = monotonic()

        def unit(tx: Tx) -> list[int]:
            rows = tx.all(sql, CounterRow, **params)
            if is_due:
                tx.run(SWEEP_COUNTERS)
            return _in_order(counters, rows)

        return unit

    @property
    def fallbacks(self) -> int:
        """Return how often this process counted for itself."""
        return self._alone.adds

    def close(self) -> None:
        """Leave the store to its owner."""


class ValkeyKv:
    """Counters of all nodes in Valkey or Redis: one round trip for all counters of a request."""

    is_instant = False

    def __init__(self, url: str, clock: Clock = system_clock) -> None:
        """Connect with the first counter.

        Args:
            url: `valkey://`, `valkeys://`, `redis://` or `rediss://` URL.
            clock: Decides how long a window still lasts.
        """
        import valkey  # takes 0.1 s to import, and most installations do without

        # The client has no types of its own.
        self._errors: tuple[type[Exception], ...] = (valkey.ValkeyError, OSError)
        self._client: Any = valkey.Valkey.from_url(
            url, socket_timeout=_VALKEY_SECONDS, socket_connect_timeout=_VALKEY_SECONDS, health_check_interval=30
        )
        self._clock = clock
        self._alone = MemoryKv(clock)
        self._rarely = Rarely()
        self._guard = threading.Lock()
        self._is_away = False
        self._away_until = 0.0

    def add(self, counters: Sequence[Counter], until: float | None = None) -> list[int]:
        """Add one to each counter and return the new values, in order."""
        if self._is_away and not self._takes_turn():
            return self._alone.add(counters)
        now = self._clock()
        try:
            with self._client.pipeline(transaction=True) as pipeline:
                for key, ends_at in counters:
                    name = f"avow:kv:{key}"
                    pipeline.incr(name)
                    pipeline.expire(name, max(1, ends_at - now))
                values = [int(value) for value in pipeline.execute()[::2]]
            self._is_away = False
            return values
        except self._errors as error:
            self._is_away, self._away_until = True, monotonic() + _VALKEY_PAUSE_SECONDS
            self._rarely.error("kv", f"Valkey does not answer; each process counts for itself: {error}")
            return self._alone.add(counters)

    def add_alone(self, counters: Sequence[Counter]) -> list[int]:
        """Add to the counters of this process alone."""
        return self._alone.add(counters)

    def unit(self, counters: Sequence[Counter]) -> None:
        """Return None: the counters are not in the store."""

    def _takes_turn(self) -> bool:
        """Tell whether this caller is the one that tries again; the others do not wait for a server that hangs."""
        with self._guard:
            if monotonic() < self._away_until:
                return False
            self._away_until = monotonic() + _VALKEY_PAUSE_SECONDS
            return True

    @property
    def fallbacks(self) -> int:
        """Return how often this process counted for itself."""
        return self._alone.adds

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _statement(counters: Sequence[Counter]) -> tuple[str, dict[str, Value]]:
    """Return the statement for so many counters, sorted by key so that two requests never wait for each other."""
    params: dict[str, Value] = {}
    for number, (key, ends_at) in enumerate(sorted(counters)):
        params[f"key_{number}"], params[f"ends_{number}"] = key, ends_at
    rows = ", ".join(f"(:key_{number}, 1, :ends_{number})" for number in range(len(counters)))
    return ADD_COUNTERS.replace("(:key, 1, :expires_at)", rows), params


def _in_order(counters: Sequence[Counter], rows: Sequence[CounterRow]) -> list[int]:
    values = {row.key: row.value for row in rows}
    return [values[key] for key, _ in counters]
