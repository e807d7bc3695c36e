"""The transport over HTTP, against a real server on loopback."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from avow import AsyncClient, AuthException, Client
from avow.errors import TimedOut, UnknownOutcome, Unreachable
from avow.sdk._async.http import AsyncHttpTransport
from avow.sdk._sync.http import HttpTransport
from avow.sdk.transport import Request, Response
from tests.sdk.bed import PROJECT, FakeServer, WithoutAwait


class Loopback(ThreadingHTTPServer):
    """Answers like the fake server; counts connections."""

    daemon_threads = True

    def __init__(self, fake: FakeServer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fake = fake
        self.connections = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of the tests."""

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Loopback

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.fake.handle(Request(self.command, self.path, (), headers, self.rfile.read(length)))
        if answer.status == 0:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        for cookie in answer.set_cookies:
            self.send_header("Set-Cookie", cookie)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def loopback(server: FakeServer) -> Iterator[Loopback]:
    with Loopback(server) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(params=["sync", "async"])
def transport(request: pytest.FixtureRequest, loopback: Loopback) -> Iterator[Any]:
    with asyncio.Runner() as runner:
        made: Any = HttpTransport(loopback.url)
        if request.param == "async":
            made = WithoutAwait(AsyncHttpTransport(loopback.url), runner)
        yield made
        made.close()


def test_request_travels_as_it_is(transport: Any, server: FakeServer) -> None:
    server.answer("POST /v1/x%2Fy?a=b+c", 201, {"ok": True}, x_extra="1")
    sent = Request("POST", "/v1/x%2Fy", (("a", "b c"),), {"authorization": "Bearer P1:t"}, b'{"a":1}', 5)
    answer = transport.send(sent)
    assert (answer.status, answer.json(), answer.header("X-Extra")) == (201, {"ok": True}, "1")
    assert server.last.headers["authorization"] == "Bearer P1:t"
    assert server.last.body == b'{"a":1}'


def test_connection_is_used_again(transport: Any, loopback: Loopback, server: FakeServer) -> None:
    server.answer("GET /x")
    for _ in range(5):
        transport.send(Request("GET", "/x"))
    assert loopback.connections == 1


def test_cookie_of_one_user_never_travels_with_the_next(transport: Any, server: FakeServer) -> None:
    server.answers["POST /v1/auth/refresh"] = Response(200, {}, ("DSR=first; Path=/", "DS=x; Path=/"), b"{}")
    first = transport.send(Request("POST", "/v1/auth/refresh"))
    assert (first.cookie("DSR"), first.cookie("DS"), first.cookie("D")) == ("first", "x", "")
    transport.send(Request("POST", "/v1/auth/refresh"))
    assert "cookie" not in server.last.headers


def test_redirect_is_an_answer(transport: Any, server: FakeServer) -> None:
    server.answers["GET /x"] = Response(302, {"location": "/y"})
    assert transport.send(Request("GET", "/x")).status == 302
    assert len(server.requests) == 1


def test_broken_connection_is_an_unknown_outcome(transport: Any, server: FakeServer) -> None:
    server.answers["POST /x"] = Response(0)
    with pytest.raises(UnknownOutcome) as refused:
        transport.send(Request("POST", "/x", (), {}, b"{}"))
    assert refused.value.status_code == 504


def test_late_answer_is_a_time_out(transport: Any, server: FakeServer) -> None:
    released = threading.Event()

    def late(request: Request) -> Response:
        released.wait(30)
        return Response(200)

    server.answers["GET /x"] = Response(200)
    transport.send(Request("GET", "/x"))  # connected: what follows can only be late in its answer
    server.answers["POST /x"] = late
    with pytest.raises(TimedOut):
        transport.send(Request("POST", "/x", (), {}, b"{}", 0.05))
    released.set()


def test_closed_transport_opens_again(transport: Any, server: FakeServer) -> None:
    server.answer("GET /x")
    transport.send(Request("GET", "/x"))
    transport.close()
    transport.close()
    assert transport.send(Request("GET", "/x")).status == 200


def test_header_that_cannot_be_sent_is_an_avow_error(transport: Any) -> None:
    with pytest.raises(AuthException):
        transport.send(Request("GET", "/x", (), {"authorization": "a\r\nb: c"}))


@pytest.mark.parametrize("kind", [HttpTransport, AsyncHttpTransport])
def test_nobody_there_is_unreachable(kind: Any) -> None:
    with socket.socket() as taken, asyncio.Runner() as runner:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        made = kind(f"http://127.0.0.1:{taken.getsockname()[1]}")
        carrier = WithoutAwait(made, runner) if kind is AsyncHttpTransport else made
        with pytest.raises(Unreachable) as refused:
            carrier.send(Request("GET", "/x"))
        assert refused.value.status_code == 503
        carrier.close()


def test_client_without_an_address_says_so_when_it_must_send(server: FakeServer) -> None:
    client = Client(PROJECT, public_key=server.key.public_jwk(), clock=server.clock)
    assert client.validate_session(server.session_token())["sub"] == "U1"
    with pytest.raises(AuthException) as refused:
        client.me(server.refresh_token())
    assert "AVOW_BASE_URL" in refused.value.error_message


def test_clients_speak_http_by_themselves(loopback: Loopback, server: FakeServer) -> None:
    token = server.session_token()
    with Client(PROJECT, base_url=loopback.url, clock=server.clock) as client:
        assert client.validate_session(token)["sub"] == "U1"

    async def ask() -> str:
        async with AsyncClient(PROJECT, base_url=loopback.url + "/", clock=server.clock) as client:
            return (await client.validate_session(token))["sub"]

    assert asyncio.run(ask()) == "U1"
    assert asyncio.run(ask()) == "U1"


def test_async_client_serves_several_event_loops(loopback: Loopback, server: FakeServer) -> None:
    client = AsyncClient(PROJECT, base_url=loopback.url, clock=server.clock)
    server.answer("GET /v1/auth/me", body={"userId": "U1"})

    async def ask() -> str:
        found = (await client.me(server.refresh_token()))["userId"]
        await client.close()
        return found

    assert [asyncio.run(ask()), asyncio.run(ask())] == ["U1", "U1"]
