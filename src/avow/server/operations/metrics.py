"""The metrics of a server process, or of all workers of one `avow serve` together.

The library is imported with the first count, which comes after the first answer: a start does not wait for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

__all__ = ["Metrics"]

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is counted of one endpoint and status."""

    requests: "Counter"
    seconds: "Histogram"


class Metrics:
    """Counts answers; any thread may call."""

    def __init__(self, folder: str = "") -> None:
        """Count nothing yet.

        Args:
            folder: Where the workers of one `avow serve` keep their counts (PROMETHEUS_MULTIPROC_DIR of all of them);
                "" for a process of its own.
        """
        self._folder = folder
        self._pairs: dict[tuple[str, int], _Pair] = {}

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one answer."""
        pair = self._pairs.get((endpoint, status))
        if pair is None:
            pair = self._pairs[endpoint, status] = self._library.pair(endpoint, status)
        pair.requests.inc()
        pair.seconds.observe(seconds)

    def text(self, gauges: Mapping[str, float], waiting: Mapping[str, int]) -> tuple[str, bytes]:
        """Return content type and text of the metrics.

        Args:
            gauges: Values of this moment, by name and sentence: `{"avow_ready Whether ...": 1}`.
            waiting: Unfinished messages, by delivery method.
        """
        return self._library.text(gauges, waiting)

    @cached_property
    def _library(self) -> "_Library":
        return _Library(self._folder)


class _Library:
    """The part that knows prometheus-client."""

    def __init__(self, folder: str) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._folder = folder
        self._registry = CollectorRegistry()
        self._requests = Counter("avow_requests", "Answered requests.", ("endpoint", "status"), registry=self._registry)
        self._seconds = Histogram(
            "avow_request_seconds", "Time to answer.", ("endpoint",), buckets=_SECONDS, registry=self._registry
        )

    def pair(self, endpoint: str, status: int) -> _Pair:
        return _Pair(self._requests.labels(endpoint, str(status)), self._seconds.labels(endpoint))

    def text(self, gauges: Mapping[str, float], waiting: Mapping[str, int]) -> tuple[str, bytes]:
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        counts = self._registry
        if self._folder:
            counts = CollectorRegistry()
            MultiProcessCollector(counts, self._folder)
        return CONTENT_TYPE_LATEST, generate_latest(counts)
