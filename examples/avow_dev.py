"""Starts `avow dev` beside an example, for as long as the example runs."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

__all__ = ["Dev", "demand_port", "running"]

_STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Dev:
    """What the server said when it had started.

    Attributes:
        url: Where it is.
        project_id: Its project.
        management_key: A key of that project; a secret.
        inbox_url: Where the messages are that it would have sent.
    """

    url: str
    project_id: str
    management_key: str = field(repr=False)
    inbox_url: str


def demand_port(port: int) -> None:
    """End with a sentence when another program listens where an example is to."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(f"Port {port} is taken by another program: stop that, or choose another port with --port.")


@contextlib.contextmanager
def running(data: str, port: int) -> Iterator[Dev]:
    """Start a server that keeps its data in a folder, and stop it at the end.

    Raises:
        SystemExit: It did not start, and what it said stands above; or somebody pressed Ctrl-C.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that the server ends with us
    command = [sys.executable, "-m", "avow.cli", "dev", "--json", "--data", data, "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None  # noqa: S101 - it was asked for above
    try:
        first = process.stdout.readline()
        if not first:
            sys.exit("Avow did not start.")
        said = json.loads(first)
        threading.Thread(target=_show, args=(process.stdout,), daemon=True).start()
        yield Dev(said["url"], said["project_id"], said["management_key"], said["inbox_url"])
    except KeyboardInterrupt:  # the server was told as well, by the same terminal
        sys.exit(130)
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def _show(lines: IO[str]) -> None:
    for line in lines:
        sys.stderr.write(line)
