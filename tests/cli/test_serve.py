"""`avow serve`: what it refuses to serve, how it serves, and how it ends."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from tests.bed.cases import Case
from tests.cli import programs
from tests.cli.conftest import StartDev, StartServe
from tests.cli.programs import SECRET_KEY, Running
from tests.cli.programs import in_process as avow
from tests.security.calls import within


def workers(server: Running) -> list[int]:
    """Return the ids of the worker processes."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return [int(pid) for pid in children]


def new_person(server: Running, installation: dict[str, str], email: str) -> int:
    project = {"authorization": f"Bearer {installation['PROJECT_ID']}"}
    return server.ask("POST", "/v1/auth/otp/signup/email", {"loginId": email}, project).status


# --- What it refuses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("AVOW_SECRET_KEY", "short", "AVOW_SECRET_KEY must be set"),
        ("AVOW_PUBLIC_URL", "http://auth.example.com", "AVOW_PUBLIC_URL must begin with https://"),
        ("AVOW_MAIL_FROM", "", "AVOW_MAIL_FROM must name the sender"),
        ("AVOW_POOL_SIZE", "many", "AVOW_POOL_SIZE cannot be read"),
        ("AVOW_DRAIN_SECONDS", "31", "AVOW_DRAIN_SECONDS must lie between 1 and 30"),
        ("AVOW_DATABASE_URL", "mysql://localhost/avow", "sqlite:/// or postgresql://"),
    ],
)
def test_unsafe_setting_is_refused_with_what_to_set(
    installation: dict[str, str], variable: str, value: str, sentence: str
) -> None:
    said = programs.avow("serve", "--port", "0", variables={**installation, variable: value})
    assert said.code == 2
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert value not in ("short",) or f"={value}" not in said.err


def test_directory_of_dev_is_refused(dev: StartDev, tmp_path: Path) -> None:
    dev().stop()
    data = tmp_path / "data"
    secret = json.loads((data / "dev.json").read_text())["secret_key"]
    variables = {"AVOW_DATABASE_URL": f"sqlite:///{data}/avow.sqlite3", "AVOW_SECRET_KEY": secret}
    in_place = programs.avow("serve", "--port", "0", variables=variables)
    shutil.copy(data / "avow.sqlite3", tmp_path / "copy.sqlite3")
    copied = programs.avow("serve", variables={**variables, "AVOW_DATABASE_URL": f"sqlite:///{tmp_path}/copy.sqlite3"})
    for said in (in_place, copied):
        assert said.code == 2
        assert "made by `avow dev`" in said.err


def test_database_without_project_is_refused(tmp_path: Path) -> None:
    variables = {"AVOW_DATABASE_URL": f"sqlite:///{tmp_path}/avow.sqlite3", "AVOW_SECRET_KEY": SECRET_KEY}
    assert "avow migrate" in programs.avow("serve", variables=variables).err
    assert avow("migrate", variables=variables).code == 0
    said = programs.avow("serve", variables=variables)
    assert said.code == 2
    assert "avow project create" in said.err


def test_check_says_nothing_about_a_good_installation(installation: dict[str, str]) -> None:
    said = avow("serve", "--check", variables=installation)
    assert (said.code, said.err) == (0, "")


@pytest.fixture
def mute_installation(installation: dict[str, str]) -> dict[str, str]:
    """Give the settings of an installation that can send nothing."""
    return {name: value for name, value in installation.items() if not name.startswith(("AVOW_SMTP", "AVOW_SMS"))}


def test_check_says_that_nobody_can_be_sent_a_code(mute_installation: dict[str, str]) -> None:
    said = avow("serve", "--check", variables=mute_installation)
    assert said.code == 0
    assert said.err.startswith("avow: Nobody can be sent a code or a link")
    assert "AVOW_SMTP_HOST" in said.err
    assert "AVOW_SMS_URL" in said.err


@pytest.mark.parametrize("one", [{"AVOW_SMTP_HOST": "localhost"}, {"AVOW_SMS_URL": "http://localhost:9"}])
def test_check_is_content_with_one_carrier(mute_installation: dict[str, str], one: dict[str, str]) -> None:
    assert avow("serve", "--check", variables={**mute_installation, **one}).err == ""


def test_check_names_the_setting_that_a_misspelt_variable_almost_is(installation: dict[str, str]) -> None:
    others = {"AVOW_BASE_URL": "http://localhost:8000", "AVOW_PUBLIC_KEY": "{}", "AVOW_ME_SECONDS": "60"}
    said = avow("serve", "--check", variables={**installation, **others, "AVOW_SMPT_PORT": "25"})
    assert said.code == 0
    assert said.err == "avow: AVOW_SMPT_PORT is no setting and has no effect; is AVOW_SMTP_PORT meant?\n"


def test_start_warns_that_nobody_can_be_sent_a_code(serve: StartServe) -> None:
    server = serve(variables={"AVOW_SMTP_HOST": "", "AVOW_SMS_URL": ""})
    server.stop()
    (line,) = [json.loads(line) for line in server.said().splitlines() if "Nobody can be sent" in line]
    assert line["level"] == "warning"


# --- How it serves ---------------------------------------------------------------------------------------------


def test_workers_share_the_data_and_the_limits(serve: StartServe, installation: dict[str, str]) -> None:
    assert avow("project", "set", "requests_per_minute=30", variables=installation).code == 0
    server = serve("--workers", "3")
    assert len(workers(server)) == 3
    path = f"/v2/keys/{installation['PROJECT_ID']}"
    window = time.time() // 60
    statuses = [server.ask("GET", path).status for _ in range(40)]
    if time.time() // 60 == window:
        assert statuses.count(200) == 30
    assert statuses.count(200) + statuses.count(429) == 40


def test_killed_worker_is_started_anew(serve: StartServe) -> None:
    server = serve("--workers", "2")
    before = workers(server)
    os.kill(before[0], signal.SIGKILL)
    until = time.monotonic() + 30
    while len(set(workers(server)) - {before[0]}) < 2:
        assert time.monotonic() < until, server.said()
        time.sleep(0.02)
    assert before[1] in workers(server)
    assert server.ask("GET", "/readyz").status == 200
    assert server.stop() == 0


def test_workers_end_with_their_supervisor(serve: StartServe) -> None:
    server = serve("--workers", "2")
    pids = workers(server)
    server.stop(signal.SIGKILL)
    until = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_metrics_are_those_of_all_workers(serve: StartServe, installation: dict[str, str]) -> None:
    server = serve("--workers", "2")
    for _ in range(10):
        server.ask("GET", f"/v2/keys/{installation['PROJECT_ID']}")
    os.kill(workers(server)[0], signal.SIGKILL)
    server.wait()
    assert b'avow_requests_total{endpoint="keys",status="200"} 10.0' in server.ask("GET", "/metrics").body


def test_log_is_one_json_object_per_line(serve: StartServe, installation: dict[str, str]) -> None:
    server = serve()
    server.ask("GET", f"/v2/keys/{installation['PROJECT_ID']}?token=marked-secret")
    answer = server.ask("GET", "/nothing/marked-secret", headers={"x-request-id": "marked-id"})
    server.stop()
    lines = [json.loads(line) for line in server.said().splitlines()]
    (refused,) = [line for line in lines if line.get("status") == 404]
    assert refused["request_id"] == answer.headers["x-request-id"]
    assert refused["endpoint"] == "none"
    assert refused["client"] == "127.0.0.1"
    assert "marked" not in server.said()


# --- How it ends -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", ["1", "2"])
def test_stopping_server_is_not_ready_first_and_finishes_what_it_accepted(
    serve: StartServe, installation: dict[str, str], count: str
) -> None:
    server = serve("--workers", count, variables={"AVOW_NOTICE_SECONDS": "8"})
    late = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    late.putrequest("POST", "/v1/auth/otp/signup/email")
    late.putheader("authorization", f"Bearer {installation['PROJECT_ID']}")
    late.putheader("content-type", "application/json")
    body = json.dumps({"loginId": "late@example.com"}).encode()
    late.putheader("content-length", str(len(body)))
    late.endheaders(body[:5])  # accepted, and not finished
    server.process.send_signal(signal.SIGTERM)
    server.wait("/readyz", 503)
    assert server.ask("GET", "/readyz").json() == {"status": "draining"}
    assert new_person(server, installation, "during@example.com") == 200
    server.wait_refused()
    late.send(body[5:])
    assert late.getresponse().status == 200
    late.close()
    assert server.ended() == 0


def test_second_signal_stops_at_once(serve: StartServe, installation: dict[str, str]) -> None:
    server = serve(variables={"AVOW_DRAIN_SECONDS": "30"})
    with socket.create_connection(("127.0.0.1", server.port)) as unfinished:
        unfinished.sendall(b"POST /v1/auth/refresh HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n")
        server.wait("/readyz")  # another connection: the first has been read by now
        server.process.send_signal(signal.SIGTERM)
        server.wait_refused()
        started = time.monotonic()
        assert server.stop(signal.SIGTERM) == 1
        assert time.monotonic() - started < 5


def test_stopping_takes_no_longer_than_set(serve: StartServe) -> None:
    server = serve(variables={"AVOW_DRAIN_SECONDS": "2"})
    with socket.create_connection(("127.0.0.1", server.port)) as unfinished:
        unfinished.sendall(b"POST /v1/auth/refresh HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n")
        server.wait("/readyz")
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 10


# --- Clients that are slow or send too much --------------------------------------------------------------------


def test_client_that_sends_no_head_is_let_go(serve: StartServe) -> None:
    server = serve(variables={"AVOW_HEAD_SECONDS": "1"})
    for sent in (b"", b"GET /healthz HTTP/1.1\r\nhost: local", b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\nGET "):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
            slow.sendall(sent)
            slow.settimeout(20)
            while slow.recv(4096):
                pass  # whatever was answered before; then the end


def test_body_that_does_not_arrive_is_answered_408(serve: StartServe) -> None:
    server = serve(variables={"AVOW_REQUEST_SECONDS": "1"})
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
        slow.sendall(b"POST /v1/auth/refresh HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n1")
        answer = slow.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"E019408"' in answer


def test_head_without_end_is_cut_off(serve: StartServe) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as large:
        large.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-filler: ")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 50_000_000:
                sent += large.send(b"a" * 65536)
    assert sent < 10_000_000


@pytest.mark.parametrize("stated", [True, False])
def test_large_body_is_refused_without_being_read(serve: StartServe, stated: bool) -> None:
    server = serve()
    head = b"POST /v1/auth/refresh HTTP/1.1\r\nhost: localhost\r\n"
    head += b"content-length: 100000000\r\n\r\n" if stated else b"transfer-encoding: chunked\r\n\r\n"
    piece = b"a" * 65536 if stated else b"10000\r\n" + b"a" * 65536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as large:
        large.sendall(head)
        answer: list[bytes] = []
        reading = threading.Thread(target=lambda: answer.append(large.recv(4096)))
        reading.start()
        sent = 0
        try:
            while sent < 100_000_000 and reading.is_alive():
                sent += large.send(piece)
        except OSError:
            pass
        reading.join()
    assert answer[0].startswith(b"HTTP/1.1 413 ")
    assert sent < 50_000_000


# --- Database files (F-DB-07) ----------------------------------------------------------------------------------


def test_f_db_07_corrupt_or_foreign_database(case: Case, installation: dict[str, str], tmp_path: Path) -> None:
    good = Path(installation["AVOW_DATABASE_URL"].removeprefix("sqlite:///"))
    case.control(lambda: avow("serve", "--check", variables=installation).code == 0)
    damaged = {
        "flipped bytes": _flipped(good.read_bytes()),
        "zero bytes": b"",
        "another program's": _foreign(tmp_path / "foreign.sqlite3"),
        "newer schema": _with_revision(good, tmp_path / "newer.sqlite3", "9999"),
    }
    for name, content in damaged.items():
        with case.cell(name):
            file = tmp_path / f"{name.replace(' ', '-')}.sqlite3"
            file.write_bytes(content)
            variables = {**installation, "AVOW_DATABASE_URL": f"sqlite:///{file}"}
            said = within(5, partial(programs.avow, "serve", "--port", "0", variables=variables))
            assert said.code == 2
            assert len(said.err.splitlines()) == 1
            assert file.read_bytes() == content
    with case.cell("wrong secret key"):
        before = good.read_bytes()
        said = programs.avow("serve", "--port", "0", variables={**installation, "AVOW_SECRET_KEY": SECRET_KEY[::-1]})
        assert said.code == 2
        assert "AVOW_SECRET_KEY is not the key" in said.err
        assert good.read_bytes() == before


def _flipped(content: bytes) -> bytes:
    changed = bytearray(content)
    for place in range(4096 + 8, len(changed), 4096):
        changed[place : place + 40] = bytes(byte ^ 0xFF for byte in changed[place : place + 40])
    return bytes(changed)


def _foreign(path: Path) -> bytes:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE notes (text TEXT)")
    database.commit()
    database.close()
    return path.read_bytes()


def _with_revision(original: Path, path: Path, revision: str) -> bytes:
    shutil.copy(original, path)
    database = sqlite3.connect(path)
    database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.read_bytes()
