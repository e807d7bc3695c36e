"""A whole Avow in the process of a test: its server, its outbox and its clock."""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from avow import Client
from avow.core.ids import secret_text
from avow.embed.transport import InProcessTransport
from avow.server.app import build
from avow.server.delivery import leases
from avow.server.delivery.inbox import InboxLink, InboxMessage, InboxSender
from avow.server.founding import found
from avow.server.projects import actions as projects
from avow.server.settings import Settings
from avow.server.store import Tx, create
from avow.testing.clock import FileClock, MovableClock

if TYPE_CHECKING:
    from avow import AsyncClient

__all__ = ["Avow", "Server"]

_PATIENCE_SECONDS = 15  # with a courier that carries a letter at this moment

T = TypeVar("T")
BASE_URL = "http://localhost:8000"


class Server:
    """A server in this process, with a database of its own; `project` gives a fresh one to each test."""

    def __init__(
        self,
        database_url: str | None = None,
        *,
        clock: MovableClock | FileClock | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """Make the database and wire the server; nothing listens on the network.

        Args:
            database_url: An empty database; a SQLite file in a temporary folder when absent.
            clock: A clock to share; its own when absent.
            settings: Further values of `avow.server.settings.Settings`.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="avow-testing-") if database_url is None else None
        url = database_url or f"sqlite:///{Path(self._folder.name if self._folder else '') / 'avow.sqlite3'}"
        create(url)
        self.clock = clock or MovableClock()
        self.inbox = InboxSender()
        chosen = {"secret_key": secret_text(), "is_development": True, "public_url": BASE_URL, **(settings or {})}
        self.site = build(
            Settings(database_url=url, **chosen),  # type: ignore[arg-type]  # checked by the settings' own reader
            clock=self.clock,
            inbox=self.inbox,
            durable=False,
        )

    def project(self, name: str = "Test", **settings: object) -> "Avow":
        """Create a project and return Avow as that project's application sees it.

        Args:
            name: Name of the project.
            settings: Project settings that differ from the defaults, by Python name.
        """
        project_id = projects.new_id(self.clock())

        def set_up(tx: Tx) -> str:
            founded = found(tx, name)
            if settings:
                projects.change_settings(tx, settings, actor="test")
            return founded.management_key

        return Avow(self, project_id, self.site.store.run(project_id, set_up))

    def close(self) -> None:
        """Stop the server and remove its temporary database."""
        self.site.close()
        if self._folder is not None:
            self._folder.cleanup()


class Avow:
    """One project on a server in the process: what the fixture `avow` gives to a test.

    Attributes:
        server: The server it lives on.
        project_id: For `Client(project_id=...)`, where your own code makes the client.
        management_key: A management key of the project; a secret only of this test.
        base_url: The address that links in messages begin with; nothing listens there.
    """

    base_url = BASE_URL

    def __init__(self, server: Server, project_id: str, management_key: str) -> None:
        self.server = server
        self.project_id = project_id
        self.management_key = management_key

    def client(self) -> Client:
        """Return a client of the SDK whose calls stay in the process and whose clock is the test's."""
        return Client(
            self.project_id,
            management_key=self.management_key,
            base_url=BASE_URL,
            transport=InProcessTransport(self.server.site),
            clock=self.server.clock,
        )

    def async_client(self) -> "AsyncClient":
        """Return an asyncio client of the SDK whose calls stay in the process and whose clock is the test's."""
        from avow import AsyncClient  # asyncio, for the tests that use it
        from avow.embed.async_transport import AsyncInProcessTransport

        return AsyncClient(
            self.project_id,
            management_key=self.management_key,
            base_url=BASE_URL,
            transport=AsyncInProcessTransport(self.server.site),
            clock=self.server.clock,
        )

    def advance(self, seconds: int) -> None:
        """Move the clock of server and clients, for example past the life of a code."""
        self.server.clock.advance(seconds)

    def messages(self, to: str | None = None) -> list[InboxMessage]:
        """Return what was sent, the newest first; `to` keeps one address only."""
        site = self.server.site
        site.courier.run_once()
        until = time.monotonic() + (_PATIENCE_SECONDS if site.courier.is_started else 0)
        while time.monotonic() < until and leases.is_any_held(site.store, self.project_id):
            time.sleep(0.005)
        return self.server.inbox.messages(to)

    def code(self, to: str) -> str:
        """Return the newest one-time code sent to an address.

        Raises:
            LookupError: No code was sent there.
        """
        return self._newest(to, lambda message: message.code)

    def link(self, to: str) -> str:
        """Return the newest magic link sent to an address.

        Raises:
            LookupError: No link was sent there.
        """
        return self._newest(to, lambda message: message.link)

    def links(self, to: str) -> list[InboxLink]:
        """Return the newest numbered links sent to an address, of which the enchanted link's page names one.

        Raises:
            LookupError: No such links were sent there.
        """
        return self._newest(to, lambda message: message.links)

    def run(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit on the project's data, as commands do."""
        return self.server.site.store.run(self.project_id, unit)

    def _newest(self, to: str, part: Callable[[InboxMessage], T]) -> T:
        for message in self.messages(to):
            if found := part(message):
                return found
        raise LookupError(f"nothing of that kind was sent to {to}")
