"""Starts an example by its one command, beside the Avow that it starts, and speaks to both."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avow import Client
from tests.served import free_port

__all__ = ["Example", "Reply", "get", "is_there", "running_example"]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """An example that runs.

    Attributes:
        url: Where it is.
        avow_url: Where its Avow is.
        data: The folder of that Avow.
    """

    url: str
    avow_url: str
    data: Path

    def session_token(self, login_id: str) -> str:
        """Sign somebody up or in, and return their session token."""
        with self._client() as client:
            return client.mgmt.jwt.sign_up_or_in(login_id)["sessionToken"]["jwt"]

    def add_role(self, login_id: str, role: str) -> None:
        """Give somebody a role."""
        with self._client() as client:
            client.mgmt.user.add_roles(login_id, [role])

    def _client(self) -> Client:
        known: dict[str, Any] = json.loads((self.data / "dev.json").read_text(encoding="utf-8"))
        return Client(known["project_id"], management_key=known["management_key"], base_url=self.avow_url)


@contextlib.contextmanager
def running_example(module: str, folder: Path) -> Iterator[Example]:
    """Start an example, and stop it at the end."""
    port, avow_port = free_port(), free_port()
    command = [sys.executable, "-m", module, "--port", str(port), "--avow-port", str(avow_port), "--data", str(folder)]
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("Open ")
        example = Example(f"http://localhost:{port}", f"http://localhost:{avow_port}", folder)
        _wait(example.url, process)
        yield example
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def get(url: str, token: str = "") -> Reply:
    """Ask for something; refusals are answers too."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Reply(answer.status, answer.read().decode())
    except urllib.error.HTTPError as refused:
        with refused:
            return Reply(refused.code, refused.read().decode())


def is_there(url: str) -> bool:
    """Tell whether somebody answers at an address."""
    try:
        get(url)
    except urllib.error.URLError:
        return False
    return True


def _wait(url: str, process: "subprocess.Popen[str]") -> None:
    for _ in range(200):
        assert process.poll() is None, "the example ended"
        with contextlib.suppress(urllib.error.URLError):
            get(f"{url}/")
            return
        time.sleep(0.1)
    raise AssertionError("the example does not answer")
