"""`avow dev`: a whole Avow for development, ready with one command."""

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from avow.cli.devdata import DevData
from avow.cli.problems import CannotStart
from avow.cli.running import Certificate, listen, serve
from avow.clock import Clock, system_clock
from avow.core.vault import Vault
from avow.errors import AvowError
from avow.server import founding, logs
from avow.server.app import build
from avow.server.delivery.inbox import InboxSender
from avow.server.keys import actions as keys
from avow.server.operations import actions as operations
from avow.server.projects import actions as projects
from avow.server.serving import Slice
from avow.server.settings import Settings, from_environment
from avow.server.site import Site
from avow.server.store import Store, StoreRefused, Tx, check_secret, ensure

__all__ = ["DevOptions", "run"]

_log = logging.getLogger("avow.dev")
_PROJECT = "Development"
# What decides where data lies and who carries messages is fixed here, whatever the environment says.
_OWN = ("AVOW_DATABASE_", "AVOW_VALKEY_", "AVOW_PUBLIC_", "AVOW_SECRET_", "AVOW_PREVIOUS_", "AVOW_SMTP_", "AVOW_SMS_")


@dataclass(frozen=True, slots=True)
class DevOptions:
    """What `avow dev` is asked for; its help explains each."""

    host: str
    port: int
    data: Path
    is_json: bool
    has_clock: bool
    has_tls: bool


def run(options: DevOptions) -> None:
    """Prepare the data directory and serve until a signal.

    Raises:
        CannotStart: The port or the directory is taken.
        StoreRefused: The database is damaged or of a newer release.
    """
    listener = listen(options.host, options.port)
    data = DevData.make(options.data)
    settings = _settings(data, f"{'https' if options.has_tls else 'http'}://localhost:{listener.getsockname()[1]}")
    logs.configure(settings.log_level, for_people=True)
    if ensure(settings.database_url) == "older":
        from avow.server.store.migrate import migrate  # loads Alembic and SQLAlchemy, which a start need not wait for

        migrate(settings.database_url)
    site = _site(settings, data.path / "clock" if options.has_clock else None)
    _prepare(site.store, Vault.from_text(settings.secret_key), data)
    if data.facts.public_url != settings.public_url:
        data.facts.public_url = settings.public_url
        data.save()
    variables, certificate = _tls(data.path) if options.has_tls else ({}, None)

    def announce() -> None:
        from avow.cli.welcome import greet, print_facts

        (print_facts if options.is_json else greet)(settings.public_url, data.facts, variables)
        # After the first answer: two RSA keys take up to a second, and nobody needs them to sign in.
        threading.Thread(target=_complete, args=(site.store, data.facts.project_id), daemon=True).start()

    serve(site, listener, on_ready=announce, certificate=certificate)
    data.close()


def _settings(data: DevData, url: str) -> Settings:
    given = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    own = {
        "AVOW_DATABASE_URL": data.database_url,
        "AVOW_PUBLIC_URL": url,
        "AVOW_SECRET_KEY": data.facts.secret_key,
    }
    return from_environment({"AVOW_NOTICE_SECONDS": "0", **given, **own}, is_development=True)


def _site(settings: Settings, clock_file: Path | None) -> Site:
    """Wire the server; with a file for the clock, `POST /dev/clock` moves it, and it stays moved over restarts."""
    clock: Clock = system_clock
    further: list[Slice] = []
    if clock_file is not None:
        from avow.server.operations.devclock import clock_slice
        from avow.testing.clock import FileClock

        clock = file_clock = FileClock(clock_file)

        def advance(seconds: int) -> int:
            now = file_clock.advance(seconds)
            site.courier.wake()
            site.postman.wake()
            return now

        further.append(clock_slice(advance))
    site = build(settings, clock=clock, inbox=InboxSender(), further=further)
    return site


def _prepare(store: Store, vault: Vault, data: DevData) -> None:
    """Make what a first start needs; each step is kept before the next, so that a start cut short goes on."""
    try:
        check_secret(store, vault)
    except StoreRefused:
        raise CannotStart(
            f"The database in {data.path} was made with another dev.json; put that back, or delete the directory."
        ) from None
    facts = data.facts
    if not facts.project_id:
        facts.project_id = projects.new_id(system_clock())
        data.save()
    if facts.management_key and store.look(facts.project_id, projects.find) is not None:
        return
    if store.look(facts.project_id, projects.is_deleted):
        facts.project_id, facts.management_key = projects.new_id(system_clock()), ""
        data.save()
    store.run_anywhere(operations.mark_development)
    facts.management_key = store.run(facts.project_id, _founded)
    data.save()


def _founded(tx: Tx) -> str:
    """Return the cleartext of a management key; of a new project, unless a start was cut short after making it."""
    if projects.find(tx) is None:
        return founding.found(tx, _PROJECT).management_key
    return keys.create_management_key(tx, "after an interrupted start")[1]


def _complete(store: Store, project_id: str) -> None:
    try:
        founding.complete(store, project_id)
    except AvowError as error:  # stopped before it was through; the next start makes them
        _log.debug("the OpenID keys were not made: %s", error)


def _tls(folder: Path) -> tuple[Mapping[str, str], Certificate]:
    from avow.cli.certificates import local_tls

    files = local_tls(folder / "tls")
    return files.variables(), (files.certificate, files.key)
