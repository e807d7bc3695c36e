"""The servers that the test bed starts."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.backends import BACKENDS, Backend, Launch
from tests.bed.projects import make_project
from tests.bed.server import Servers
from tests.bed.warm import can_fork


def key_set(url: str, project_id: str) -> list[object]:
    with urllib.request.urlopen(f"{url}/v2/keys/{project_id}", timeout=10) as answer:
        keys: list[object] = json.load(answer)["keys"]
    return keys


def test_every_instance_serves_the_same_projects(servers: Servers, backend: Backend) -> None:
    project = make_project(servers.database_url, servers.clock)
    assert len(servers.urls) == backend.instances
    assert [len(key_set(url, project.id)) for url in servers.urls] == [2] * backend.instances


def test_killed_instance_comes_back_on_its_port(launch_servers: Launch) -> None:
    servers = launch_servers(BACKENDS[0])
    project = make_project(servers.database_url, servers.clock)
    (instance,) = servers.instances
    assert instance.stop(signal.SIGKILL) == -signal.SIGKILL
    with pytest.raises(OSError, match="refused"):
        key_set(servers.url, project.id)
    instance.start()
    instance.wait()
    assert key_set(servers.url, project.id)


def test_database_with_tables_is_ready_at_once(ready_database_url: str) -> None:
    started = time.monotonic()
    assert make_project(ready_database_url, lambda: 1_790_000_000).management_key
    assert time.monotonic() - started < 5


@pytest.mark.skipif(not can_fork(), reason="servers are started as commands here")
def test_forked_server_is_a_process_of_its_own(launch_servers: Launch) -> None:
    (first,) = launch_servers(BACKENDS[0]).instances
    (second,) = launch_servers(BACKENDS[0]).instances
    assert first.process is not None
    assert second.process is not None
    pids = {first.process.pid, second.process.pid}
    assert len(pids) == 2
    assert {os.getsid(pid) for pid in pids} == pids
    sockets = [set(_opened(pid)) for pid in pids]
    assert not [name for name in sockets[0] & sockets[1] if name.startswith(("socket:", "pipe:"))]


@pytest.mark.skipif(not can_fork(), reason="servers are started as commands here")
def test_exit_codes_of_forked_servers_are_told(launch_servers: Launch) -> None:
    (killed,) = launch_servers(BACKENDS[0]).instances
    (stopped,) = launch_servers(BACKENDS[0]).instances
    assert killed.process is not None
    with pytest.raises(subprocess.TimeoutExpired):
        killed.process.wait(0.01)
    assert killed.stop(signal.SIGKILL) == -signal.SIGKILL
    assert stopped.stop(signal.SIGTERM) == 0


def test_server_that_cannot_start_says_why(launch_servers: Launch) -> None:
    with pytest.raises(RuntimeError, match="AVOW_PUBLIC_URL"):
        launch_servers(BACKENDS[0], {"AVOW_PUBLIC_URL": "nonsense"})


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("is_allowed", ["0", "1"])
def test_servers_start_forked_and_as_commands(
    launch_servers: Launch, monkeypatch: pytest.MonkeyPatch, is_allowed: str
) -> None:
    monkeypatch.setenv("AVOW_TEST_FORK", is_allowed)
    (instance,) = launch_servers(BACKENDS[0]).instances
    assert instance.process is not None
    words = Path(f"/proc/{instance.process.pid}/cmdline").read_text().split("\0")
    assert ("tests.bed.warm" in words) == can_fork()
    assert instance.stop(signal.SIGTERM) == 0


def descriptors(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/fd").iterdir())


def _opened(pid: int) -> Iterator[str]:
    """Return what a process has open, but for what it closes in this moment."""
    for descriptor in descriptors(pid):
        with contextlib.suppress(FileNotFoundError):
            yield os.readlink(descriptor)
