"""Serves Avow for a test as `avow serve` does, with the clock of the test; `tests.bed.server` starts it.

`avow serve` has no switch for the clock and shall have none; this is the entry point that has one.
"""

import os
import socket
import sys

from avow.cli.running import serve
from avow.server import logs
from avow.server.app import build
from avow.server.delivery.inbox import InboxSender
from avow.server.settings import from_environment
from avow.testing.clock import FileClock


def main(socket_number: int) -> None:
    """Serve on a socket that the parent bound."""
    settings = from_environment(os.environ, is_development=os.environ["AVOW_TEST_DEVELOPMENT"] == "1")
    logs.configure(settings.log_level)
    inbox = InboxSender() if settings.is_development else None
    processes = int(os.environ["AVOW_TEST_PROCESSES"])
    site = build(settings, clock=FileClock(os.environ["AVOW_TEST_CLOCK"]), inbox=inbox, processes=processes)
    serve(site, socket.socket(fileno=socket_number))


if __name__ == "__main__":
    main(int(sys.argv[1]))
