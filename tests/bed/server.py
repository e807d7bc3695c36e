"""Starts Avow servers for tests, each in a process of its own, on loopback ports, with the clock of the test."""

import contextlib
import http.client
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avow.testing.clock import FileClock
from tests.bed import run
from tests.bed.warm import Process, can_fork, fork_server, launch_server

SECRET_KEY = "a secret key of the test bed, which is no secret at all"
# Carriers that are set up and never answer: starts are accepted, messages wait. A test that reads them names a sink.
NOBODY_CARRIES = {
    "AVOW_SMTP_HOST": "localhost",
    "AVOW_SMTP_PORT": "9",
    "AVOW_SMTP_SECURITY": "none",
    "AVOW_MAIL_FROM": "Avow <no-reply@example.com>",
    "AVOW_SMS_URL": "http://localhost:9",
    "AVOW_SMS_ACCOUNT": "account",
    "AVOW_SMS_TOKEN": "token",
    "AVOW_SMS_FROM": "+12125550100",
}


@dataclass(slots=True)
class Instance:
    """One server process.

    Attributes:
        port: On 127.0.0.1; kept over a restart.
        environment: What the process is told.
        log: File with what it said.
        process: The process while it runs.
        release: Folder that `avow` is imported from at the next start; None for the code under test.
    """

    port: int
    environment: Mapping[str, str]
    log: Path
    process: Process | None = None
    release: Path | None = None

    @property
    def url(self) -> str:
        """Return the address of this instance."""
        return f"http://localhost:{self.port}"

    def start(self, listener: socket.socket | None = None) -> None:
        """Start the process; `wait` tells when it answers. Without a listener the port is bound anew."""
        environment = dict(self.environment)
        if self.release:
            environment["PYTHONPATH"] = str(self.release)
        with listener or _listen(self.port) as bound, self.log.open("ab") as log:
            # The warm process has loaded the code under test: a kept release cannot be forked from it.
            start = fork_server if can_fork() and not self.release else launch_server
            self.process = start(bound, environment, log)
        run.note_process(self.process)

    def wait(self, seconds: float = 30) -> None:
        """Wait until the server says that it is ready."""
        until = time.monotonic() + seconds
        while not _is_ready(self.port):
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > until:
                raise RuntimeError(f"the server did not get ready:\n{self.said()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 15) -> int:
        """Stop the process by a signal and return its exit code; SIGKILL when it does not go."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.send_signal(how)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        run.forget_process(process.pid)
        return code

    def said(self) -> str:
        """Return what the process wrote, the last 20,000 characters."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-20_000:] if self.log.exists() else ""


@dataclass(frozen=True, slots=True)
class Servers:
    """Servers over one database: what a test of several instances is given.

    Attributes:
        instances: The processes.
        clock: The clock that all of them read.
        database_url: Their database.
        valkey_url: Their cache, or "".
        environment: Settings of theirs, for commands that the test runs beside them.
    """

    instances: Sequence[Instance]
    clock: FileClock
    database_url: str
    valkey_url: str
    environment: Mapping[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """Return the address of the first instance, which is also the public address."""
        return self.instances[0].url

    @property
    def urls(self) -> list[str]:
        """Return the addresses of all instances."""
        return [instance.url for instance in self.instances]


@contextlib.contextmanager
def launch(
    database_url: str,
    clock: FileClock,
    *,
    instances: int = 1,
    valkey_url: str = "",
    is_development: bool = False,
    settings: Mapping[str, str] | None = None,
    release: Path | None = None,
) -> Iterator[Servers]:
    """Run Avow over a database that has its schema, and stop it afterwards.

    Args:
        database_url: Where the data lives; the schema must be there (`avow migrate`).
        clock: Read by every instance.
        instances: How many processes; each has a port of its own.
        valkey_url: Where rate limits are counted, "" for the database.
        is_development: Serve as `avow dev` does.
        settings: Further variables, such as `AVOW_SMTP_HOST`.
        release: Folder of the code that is served, None for the code under test.
    """
    listeners = [_listen(0) for _ in range(instances)]
    ports = [listener.getsockname()[1] for listener in listeners]
    environment = server_environment(database_url, valkey_url, f"http://localhost:{ports[0]}", clock)
    environment |= {"AVOW_TEST_DEVELOPMENT": "1" if is_development else "0"}
    environment |= {"AVOW_TEST_PROCESSES": str(instances), **(settings or {})}
    home = run.folder() / f"servers-{secrets.token_hex(4)}"
    home.mkdir()
    started = [Instance(port, environment, home / f"{port}.log", release=release) for port in ports]
    try:
        for instance, listener in zip(started, listeners, strict=True):
            instance.start(listener)
        for instance in started:
            instance.wait()
        yield Servers(started, clock, database_url, valkey_url, environment)
    finally:
        for instance in started:
            instance.stop()


def server_environment(database_url: str, valkey_url: str, public_url: str, clock: FileClock) -> dict[str, str]:
    """Return the variables that a server of a test starts with; nothing `AVOW_` leaks in from outside."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AVOW_", "DESCOPE_"))}
    return {
        **inherited,
        "AVOW_DATABASE_URL": database_url,
        "AVOW_VALKEY_URL": valkey_url,
        "AVOW_PUBLIC_URL": public_url,
        "AVOW_SECRET_KEY": SECRET_KEY,
        **NOBODY_CARRIES,
        "AVOW_NOTICE_SECONDS": "0",
        "AVOW_LOG_LEVEL": "warning",
        "AVOW_TEST_CLOCK": str(clock.path),
        "PYTHONUNBUFFERED": "1",
    }


def _listen(port: int) -> socket.socket:
    """Bind a loopback port; bound by the parent, so that no other process can take it in between."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
