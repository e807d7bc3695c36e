"""Runs the command `avow` in processes of its own, as an operator does."""

import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from avow.cli import commands
from tests.bed import run

SECRET_KEY = "a secret key of a test, which is no secret at all"
_SECONDS = 40


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return the one line that it printed."""
        (line,) = self.out.splitlines()
        return json.loads(line)


@dataclass(slots=True)
class Running:
    """A server that was started by the command."""

    process: subprocess.Popen[bytes]
    log: Path
    facts: dict[str, Any] = field(default_factory=dict)
    port: int = 0

    def ask(self, verb: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> "Answer":
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            text = json.dumps(body) if body is not None else None
            sent = {"content-type": "application/json"} if text else {}
            connection.request(verb, path, text, {**sent, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def wait(self, path: str = "/readyz", status: int = 200) -> None:
        """Wait until the server gives this answer."""
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            assert self.process.poll() is None, self.said()
            try:
                if self.ask("GET", path).status == status:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"{path} did not answer {status}:\n{self.said()}")

    def wait_refused(self) -> None:
        """Wait until the server accepts no more connections."""
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            try:
                self.ask("GET", "/healthz")
            except OSError:
                return
        raise AssertionError("the server still accepts")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop the server; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.ended()

    def ended(self) -> int:
        """Wait until the server has ended; return its exit code."""
        code = self.process.wait(_SECONDS)
        run.forget_process(self.process.pid)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def said(self) -> str:
        """Return its log."""
        return self.log.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body."""
        return json.loads(self.body)


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which nothing but `variables` configures Avow."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AVOW_", "DESCOPE_"))}
    return {**inherited, "PYTHONUNBUFFERED": "1", **(variables or {})}


def avow(*arguments: str, variables: Mapping[str, str] | None = None) -> Said:
    """Run a command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "avow.cli", *arguments],
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def in_process(*arguments: str, variables: Mapping[str, str] | None = None) -> Said:
    """Run a command to its end in this process: as `avow`, without the time that an interpreter takes to start."""
    hidden = {name: None for name in os.environ if name.startswith("AVOW_")}
    root, own = logging.getLogger(), logging.getLogger("avow")
    before = (list(root.handlers), root.level, own.level)
    try:
        done = CliRunner().invoke(commands.avow, list(arguments), env={**hidden, **(variables or {})})
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        own.setLevel(before[2])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)


def start(log: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> Running:
    """Start a command that goes on."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "avow.cli", *arguments],
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    run.note_process(process)
    return Running(process, log)


def start_dev(data: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> Running:
    """Start `avow dev --json` on a free port and read the line that it prints."""
    # Beside the data, which the server makes itself.
    started = start(
        data.parent / f"{data.name}.log",
        "dev", "--json", "--port", "0", "--data", str(data), *arguments,
        variables=variables,
    )  # fmt: skip
    assert started.process.stdout is not None
    line = started.process.stdout.readline()
    assert line, started.said()
    started.facts = json.loads(line)
    started.port = int(started.facts["url"].rpartition(":")[2])
    return started


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
