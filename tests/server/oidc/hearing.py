"""An application that listens for log-outs on loopback, and heralds that may call it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs

from avow.core.networks import Network
from avow.core.tokens import Expected, verify
from avow.server.applications import actions
from avow.server.oidc.herald import Herald
from avow.server.store import Tx
from avow.testing.server import Avow, Server
from avow.wire.applications import UpdateApplication
from tests.bed.receiver import Receiver, receiver
from tests.server.oidc.relying import Rp, header, make_app

__all__ = ["EVENT", "Ear", "listening"]

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"),)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
_ROWS = "SELECT state, attempts, due_at, error FROM oidc_logouts WHERE project_id = :project_id ORDER BY id"


@dataclass
class Ear:
    """An application's listener.

    Attributes:
        server: Whose heralds call.
        receiver: What came.
    """

    server: Server
    receiver: Receiver

    def app(self, project: Avow, **settings: Any) -> Rp:
        """Make an application that is told here."""
        made = make_app(project, **settings)
        self.hear(made)
        return made

    def hear(self, rp: Rp) -> None:
        """Have an application told here: on loopback, which outside of development no setting takes."""
        body = UpdateApplication(id=rp.id, settings={"backchannelLogoutUri": self.receiver.url})
        rp.avow.run(lambda tx: actions.update(tx, body, is_open=True, actor="test"))
        rp.avow.advance(3)

    def herald(self) -> Herald:
        """Return a herald; nothing is started."""
        return Herald(self.server.site.store, LOOPBACK, self.server.clock)

    def tell(self) -> int:
        """Tell what is due; return how many calls were tried."""
        return self.herald().run_once()

    def tokens(self) -> list[str]:
        """Return the logout tokens that came."""
        return [parse_qs(each.body.decode())["logout_token"][0] for each in self.receiver.requests]

    def told(self, rp: Rp) -> list[dict[str, Any]]:
        """Return what the logout tokens say, verified by every rule that a relying party has."""
        found = []
        for token in self.tokens():
            expected = Expected(rp.issuer, frozenset(), audience=(rp.id,), typ="logout+jwt")
            said = verify(token, rp.key_set(), expected, rp.avow.server.clock()).claims()
            assert header(token)["typ"] == "logout+jwt"
            assert said["events"] == {EVENT: {}}
            assert "nonce" not in said
            found.append(said)
        return found

    def waiting(self, avow: Avow) -> list[tuple[Any, ...]]:
        """Return what is on its way: state, attempts, when it is due, and why it did not arrive."""
        return avow.run(lambda tx: tx.all(_ROWS, lambda *columns: columns))


@contextmanager
def listening(server: Server) -> Iterator[Ear]:
    """Give a listener; afterwards nothing waits for it."""
    with receiver() as started:
        yield Ear(server, started)
    for project_id in server.site.store.look_anywhere(_projects):
        server.site.store.run(project_id, _forget)


def _projects(tx: Tx) -> list[str]:
    return tx.all("SELECT DISTINCT project_id FROM applications", str)


def _forget(tx: Tx) -> None:
    tx.run("DELETE FROM oidc_logouts WHERE project_id = :project_id")
    tx.run("UPDATE sessions SET is_heard = 0 WHERE project_id = :project_id AND is_heard = 1")
