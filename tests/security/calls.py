"""Requests as an attacker sends them: raw, in the process or over HTTP, one after the other or many at once."""

import http.client
import itertools
import json
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from avow.server.site import Site, answer
from avow.server.visit import Request

_IDLE_SECONDS = 2.0  # below the five seconds after which the servers close an idle connection
_ANSWER_SECONDS = 60
LOST = (OSError, http.client.HTTPException)  # the connection ended before an answer came
T = TypeVar("T")


def within(seconds: float, act: Callable[[], T]) -> T:
    """Return what came of an act that takes less than some seconds.

    One that is late is repeated, twice at most: another process may have had the turn.
    """
    took = []
    for _ in range(3):
        begun = time.monotonic()
        result = act()
        took.append(time.monotonic() - begun)
        if took[-1] < seconds:
            return result
    raise AssertionError(f"it takes {took} s, not {seconds} s")


@dataclass(frozen=True, slots=True)
class Wish:
    """One request: `headers` in lower case."""

    verb: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    def raw(self, host: str) -> bytes:
        """Return the bytes of an HTTP/1.1 request."""
        lines = [f"{self.verb} {self.path} HTTP/1.1", f"host: {host}", f"content-length: {len(self.content)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.content


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, the values of Set-Cookie apart."""

    status: int
    headers: Mapping[str, str]
    set_cookies: tuple[str, ...]
    content: bytes
    seconds: float = 0.0

    @property
    def body(self) -> Any:
        """Return the JSON of the answer."""
        return json.loads(self.content)

    def cookie(self, name: str) -> str:
        """Return the value of a cookie that the answer sets, "" when it sets none."""
        start = f"{name}="
        return next((each[len(start) :].split(";")[0] for each in self.set_cookies if each.startswith(start)), "")


class Carrier(Protocol):
    """Carries one request."""

    def send(self, wish: Wish) -> Answer:
        """Send it and return the answer."""
        ...


class InProcess:
    """Carries requests straight into the edge of a server in this process."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def send(self, wish: Wish) -> Answer:
        """Answer the request here and now."""
        path, _, query = wish.path.partition("?")
        body = wish.content if len(wish.content) <= self._site.settings.body_bytes else None
        request = Request(wish.verb, path, query, wish.headers, body, "127.0.0.1", len(wish.headers))
        begun = time.perf_counter()
        response = answer(self._site, request)
        return Answer(
            response.status,
            {name: value for name, value in response.headers if name != "set-cookie"},
            tuple(value for name, value in response.headers if name == "set-cookie"),
            response.body,
            time.perf_counter() - begun,
        )


class OverHttp:
    """Carries requests to the instances of a back end in turn; any thread may send."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = list(urls)
        self._ports = [urlsplit(url).port or 0 for url in urls]
        self._turn = itertools.count()
        self._mine = threading.local()
        self._volley = _Volley(self._ports)
        self._opened: list[_Line] = []

    def send(self, wish: Wish) -> Answer:
        """Send a request to the next instance."""
        port = self._ports[next(self._turn) % len(self._ports)]
        lines: dict[int, _Line] = self._mine.__dict__.setdefault("lines", {})
        line = lines.get(port)
        if line is None or line.is_stale():
            if line is not None:
                line.close()
            line = lines[port] = _Line(port)
            self._opened.append(line)
        try:
            line.write(wish)
            return line.read()
        except LOST as lost:
            lost.add_note(line.story())
            raise

    def send_at_once(self, wishes: Sequence[Wish]) -> list[Answer]:
        """Send all requests in the same moment, each on a connection of its own, spread over the instances.

        One thread at a time may do so.
        """
        return self._volley.fire(wishes)

    def leave_kept(self) -> None:
        """Open new connections from now on: the servers were started anew, and nobody sends at this moment."""
        for line in self._opened:
            line.leave()
        self._opened.clear()
        self._volley.close()

    def close(self) -> None:
        """Close every connection; nobody may send any more."""
        for line in self._opened:
            line.close()
        self._volley.close()


class _Line:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._host = f"localhost:{port}"
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._used_at = self._begun_at = time.monotonic()
        self._answered = 0
        self._is_open = True

    def is_stale(self) -> bool:
        return not self._is_open or time.monotonic() - self._used_at > _IDLE_SECONDS

    def fileno(self) -> int:
        return self._socket.fileno()

    def write(self, wish: Wish) -> None:
        self._begun_at = time.monotonic()
        self._is_open = False  # until its answer has been read
        self._socket.sendall(wish.raw(self._host))

    def read(self) -> Answer:
        response = http.client.HTTPResponse(self._socket)
        try:
            response.begin()
            content = response.read()
            headers = {name.lower(): value for name, value in response.getheaders()}
            cookies = tuple(response.headers.get_all("set-cookie", []))
            self._is_open = not response.will_close
        finally:
            response.close()
        self._used_at = time.monotonic()
        self._answered += 1
        return Answer(response.status, headers, cookies, content, self._used_at - self._begun_at)

    def story(self) -> str:
        """Tell how the connection was used, for who looks into a lost answer."""
        idle, waited = self._begun_at - self._used_at, time.monotonic() - self._begun_at
        return f"{self._host}, {self._answered} answered before, idle for {idle:.3f} s, waited for {waited:.3f} s"

    def leave(self) -> None:
        self._is_open = False
        self._socket.close()

    def close(self) -> None:
        self._socket.close()


class _Volley:
    """Connections that are written to one after the other at once, and read as the answers come."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._lines: list[_Line] = []

    def fire(self, wishes: Sequence[Wish]) -> list[Answer]:
        self._lines = [line for line in self._lines if not line.is_stale() or line.close()]
        while len(self._lines) < len(wishes):
            self._lines.append(_Line(self._ports[len(self._lines) % len(self._ports)]))
        lines = self._lines[: len(wishes)]
        for line, wish in zip(lines, wishes, strict=True):
            line.write(wish)
        answers: dict[int, Answer] = {}
        with selectors.DefaultSelector() as ready:
            for number, line in enumerate(lines):
                ready.register(line, selectors.EVENT_READ, number)
            while len(answers) < len(lines):
                for key, _ in ready.select(_ANSWER_SECONDS):
                    answers[key.data] = lines[key.data].read()
                    ready.unregister(key.fileobj)
        return [answers[number] for number in range(len(lines))]

    def close(self) -> None:
        for line in self._lines:
            line.close()
        self._lines.clear()


class Api:
    """The API of one project, raw.

    Attributes:
        project_id: Whose.
        carrier: How requests travel.
        origin: Of pages that may call with cookies.
    """

    def __init__(self, project_id: str, carrier: Carrier, origin: str) -> None:
        self.project_id = project_id
        self.carrier = carrier
        self.origin = origin

    def wish(
        self,
        verb: str,
        path: str,
        token: str = "",
        body: object = None,
        *,
        cookies: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Wish:
        """Return a request of this project; `token` is a refresh token or a management key."""
        sent = {"authorization": f"Bearer {self.project_id}:{token}" if token else f"Bearer {self.project_id}"}
        if cookies:
            sent |= {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "origin": self.origin}
        content = b"" if verb == "GET" else json.dumps({} if body is None else body).encode()
        if content:
            sent["content-type"] = "application/json"
        return Wish(verb, path, sent | dict(headers or {}), content)

    def get(self, path: str, token: str = "", **options: Any) -> Answer:
        """Send a GET."""
        return self.carrier.send(self.wish("GET", path, token, **options))

    def post(self, path: str, token: str = "", body: object = None, **options: Any) -> Answer:
        """Send a POST."""
        return self.carrier.send(self.wish("POST", path, token, body, **options))

    def me(self, refresh_jwt: str) -> Answer:
        """Ask who the holder of a refresh token is."""
        return self.get("/v1/auth/me", refresh_jwt)

    def refresh(self, refresh_jwt: str) -> Answer:
        """Exchange a refresh token."""
        return self.post("/v1/auth/refresh", refresh_jwt)


def carries_token(content: bytes) -> bool:
    """Tell whether a JWT is in an answer; its first letters alone may come about by chance in what is random."""
    return re.search(rb"eyJ[\w-]+\.eyJ", content) is not None


def assert_refused(answer: Answer, *statuses: int, code: str = "") -> None:
    """Assert that the answer is a refusal in the contract's envelope, without a token or a session's cookie.

    Args:
        answer: What came back.
        statuses: Those that are right; 401 when none is named.
        code: The error code, when the contract names one.
    """
    said = f"{answer.status} {answer.content[:200]!r}"
    assert answer.status in (statuses or (401,)), said
    body = answer.body
    told = {"factors"} if body.get("errorCode") == "E061401" else set()  # which second factors there are, no more
    assert set(body) <= {"errorCode", "errorDescription", "errorMessage"} | told, said
    assert body["errorCode"], said
    assert body["errorDescription"], said
    assert not code or body["errorCode"] == code, said
    assert not carries_token(answer.content), said
    assert not answer.cookie("DS"), said
    assert not answer.cookie("DSR"), said
