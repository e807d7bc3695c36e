"""An installation as operators make it, by the commands, served by `avow serve`."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from avow.clock import system_clock
from avow.server.app import build
from avow.server.delivery.inbox import InboxSender
from avow.server.settings import Settings
from avow.testing.clock import MovableClock
from avow.testing.server import Avow, Server
from tests.cli.programs import SECRET_KEY, Running, Said, avow, free_port, start
from tests.security.calls import Api, OverHttp
from tests.security.place import Place


@dataclass(frozen=True, slots=True)
class Installation:
    """A database with one project, and the variables that serve it."""

    folder: Path
    project_id: str
    management_key: str = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)

    def command(self, *arguments: str) -> Said:
        """Run a command of `avow` on it."""
        return avow(*arguments, variables=self.variables)


@dataclass(frozen=True, slots=True)
class Production:
    """An installation that is being served, and its project."""

    installation: Installation
    running: Running
    place: Place


class Attached(Server):
    """A server in this process over a database that others serve; it takes letters nobody else has a carrier for."""

    def __init__(self, database_url: str, secret_key: str) -> None:
        self._folder = None
        self.clock = MovableClock(system_clock)
        self.inbox = InboxSender()
        settings = Settings(database_url=database_url, secret_key=secret_key)
        self.site = build(settings, clock=self.clock, inbox=self.inbox, durable=False)


def install(folder: Path) -> Installation:
    """Make the tables and a project, as the manual says."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    variables = {"AVOW_DATABASE_URL": f"sqlite:///{folder}/avow.sqlite3", "AVOW_SECRET_KEY": SECRET_KEY}
    assert avow("migrate", variables=variables).code == 0
    made = avow("project", "create", "Shop", "--json", variables=variables)
    assert made.code == 0, made.err
    return Installation(folder, made.json()["project_id"], made.json()["management_key"], variables)


@contextlib.contextmanager
def served(installation: Installation, *arguments: str, **variables: str) -> Iterator[Running]:
    """Run `avow serve` over an installation."""
    port = free_port()
    given = {
        **installation.variables,
        "AVOW_PUBLIC_URL": f"http://localhost:{port}",
        "AVOW_NOTICE_SECONDS": "0",
        **variables,
    }
    log = installation.folder.parent / f"{installation.folder.name}.log"
    running = start(log, "serve", "--port", str(port), *arguments, variables=given)
    running.port = port
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@contextlib.contextmanager
def place_of(installation: Installation, running: Running) -> Iterator[Place]:
    """Give the project of an installation that is served."""
    url = f"http://localhost:{running.port}"
    server = Attached(installation.variables["AVOW_DATABASE_URL"], SECRET_KEY)
    place = Place(
        Avow(server, installation.project_id, installation.management_key),
        Api(installation.project_id, OverHttp([url]), url),
    )
    try:
        yield place
    finally:
        place.http.close()
        server.close()
