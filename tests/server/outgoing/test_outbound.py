import contextlib
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import trustme

from avow.core.networks import Network
from avow.errors import FetchFailed, Unavailable
from avow.server.outgoing import Document, Outbound, OutgoingCall
from avow.server.outgoing import outbound as outgoing
from avow.server.outgoing.lanes import Lanes
from tests.bed.openid import OpenIdPeer, Said, openid_peer

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"),)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def peer(clock: Clock) -> Iterator[OpenIdPeer]:
    with openid_peer(clock) as found:
        yield found


@pytest.fixture
def make_outbound(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Outbound]]:
    """Give a function that makes one which waits long, since most tests are not about how long."""
    monkeypatch.setattr(outgoing, "_SECONDS", 60.0)
    monkeypatch.setattr(outgoing, "_RENEWING_SECONDS", 60.0)
    with contextlib.ExitStack() as stack:

        def make(allowed: tuple[Network, ...] = LOOPBACK, **options: Any) -> Outbound:
            made = Outbound(allowed, clock, **options)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def outbound(make_outbound: Callable[..., Outbound]) -> Outbound:
    return make_outbound()


def soon(seconds: float = 60.0) -> float:
    return monotonic() + seconds


def document(peer: OpenIdPeer, path: str = "/keys", **changes: Any) -> Document[bytes]:
    return Document(f"{peer.url}{path}", "keys", **{"read": bytes, **changes})


def says(peer: OpenIdPeer, text: str, path: str = "/keys") -> None:
    peer.answers[path] = lambda _: Said(text.encode())


def obtained(outbound: Outbound, wanted: Document[bytes], has: Callable[[bytes], bool] | None = None) -> bytes:
    return bytes(outbound.obtain(wanted, has, soon()).result(60))


def test_documents_are_kept_up_to_a_sum_of_bytes(make_outbound: Callable[..., Outbound], peer: OpenIdPeer) -> None:
    outbound = make_outbound(most_bytes=2500)
    for path in ("/a", "/b", "/c"):
        says(peer, path[1] * 1000, path)
    for path in ("/a", "/b", "/a", "/c", "/a", "/b"):
        assert obtained(outbound, document(peer, path)) == path[1].encode() * 1000
    assert [seen.path for seen in peer.seen] == ["/a", "/b", "/c", "/b"]


# --- No threads ------------------------------------------------------------------------------------------------


def _starting_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(ThreadPoolExecutor, "_adjust_thread_count", refuse)  # after the work is in its queue


def test_machine_without_threads_refuses_and_later_goes_on(
    outbound: Outbound, peer: OpenIdPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(peer, "one")
    with monkeypatch.context() as patch:
        _starting_nothing(patch)
        with pytest.raises(Unavailable):
            obtained(outbound, document(peer))
        with pytest.raises(Unavailable):
            outbound.send(OutgoingCall(f"{peer.url}/keys"), soon())
    assert obtained(outbound, document(peer)) == b"one"
    assert [seen.path for seen in peer.seen] == ["/keys"]


def test_refused_work_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = Lanes(threads=1, waiting=1)
    with monkeypatch.context() as patch:
        _starting_nothing(patch)
        for _ in range(3):
            with pytest.raises(Unavailable):
                lanes.submit("a", lambda: 1)
    assert lanes.submit("a", lambda: 2).result(60) == 2
    assert lanes.submit("b", lambda: 3).result(60) == 3
    lanes.close()
    with pytest.raises(Unavailable):
        lanes.submit("a", lambda: 4)


# --- Calls -----------------------------------------------------------------------------------------------------


def test_call_is_answered(outbound: Outbound, peer: OpenIdPeer) -> None:
    peer.answers["/token"] = lambda seen: Said({"verb": seen.verb, "form": seen.form}, 201)
    call = OutgoingCall(
        f"{peer.url}/token", "POST", {"content-type": "application/x-www-form-urlencoded"}, b"a=1&b=%C3%A4"
    )
    answered = outbound.send(call, soon()).result(60)
    assert (answered.status, answered.content_type) == (201, "application/json")
    assert b'"b": "\\u00e4"' in answered.body
    assert peer.seen[0].headers["accept-encoding"] == "identity"


def test_server_that_is_slow_does_not_stop_another_port_of_its_host(
    make_outbound: Callable[..., Outbound], peer: OpenIdPeer, clock: Clock
) -> None:
    lanes = Lanes(threads=2, of_one_host=1)
    outbound, goes_on = make_outbound(lanes=lanes), threading.Event()
    peer.answers["/keys"] = lambda _: Said(b"slow" if goes_on.wait(60) else b"")
    with openid_peer(clock) as other:
        says(other, "other")
        slow = outbound.obtain(document(peer), None, soon())
        assert obtained(outbound, document(other)) == b"other"
        assert not slow.done()
        goes_on.set()
        assert slow.result(60) == b"slow"


@pytest.mark.parametrize(
    ("one", "other", "is_one_lane"),
    [
        ("https://a.example/x", "https://A.example:443/y?z", True),
        ("http://a.example/", "http://a.example:80/", True),
        ("https://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]:443/", True),
    ],
)
def test_lane_is_of_a_host_and_a_port(
    make_outbound: Callable[..., Outbound], one: str, other: str, is_one_lane: bool
) -> None:
    taken: list[str] = []

    class Noting(Lanes):
        def submit(self, host: str, work: Callable[[], Any]) -> Future[Any]:
            taken.append(host)
            return Future()

    outbound = make_outbound(lanes=Noting())
    for url in (one, other):
        outbound.send(OutgoingCall(url), soon())
    assert (len(set(taken)) == 1) is is_one_lane


def test_redirect_is_an_answer_and_not_followed(outbound: Outbound, peer: OpenIdPeer) -> None:
    peer.answers["/a"] = lambda _: Said(status=302, headers={"location": f"{peer.url}/b"})
    assert outbound.send(OutgoingCall(f"{peer.url}/a"), soon()).result(60).status == 302
    assert not peer.calls("/b")


def test_packed_answer_counts_as_none(outbound: Outbound, peer: OpenIdPeer) -> None:
    peer.answers["/a"] = lambda _: Said(b"\x1f\x8b", headers={"content-encoding": "gzip"})
    with pytest.raises(FetchFailed):
        outbound.send(OutgoingCall(f"{peer.url}/a"), soon()).result(60)


def test_answer_may_be_as_long_as_was_asked_for(outbound: Outbound, peer: OpenIdPeer) -> None:
    peer.answers["/a"] = lambda _: Said(b"x" * 1000)
    assert len(outbound.send(OutgoingCall(f"{peer.url}/a", most_bytes=1000), soon()).result(60).body) == 1000
    with pytest.raises(FetchFailed):
        outbound.send(OutgoingCall(f"{peer.url}/a", most_bytes=999), soon()).result(60)


def test_call_ends_before_the_request_that_waits_for_it(
    outbound: Outbound, peer: OpenIdPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "_MARGIN_SECONDS", 4.0)
    release = threading.Event()

    def hang(_: object) -> None:
        release.wait(60)

    peer.answers["/a"] = lambda _: Said(write=hang)
    begun = monotonic()
    with pytest.raises(FetchFailed):
        outbound.send(OutgoingCall(f"{peer.url}/a"), soon(5.0)).result(60)
    assert monotonic() - begun < 5.0
    release.set()


def test_failure_tells_nothing_of_the_other_side(outbound: Outbound, peer: OpenIdPeer) -> None:
    peer.answers["/a"] = lambda _: Said(b"a banner that nobody shall read", 401)
    closed = OutgoingCall("http://127.0.0.1:9/")
    refused = OutgoingCall("http://169.254.169.254/")
    told = set()
    for call in (closed, refused):
        with pytest.raises(FetchFailed) as failure:
            outbound.send(call, soon()).result(60)
        told.add(str(failure.value))
    with pytest.raises(FetchFailed) as failure:
        obtained(outbound, document(peer, "/a"))
    assert {*told, str(failure.value)} == {f"{FetchFailed.code}: {FetchFailed.text}"}


@pytest.mark.parametrize("allowed", [(), (ip_network("10.0.0.0/8"),)], ids=["nothing", "elsewhere"])
def test_private_address_is_not_called_unless_it_is_allowed(
    make_outbound: Callable[..., Outbound], peer: OpenIdPeer, allowed: tuple[Network, ...]
) -> None:
    with pytest.raises(FetchFailed):
        make_outbound(allowed).send(OutgoingCall(f"{peer.url}/jwks"), soon()).result(60)
    assert not peer.seen


def test_certificate_of_another_name_is_refused(
    outbound: Outbound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with _tls_server(authority, "localhost") as right, _tls_server(authority, "idp.example.com") as wrong:
        assert outbound.send(OutgoingCall(f"https://localhost:{right}/"), soon()).result(60).status == 200
        with pytest.raises(FetchFailed):
            outbound.send(OutgoingCall(f"https://localhost:{wrong}/"), soon()).result(60)


@contextlib.contextmanager
def _tls_server(authority: trustme.CA, name: str) -> Iterator[int]:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    server = HTTPServer(("127.0.0.1", 0), Listener)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that refuses is no finding
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# --- Documents -------------------------------------------------------------------------------------------------


def test_document_is_kept_as_long_as_it_is_fresh(outbound: Outbound, peer: OpenIdPeer, clock: Clock) -> None:
    says(peer, "one")
    wanted = document(peer, fresh_seconds=100)
    assert [obtained(outbound, wanted) for _ in range(3)] == [b"one"] * 3
    clock.now += 99
    says(peer, "two")
    assert obtained(outbound, wanted) == b"one"
    assert len(peer.seen) == 1
    clock.now += 1
    assert obtained(outbound, wanted) == b"two"


def test_all_who_ask_at_once_wait_for_one_fetch(outbound: Outbound, peer: OpenIdPeer) -> None:
    release = threading.Event()

    def slow(_: object) -> Said:
        release.wait(60)
        return Said(b"one")

    peer.answers["/keys"] = slow
    waiting = [outbound.obtain(document(peer), None, soon()) for _ in range(20)]
    release.set()
    assert {each.result(60) for each in waiting} == {b"one"}
    assert len(peer.seen) == 1


def test_one_who_goes_away_takes_nothing_from_the_others(outbound: Outbound, peer: OpenIdPeer) -> None:
    release = threading.Event()
    peer.answers["/keys"] = lambda _: (release.wait(60), Said(b"one"))[1]
    gone, stays = (outbound.obtain(document(peer), None, soon()) for _ in range(2))
    assert gone.cancel()
    release.set()
    assert stays.result(60) == b"one"


def test_old_copy_is_used_while_no_newer_one_can_be_had(outbound: Outbound, peer: OpenIdPeer, clock: Clock) -> None:
    says(peer, "one")
    wanted = document(peer, fresh_seconds=100, stale_seconds=1000)
    obtained(outbound, wanted)
    peer.answers["/keys"] = lambda _: Said(b"down", 500)
    clock.now += 100
    assert obtained(outbound, wanted) == b"one"
    clock.now += 999
    assert obtained(outbound, wanted) == b"one"
    clock.now += 1
    with pytest.raises(FetchFailed):
        obtained(outbound, wanted)


def test_failure_is_remembered_while_an_old_copy_is_there(outbound: Outbound, peer: OpenIdPeer, clock: Clock) -> None:
    says(peer, "one")
    wanted = document(peer, fresh_seconds=100)
    obtained(outbound, wanted)
    peer.answers["/keys"] = lambda _: Said(b"down", 500)
    clock.now += 100
    assert [obtained(outbound, wanted) for _ in range(5)] == [b"one"] * 5
    assert len(peer.seen) == 2
    clock.now += 30
    says(peer, "two")
    assert obtained(outbound, wanted) == b"two"


def test_recovery_counts_at_once_where_there_is_no_copy(outbound: Outbound, peer: OpenIdPeer) -> None:
    peer.answers["/keys"] = lambda _: Said(b"down", 500)
    for _ in range(2):
        with pytest.raises(FetchFailed):
            obtained(outbound, document(peer))
    says(peer, "one")
    assert obtained(outbound, document(peer)) == b"one"


def test_copy_that_lacks_something_is_fetched_anew_once(outbound: Outbound, peer: OpenIdPeer, clock: Clock) -> None:
    says(peer, "one")
    wanted = document(peer)
    assert obtained(outbound, wanted) == b"one"
    assert [obtained(outbound, wanted, lambda copy: copy == b"two") for _ in range(3)] == [b"one"] * 3
    assert len(peer.seen) == 2
    says(peer, "two")
    clock.now += 10
    assert obtained(outbound, wanted, lambda copy: copy == b"two") == b"two"
    assert len(peer.seen) == 3


def test_copy_that_lacked_something_while_the_other_side_was_down_is_renewed_at_once(
    outbound: Outbound, peer: OpenIdPeer
) -> None:
    says(peer, "one")
    obtained(outbound, document(peer))
    peer.answers["/keys"] = lambda _: Said(b"down", 500)
    assert obtained(outbound, document(peer), lambda copy: copy == b"two") == b"one"
    says(peer, "two")
    assert obtained(outbound, document(peer), lambda copy: copy == b"two") == b"two"


def test_document_that_cannot_be_read_leaves_the_old_one(outbound: Outbound, peer: OpenIdPeer, clock: Clock) -> None:
    def read(data: bytes) -> bytes:
        if data == b"nonsense":
            raise ValueError("nonsense")
        return data

    says(peer, "one")
    wanted = document(peer, read=read, fresh_seconds=100)
    obtained(outbound, wanted)
    says(peer, "nonsense")
    clock.now += 100
    assert obtained(outbound, wanted) == b"one"


def test_fault_of_a_reader_reaches_whoever_waits(outbound: Outbound, peer: OpenIdPeer) -> None:
    says(peer, "one")

    def broken(_: bytes) -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        obtained(outbound, document(peer, read=broken))


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/xml", "image/png"])
def test_page_is_no_document(outbound: Outbound, peer: OpenIdPeer, content_type: str) -> None:
    peer.answers["/keys"] = lambda _: Said(b"{}", content_type=content_type)
    with pytest.raises(FetchFailed):
        obtained(outbound, document(peer))


@pytest.mark.parametrize("content_type", ["application/jwk-set+json", "text/plain", "application/json; charset=utf-8"])
def test_document_may_call_itself_otherwise(outbound: Outbound, peer: OpenIdPeer, content_type: str) -> None:
    peer.answers["/keys"] = lambda _: Said(b"{}", content_type=content_type)
    assert obtained(outbound, document(peer)) == b"{}"


def test_only_so_many_documents_are_kept(outbound: Outbound, peer: OpenIdPeer) -> None:
    for number in range(520):
        says(peer, "x", f"/{number}")
        obtained(outbound, document(peer, f"/{number}"))
    seen = len(peer.seen)
    obtained(outbound, document(peer, "/519"))
    assert len(peer.seen) == seen
    obtained(outbound, document(peer, "/0"))
    assert len(peer.seen) == seen + 1


# --- Threads ---------------------------------------------------------------------------------------------------


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    made = Lanes(threads=4, of_one_host=2, waiting=6)
    yield made
    made.close()


def test_one_host_does_not_take_every_thread(lanes: Lanes) -> None:
    begun, release = threading.Semaphore(0), threading.Event()
    slow = [lanes.submit("slow", lambda: (begun.release(), release.wait(60))) for _ in range(5)]
    assert begun.acquire(timeout=60)
    assert begun.acquire(timeout=60)
    assert lanes.submit("quick", lambda: 7).result(60) == 7
    assert not begun.acquire(blocking=False)
    release.set()
    assert all(each.result(60) for each in slow)


def test_more_than_there_is_room_for_is_refused_at_once(lanes: Lanes) -> None:
    release = threading.Event()
    for number in range(10):
        lanes.submit(str(number), lambda: release.wait(60))
    with pytest.raises(Unavailable):
        lanes.submit("next", lambda: 7)
    release.set()
    until = monotonic() + 60
    while True:
        with contextlib.suppress(Unavailable):
            assert lanes.submit("next", lambda: 7).result(60) == 7
            return
        assert monotonic() < until
        time.sleep(0.01)


def test_work_that_nobody_waits_for_any_more_is_not_begun(lanes: Lanes) -> None:
    release, ran = threading.Event(), []
    for _ in range(2):
        lanes.submit("slow", lambda: release.wait(60))
    late: Future[None] = lanes.submit("slow", lambda: ran.append(1))
    assert late.cancel()
    release.set()
    assert lanes.submit("slow", lambda: 7).result(60) == 7
    assert not ran


def test_failure_of_work_is_its_futures(lanes: Lanes) -> None:
    with pytest.raises(ZeroDivisionError):
        lanes.submit("a", lambda: 1 // 0).result(60)
    assert lanes.submit("a", lambda: 7).result(60) == 7


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # on purpose
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_child_has_threads_of_its_own(lanes: Lanes) -> None:
    assert lanes.submit("a", lambda: 7).result(60) == 7
    child = os.fork()
    if not child:
        code = 1
        with contextlib.suppress(BaseException):
            code = 0 if lanes.submit("a", lambda: 8).result(60) == 8 else 2
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
