"""One worker of `avow serve --workers N`; the supervisor starts it as `python -m avow.cli.worker TASK`."""

import os
import signal
import socket
import sys
import threading

from avow.cli.problems import told
from avow.cli.running import serve
from avow.cli.supervisor import Task
from avow.server import logs
from avow.server.app import build
from avow.server.settings import from_environment


def main(text: str) -> None:
    """Serve until the supervisor says stop, or is gone."""
    task = Task.from_json(text)
    with told():
        settings = from_environment(os.environ)
        logs.configure(settings.log_level)
        site = build(settings, processes=task.workers, metrics_folder=task.metrics_folder)
        threading.Thread(target=_hold, args=(task.lifeline,), name="avow-lifeline", daemon=True).start()
        serve(site, socket.socket(fileno=task.listener))


def _hold(lifeline: int) -> None:
    """Stop this process when the supervisor has ended, in whatever way: nobody would restart or stop it any more."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1])
