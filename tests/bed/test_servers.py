"""The servers that the test bed starts."""

import json
import signal
import time
import urllib.request

import pytest

from tests.bed.backends import BACKENDS, Backend, Launch
from tests.bed.projects import make_project
from tests.bed.server import Servers


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
