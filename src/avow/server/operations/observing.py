"""The observer: after each answer, one line of log and the counts of the metrics."""

import logging

from avow.errors import AvowError, ServerFault, Unavailable
from avow.server.logs import Line, scrubbed
from avow.server.operations.metrics import Metrics
from avow.server.visit import Response, Visit

__all__ = ["Observer"]

_log = logging.getLogger("avow.requests")
# Probes come every few seconds and say nothing as long as they succeed.
_QUIET = frozenset({"operations.health", "operations.ready", "operations.metrics"})


class Observer:
    """Called with each visit after its answer went out."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def __call__(self, visit: Visit, response: Response, seconds: float) -> None:
        """Log one line and count one request.

        Args:
            visit: What was asked, and what the checks found.
            response: What was answered; only its status is read.
            seconds: From the first byte of the body to the last of the answer.
        """
        self._metrics.count(visit.endpoint_id, response.status, seconds)
        level = _level(visit, response.status)
        if _log.isEnabledFor(level):
            line = _line(visit, response.status, seconds)
            cause = visit.error.__cause__ if visit.error is not None and response.status >= 500 else None
            _log.log(level, "request", extra={"line": line}, exc_info=cause)

    def refused(self, requests: int, request_id: str, why: str) -> None:
        """Log one line and count for many requests that were refused unread.

        Args:
            requests: How many, since the last call.
            request_id: The same for all of them.
            why: The same reason for all of them.
        """
        self._metrics.count_refused(requests)
        line = Line(event=f"{requests} requests refused", request_id=request_id, status=503, code=Unavailable.code)
        line.detail = why
        _log.warning("requests refused", extra={"line": line})


def _level(visit: Visit, status: int) -> int:
    if status == 503 or isinstance(visit.error, Unavailable):
        return logging.WARNING
    if status >= 500 and status != 501:
        return logging.ERROR
    return logging.DEBUG if visit.endpoint_id in _QUIET else logging.INFO


def _line(visit: Visit, status: int, seconds: float) -> Line:
    error = visit.error
    return Line(
        event="request",
        request_id=visit.id,
        endpoint=visit.endpoint_id,
        method=visit.request.verb[:16],
        status=status,
        ms=round(seconds * 1000, 1),
        project=visit.project.id if visit.project else "",
        client=visit.client.address or visit.request.peer,
        code=error.error_code if error is not None else "",
        detail=_detail(error),
    )


def _detail(error: AvowError | None) -> str:
    """Return what the log says of an error beyond its code; of a bug, its exception says it."""
    if error is None or isinstance(error, ServerFault):
        return ""
    return scrubbed(error.detail)
