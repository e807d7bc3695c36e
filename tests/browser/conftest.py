"""A real `avow dev` for the browser's tests, and a look into its inbox."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import run
from tests.bed.server import server_environment
from tests.factories import new_email

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parent.parent.parent
_PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Dev:
    """A running `avow dev`."""

    url: str
    project_id: str
    inbox_url: str

    def message(self, to: str) -> dict[str, Any]:
        """Wait for a message to an address; return the newest."""
        until = time.monotonic() + _PATIENCE_SECONDS
        request = urllib.request.Request(f"{self.inbox_url}?to={to}", headers={"Accept": "application/json"})
        while time.monotonic() < until:
            with urllib.request.urlopen(request, timeout=5) as answer:
                messages = json.load(answer)["messages"]
            if messages:
                newest: dict[str, Any] = messages[0]
                return newest
            time.sleep(0.05)
        raise AssertionError(f"nothing was sent to {to}")

    def post(self, path: str, body: object) -> None:
        """Call the API as an application does."""
        headers = {"Authorization": f"Bearer {self.project_id}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """Run `avow dev --json` on a free port."""
    home = tmp_path_factory.mktemp("dev")
    environment = {name: value for name, value in _inherited().items() if not name.startswith("AVOW_")}
    log = (home / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "avow.cli", "dev", "--json", "--port", "0", "--data", str(home / "data")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
        cwd=ROOT,
        start_new_session=True,
    )
    run.note_process(process)
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    yield Dev(told["url"], told["project_id"], told["inbox_url"])
    process.terminate()
    assert process.wait(15) == 0
    run.forget_process(process.pid)
    process.stdout.close()
    log.close()


def _inherited() -> dict[str, str]:
    from avow.testing.clock import FileClock

    return server_environment("", "", "", FileClock("unused"))


@pytest.fixture
def mail() -> str:
    """Give an address of this test alone."""
    return new_email("browser")


@pytest.fixture
def open_page(browser: "Browser", dev: Dev) -> Iterator[Callable[..., "Page"]]:
    """Give a function that opens a page in a fresh browser profile.

    A script error, a refused resource or a request to anywhere but the server fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def is_ours(url: str) -> bool:
        return url.replace("//127.0.0.1:", "//localhost:").startswith(f"{dev.url}/")

    def open_(**options: Any) -> "Page":
        context = browser.new_context(**{"locale": "en-GB", **options})
        contexts.append(context)

        def watch(page: "Page") -> None:
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
            page.on("request", lambda sent: None if is_ours(sent.url) else complaints.append(sent.url))

        context.on("page", watch)
        return context.new_page()

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
