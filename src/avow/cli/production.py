"""`avow serve`: what is checked before the first request, and one process or several."""

import logging
import os
import sys
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
from avow.server.operations.clocks import ClockWatch, clock_warning
from avow.server.projects import actions as projects
from avow.server.settings import Settings, from_environment, misspelt
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
    warnings = [*misspelt(os.environ), *check(settings)]
    if options.only_checks:
        for warning in warnings:
            print(f"avow: {warning}", file=sys.stderr)
        return 0
    for warning in warnings:
        _log.warning("%s", warning)
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


def check(settings: Settings) -> list[str]:
    """Make sure that there is a database to serve; nothing in it is changed but the note of its first secret key.

    Returns:
        What the operator should know although the server can start, a sentence each.

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
        ahead = store.look_anywhere(ClockWatch(settings.database_url).ahead)
    finally:
        store.close()
    carriers = "" if settings.smtp_host or settings.sms_url else _NO_CARRIER
    return [warning for warning in (carriers, clock_warning(ahead)) if warning]


_NO_CARRIER = (
    "Nobody can be sent a code or a link, so nobody can sign in: there is no mail server and no SMS gateway. Set "
    "AVOW_SMTP_HOST and AVOW_MAIL_FROM for e-mail, or AVOW_SMS_URL, AVOW_SMS_ACCOUNT, AVOW_SMS_TOKEN and AVOW_SMS_FROM "
    "for SMS, calls and WhatsApp."
)

_DEVELOPMENT = (
    "This database was made by `avow dev`, whose keys lie beside it in clear text; set AVOW_DATABASE_URL to another "
    "one and make it with `avow migrate`."
)
