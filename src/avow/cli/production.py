"""`avow serve`: what is checked before the first request, and one process or several."""

import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from avow.cli.devdata import is_dev_directory
from avow.cli.problems import CannotStart
from avow.cli.running import listen, serve
from avow.cli.supervisor import supervise
from avow.core.vault import Vault
from avow.server import logs
from avow.server.app import build
from avow.server.operations import actions as operations
from avow.server.projects import actions as projects
from avow.server.settings import Settings, from_environment
from avow.server.store import check_schema, check_secret, open_store
from avow.server.store.opening import is_sqlite, sqlite_path

__all__ = ["ServeOptions", "check", "run"]

_log = logging.getLogger("avow.serve")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `avow serve` is asked for; its help explains each."""

    host: str
    port: int
    workers: int
    only_checks: bool


def run(options: ServeOptions) -> int:
    """Serve until a signal; return the exit code.

    Raises:
        SettingsRefused: A setting is missing or unsafe.
        StoreRefused: The database is not one that this release can serve with this secret key.
        CannotStart: It holds data of `avow dev`, or no project; or the port is taken.
    """
    settings = from_environment(os.environ)
    logs.configure(settings.log_level)
    check(settings)
    if options.only_checks:
        return 0
    listener = listen(options.host, options.port)
    host, port = listener.getsockname()[:2]
    _log.info("serving %s on %s port %d with %d worker(s)", settings.public_url, host, port, options.workers)
    if options.workers == 1:
        serve(build(settings), listener)
        return 0
    folder = tempfile.mkdtemp(prefix="avow-metrics-")
    try:
        return supervise(listener, workers=options.workers, metrics_folder=folder, patience=settings.drain_seconds)
    finally:
        rmtree(folder, ignore_errors=True)


def check(settings: Settings) -> None:
    """Make sure that there is a database to serve; nothing in it is changed but the note of its first secret key.

    Raises:
        StoreRefused: It has another schema, is damaged, or was made with another secret key.
        CannotStart: It holds data of `avow dev`, or no project.
    """
    if is_sqlite(settings.database_url) and is_dev_directory(Path(sqlite_path(settings.database_url)).parent):
        raise CannotStart(_DEVELOPMENT)
    vault = Vault.from_text(settings.secret_key, settings.previous_secret_keys)
    store = open_store(settings.database_url, vault=vault, pool_size=1)
    try:
        check_schema(store)
        check_secret(store, vault)
        if store.look_anywhere(operations.is_development):
            raise CannotStart(_DEVELOPMENT)
        if not store.look_anywhere(projects.every):
            raise CannotStart("There is no project yet; make one with `avow project create NAME`.")
    finally:
        store.close()


_DEVELOPMENT = (
    "This database was made by `avow dev`, whose keys lie beside it in clear text; set AVOW_DATABASE_URL to another "
    "one and make it with `avow migrate`."
)
