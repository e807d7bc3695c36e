"""The routes of operations: `/healthz`, `/readyz` and `/metrics`."""

from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from msgspec import UNSET, UnsetType

from avow.errors import AvowError, NotFound
from avow.server.operations import actions
from avow.server.operations.clocks import ClockWatch
from avow.server.operations.metrics import Metrics
from avow.server.serving import Answer, Call, Slice, Steps, aside, plain, read, steps
from avow.server.settings import Settings
from avow.server.store import StoreRefused, Tx
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = ["HEALTH", "METRICS", "READY", "Readiness", "operations_slice"]

_RETRY_SECONDS = "2"


class Health(Shape, frozen=True, kw_only=True):
    """The state of a server.

    Attributes:
        status: `ok`, `draining` or `unavailable`.
        warning: What an operator should put right although the server is ready, a sentence; absent when nothing.
    """

    status: str
    warning: str | UnsetType = UNSET


HEALTH = Endpoint("operations.health", "GET", "/healthz", Nothing, Health, Caller.ANYONE)
READY = Endpoint("operations.ready", "GET", "/readyz", Nothing, Health, Caller.ANYONE)
METRICS = Endpoint("operations.metrics", "GET", "/metrics", Nothing, Nothing, Caller.ANYONE)


@dataclass(slots=True)
class Readiness:
    """Whether this process wants new requests."""

    is_draining: bool = False

    def drain(self) -> None:
        """Say from now on that the process is about to stop."""
        self.is_draining = True


def operations_slice(readiness: Readiness, metrics: Metrics, watch: ClockWatch, settings: Settings) -> Slice:
    """Return the routes over the state of one process."""
    return Slice(
        "operations",
        (
            plain(HEALTH, health),
            steps(READY, partial(ready, readiness, watch)),
            steps(METRICS, partial(show_metrics, metrics, watch, settings)),
        ),
    )


def health(call: Call[Nothing]) -> Health:
    """Tell that the process runs; asks neither the database nor anything else."""
    return Health(status="ok")


def ready(readiness: Readiness, watch: ClockWatch, call: Call[Nothing]) -> Steps[Answer]:
    """Tell whether requests should come here: not while the database does not answer or the server is stopping.

    A clock that differs from the database server's is told and no more: should that one be wrong, no instance would
    be left.
    """
    if readiness.is_draining:
        return _not_ready("draining")
    try:
        ahead = yield from read(_probe, watch)
    except (AvowError, StoreRefused):
        return _not_ready("unavailable")
    return Answer(Health(status="ok", warning=watch.judge(ahead) or UNSET))


def show_metrics(metrics: Metrics, watch: ClockWatch, settings: Settings, call: Call[Nothing]) -> Steps[Answer]:
    """Return the metrics as Prometheus reads them; elsewhere than on the machine itself there is nothing here."""
    if call.client.is_forwarded or not _is_inside(call.client.address, settings):
        raise NotFound
    waiting = yield from read(actions.waiting_messages)
    ahead = yield from read(watch.ahead)
    watch.judge(ahead)
    content_type, text = yield from aside(metrics.text, waiting, ahead)
    return Answer(text, content_type=content_type)


def _probe(tx: Tx, watch: ClockWatch) -> int:
    actions.answers(tx)
    return watch.ahead(tx)


def _is_inside(address: str, settings: Settings) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in settings.metrics_networks)


def _not_ready(status: str) -> Answer:
    return Answer(Health(status=status), status=503, headers={"Retry-After": _RETRY_SECONDS})
