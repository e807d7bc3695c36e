"""Avow inside an application: one server for each process, made with its first use, gone with its end."""

import atexit
import threading
import time
import weakref
from typing import TYPE_CHECKING

from avow.clock import Clock, system_clock
from avow.core.ids import random_id
from avow.core.vault import Vault
from avow.embed.said import Said
from avow.embed.transport import InProcessTransport
from avow.errors import Unavailable, Unreachable
from avow.sdk.resource import inside
from avow.sdk.transport import AsyncTransport, Request, Response
from avow.server import answers
from avow.server.app import build
from avow.server.delivery.inbox import InboxSender
from avow.server.operations import actions as operations
from avow.server.settings import Settings, SettingsRefused
from avow.server.site import Site
from avow.server.store import StoreRefused, check_schema, check_secret, ensure
from avow.server.store.forks import watch
from avow.server.store.jobs import Rarely
from avow.server.visit import Request as AskedFor
from avow.server.visit import Response as Answered
from avow.server.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from avow import AsyncClient, Client
    from avow.server.asgi import AsgiApp

__all__ = ["LOOPBACK", "Embedded", "unready"]

LOOPBACK = "127.0.0.1"

_REMEMBERED_SECONDS = 2.0  # a refusal to start
_SEVERAL = 2  # processes may share the database at any time: servers fork, commands run
_DEVELOPMENT = "This database was made by `avow dev`, whose keys lie beside it in clear text; make another one."


class Embedded:
    """A server inside this process, and the SDK's clients whose calls stay in it.

    Connections and threads begin with the first request or call of each process, or with `start`; a process that is
    forked makes its own. Nothing is read or checked before that but the names of settings.
    """

    def __init__(self, *, clock: Clock = system_clock, **said: object) -> None:
        """Keep what is said; nothing is opened yet.

        Args:
            clock: Tells the seconds since the epoch; for tests.
            said: Settings by their names in lower case, without `AVOW_`: `base_url`, `database_url`, `secret_key`,
                `smtp_host`, ... What is not said is read from the environment.
        """
        self.said = Said.of(said)
        self.inbox = InboxSender(is_for_this_machine=True)
        self.clock = clock
        self._starting = threading.Lock()
        self._refused: SettingsRefused | StoreRefused | None = None
        self._refused_until = 0.0
        self._site: Site | None = None
        self._app: AsgiApp | None = None
        self._carried: Site | None = None
        self._rarely = Rarely()
        self._ends: Callable[[], None] | None = None
        watch(self)
        inside.announce(weakref.ref(self))

    # --- The server ---

    @property
    def settings(self) -> Settings:
        """Return the settings of the server.

        Raises:
            SettingsRefused: Something is missing, unknown or unsafe; every finding is named.
        """
        return self.said.settings()

    @property
    def prefix(self) -> str:
        """Return the path that Avow is mounted under, such as `/auth`; "" for the root."""
        return self.said.prefix

    @property
    def is_started(self) -> bool:
        """Tell whether there is a server in this process now."""
        return self._site is not None

    @property
    def site(self) -> Site:
        """Return the server of this process, made now unless it is there.

        Raises:
            SettingsRefused: As `settings`.
            StoreRefused: The database has no tables, or those of another release, or was made with another key.
        """
        return self._site or self._started()

    def start(self) -> None:
        """Start the server of this process, and its work in the background; raises as `site`."""
        self._started()

    def close(self) -> None:
        """End the work in the background and give the database back; the next request starts anew."""
        with self._starting:
            site, self._site, self._app = self._site, None, None
            self._refused = None
        if site is not None:
            site.close()

    def migrate(self) -> str:
        """Make the tables, or bring those of an older release up to date.

        Returns:
            "created", "migrated" or "current".

        Raises:
            SettingsRefused: As `settings`.
            StoreRefused: The database is damaged, foreign, or of a newer release; it is not changed.
        """
        url, self._refused = self.settings.database_url, None
        outcome = ensure(url)
        if outcome != "older":
            return outcome
        from avow.server.store.migrate import migrate  # loads Alembic and SQLAlchemy

        return migrate(url)

    # --- The SDK ---

    def client(self) -> "Client":
        """Return a client of the SDK whose calls stay in the process."""
        from avow import Client

        return Client(
            self.said.text("project_id") or None,
            management_key=self.said.text("management_key") or None,
            base_url=self.said.base_url,
            transport=self,
            clock=self.clock,
        )

    def async_client(self) -> "AsyncClient":
        """Return an asyncio client of the SDK whose calls stay in the process."""
        from avow import AsyncClient

        return AsyncClient(
            self.said.text("project_id") or None,
            management_key=self.said.text("management_key") or None,
            base_url=self.said.base_url,
            transport=self.for_asyncio(),
            clock=self.clock,
        )

    def for_asyncio(self) -> AsyncTransport:
        """Return the transport of asyncio clients."""
        from avow.embed.mounts import AsyncCalls  # asyncio, for those who use it

        return AsyncCalls(self)

    def path_of(self, url: str) -> str | None:
        """Return the path that an address has here; None for one elsewhere."""
        try:
            base = self.said.base_url
        except SettingsRefused:
            return None
        rest = url.partition("?")[0].removeprefix(base)
        return rest or "/" if base and url.startswith(base) and rest[:1] in ("", "/") else None

    def send(self, request: Request) -> Response:
        """Answer a request of a `Client` here and now: this object is its transport.

        Raises:
            Unreachable: There is no server to be had in this process; the log says why.
        """
        try:
            site = self.site
        except (SettingsRefused, StoreRefused) as refused:
            self.tell(refused)
            raise Unreachable(detail=str(refused)) from refused
        return InProcessTransport(site, is_within=True).send(request)

    # --- For mounts ---

    def app(self) -> "AsgiApp":
        """Return the application for asyncio of this process; raises as `site`."""
        from avow.server.asgi import AsgiApp

        site = self.site
        with self._starting:
            if self._app is None:
                self._app = AsgiApp(site)
            return self._app

    def tell(self, refused: Exception) -> None:
        """Log why nothing can be answered; at most once a minute."""
        self._rarely.error("start", f"Avow cannot start in this process: {refused}")

    def _started(self) -> Site:
        with self._starting:
            if self._site is not None:
                return self._site
            if self._refused is not None and time.monotonic() < self._refused_until:
                raise type(self._refused)(str(self._refused))
            try:
                self._site = self._made()
            except (SettingsRefused, StoreRefused) as refused:
                # Whoever waited for this try gets its answer: a database that hangs takes seconds to be given up.
                self._refused, self._refused_until = refused, time.monotonic() + _REMEMBERED_SECONDS
                raise
            self._end_with_process()
            return self._site

    def _made(self) -> Site:
        if self._carried is not None and self._carried.store.is_carried:
            raise StoreRefused("This process was forked while Avow was open in it; start it after the fork.")
        settings = self.settings
        site = build(
            settings,
            clock=self.clock,
            inbox=self.inbox if settings.is_development else None,
            processes=_SEVERAL,
        )
        try:
            _check(site)
        except BaseException:
            site.close()
            raise
        site.start()
        return site

    def _end_with_process(self) -> None:
        if self._ends is None:
            me = weakref.ref(self)

            def end() -> None:
                alive = me()
                if alive is not None:
                    alive.close()

            self._ends = end
            atexit.register(end)

    # --- Forks ---

    def before_fork(self) -> None:
        """Do nothing: the store closes itself, and the other parts are left behind."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Begin as if new; what came along is kept for ever, so that nobody closes the parent's connections."""
        self._starting = threading.Lock()
        if self._site is not None:
            self._carried, self._site, self._app = self._site, None, None


def _check(site: Site) -> None:
    """Make sure that there is a database to serve, of this release and this key.

    Raises:
        StoreRefused: There is none.
    """
    settings = site.settings
    check_schema(site.store)
    check_secret(site.store, Vault.from_text(settings.secret_key, settings.previous_secret_keys))
    if not settings.is_development and site.store.look_anywhere(operations.is_development):
        raise StoreRefused(_DEVELOPMENT)


def unready() -> Answered:
    """Return the answer of a process in which Avow cannot start."""
    request = AskedFor("GET", "/", "", {}, b"", LOOPBACK)
    return answers.failure(Visit(request, id=random_id("Q")), Unavailable())
