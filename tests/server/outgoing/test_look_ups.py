"""Names are looked up within the time of the call, whatever the resolver does."""

import socket
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from httpcore2 import ConnectError, ConnectTimeout

from avow.core.targets import target
from avow.server.outgoing import Calls, NotCalled, lines

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("203.0.113.9", 443))]


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Give a resolver that answers when the event is set, and not before."""
    release = threading.Event()

    def resolve(host: str, port: int, **_: Any) -> Any:
        release.wait(60)
        return FOUND

    monkeypatch.setattr("avow.server.outgoing.lines.socket.getaddrinfo", resolve)
    monkeypatch.setattr(lines, "_LOOK_UPS", threading.BoundedSemaphore(2))
    yield release
    release.set()
    for thread in threading.enumerate():
        if thread.name == "avow-look-up":
            thread.join()


def test_resolver_that_hangs_costs_no_more_than_the_call(hanging: threading.Event) -> None:
    where = target("https://slow.example.com/events", ())
    assert where is not None
    begun = monotonic()
    with pytest.raises(NotCalled, match="ConnectTimeout"):
        Calls((), seconds=0.2).post(where, {}, b"{}")
    assert monotonic() - begun < 2
    assert not hanging.is_set()


def test_few_look_ups_hang_at_once_and_others_do_not_wait_for_ever(hanging: threading.Event) -> None:
    before = set(threading.enumerate())
    for _ in range(2):
        with pytest.raises(ConnectTimeout, match="not looked up in time"):
            lines.looked_up("slow.example.com", 443, 0.05)
    with pytest.raises(ConnectTimeout, match="too many"):
        lines.looked_up("other.example.com", 443, 0.05)
    assert sum(thread.name == "avow-look-up" for thread in set(threading.enumerate()) - before) == 2
    hanging.set()
    assert lines.looked_up("other.example.com", 443, 60) == ["203.0.113.9"]


def test_thread_that_cannot_start_takes_no_place(hanging: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    hanging.set()
    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", start)
        for _ in range(3):
            with pytest.raises(ConnectTimeout, match="no thread"):
                lines.looked_up("other.example.com", 443, 0.05)
    assert lines.looked_up("other.example.com", 443, 60) == ["203.0.113.9"]


@pytest.mark.parametrize("failure", [OSError("no such name"), UnicodeError("label too long")])
def test_unknown_name_is_told_at_once(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise failure

    monkeypatch.setattr("avow.server.outgoing.lines.socket.getaddrinfo", resolve)
    with pytest.raises(ConnectError, match="not known"):
        lines.looked_up("nobody.example.com", 443, 5)
