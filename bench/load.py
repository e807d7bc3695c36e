"""Server processes under load: started, loaded with wrk, their CPU and memory read, stopped by their id."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Load", "Process", "free_port", "load", "node_peers", "on_cores", "one_core", "require", "running"]

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_ROOT = Path(__file__).resolve().parent.parent
_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk saw.

    Attributes:
        requests: Answered.
        per_second: Answered per second.
        p99_ms: 99 of 100 answers came within this.
        refused: Answers that were not 2xx; a run with any is no result.
        cpu_microseconds: CPU time of the server per request.
    """

    requests: int
    per_second: float
    p99_ms: float
    refused: int
    cpu_microseconds: float


@dataclass(frozen=True, slots=True)
class Process:
    """A server on a loopback port.

    Attributes:
        port: Where it listens.
        pid: Its process.
        start_seconds: From the start to its first answer.
    """

    port: int
    pid: int
    start_seconds: float

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Return user and system time so far, all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def resident_megabytes(self) -> float:
        """Return the resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE_BYTES / 1e6


def require(program: str, package: str) -> str:
    """Return the path of a program, or end with a sentence that says what to install."""
    path = shutil.which(program)
    if path is None:
        sys.exit(f"The benchmarks need {program}: apt-get install {package}")
    return path


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    cores: Set[int] = frozenset(),
) -> Iterator[Process]:
    """Run a server until the block ends; `{port}` in the command is a free port, and no `cores` are all of them."""
    port = free_port()
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        with on_cores(cores):
            process = subprocess.Popen(
                [part.replace("{port}", str(port)) for part in command],
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdout=said,
                stderr=said,
            )
        try:
            yield Process(port, process.pid, _first_answer(process, port, begun, said.fileno()))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def one_core() -> tuple[Set[int], Set[int]]:
    """Return the core for servers, and those for who loads them: the rest, all where there is but one."""
    cores = os.sched_getaffinity(0)
    chosen = {max(cores)}
    return chosen, cores - chosen or cores


@contextmanager
def on_cores(cores: Set[int]) -> Iterator[None]:
    """Keep what is started within the block on these cores, unless there are none."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def load(
    server: Process, script: str, *, seconds: int = 2, connections: int = _CONNECTIONS, cores: Set[int] = frozenset()
) -> Load:
    """Load a server for a while with a Lua script that makes the requests, from these cores or from all."""
    wrk = require("wrk", "wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        before = server.cpu_seconds()
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", file.name, server.url]
        with on_cores(cores):
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent = server.cpu_seconds() - before
    requests = int(_found(r"(\d+) requests in", said, "0"))
    return Load(
        requests,
        float(_found(r"Requests/sec:\s+([\d.]+)", said, "0")),
        _milliseconds(_found(r"99%\s+(\S+)", said, "0ms")),
        int(_found(r"Non-2xx or 3xx responses: (\d+)", said, "0")),
        spent / max(1, requests) * 1e6,
    )


def node_peers() -> Path:
    """Return a folder with the npm peers installed, of the versions in bench/peers/package.json."""
    require("node", "nodejs")
    folder = _ROOT / ".artifacts" / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (_ROOT / "bench" / "peers" / "package.json").read_bytes()
    installed = folder / "package.json"
    is_current = installed.exists() and installed.read_bytes() == wanted and (folder / "node_modules").exists()
    for file in (_ROOT / "bench" / "peers").iterdir():
        shutil.copy(file, folder)
    if not is_current:
        print("Installing the npm peers (a few minutes, once) ...", flush=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    return folder


def _first_answer(process: subprocess.Popen[bytes], port: int, begun: float, log: int) -> float:
    while time.perf_counter() - begun < 60:
        if process.poll() is not None:
            os.lseek(log, 0, os.SEEK_SET)
            raise RuntimeError(f"the server ended: {os.read(log, 4000).decode(errors='replace')}")
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if probe.recv(12).startswith(b"HTTP/"):
                    return time.perf_counter() - begun
        except OSError:
            time.sleep(0.005)
    raise RuntimeError("the server did not answer")


def _found(pattern: str, text: str, otherwise: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else otherwise


def _milliseconds(text: str) -> float:
    factors = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    return float(match[1]) * factors[match[2]] if match else float("nan")
