"""S-DOS-01 and 04: bodies and heads that are too large, and bodies that grow when they are read."""

import contextlib
import gzip
import json
import zlib
from collections.abc import Callable, Iterator

import pytest

from avow.wire.endpoint import Caller
from avow.wire.table import ENDPOINTS
from tests.bed.cases import Case
from tests.security.calls import carries_token
from tests.security.dos.conftest import Served
from tests.security.dos.raw import Told, head, tell

Rounds = Callable[[int, int], int]

MEGABYTE = 1024 * 1024
HUGE = 100 * MEGABYTE
MOST_GROWTH = 50 * MEGABYTE
VERIFY = "/v1/auth/otp/verify/email"


def _open_posts() -> list[str]:
    """Return the paths of every POST that needs no token or key."""
    return [
        path
        for endpoint in ENDPOINTS
        if endpoint.verb == "POST" and endpoint.caller in (Caller.PROJECT, Caller.ANYONE)
        for path, _ in endpoint.concrete_paths()
    ]


def _request(server: Served, path: str, *further: tuple[str, str], kind: str = "application/json") -> bytes:
    return head("POST", path, [("authorization", f"Bearer {server.api.project_id}"), ("content-type", kind), *further])


def _chunks(size: int, piece: int = 65_536) -> Iterator[bytes]:
    for _ in range(size // piece):
        yield f"{piece:x}\r\n".encode() + b" " * piece + b"\r\n"
    yield b"0\r\n\r\n"


def _plain(size: int, piece: int = 65_536) -> Iterator[bytes]:
    return (b" " * piece for _ in range(size // piece))


def _assert_refused(told: Told, *statuses: int) -> None:
    assert told.status in statuses, told.head
    envelope = json.loads(told.body)
    assert envelope["errorCode"]
    assert not carries_token(told.body)
    assert b"set-cookie" not in told.head.lower()


@pytest.mark.timeout(600)
def test_s_dos_01_bodies_and_heads(case: Case, server: Served, rounds: Rounds) -> None:
    case.control(server.sign_in)
    posts = _open_posts()
    before = server.memory()
    for path in posts[:: rounds(max(1, len(posts) // 4), 1)]:
        with case.cell(f"{path}, 100 MB announced"):
            told = tell(server.port, [_request(server, path, ("content-length", str(HUGE))), *_plain(HUGE)])
            _assert_refused(told, 413)
            assert told.sent_bytes < 20 * MEGABYTE
        with case.cell(f"{path}, 100 MB in chunks"):
            told = tell(server.port, _with(_request(server, path, ("transfer-encoding", "chunked")), _chunks(HUGE)))
            _assert_refused(told, 413)
            assert told.sent_bytes < 20 * MEGABYTE
        with case.cell(f"{path}, 100 MB without a length"):
            told = tell(server.port, _with(_request(server, path), _plain(HUGE)))
            assert 400 <= told.status < 500
            assert told.sent_bytes < 20 * MEGABYTE
    with case.cell("an untrue length"):
        for length in ("-1", "1e3", "99999999999999999999999", "1, 2", "\u00b2"):
            told = tell(server.port, [_request(server, VERIFY, ("content-length", length)), b"{}"])
            assert 400 <= told.status < 500, length
    heads: dict[str, list[tuple[str, str]]] = {
        "200 headers": [(f"x-filler-{number}", "1") for number in range(200)],
        "one header of 1 MB": [("x-filler", "a" * MEGABYTE)],
        "a header name of 1 MB": [("x" * MEGABYTE, "1")],
        "10,000 cookies in one header": [("cookie", "; ".join(f"c{number}=1" for number in range(10_000)))],
        "10,000 cookie headers": [("cookie", f"c{number}=1") for number in range(10_000)],
        "an authorization of 40 kB": [("authorization", "Bearer " + "a" * 40_000)],
    }
    for name, headers in heads.items():
        with case.cell(name):
            _assert_refused(tell(server.port, [head("GET", "/v1/auth/me", headers)]), 400, 401, 413, 414, 431)
    with case.cell("an address of 64 kB"):
        for path in ("/" + "a" * 65_536, f"/v2/keys/{'P' * 65_536}", "/login?next=" + "a" * 65_536):
            assert tell(server.port, [head("GET", path)]).status in (400, 413, 414, 431)
    with case.cell("a form of 10,000 parts"):
        part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        for body in (part * 5_000 + b"--x--\r\n", part * 10_000 + b"--x--\r\n"):
            size = ("content-length", str(len(body)))
            told = tell(server.port, [_request(server, VERIFY, size, kind="multipart/form-data; boundary=x"), body])
            _assert_refused(told, 400, 413, 415)
    with case.cell("a form of the pages with 10,000 fields"):
        body = b"&".join(b"a%d=1" % number for number in range(10_000))
        kind, size = "application/x-www-form-urlencoded", ("content-length", str(len(body)))
        path = f"/login/{server.api.project_id}"
        assert 400 <= tell(server.port, [_request(server, path, size, kind=kind), body]).status < 500
    for name, piece in (("in lines", b"x: " + b"b" * 60_000 + b"\r\n"), ("in one line", b"b" * 65_536)):
        with case.cell(f"100 MB of trailers {name}"):
            opened = [_request(server, VERIFY, ("transfer-encoding", "chunked")), b"2\r\n{}\r\n0\r\nx: "]
            with contextlib.suppress(ConnectionError):  # no answer is owed
                assert tell(server.port, [*opened, *(piece for _ in range(HUGE // len(piece)))]).status < 500
    with case.cell("memory"):
        assert server.memory() - before < MOST_GROWTH


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _nested(open_with: bytes, close_with: bytes, depth: int) -> bytes:
    return open_with * depth + b"1" + close_with * depth


def test_s_dos_04_bombs(case: Case, server: Served) -> None:
    case.control(server.sign_in)
    before = server.memory()
    text = {
        "lists 100,000 deep": _nested(b"[", b"]", 100_000),
        "lists 100,000 deep in a field": b'{"loginId":' + _nested(b"[", b"]", 100_000) + b"}",
        "lists that never close": b"[" * 200_000,
        "objects 40,000 deep": _nested(b'{"a":', b"}", 40_000),
        "lists just too deep": b'{"loginOptions":{"customClaims":{"a":' + _nested(b"[", b"]", 31) + b"}}}",
        "many keys": b"{" + b",".join(b'"k%d":1' % number for number in range(22_000)) + b"}",
        "1,000,000 keys": b"{" + b",".join(b'"k%d":1' % number for number in range(1_000_000)) + b"}",
        "the same key over and over": b"{" + b",".join([b'"loginId":"a"'] * 18_000) + b',"code":1}',
        "claims of many keys": b'{"loginId":"a","loginOptions":{"customClaims":{'
        + b",".join(b'"k%d":1' % number for number in range(20_000))
        + b"}}}",
        "a number of 200,000 digits": b'{"loginId":' + b"9" * 200_000 + b"}",
        "a number of 1,000,000 digits": b'{"loginId":' + b"9" * 1_000_000 + b"}",
        "a huge exponent": b'{"loginId":1e999999999999,"code":"123456"}',
        "many digits behind the point": b'{"loginId":0.' + b"1" * 200_000 + b"}",
        "a string of escapes": b'{"loginId":"' + rb"\u0041" * 40_000 + b'","code":"1"}',
        "a string of backslashes": b'{"loginId":"' + rb"\\" * 120_000 + b'","code":"1"}',
        "white space": b" " * 250_000 + b"x",
    }
    for name, body in text.items():
        with case.cell(name):
            _assert_quick_refusal(server, body)
    zipped = {
        "gzip": gzip.compress(b" " * (50 * MEGABYTE)),
        "deflate": zlib.compress(b" " * (50 * MEGABYTE)),
        "br": b"\x00" * 1000,
        "zstd": b"\x28\xb5\x2f\xfd" + b"\x00" * 1000,
        "gzip, gzip": gzip.compress(gzip.compress(b" " * (50 * MEGABYTE))),
        "identity, gzip": gzip.compress(b'{"loginId":"a"}'),
    }
    for encoding, body in zipped.items():
        with case.cell(f"a body in {encoding}"):
            _assert_quick_refusal(server, body, ("content-encoding", encoding))
    with case.cell("a body in chunks that says it is gzip"):
        body = zipped["gzip"][:200_000]
        coded = ("transfer-encoding", "gzip, chunked")
        told = tell(
            server.port, [_request(server, VERIFY, coded), f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"]
        )
        assert 400 <= told.status < 500
    with case.cell("memory"):
        assert server.memory() - before < MOST_GROWTH


def _assert_quick_refusal(server: Served, body: bytes, *headers: tuple[str, str]) -> None:
    """Assert that the request is refused within half a second; of three tries, since the machine is shared."""
    request = _request(server, VERIFY, ("content-length", str(len(body))), *headers)
    seconds = []
    for _ in range(3):
        told = tell(server.port, [request, body])
        _assert_refused(told, 400, 401, 413, 415)
        seconds.append(told.seconds)
    assert min(seconds) < 0.5
