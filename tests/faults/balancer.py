"""Stands before several servers as a load balancer does: asks each whether it is ready, and sends to those that are."""

import contextlib
import http.client
import itertools
import threading
import time
from collections.abc import Iterator, Sequence

from tests.bed.server import Instance
from tests.security.calls import Answer, OverHttp, Wish

__all__ = ["Balancer", "balancing"]

_PAUSE_SECONDS = 0.05
_PROBE_SECONDS = 5


class Balancer:
    """Carries requests to the ready servers in turn; any thread may send.

    Attributes:
        changes: What servers said other than before: the port, and whether they are ready.
    """

    def __init__(self, instances: Sequence[Instance], patience_seconds: float) -> None:
        """Take servers, which are ready; a request waits for a ready one as long as there is patience."""
        self._patience = patience_seconds
        self._ports = [instance.port for instance in instances]
        self._ready: dict[int, OverHttp] = {}
        self._opened: list[OverHttp] = []
        self._turn = itertools.count()
        self._stop = threading.Event()
        self.changes: list[tuple[int, bool]] = []
        for port in self._ports:
            self._add(port)

    def send(self, wish: Wish) -> Answer:
        """Send a request to the next server that is ready.

        Raises:
            ConnectionRefusedError: None was for as long as there is patience.
        """
        until = time.monotonic() + self._patience
        while not (ready := list(self._ready.values())):
            if time.monotonic() > until:
                raise ConnectionRefusedError("no server is ready")
            time.sleep(_PAUSE_SECONDS)
        return ready[next(self._turn) % len(ready)].send(wish)

    def way_to(self, port: int) -> OverHttp:
        """Return what carries requests to one server, which is ready."""
        return self._ready[port]

    def wait_for(self, port: int, seconds: float = 30) -> None:
        """Wait until requests are sent to a server."""
        until = time.monotonic() + seconds
        while port not in self._ready:
            assert time.monotonic() < until, "the server does not get ready"
            time.sleep(_PAUSE_SECONDS)

    def watch(self) -> None:
        """Ask every server again and again, until `stop`."""
        while not self._stop.wait(_PAUSE_SECONDS):
            for port in self._ports:
                self._note(port, is_ready=_says_ready(port))

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def close(self) -> None:
        """Close every connection; nobody may send any more."""
        for way in self._opened:
            way.close()

    def _note(self, port: int, *, is_ready: bool) -> None:
        if is_ready == (port in self._ready):
            return
        self.changes.append((port, is_ready))
        if is_ready:
            self._add(port)
        else:
            self._ready = {other: way for other, way in self._ready.items() if other != port}

    def _add(self, port: int) -> None:
        """Send to a server from now on, on new connections: those of before led to another process."""
        way = OverHttp([f"http://localhost:{port}"])
        self._opened.append(way)
        self._ready = {**self._ready, port: way}


@contextlib.contextmanager
def balancing(instances: Sequence[Instance], patience_seconds: float) -> Iterator[Balancer]:
    """Give a balancer over running servers."""
    balancer = Balancer(instances, patience_seconds)
    watching = threading.Thread(target=balancer.watch, name="balancer")
    watching.start()
    try:
        yield balancer
    finally:
        balancer.stop()
        watching.join()
        balancer.close()


def _says_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
