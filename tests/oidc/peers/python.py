"""Python programs in the environments of other people's clients: web applications, and libraries told what to call."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.bed import run, venvs
from tests.oidc.serving import Nowhere, Peer, Surfer
from tests.served import free_port
from tests.server.oidc.relying import Rp, make_app

__all__ = ["Library", "Refused", "WebApp", "library", "registered", "web_app"]

ROOT = Path(__file__).resolve().parent.parent.parent.parent


# --- Applications ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebApp:
    """A web application while it runs.

    Attributes:
        name: Which one it is.
        url: Its address, without a slash.
        callback: Where the provider sends people back to.
        client: What it is to the provider.
        peer: The provider.
    """

    name: str
    url: str
    callback: str
    client: Rp
    peer: Peer

    def answer(self, surfer: Surfer, start: str, email: str) -> str:
        """Sign in, but keep the answer of the provider from the application; return its address."""
        surfer.session.mount(self.callback, Nowhere())
        page = surfer.get(start) if start else surfer.submit(surfer.get(f"{self.url}/start"))
        if not page.url.startswith(self.callback):
            page = surfer.sign_in(page, email)
        assert page.url.startswith(self.callback), page.url
        del surfer.session.adapters[self.callback]
        return page.url


@contextlib.contextmanager
def web_app(
    peer: Peer,
    environment: venvs.Environment,
    name: str,
    *,
    callback: str,
    loose_callback: str = "",
    variables: Mapping[str, str] | None = None,
    **settings: Any,
) -> Iterator[WebApp]:
    """Run an application of `project.py` that the provider knows.

    Args:
        peer: The provider.
        environment: Which Python.
        name: Of the application.
        callback: The path that it is called back at.
        loose_callback: The path for a second client, with the switches that some packages need to work at all.
        variables: Further ones of its environment.
        settings: Of the client, and whether it is `trusted`.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    client = registered(peer, redirectUris=[url + callback], logoutUris=[url], **settings)
    known = {
        "APP_PORT": str(port),
        "AUTH0_DOMAIN": peer.domain,
        "AUTH0_CLIENT_ID": client.id,
        "AUTH0_CLIENT_SECRET": client.secret,
        **(variables or {}),
    }
    if loose_callback:
        switches = {"ignoresRedirectQuery": True, "takesTokenInQuery": True}
        loose = registered(peer, redirectUris=[url + loose_callback], **switches)
        known |= {"LOOSE_CLIENT_ID": loose.id, "LOOSE_CLIENT_SECRET": loose.secret}
    with _running(peer, environment, ["tests.oidc.peers.project", name], known):
        yield WebApp(name, url, url + callback, client, peer)


def registered(peer: Peer, **settings: Any) -> Rp:
    """Return an application of the provider, whose clock is the machine's, as that of the clients is."""
    client = make_app(peer.avow, **settings)
    peer.avow.server.clock.reset()
    return client


# --- Libraries -------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """A library raised: name of the exception, and what it says of itself."""

    def __init__(self, name: str, said: Mapping[str, Any]) -> None:
        super().__init__(f"{name}: {said}")
        self.name, self.said = name, said

    @property
    def error(self) -> tuple[Any, Any]:
        """Return the status and the error that the provider answered."""
        return self.said.get("status_code"), self.said.get("error_code") or self.said.get("code")


@dataclass(frozen=True, slots=True)
class Library:
    """A program that makes a library's objects and calls their methods."""

    into: IO[str]
    out: IO[str]

    def call(self, of: str, method: str, *, made_with: Mapping[str, Any], **arguments: Any) -> Any:
        """Call a method of a new object; return what it returned.

        Args:
            of: Name of the class.
            method: Name of its method.
            made_with: Arguments of the class.
            arguments: Those of the method.

        Raises:
            Refused: The method raised.
        """
        said = {"class": of, "method": method, "made_with": dict(made_with), "arguments": arguments}
        self.into.write(json.dumps(said) + "\n")
        self.into.flush()
        answer = json.loads(self.out.readline())
        if "raised" in answer:
            raise Refused(answer["raised"], answer["said"])
        return answer["returned"]


@contextlib.contextmanager
def library(peer: Peer, name: str) -> Iterator[Library]:
    """Run the program `NAME_calls.py`."""
    with _running(peer, "newest", [f"tests.oidc.peers.{name}_calls"], {}) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Library(process.stdin, process.stdout)


@contextlib.contextmanager
def _running(
    peer: Peer, environment: venvs.Environment, module: list[str], variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "DJANGO_SETTINGS_MODULE"}}
    with subprocess.Popen(
        [venvs.python_of(environment), "-m", *module],
        cwd=ROOT,
        env={**kept, **peer.variables(), **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        run.note_process(process)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", "the program did not start; what it said stands above"
            yield process
        finally:
            process.terminate()
            process.wait(10)
            run.forget_process(process.pid)
