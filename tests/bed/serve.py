"""Serves Avow for a test as `avow serve` does, with the clock of the test; `tests.bed.server` starts it.

`avow serve` has no switch for the clock and shall have none; this is the entry point that has one, AVOW_TEST_CLOCK: the
file of a test's clock, or "" for the system's. It also serves the earlier releases that `tests/faults/releases` keeps,
so what it imports has to be there in each of them.
"""

import os
import socket
import sys
from dataclasses import replace

from avow.cli.running import serve
from avow.clock import system_clock
from avow.server import logs
from avow.server.app import build
from avow.server.delivery.inbox import InboxSender
from avow.server.settings import Settings, from_environment
from avow.testing.clock import FileClock
from tests.bed.server import NOBODY_CARRIES


def main(socket_number: int) -> None:
    """Serve on a socket that the parent bound."""
    settings = from_environment(os.environ, is_development=os.environ["AVOW_TEST_DEVELOPMENT"] == "1")
    logs.configure(settings.log_level)
    inbox = InboxSender() if settings.is_development else None
    processes = int(os.environ["AVOW_TEST_PROCESSES"])
    clock_file = os.environ["AVOW_TEST_CLOCK"]
    clock = FileClock(clock_file) if clock_file else system_clock
    site = build(settings, clock=clock, inbox=inbox, processes=processes)
    if inbox is None and not _is_carried(settings):
        site = replace(site, start=lambda: None)
    serve(site, socket.socket(fileno=socket_number))


def _is_carried(settings: Settings) -> bool:
    """Tell whether anybody takes what the server sends; else letters wait until the test takes them out."""
    nobody = NOBODY_CARRIES["AVOW_SMTP_PORT"], NOBODY_CARRIES["AVOW_SMS_URL"]
    return (str(settings.smtp_port), settings.sms_url) != nobody


if __name__ == "__main__":
    main(int(sys.argv[1]))
