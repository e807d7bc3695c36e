"""npm oidc-provider as somebody else's OpenID provider: started once, signs in whoever types a name."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

import httpx2
import pytest

from tests.bed import npm, run
from tests.bed.idp_visit import forms_of
from tests.bed.plugin import program

__all__ = ["OpenIdProvider", "openid_provider", "running_openid_provider"]

_START_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """The provider while it runs.

    Attributes:
        url: Its issuer.
    """

    url: str

    def register(self, redirect_uri: str, **metadata: Any) -> tuple[str, str]:
        """Register a client; return its id and secret.

        Args:
            redirect_uri: Where browsers are sent back to.
            metadata: As in RFC 7591.
        """
        wanted = {"redirect_uris": [redirect_uri], "response_types": ["code"], **metadata}
        answer = httpx2.post(f"{self.url}/reg", json=wanted, timeout=10)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return made["client_id"], made.get("client_secret", "")

    def sign_in(self, url: str, login: str) -> str:
        """Go through the provider's pages as a person; return where it sends the browser back to.

        Args:
            url: Where the browser was sent.
            login: Who it is.
        """
        with httpx2.Client(timeout=10) as browser:
            answer = browser.get(url)
            for _ in range(12):
                if answer.is_redirect:
                    location = urljoin(str(answer.url), answer.headers["location"])
                    if not location.startswith(self.url):
                        return location
                    answer = browser.get(location)
                    continue
                assert answer.status_code == 200, answer.text
                [form] = [each for each in forms_of(answer.text, str(answer.url)) if "prompt" in each.fields]
                fields = dict(form.fields)
                if fields["prompt"] == "login":
                    fields |= {"login": login, "password": "any"}
                answer = browser.post(form.action, data=fields)
        raise AssertionError(f"the provider does not send the browser back: {answer.text[:500]}")


@contextlib.contextmanager
def running_openid_provider(node: str) -> Iterator[OpenIdProvider]:
    """Start the provider on a free port of loopback, and stop it."""
    shutil.copy(npm.SOURCES / "openid_provider.mjs", npm.FOLDER)
    port = _free_port()
    environment = {**os.environ, "NODE_NO_WARNINGS": "1"}
    process = subprocess.Popen(
        [node, "openid_provider.mjs", str(port)],
        cwd=npm.FOLDER,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    run.note_process(process)
    said: list[str] = []
    is_ready = threading.Event()

    def read() -> None:
        for line in process.stdout or ():
            said.append(line)
            if "ready" in line:
                is_ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        if not is_ready.wait(_START_SECONDS):
            raise RuntimeError(f"oidc-provider did not get ready:\n{''.join(said)}")
        yield OpenIdProvider(f"http://localhost:{port}")
    finally:
        process.terminate()
        process.wait(10)
        reader.join()
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def openid_provider(pytestconfig: pytest.Config) -> Iterator[OpenIdProvider]:
    """Give a running oidc-provider."""
    program(pytestconfig, "oidc-provider")
    with running_openid_provider(npm.find_node()) as started:
        yield started


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
