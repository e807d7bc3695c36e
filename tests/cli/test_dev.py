"""`avow dev`: the run contract, seen from outside."""

import json
import signal
import socket
import sqlite3
import ssl
import stat
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import StartDev
from tests.cli.programs import Running, avow, free_port, start, start_dev

FACTS = ["url", "project_id", "management_key", "inbox_url", "console_url"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give one server for the tests that only ask it."""
    started = start_dev(tmp_path_factory.mktemp("shared") / "data")
    yield started
    started.stop()


def signed_in(server: Running, email: str) -> dict[str, object]:
    project = {"authorization": f"Bearer {server.facts['project_id']}"}
    asked = server.ask("POST", "/v1/auth/otp/signup-in/email", {"loginId": email}, project)
    assert asked.status == 200, asked.body
    until = time.monotonic() + 10
    while not (messages := server.ask("GET", f"/dev/inbox?to={email}").json()["messages"]):
        assert time.monotonic() < until
    code = messages[0]["code"]
    verified = server.ask("POST", "/v1/auth/otp/verify/email", {"loginId": email, "code": code}, project)
    assert verified.status == 200, verified.body
    session: dict[str, object] = verified.json()
    return session


def test_first_line_has_the_facts_of_the_contract(running: Running) -> None:
    facts = running.facts
    assert list(facts) == FACTS
    assert facts["url"].startswith("http://localhost:")
    assert facts["inbox_url"] == facts["url"] + "/dev/inbox"
    assert facts["console_url"] is None


def test_person_signs_in_with_the_code_from_the_inbox(running: Running) -> None:
    session = signed_in(running, "mia@example.com")
    assert str(session["sessionJwt"]).count(".") == 2


def test_management_key_of_the_line_manages_the_project(running: Running) -> None:
    caller = {"authorization": f"Bearer {running.facts['project_id']}:{running.facts['management_key']}"}
    assert running.ask("GET", "/v1/mgmt/avow/project/settings", headers=caller).status == 200


def test_later_start_prints_the_same_and_keeps_the_data(dev: StartDev, tmp_path: Path) -> None:
    first = dev()
    session = signed_in(first, "mia@example.com")
    assert first.stop() == 0
    second = dev()
    assert {**second.facts, "url": "", "inbox_url": ""} == {**first.facts, "url": "", "inbox_url": ""}
    caller = {"authorization": f"Bearer {second.facts['project_id']}:{session['refreshJwt']}"}
    assert second.ask("POST", "/v1/auth/refresh", {}, caller).status == 200


def test_start_after_the_project_was_deleted_makes_another(dev: StartDev, tmp_path: Path) -> None:
    first = dev()
    caller = {"authorization": f"Bearer {first.facts['project_id']}:{first.facts['management_key']}"}
    assert first.ask("POST", "/v1/mgmt/project/delete", {}, caller).status == 200
    first.stop()
    again = dev()
    assert again.facts["project_id"] != first.facts["project_id"]
    signed_in(again, "mia@example.com")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_cleanly(dev: StartDev, how: signal.Signals) -> None:
    server = dev()
    assert server.stop(how) == 0
    assert "Traceback" not in server.said()


def test_two_installations_share_no_secret(dev: StartDev, tmp_path: Path) -> None:
    one, other = dev(data=tmp_path / "one"), dev(data=tmp_path / "other")
    kept = [json.loads((tmp_path / name / "dev.json").read_text()) for name in ("one", "other")]
    assert not set(kept[0].values()) & set(kept[1].values())
    assert one.facts["project_id"] != other.facts["project_id"]


def test_everything_is_readable_by_the_owner_only(dev: StartDev, tmp_path: Path) -> None:
    dev("--tls")
    data = tmp_path / "data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    for name in ("dev.json", "avow.sqlite3", "avow.sqlite3-wal", "tls/localhost.key"):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600, name


def test_listens_on_one_address_only(running: Running) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", running.port), timeout=5)  # the same machine, another address


def test_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = avow("dev", "--port", str(taken.getsockname()[1]), "--data", str(tmp_path / "data"))
    assert said.code == 2
    assert "is taken by another program" in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "data").exists()


def test_second_server_on_the_same_data_is_refused(dev: StartDev, tmp_path: Path) -> None:
    dev()
    said = avow("dev", "--port", "0", "--data", str(tmp_path / "data"))
    assert said.code == 2
    assert "Another `avow dev` uses" in said.err


def test_people_read_what_to_click_next(tmp_path: Path) -> None:
    port = free_port()
    server = start(tmp_path / "log", "dev", "--port", str(port), "--data", str(tmp_path / "data"))
    server.port = port
    server.wait()
    server.process.send_signal(signal.SIGTERM)
    text = server.process.communicate(timeout=30)[0].decode()
    for expected in (
        f"http://localhost:{port}/login",
        f"http://localhost:{port}/dev/inbox",
        "curl",
        "from avow import",
    ):
        assert expected in text
    key = json.loads((tmp_path / "data" / "dev.json").read_text())["management_key"]
    assert key in text  # on one line, so that it can be copied


def test_start_cut_short_goes_on(dev: StartDev, tmp_path: Path) -> None:
    first = dev()
    first.stop()
    kept = tmp_path / "data" / "dev.json"
    facts = json.loads(kept.read_text())
    kept.write_text(json.dumps({**facts, "management_key": ""}))  # as if it had stopped before the key was noted
    second = dev()
    assert second.facts["project_id"] == first.facts["project_id"]
    caller = {"authorization": f"Bearer {second.facts['project_id']}:{second.facts['management_key']}"}
    assert second.ask("GET", "/v1/mgmt/avow/project/settings", headers=caller).status == 200


def test_lost_keys_are_a_sentence(dev: StartDev, tmp_path: Path) -> None:
    dev().stop()
    (tmp_path / "data" / "dev.json").unlink()
    said = avow("dev", "--port", "0", "--data", str(tmp_path / "data"))
    assert said.code == 2
    assert "another dev.json" in said.err


def test_project_has_its_first_roles_and_both_key_sets(dev: StartDev, tmp_path: Path) -> None:
    server = dev()
    until = time.monotonic() + 30
    while b'"RS256"' not in server.ask("GET", f"/{server.facts['project_id']}/.well-known/jwks.json").body:
        assert time.monotonic() < until, server.said()
        time.sleep(0.05)
    server.stop()
    with sqlite3.connect(tmp_path / "data" / "avow.sqlite3") as database:
        assert database.execute("SELECT name FROM roles ORDER BY name").fetchall() == [
            ("Tenant Admin",),
            ("is_staff",),
            ("is_superuser",),
        ]
    database.close()


def test_inbox_answers_no_domain_that_was_pointed_at_this_machine(running: Running) -> None:
    assert running.ask("GET", "/dev/inbox", headers={"host": "localhost:8000"}).status == 200
    refused = running.ask("GET", "/dev/inbox", headers={"host": "evil.example:8000"})
    assert refused.status == 404
    assert "localhost" in refused.json()["errorDescription"] + refused.json()["errorMessage"]


def test_dev_clock_moves_the_server(dev: StartDev) -> None:
    server = dev("--dev-clock")
    session = signed_in(server, "mia@example.com")
    caller = {"authorization": f"Bearer {server.facts['project_id']}:{session['refreshJwt']}"}
    assert server.ask("POST", "/v1/auth/refresh", {}, caller).status == 200
    moved = server.ask("POST", "/dev/clock", {"advance_seconds": 29 * 86400})
    assert moved.status == 200
    assert moved.json()["now"] > time.time() + 28 * 86400
    assert server.ask("POST", "/v1/auth/refresh", {}, caller).status == 401
    assert server.ask("POST", "/dev/clock", {"advance_seconds": -1}).status == 400  # time does not go back


def test_without_dev_clock_there_is_no_clock(running: Running) -> None:
    assert running.ask("POST", "/dev/clock", {"advance_seconds": 1}).status == 404


def test_tls_is_trusted_by_who_trusts_the_local_authority(dev: StartDev, tmp_path: Path) -> None:
    url = dev("--tls").facts["url"]
    assert url.startswith("https://localhost:")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "data" / "tls" / "bundle.pem"))
    with urllib.request.urlopen(f"{url}/healthz", context=trusting, timeout=10) as answer:
        assert answer.status == 200
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"{url}/healthz", context=ssl.create_default_context(), timeout=10)


def test_environment_of_production_does_not_reach_development(dev: StartDev, tmp_path: Path) -> None:
    elsewhere = {"AVOW_DATABASE_URL": "postgresql://nowhere.example.com/x", "AVOW_SMTP_HOST": "smtp.example.com"}
    signed_in(dev(variables=elsewhere), "mia@example.com")
