"""The log: lines, levels, and what never gets into it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from avow.errors import ServerFault
from avow.server import logs
from avow.server.logs import Line, scrubbed
from avow.server.operations.metrics import Metrics, State
from avow.server.operations.observing import Observer
from avow.server.store import Load
from avow.server.visit import Request, Response, Visit
from tests.server.api import Api

MARK = "Zx9qMARKEDw7"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    before = {name: (logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in ("", "avow")}
    yield
    for name, (level, handlers) in before.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).handlers[:] = handlers


@pytest.fixture
def stream() -> io.StringIO:
    """Give what is logged, at level debug."""
    written = io.StringIO()
    logs.configure("debug", stream=written)
    return written


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def visited(status: int = 200, error: Exception | None = None, path: str = "/x") -> tuple[Visit, Response]:
    visit = Visit(Request("GET", path, f"token={MARK}", {"cookie": f"DSR={MARK}"}, b"", "192.0.2.1"), id="Qid")
    if error is not None:
        visit.error = ServerFault(detail=repr(error))
        visit.error.__cause__ = error
    return visit, Response(status, [], b"")


def observer() -> Observer:
    return Observer(Metrics(lambda: State(Load(), 0)))


def test_request_is_one_line_with_its_facts(stream: io.StringIO) -> None:
    observer()(*visited(), 0.0123)
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "request",
        "request_id": "Qid",
        "endpoint": "none",
        "method": "GET",
        "status": 200,
        "ms": 12.3,
        "client": "192.0.2.1",
    }


def test_bug_is_one_line_with_its_stack_and_without_its_values(stream: io.StringIO) -> None:
    try:
        raise ValueError(f"cannot read 'Bearer {MARK}'")
    except ValueError as bug:
        observer()(*visited(500, bug), 0.01)
    (line,) = lines(stream)
    assert line["level"] == "error"
    assert line["error"].startswith("ValueError: cannot read")
    assert line["stack"][-1].endswith("test_bug_is_one_line_with_its_stack_and_without_its_values")
    assert MARK not in stream.getvalue()


def test_path_query_and_cookies_are_not_logged(stream: io.StringIO) -> None:
    observer()(*visited(path=f"/v1/{MARK}"), 0.01)
    assert MARK not in stream.getvalue()


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x1b[31m", "\x7f", "\x9b31m", "\u2028", "\u202e", "\ud800"])
@pytest.mark.parametrize("for_people", [False, True])
def test_control_characters_are_escaped(character: str, for_people: bool) -> None:
    written = io.StringIO()
    logs.configure("debug", for_people=for_people, stream=written)
    logging.getLogger("avow.test").error("before%safter", character)
    assert len(written.getvalue().splitlines()) == 1
    assert character not in written.getvalue().rstrip("\n")


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJVMSJ9.c2lnbmF0dXJl",
        "Bearer PCYMpSomething:KCYMpSomething",
        "postgresql://avow:hunter2@db.example.com/avow",
        "/verify?t=abcdef&next=1",
        "mia@example.com",
        "+12025550123",
        "494949",
        "K" + "a" * 69,
    ],
)
def test_what_libraries_say_is_searched_for_secrets(secret: str) -> None:
    said = scrubbed(f"could not use {secret} here")
    assert said.startswith("could not use ")
    assert said.endswith(" here")
    assert "[redacted]" in said
    for part in ("hunter2", "abcdef", "mia@", "0123", "494949", "aaaa", "Something", "c2lnbmF0dXJl"):
        assert part not in said


def test_ordinary_words_of_libraries_stay() -> None:
    said = "connection to server at 127.0.0.1, port 5432 failed: Connection refused (code 111)"
    assert scrubbed(said) == said


def test_libraries_speak_from_warning_on(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)  # a server of another test may have set its own
    logging.getLogger("httpcore").debug("headers %s", MARK)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    assert [line["event"] for line in lines(stream)] == ["Invalid HTTP request received."]


def test_log_that_cannot_be_written_stops_nobody() -> None:
    closed = io.StringIO()
    closed.close()
    logs.configure("debug", stream=closed)
    logging.getLogger("avow.test").error("nobody reads this")


def test_people_read_short_lines() -> None:
    written = io.StringIO()
    logs.configure("info", for_people=True, stream=written)
    line = Line(event="request", endpoint="otp.sign_up", method="POST", status=400, ms=3.4, code="E011002")
    logging.getLogger("avow.requests").info("request", extra={"line": line})
    assert written.getvalue().split(" ", 1)[1] == "400 POST otp.sign_up 3 ms E011002\n"


def test_sign_up_verify_and_refresh_leave_no_secret_at_level_debug(stream: io.StringIO, api: Api) -> None:
    # S-SEC-03, its part for logs: everything secret that these calls carry is searched for in the log.
    login_id = f"{MARK}@example.com"
    assert api.post("/v1/auth/otp/signup/email", {"loginId": login_id, "user": {"name": MARK}}).status == 200
    code = api.avow.code(login_id)
    assert api.post("/v1/auth/otp/verify/email", {"loginId": login_id, "code": "000000"}).status == 401
    session = api.verify_code(login_id, code, cookie=f"DSR={MARK}", user_agent=MARK)
    assert api.refresh(session["refreshJwt"]).status == 200
    assert api.refresh(f"{session['refreshJwt']}x").status == 401
    assert api.get("/v1/auth/me", {"token": MARK}, token=session["refreshJwt"]).status == 200
    assert api.post(f"/v1/{MARK}", {"password": MARK}).status == 404
    text = stream.getvalue()
    assert text.count('"event":"request"') >= 6
    secrets = (MARK, code, session["sessionJwt"], session["refreshJwt"], api.avow.management_key)
    for secret in secrets:
        assert secret not in text
        assert secret.rpartition(".")[2] not in text
