"""An OpenID provider over TLS at the root of `localhost`, and browsers on requests that go through its pages."""

import contextlib
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
import trustme
import uvicorn
from requests.adapters import BaseAdapter

from avow.server.asgi import AsgiApp
from avow.testing.server import Avow, Server
from tests.security.place import NO_LIMITS
from tests.served import free_port, server_over
from tests.server.oidc.relying import prepare
from tests.server.pages.browsing import Form, forms_of

__all__ = ["Peer", "Surfer", "provider_over_tls", "running"]

_START_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Peer:
    """A provider that clients of others come to.

    Attributes:
        avow: The project at the root of the host.
        domain: Host and port.
        bundle: File with the authority of its certificate.
        chain: File with a certificate of that authority for `localhost`, and its key.
    """

    avow: Avow
    domain: str
    bundle: Path
    chain: Path

    @property
    def issuer(self) -> str:
        """Return the issuer, with the slash."""
        return f"https://{self.domain}/"

    def variables(self) -> dict[str, str]:
        """Return the variables by which clients trust the certificate."""
        return {
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            "SSL_CERT_FILE": str(self.bundle),
            "NODE_EXTRA_CA_CERTS": str(self.bundle),
        }


def _only_sqlite(name: str) -> str:
    raise LookupError(f"SQLite needs no {name}")


@contextlib.contextmanager
def provider_over_tls(
    folder: Path, database: str = "sqlite", value: Callable[[str], str] = _only_sqlite
) -> Iterator[Peer]:
    """Serve a project on a free port of this machine, over TLS.

    Args:
        folder: Keeps its certificate.
        database: `sqlite` or `postgres`.
        value: Returns the value of a fixture, as `server_over` asks for it.
    """
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    bundle, chain = folder / "ca.pem", folder / "localhost.pem"
    authority.cert_pem.write_to_path(bundle)
    certificate.private_key_and_cert_chain_pem.write_to_path(chain)
    port = free_port()
    with server_over(database, value, settings={"public_url": f"https://localhost:{port}"}) as server:
        avow = server.project("Peer", **NO_LIMITS)
        prepare(avow)
        with _listening(server, port, chain):
            yield Peer(avow, f"localhost:{port}", bundle, chain)


@contextlib.contextmanager
def _listening(server: Server, port: int, chain: Path) -> Iterator[None]:
    config = uvicorn.Config(
        AsgiApp(server.site),
        host="127.0.0.1",
        port=port,
        ssl_certfile=str(chain),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    listener = uvicorn.Server(config)
    thread = threading.Thread(target=listener.run, name="peer-tls", daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not listener.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    try:
        yield
    finally:
        # A client that a failed test has left open would be waited for until it says goodbye over TLS.
        listener.servers[0].get_loop().call_soon_threadsafe(_cut, listener)
        listener.should_exit = listener.force_exit = True
        thread.join(_START_SECONDS)
        assert not thread.is_alive()


def _cut(listener: uvicorn.Server) -> None:
    for connection in list(listener.server_state.connections):
        transport = getattr(connection, "transport", None)
        if transport is not None:
            transport.abort()


@contextlib.contextmanager
def running(program: Path, variables: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a Python program until it says that it is ready, and stop it afterwards."""
    environment = {**os.environ, **variables, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, str(program)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said == "ready\n", said + process.stdout.read()
            yield process
        finally:
            process.terminate()
            process.wait(10)


class Nowhere(BaseAdapter):
    """Answers for applications at which nobody listens, with an empty page: its address says what they were told."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Answer a request."""
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, request.url or ""
        answer.raw = io.BytesIO()
        return answer

    def close(self) -> None:
        """Close nothing."""


@dataclass
class Surfer:
    """A browser on requests: it keeps cookies and follows redirects across hosts; scripts do not run."""

    peer: Peer
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.mount("https://app.example.com", Nowhere())
        self.session.trust_env = False
        self.session.verify = str(self.peer.bundle)
        self.session.headers["Accept"] = "text/html,*/*;q=0.8"

    def get(self, url: str) -> requests.Response:
        """Open an address and follow where it leads."""
        return self.session.get(url, timeout=10)

    def submit(self, page: requests.Response, button: str = "", **typed: str) -> requests.Response:
        """Fill the first form of a page and press a button."""
        form: Form = forms_of(page.text)[0]
        pressed = next((each for each in form.buttons if not button or each[1] == button), ("", ""))
        fields = {**form.fields, **typed, **({pressed[0]: pressed[1]} if pressed[0] else {})}
        headers = {"Sec-Fetch-Site": "same-origin"}
        return self.session.post(urljoin(page.url, form.action), data=fields, headers=headers, timeout=10)

    def sign_in(self, page: requests.Response, email: str) -> requests.Response:
        """Sign in with a code on the page that asks for it; return where that leads in the end."""
        page = self.submit(page, "code", email=email)
        return self.submit(page, "verify", code=self.peer.avow.code(email))
