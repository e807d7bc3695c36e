"""The servers of a fault case: processes over one database that a test kills, stops and starts anew."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from avow.testing.server import Server
from tests.bed.backends import Backend
from tests.bed.server import Instance, Servers
from tests.security.place import Place, on_servers
from tests.security.tables import read_table


@dataclass(slots=True)
class Fleet:
    """The processes of one back end.

    Attributes:
        backend: Which.
        servers: The processes.
        local: A server in this process on the same database, reached past every fault; it reads the letters.
        start_seconds: How long the processes take to be ready on this machine.
    """

    backend: Backend
    servers: Servers
    local: Server
    start_seconds: float = 0.0
    _places: list[Place] = field(default_factory=list)

    @property
    def instances(self) -> Sequence[Instance]:
        """Return the processes."""
        return self.servers.instances

    def place(self, **settings: object) -> Place:
        """Make a project."""
        self._places.append(on_servers(self.local, self.servers, **settings))
        return self._places[-1]

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Read from the database, past the servers; `?` stands for each value."""
        return read_table(self.local.site.store.url, query, *values)

    def kill(self) -> None:
        """Kill every process in one moment."""
        running = [instance for instance in self.instances if instance.process is not None]
        for instance in running:
            assert instance.process is not None
            os.kill(instance.process.pid, signal.SIGKILL)
        for instance in running:
            instance.stop(signal.SIGKILL)

    def start(self) -> None:
        """Start every process that does not run, and wait until they answer and know the projects.

        What reaches a process before it knows its project counts against a limit of its own, which one start does not
        touch and a start in every second would.
        """
        begun = time.monotonic()
        started = [instance for instance in self.instances if instance.process is None]
        for instance in started:
            instance.start()
        for instance in started:
            instance.wait()
        for place in self._places:
            place.http.leave_kept()
            for _ in self.instances:  # each in turn
                place.http.send(place.api.wish("GET", f"/v2/keys/{place.avow.project_id}"))
        self.start_seconds = self.start_seconds or time.monotonic() - begun

    def mend(self) -> bool:
        """Start the processes that ended and that nobody stopped; tell whether there were any."""
        lost = [each for each in self.instances if each.process is not None and each.process.poll() is not None]
        for instance in lost:
            instance.stop()
        if lost:
            self.start()
        return bool(lost)

    def said(self) -> str:
        """Return whether each process runs and what it wrote, for who looks into a failure."""
        return "\n".join(
            f"{each.port}: {each.process and each.process.poll()}\n{each.said()[-3000:]}" for each in self.instances
        )

    def close_places(self) -> None:
        """Close the connections to the projects that were made."""
        while self._places:
            self._places.pop().http.close()

    def assert_whole(self) -> None:
        """Assert that the database is sound and holds no half of anything."""
        if self.backend.is_sqlite:
            assert self.rows("PRAGMA integrity_check") == [("ok",)]
            assert self.rows("PRAGMA foreign_key_check") == []
        assert self.rows(_USERS_WITHOUT_LOGIN_ID) == []
        assert self.rows(_SESSIONS_WITHOUT_USER) == []


_USERS_WITHOUT_LOGIN_ID = """
SELECT users.id FROM users LEFT JOIN login_ids
ON login_ids.project_id = users.project_id AND login_ids.user_id = users.id WHERE login_ids.user_id IS NULL
"""
_SESSIONS_WITHOUT_USER = """
SELECT sessions.id FROM sessions LEFT JOIN users
ON users.project_id = sessions.project_id AND users.id = sessions.user_id WHERE users.id IS NULL
"""


@contextlib.contextmanager
def in_fleet(backend: Backend, servers: Servers, local: Server) -> Iterator[Fleet]:
    """Give the fleet over running servers, and leave no connection open."""
    fleet = Fleet(backend, servers, local)
    try:
        yield fleet
    finally:
        fleet.close_places()
