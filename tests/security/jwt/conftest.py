"""One stage for each algorithm: a project, somebody signed in, forged tokens, and a listener nobody may call."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from avow.testing.server import Server
from tests.security.place import in_process
from tests.security.presenting import Stage, set_stage


@dataclass
class Canary:
    """A listener on loopback that counts who calls."""

    url: str = ""
    calls: list[object] = field(default_factory=list)


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    found = Canary()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            found.calls.append(self.client_address)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listener:
        found.url = f"http://127.0.0.1:{listener.server_address[1]}/keys"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield found
        listener.shutdown()
        thread.join()


@pytest.fixture(scope="module", params=["ES256", "RS256", "EdDSA"])
def stage(request: pytest.FixtureRequest, avow_server: Server, canary: Canary) -> Stage:
    """Give the forged tokens of one algorithm after the other."""
    avow_server.clock.reset()
    return set_stage(in_process(avow_server), request.param, canary.url)
