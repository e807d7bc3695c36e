"""The metrics of a server process, or of all workers of one `avow serve` together.

A process of its own imports the library when it is asked for metrics, or has much to count: a start does not wait for
it. Workers, whose counts another worker may be asked for, import it with their first count.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING

from avow.server.store import Load

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram
    from prometheus_client.metrics_core import Metric

__all__ = ["Metrics", "State"]

_EARLY = 500
_SAMPLE_SECONDS = 1.0
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class State:
    """What the parts of a process count themselves.

    Attributes:
        store: Of the store.
        fallbacks: How often rate limits were counted by this process alone, since the shared place failed.
    """

    store: Load
    fallbacks: int


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is counted of one endpoint and status."""

    requests: "Counter"
    seconds: "Histogram"


class Metrics:
    """Counts answers; any thread may call."""

    def __init__(self, state: Callable[[], State], folder: str = "") -> None:
        """Count nothing yet.

        Args:
            state: Read once a second while there are requests.
            folder: Where the workers of one `avow serve` keep their counts (PROMETHEUS_MULTIPROC_DIR of all of them);
                "" for a process of its own.
        """
        self._state = state
        self._folder = folder
        self._pairs: dict[tuple[str, int], _Pair] = {}
        self._early: list[tuple[str, int, float]] | None = None if folder else []
        self._sampled_at = 0.0

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one answer."""
        early = self._early
        if early is None:
            self._count(endpoint, status, seconds)
            return
        early.append((endpoint, status, seconds))
        if len(early) >= _EARLY:
            self._catch_up()

    def count_refused(self, requests: int) -> None:
        """Count requests that were answered 503 before they were read; these took no time to speak of."""
        self._catch_up()
        self._pair("none", 503).requests.inc(requests)

    def text(self, waiting: Mapping[str, int], ahead_seconds: int) -> tuple[str, bytes]:
        """Return content type and text of the metrics.

        Args:
            waiting: Unfinished messages of the installation, by delivery method.
            ahead_seconds: By how much this machine's clock is ahead of the database server's.
        """
        self._catch_up()
        self._library.sample(self._state())
        return self._library.text(waiting, ahead_seconds)

    def _catch_up(self) -> None:
        early, self._early = self._early, None
        for counted in early or ():
            self._count(*counted)

    def _count(self, endpoint: str, status: int, seconds: float) -> None:
        pair = self._pair(endpoint, status)
        pair.requests.inc()
        pair.seconds.observe(seconds)
        now = monotonic()
        if now - self._sampled_at >= _SAMPLE_SECONDS:
            self._sampled_at = now
            self._library.sample(self._state())

    def _pair(self, endpoint: str, status: int) -> _Pair:
        pair = self._pairs.get((endpoint, status))
        if pair is None:
            pair = self._pairs[endpoint, status] = self._library.pair(endpoint, status)
        return pair

    @cached_property
    def _library(self) -> "_Library":
        return _Library(self._folder)


class _Library:
    """The part that knows prometheus-client."""

    def __init__(self, folder: str) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._folder = folder
        self._registry = own = CollectorRegistry()
        self._requests = Counter("avow_requests", "Answered requests.", ("endpoint", "status"), registry=own)
        self._seconds = Histogram(
            "avow_request_seconds", "Time to answer.", ("endpoint",), buckets=_SECONDS, registry=own
        )
        self._waiting = Gauge(
            "avow_store_waiting", "Units waiting for the database.", registry=own, multiprocess_mode="livesum"
        )
        self._groups = Counter("avow_store_groups", "Transactions that write.", registry=own)
        self._units = Counter("avow_store_units", "Units in transactions that write.", registry=own)
        self._fallbacks = Counter(
            "avow_kv_fallbacks", "Rate limits counted by one process alone, as the shared place failed.", registry=own
        )
        self._last = State(Load(), 0)

    def pair(self, endpoint: str, status: int) -> _Pair:
        return _Pair(self._requests.labels(endpoint, str(status)), self._seconds.labels(endpoint))

    def sample(self, state: State) -> None:
        last, self._last = self._last, state
        self._waiting.set(state.store.waiting)
        self._groups.inc(max(0, state.store.groups - last.store.groups))
        self._units.inc(max(0, state.store.units - last.store.units))
        self._fallbacks.inc(max(0, state.fallbacks - last.fallbacks))

    def text(self, waiting: Mapping[str, int], ahead_seconds: int) -> tuple[str, bytes]:
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.metrics_core import GaugeMetricFamily
        from prometheus_client.multiprocess import MultiProcessCollector

        counts = self._registry
        if self._folder:
            counts = CollectorRegistry()
            MultiProcessCollector(counts, self._folder)  # type: ignore[no-untyped-call]  # the library has no type here
        outbox = GaugeMetricFamily("avow_outbox_waiting", "Messages that are not finished.", labels=["method"])
        for method, messages in waiting.items():
            outbox.add_metric([method], messages)
        ahead = GaugeMetricFamily(
            "avow_clock_ahead_seconds", "This machine's clock ahead of the database server's.", ahead_seconds
        )
        moment = CollectorRegistry()
        moment.register(_Moment(outbox, ahead))
        return CONTENT_TYPE_LATEST, generate_latest(counts) + generate_latest(moment)


class _Moment:
    """Families whose values were read for one answer."""

    def __init__(self, *families: "Metric") -> None:
        self._families = families

    def collect(self) -> "Iterable[Metric]":
        """Return them; prometheus-client calls this."""
        return self._families
