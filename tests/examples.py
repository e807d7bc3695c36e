"""Starts an example by its one command, beside the Avow that it starts, and speaks to both; with Chromium too."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from avow import Client
from tests.bed import npm, run
from tests.bed.programs import FINDERS, missing_sentence
from tests.served import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["LOOKS", "Example", "Reply", "get", "is_there", "opened", "problems_of", "running_example", "sign_in"]

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / ".artifacts" / "examples"
# axe writes styles into the pages that it looks at, so that their policy is off; the walks are under it.
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"viewport": {"width": 1100, "height": 800}, "bypass_csp": True},
    "dark-phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "bypass_csp": True},
}
# What is pressed is at least 44 pixels high: WCAG 2.2, 2.5.5. Links within a sentence are as high as it is.
_SMALL = """() => [...document.querySelectorAll("button, .button, :is(li, nav) a, input:not([type=hidden]), textarea")]
  .filter((each) => each.checkVisibility() && each.offsetHeight < 44).map((each) => each.outerHTML.slice(0, 90))"""
_AXE = """async (tags) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
  return found.violations.map((each) => each.id + ": " + each.nodes.map((node) => node.html + node.failureSummary));
}"""
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


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
        avow_url: Where its Avow is; "" for one that has none.
        data: The folder of that Avow.
        known: Who was offered a passkey once, and is not again.
    """

    url: str
    avow_url: str
    data: Path
    known: set[str] = field(default_factory=set)
    _read: dict[str, int] = field(default_factory=dict)  # how many messages of an address were there

    def session_token(self, login_id: str) -> str:
        """Sign somebody up or in, and return their session token."""
        with self._client() as client:
            return client.mgmt.jwt.sign_up_or_in(login_id)["sessionToken"]["jwt"]

    def add_role(self, login_id: str, role: str) -> None:
        """Give somebody a role."""
        with self._client() as client:
            client.mgmt.user.add_roles(login_id, [role])

    def command(self, *words: str) -> str:
        """Run `avow` on the example's data, as its README says; return what it said."""
        command = [sys.executable, "-m", "avow.cli", *words, "--data", str(self.data)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def code(self, to: str) -> str:
        """Wait for a code in the inbox that was not read before; return the newest."""
        request = urllib.request.Request(f"{self.avow_url}/dev/inbox?to={to}", headers={"Accept": "application/json"})
        for _ in range(200):
            with urllib.request.urlopen(request, timeout=10) as answer:
                messages = json.load(answer)["messages"]
            if len(messages) > self._read.get(to, 0):
                self._read[to] = len(messages)
                code: str = messages[0]["code"]
                return code
            time.sleep(0.05)
        raise AssertionError(f"nothing was sent to {to}")

    def _client(self) -> Client:
        known: dict[str, Any] = json.loads((self.data / "dev.json").read_text(encoding="utf-8"))
        return Client(known["project_id"], management_key=known["management_key"], base_url=self.avow_url)


@contextlib.contextmanager
def running_example(module: str, folder: Path, *further: str, has_avow: bool = True) -> Iterator[Example]:
    """Start an example with further words on its command line, and stop it at the end.

    Args:
        module: What `python -m` runs.
        folder: Where it and its Avow keep their data.
        further: For its command line.
        has_avow: It starts an Avow, and speaks http; else it speaks https.
    """
    port, avow_port = free_port(), free_port()
    command = [sys.executable, "-m", module, "--port", str(port), "--data", str(folder)]
    if has_avow:
        command += ["--avow-port", str(avow_port)]
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    process = subprocess.Popen(
        [*command, *further], cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    )
    run.note_process(process)
    assert process.stdout is not None
    try:
        url = f"{'http' if has_avow else 'https'}://localhost:{port}"
        assert process.stdout.readline().startswith(f"Open {url}")
        _wait(port, process)
        yield Example(url, f"http://localhost:{avow_port}" if has_avow else "", folder)
    finally:
        process.terminate()
        process.wait(20)
        run.forget_process(process.pid)
        process.stdout.close()


@contextlib.contextmanager
def opened(browser: "Browser", *friends: str, **look: Any) -> Iterator["Page"]:
    """Open a page in a fresh browser profile.

    A script error, what a Content Security Policy refuses, or a request to anybody but `friends` fails the test.
    """
    complaints: list[str] = []
    context = browser.new_context(**{"locale": "en-GB", **look})
    page = context.new_page()

    def judge(route: Any) -> None:
        if route.request.url.startswith(tuple(f"{friend}/" for friend in friends)):
            route.continue_()
        else:
            complaints.append(route.request.url)
            route.abort()

    context.route(re.compile("^http"), judge)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    yield page
    context.close()
    assert not complaints, complaints


def sign_in(page: "Page", example: Example, mail: str, *, is_official: bool = False) -> None:
    """Sign somebody in by a code, in the login component that the page shows; they want no passkey.

    The official component waits for a key after the last digit; ours does not.
    """
    page.get_by_label("E-mail address or phone number").fill(mail)
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_label("Code", exact=True).wait_for()
    page.wait_for_load_state()  # the script that sends the last digit is there
    page.get_by_label("Code", exact=True).press_sequentially(example.code(mail))
    if is_official:
        page.keyboard.press("Enter")
    if mail not in example.known:
        page.get_by_role("button", name="Not now").click()
        example.known.add(mail)


def problems_of(page: "Page", name: str) -> list[str]:
    """Return what would keep somebody out of a page; a picture of it is kept."""
    if FINDERS["oidc-provider"]() is None:
        pytest.skip(missing_sentence("oidc-provider"))
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    page.evaluate((npm.FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text())
    across, width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    found = [*page.evaluate(_AXE, _RULES), *(f"too small: {each}" for each in page.evaluate(_SMALL))]
    return [f"{name}: {each}" for each in [*found, *(["scrolls sideways"] if across > width else [])]]


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


def _wait(port: int, process: "subprocess.Popen[str]") -> None:
    for _ in range(300):
        assert process.poll() is None, "the example ended"
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError("the example does not answer")
