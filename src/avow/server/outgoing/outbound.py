"""Calls to other servers on behalf of requests, and the documents of others that this process keeps.

Bounds: 5 seconds a call, and less where the request that waits has less left; 1 MB an answer (SAML metadata 5 MB); a
pool of threads of its own. A failed call says one thing only, whoever asks; why it failed is for the log.
"""

import logging
import os
import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from avow.clock import Clock
from avow.core.networks import Network
from avow.core.targets import target
from avow.errors import AvowError, FetchFailed
from avow.server.outgoing.calls import Calls, NotCalled, Unanswered
from avow.server.outgoing.lanes import Lanes
from avow.server.outgoing.messages import Answered, Document, OutgoingCall

__all__ = ["Outbound"]

_SECONDS: Final = 5.0
_MARGIN_SECONDS: Final = 0.5  # of a request, to answer when the call has failed
_RENEWING_SECONDS: Final = 2.0  # as long as there is an older copy
_FAILURE_SECONDS: Final = 30  # an older copy is used at once for so long after a failure
_ANEW_SECONDS: Final = 10  # between two fetches of a fresh document that lacked something
_MOST_DOCUMENTS: Final = 512
_MOST_BYTES: Final = 64 * 1024 * 1024  # of all documents, as they came
_PORTS: Final = {"http": 80, "https": 443}
_TEXTUAL: Final = frozenset({"", "text/plain", "text/json", "application/octet-stream"})

_log = logging.getLogger("avow.outgoing")

_Has = Callable[[Any], bool] | None


@dataclass(slots=True)
class _Kept:
    """A document and how it came here.

    Attributes:
        copies: The value, once there is one; a tuple of none or one, as None may be a value.
        size: Bytes of it, as it came.
        fetched_at, failed_at, anew_at: Seconds since the epoch: the last success, the last failure after it, and the
            last fetch because a fresh copy lacked something.
        waiting: Who waits for the fetch that is on its way, or None when there is no such fetch.
    """

    copies: tuple[Any, ...] = ()
    size: int = 0
    fetched_at: int = 0
    failed_at: int = 0
    anew_at: int = 0
    waiting: list[Future[Any]] | None = field(default=None)


class Outbound:
    """Calls other servers for the handlers' effects; any thread may ask."""

    def __init__(
        self, allowed: Sequence[Network], clock: Clock, *, lanes: Lanes | None = None, most_bytes: int = _MOST_BYTES
    ) -> None:
        """Keep the rules; nothing is connected yet.

        Args:
            allowed: Networks that may be called besides the public ones.
            clock: For the age of documents.
            lanes: The pool; one of the usual size when absent.
            most_bytes: Of all documents that are kept, as they came.
        """
        self._most_bytes = most_bytes
        self._allowed = tuple(allowed)
        self._clock = clock
        self._lanes = lanes or Lanes()
        self._tls: ssl.SSLContext | None = None
        self._begin_anew()

    def send(self, call: OutgoingCall, until: float) -> Future[Answered]:
        """Make a call; the future gives the answer, or raises FetchFailed.

        Args:
            call: See there.
            until: Monotonic time until which the request waits that needs it.
        """
        ends_at = min(monotonic() + _SECONDS, until - _MARGIN_SECONDS)
        return self._lanes.submit(_lane(call.url), partial(self._call, call, ends_at))

    def obtain(self, document: Document[Any], has: _Has, until: float) -> Future[Any]:
        """Return what is kept of a document, or fetch it; the future gives the value, or raises FetchFailed.

        Args:
            document: See there.
            has: Tells whether a copy has what is needed.
            until: Monotonic time until which the request waits that needs it.
        """
        waiter: Future[Any] = Future()
        now = self._clock()
        if self._process != os.getpid():  # nobody lands in a child what its parent's threads fetch
            self._begin_anew()
        with self._guard:
            kept = self._entry(document)
            if kept.waiting is None and not _is_due(kept, document, has, now):
                waiter.set_result(kept.copies[0])
                return waiter
            is_first = kept.waiting is None
            if kept.waiting is None:
                kept.waiting = []
            kept.waiting.append(waiter)
        if is_first:
            self._begin(document, kept, until)
        return waiter

    def close(self) -> None:
        """End the pool."""
        self._lanes.close()

    # --- Calls ---

    def _call(self, call: OutgoingCall, ends_at: float) -> Answered:
        where = target(call.url, self._allowed)
        if where is None:
            raise FetchFailed(detail="an address that may not be called")
        tls = self._checking()
        left = ends_at - monotonic()
        if left <= 0:
            raise FetchFailed(detail=f"no time left to call {where.host}")
        calls = Calls(self._allowed, seconds=left, tls=tls)
        try:
            return calls.call(where, call)
        except (NotCalled, Unanswered) as failure:
            raise FetchFailed(detail=f"{where.host}: {failure}") from failure
        finally:
            calls.close()

    def _checking(self) -> ssl.SSLContext:
        """Return how certificates are checked: by the machine's authorities, which are read once."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    # --- Documents ---

    def _begin_anew(self) -> None:
        self._process = os.getpid()
        self._guard = threading.Lock()
        self._kept: dict[tuple[str, str], _Kept] = {}

    def _entry(self, document: Document[Any]) -> _Kept:
        """Return the entry of a document; the guard is held. Too many, and what nobody has asked for longest goes."""
        key = (document.kind, document.url)
        kept = self._kept.pop(key, None) or _Kept()
        self._kept[key] = kept
        if len(self._kept) > _MOST_DOCUMENTS:
            idle = next((key for key, each in self._kept.items() if each.waiting is None and each is not kept), None)
            if idle is not None:
                del self._kept[idle]
        return kept

    def _make_room(self, new: _Kept) -> None:
        """Let go what nobody has asked for longest, until the rest is not too long; the guard is held."""
        size = sum(each.size for each in self._kept.values())
        for key, each in list(self._kept.items()):
            if size <= self._most_bytes:
                return
            if each.waiting is None and each is not new:
                size -= each.size
                del self._kept[key]

    def _begin(self, document: Document[Any], kept: _Kept, until: float) -> None:
        seconds = _RENEWING_SECONDS if _is_usable(kept, document, self._clock()) else _SECONDS
        ends_at = min(monotonic() + seconds, until - _MARGIN_SECONDS)
        try:
            fetched = self._lanes.submit(_lane(document.url), partial(self._fetch, document, ends_at))
        except Exception as failure:  # whoever waits is told, and the next one tries again
            fetched = Future()
            fetched.set_exception(failure)
        fetched.add_done_callback(partial(self._landed, document, kept))

    def _fetch(self, document: Document[Any], ends_at: float) -> tuple[Any, int]:
        """Return what the document's reader makes of it, and how long it is."""
        call = OutgoingCall(document.url, headers={"accept": document.accept}, most_bytes=document.most_bytes)
        answered = self._call(call, ends_at)
        if answered.status != 200:
            raise FetchFailed(detail=f"{_host(document.url)} answered {answered.status}")
        if not _is_of_type(answered.content_type, document.accept):
            raise FetchFailed(detail=f"{_host(document.url)} answered another content type")
        try:
            return document.read(answered.body), len(answered.body)
        except ValueError as wrong:
            raise FetchFailed(detail=f"{document.kind} of {_host(document.url)}: {wrong}") from wrong

    def _landed(self, document: Document[Any], kept: _Kept, fetched: Future[Any]) -> None:
        """Keep what came and hand it to all who wait, or the older copy when nothing came."""
        failure = None if fetched.cancelled() else fetched.exception()
        now = self._clock()
        with self._guard:
            waiting, kept.waiting = kept.waiting or [], None
            if failure is None and not fetched.cancelled():
                if kept.copies and now - kept.fetched_at < document.fresh_seconds:
                    kept.anew_at = now
                value, kept.size = fetched.result()
                kept.copies, kept.fetched_at, kept.failed_at = (value,), now, 0
                self._make_room(kept)
            else:
                kept.failed_at = now
            copies = kept.copies if failure is None or _is_usable(kept, document, now) else ()
        if failure is not None and copies:
            why = failure.detail if isinstance(failure, AvowError) else repr(failure)
            _log.warning("an older copy of a document (%s) is used: %s", document.kind, why)
        for waiter in waiting:
            if not waiter.set_running_or_notify_cancel():
                continue
            if copies:
                waiter.set_result(copies[0])
            else:
                waiter.set_exception(failure or FetchFailed(detail="the server is stopping"))


def _is_due(kept: _Kept, document: Document[Any], has: _Has, now: int) -> bool:
    """Tell whether a document is to be fetched before it is handed out."""
    if not kept.copies:
        return True
    if has is not None and not has(kept.copies[0]):
        # Failures are not remembered here: when the other side is back, what it changed meanwhile counts at once.
        return now - kept.anew_at >= _ANEW_SECONDS
    if now - kept.fetched_at < document.fresh_seconds:
        return False
    return not _is_usable(kept, document, now) or now - kept.failed_at >= _FAILURE_SECONDS


def _is_usable(kept: _Kept, document: Document[Any], now: int) -> bool:
    return bool(kept.copies) and now - kept.fetched_at < document.fresh_seconds + document.stale_seconds


def _is_of_type(content_type: str, accept: str) -> bool:
    """Tell whether an answer may be what was asked for; pages above all are not."""
    if content_type in _TEXTUAL or content_type in {part.strip() for part in accept.split(",")}:
        return True
    return content_type.endswith(f"+{accept.rpartition('/')[2]}") or (content_type.endswith("+xml") and "xml" in accept)


def _lane(url: str) -> str:
    """Return whose lane a call takes: that of a host and port, as servers of one host are each slow on their own."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme)}"
    except ValueError:
        return ""


def _host(url: str) -> str:
    """Return whom a failure names."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
