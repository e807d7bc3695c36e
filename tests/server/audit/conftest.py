"""A receiver of webhooks, and a postman who may call it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import pytest

from avow.core.networks import Network
from avow.server.audit import webhooks
from avow.server.audit.postman import Postman
from avow.testing.server import Avow, Server
from avow.wire.audit import SetWebhook, WebhookFilter
from tests.bed.receiver import Receiver, receiver

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"),)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = "siem"


@dataclass(frozen=True)
class Round:
    """One webhook's way: its receiver, and postmen of the server."""

    server: Server
    receiver: Receiver

    def postman(self) -> Postman:
        """Return a postman; nothing is started."""
        return Postman(self.server.site.store, LOOPBACK, self.server.clock)

    def deliver(self) -> int:
        """Send what is due, and return how many events were tried."""
        return self.postman().run_once()

    def hook(self, avow: Avow, name: str = HOOK, **facts: Any) -> None:
        """Set a webhook of a project that leads to the receiver."""
        body = SetWebhook(name=name, **{"url": self.receiver.url, "hmac_secret": SECRET, **facts})
        avow.run(lambda tx: webhooks.put(tx, body, LOOPBACK, actor="test"))
        self.deliver()
        self.receiver.requests.clear()


def only(what: str, *values: str, operator: Any = "includes") -> tuple[WebhookFilter, ...]:
    """Return a filter, as `SetWebhook` takes it."""
    kind: Any = what
    return (WebhookFilter(filter_type=kind, operator=operator, values=values),)


@pytest.fixture
def sink() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


@pytest.fixture
def round_(server: Server, sink: Receiver, make_project: Callable[..., Avow]) -> Iterator[Round]:
    """Give a way to a receiver; afterwards no project of the shared database has a webhook."""
    yield Round(server, sink)
    removed = "DELETE FROM audit_webhooks WHERE project_id = :project_id"
    for row in server.site.store.look_anywhere(_every):
        server.site.store.run(row, lambda tx: tx.run(removed))


def _every(tx: Any) -> list[str]:
    found: list[str] = tx.all("SELECT DISTINCT project_id FROM audit_webhooks", str)
    return found
