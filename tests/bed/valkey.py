"""One Valkey (or Redis) server for a test run, and an empty database on it for each test that asks."""

import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import valkey

from tests.bed import run
from tests.bed.programs import Program

_DATABASES = 64


def start(binary: str, home: Path) -> tuple[str, int]:
    """Start a server on a Unix socket in `home`, without persistence; return its URL and process id."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = home / "socket"
    # fmt: off
    command = [
        binary, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--save", "",
        "--appendonly", "no", "--databases", str(_DATABASES), "--dir", str(home), "--daemonize", "no",
    ]
    # fmt: on
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, env=dict(os.environ)
        )
    run.note_process(process)
    url = f"unix://{socket}"
    until = time.monotonic() + 20
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{binary} did not start:\n{(home / 'log').read_text()}")
        time.sleep(0.01)
    return url, run.leave_to_keeper(process)


def stop(pid: int) -> None:
    """Stop a server that `start` started."""
    run.stop_process(pid, signal.SIGTERM)
    run.forget_process(pid)


def shared_url(program: Program) -> str:
    """Return the URL of the run's server, which the first caller starts."""
    return program.url or run.once("valkey", lambda: start(program.where, run.folder() / "valkey")[0])


def empty_database(server_url: str, *, of_servers: bool = False) -> str:
    """Empty a database of this worker and return its URL.

    Database 0 is left alone. Two belong to each worker: one to its tests, one to the servers that they share.
    """
    number = 2 * run.worker_number() + (2 if of_servers else 1)
    parts = urlsplit(server_url)
    if parts.scheme == "unix":
        url = f"unix://{parts.path}?db={number}"
    else:
        url = urlunsplit(parts._replace(path=f"/{number}"))
    client = valkey.Valkey.from_url(url)
    try:
        client.flushdb()
    finally:
        client.close()
    return url


def _answers(url: str) -> bool:
    client = valkey.Valkey.from_url(url)
    try:
        return bool(client.ping())
    except (valkey.ConnectionError, valkey.exceptions.BusyLoadingError):
        return False
    finally:
        client.close()
