"""What is refused before it is read, on a connection without a network: the application is a list of what it got."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from avow.cli import shedding
from avow.cli.connections import BoundedProtocol, bounded
from avow.cli.shedding import Door
from avow.server.asgi import TOO_MANY, AsgiApp
from avow.testing.server import Avow

_ME = b"GET /v1/auth/me HTTP/1.1\r\nhost: a.example.com\r\n\r\n"
_REFRESH = b"POST /v1/auth/refresh HTTP/1.1\r\nhost: a.example.com\r\ncontent-length: 2\r\n\r\n"
_DONE: dict[str, Any] = {"status": 200, "type": "http.response.start", "headers": [(b"content-length", b"0")]}


class Pipe(asyncio.Transport):
    """A connection whose other end keeps what it is told."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        super().__init__()
        self.told = b""
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep what is written."""
        self.told += bytes(data)

    def close(self) -> None:
        """Note the end."""
        self.is_closed = True

    def is_closing(self) -> bool:
        """Tell whether the end came."""
        return self.is_closed

    def pause_reading(self) -> None:
        """Go on reading."""

    def resume_reading(self) -> None:
        """Go on reading."""

    @property
    def statuses(self) -> list[int]:
        """Return the statuses that were written, in order."""
        return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", self.told)]


@dataclass(slots=True)
class Running:
    """An application with a number of requests in progress."""

    running: int = 0
    paths: list[str] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 200 once the request is read."""
        while (await receive()).get("more_body"):
            pass
        self.paths.append(scope["path"])
        await send(_DONE)
        await send({"type": "http.response.body", "body": b""})


@dataclass(slots=True)
class Line:
    """One connection to a process that takes ten requests at once."""

    app: Running
    pipe: Pipe
    protocol: BoundedProtocol
    refused: list[tuple[int, str, str]]


Play = Callable[[Callable[[Line], Any]], Line]


@pytest.fixture
def play(avow: Avow, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Give a function that runs a scene on a connection, which may await."""
    monkeypatch.setattr(shedding, "_TELL_SECONDS", 0.0)
    settings = replace(avow.server.site.settings, requests_at_once=10)

    async def run(scene: Callable[[Line], Any]) -> Line:
        app, pipe, refused = Running(), Pipe(), list[tuple[int, str, str]]()
        site = replace(
            avow.server.site, settings=settings, observe_refused=lambda *told: refused.append(cast("Any", told))
        )
        kind = bounded(settings, Door(site, cast("AsgiApp", app)))
        config = uvicorn.Config(cast("Any", app), http=kind, ws="none", interface="asgi3", log_config=None)
        protocol = kind(config=config, server_state=ServerState(), app_state={})
        protocol.connection_made(pipe)
        line = Line(app, pipe, protocol, refused)
        await scene(line)
        protocol.connection_lost(None)
        return line

    return lambda scene: asyncio.run(run(scene))


async def _turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_full_process_refuses_without_its_application(play: Play) -> None:
    async def scene(line: Line) -> None:
        line.app.running = 10
        line.protocol.data_received(_REFRESH)
        line.protocol.data_received(b"{}")
        await _turns()
        assert not line.pipe.is_closed

    line = play(scene)
    assert line.pipe.statuses == [503]
    assert line.app.paths == []
    head, _, body = line.pipe.told.partition(b"\r\n\r\n")
    assert b"\r\nretry-after: 1\r\n" in head
    assert b"\r\nvary: Origin\r\n" in head
    assert b"access-control" not in head
    assert f"\r\ncontent-length: {len(body)}".encode() in head
    assert body.startswith(b'{"errorCode":"E019503",')


def test_connection_goes_on_after_a_refusal(play: Play) -> None:
    async def scene(line: Line) -> None:
        line.app.running = 10
        line.protocol.data_received(_REFRESH + b"{}")
        line.app.running = 9
        line.protocol.data_received(_ME)
        await _turns()

    line = play(scene)
    assert line.pipe.statuses == [503, 200]
    assert line.app.paths == ["/v1/auth/me"]


@pytest.mark.parametrize("cut", [*range(1, len(_REFRESH) + 2, 7), len(_REFRESH)])
def test_request_in_two_pieces_is_refused_once(play: Play, cut: int) -> None:
    async def scene(line: Line) -> None:
        line.app.running = 10
        for data in ((_REFRESH + b"{}")[:cut], (_REFRESH + b"{}")[cut:], _ME):
            line.protocol.data_received(data)
        line.app.running = 9
        line.protocol.data_received(_ME)
        await _turns()

    line = play(scene)
    assert line.pipe.statuses == [503, 503, 200]
    assert line.app.paths == ["/v1/auth/me"]


@pytest.mark.parametrize("last", [b"", _ME[:9], _ME[:-2]])
def test_requests_that_come_together_are_refused_one_by_one(play: Play, last: bytes) -> None:
    async def scene(line: Line) -> None:
        line.app.running = 10
        line.protocol.data_received(_REFRESH + b"{}" + _ME + last)
        assert line.pipe.statuses == [503, 503]
        line.app.running = 9
        line.protocol.data_received(_ME[len(last) :])
        await _turns()

    line = play(scene)
    assert line.pipe.statuses == [503, 503, 200]
    assert line.refused[0][0] == 2


def test_refusal_waits_for_the_answer_before_it(play: Play) -> None:
    async def scene(line: Line) -> None:
        line.protocol.data_received(_ME)
        line.app.running = 10
        line.protocol.data_received(_REFRESH + b"{}")
        assert line.pipe.statuses == []
        await _turns()

    assert play(scene).pipe.statuses[0] == 200


@pytest.mark.parametrize("data", [b"GET  HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_no_request_gets_the_same_answer_when_the_process_is_full(play: Play, data: bytes) -> None:
    def told(running: int) -> list[int]:
        async def scene(line: Line) -> None:
            line.app.running = running
            line.protocol.data_received(data)
            await _turns()

        return play(scene).pipe.statuses

    assert told(10) == told(0) == [400]


@pytest.mark.parametrize("path", ["/healthz", "/readyz?a=b", "/metrics", "/v2/keys/P1", "/P1/.well-known/jwks.json"])
def test_probes_and_key_sets_are_let_in(play: Play, path: str) -> None:
    async def scene(line: Line) -> None:
        line.app.running = 10
        line.protocol.data_received(_ME.replace(b"/v1/auth/me", path.encode()))
        await _turns()

    assert play(scene).pipe.statuses == [200]


@pytest.mark.parametrize(
    "line", [b"transfer-encoding: chunked", b"expect: 100-continue\r\ncontent-length: 2", b"content-length: 99999999"]
)
def test_what_is_no_simple_request_is_left_to_the_application(play: Play, line: bytes) -> None:
    async def scene(on: Line) -> None:
        on.app.running = 10
        on.protocol.data_received(_REFRESH.replace(b"content-length: 2", line))
        await _turns()
        assert len(on.protocol.tasks) == 1
        on.protocol.connection_lost(None)
        await _turns()

    assert 503 not in play(scene).pipe.statuses


def test_requests_of_one_turn_count_before_they_are_in_progress(play: Play) -> None:
    async def scene(line: Line) -> None:
        doors = [line.protocol.door.lets_in(asyncio.get_running_loop()) for _ in range(12)]
        assert doors == [True] * 10 + [False] * 2
        await _turns()
        assert line.protocol.door.lets_in(asyncio.get_running_loop())

    play(scene)


def test_head_gets_no_body_and_a_client_that_wants_the_end_gets_it(play: Play) -> None:
    async def scene(line: Line) -> None:
        line.app.running = 10
        line.protocol.data_received(b"HEAD / HTTP/1.1\r\nhost: a.example.com\r\nconnection: close\r\n\r\n")

    line = play(scene)
    assert line.pipe.told.endswith(b"\r\nconnection: close\r\n\r\n")
    assert line.pipe.is_closed


def test_client_that_does_not_read_is_left_to_the_application(play: Play) -> None:
    async def scene(line: Line) -> None:
        line.app.running = 10
        line.protocol.pause_writing()
        line.protocol.data_received(_ME * 50)
        assert line.pipe.told == b""
        assert len(line.protocol.tasks) == 1
        line.protocol.resume_writing()
        await _turns()

    play(scene)


def test_refusals_are_told_together(play: Play) -> None:
    async def scene(line: Line) -> None:
        line.app.running = 10
        line.protocol.data_received(_ME * 3)
        await asyncio.sleep(0.01)
        line.protocol.data_received(_ME)
        await asyncio.sleep(0.01)

    line = play(scene)
    assert [(number, why) for number, _, why in line.refused] == [(3, TOO_MANY), (1, TOO_MANY)]
    ids = [request_id for _, request_id, _ in line.refused]
    assert [line.pipe.told.count(f"x-request-id: {each}\r\n".encode()) for each in ids] == [3, 1]


@pytest.mark.parametrize("comes_late", [False, True])
def test_idle_connection_is_closed_unless_a_request_has_come(play: Play, comes_late: bool) -> None:
    async def scene(line: Line) -> None:
        line.protocol.data_received(_ME)
        await _turns()
        line.protocol.timeout_keep_alive_handler()
        if comes_late:  # it came while the loop was busy: timers are due before anything is read
            line.protocol.data_received(_ME)
        await asyncio.sleep(0.03)
        assert line.pipe.is_closed is not comes_late

    assert play(scene).pipe.statuses == [200] * (1 + comes_late)
