"""/healthz, /readyz and /metrics."""

import logging
from pathlib import Path

import pytest

from avow.server.operations.clocks import ClockWatch
from avow.server.site import answer
from avow.server.visit import Request, Response
from avow.testing.clock import MovableClock
from avow.testing.server import Avow, Server


def ask(server: Server, path: str, peer: str = "127.0.0.1", **headers: str) -> Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(server.site, Request("GET", path, "", sent, b"", peer, len(sent)))


def test_health_and_readiness() -> None:
    server = Server()
    try:
        for path in ("/healthz", "/readyz"):
            response = ask(server, path)
            assert (response.status, response.body) == (200, b'{"status":"ok"}')
    finally:
        server.close()


@pytest.mark.parametrize(
    ("ahead", "warning"), [(0, ""), (4, ""), (-2, ""), (120, "s ahead of that"), (-120, "s behind that")]
)
def test_clock_that_differs_from_that_of_postgres_is_told(
    postgres_url: str, caplog: pytest.LogCaptureFixture, ahead: int, warning: str
) -> None:
    clock = MovableClock()
    server = Server(postgres_url, clock=clock)
    try:
        clock.advance(ahead)
        answers = [ask(server, "/readyz") for _ in range(3)]
        assert {each.status for each in answers} == {200}
        assert all(warning in each.body.decode() for each in answers)
        assert (b"warning" in answers[0].body) == bool(warning)
        shown = ask(server, "/metrics").body.decode()
        (line,) = [line for line in shown.splitlines() if line.startswith("avow_clock_ahead_seconds")]
        assert -2 <= float(line.split()[1]) - ahead <= 1  # a slow answer lets the server seem later
        clock.reset()
        assert ask(server, "/readyz").body == b'{"status":"ok"}'
    finally:
        server.close()
    assert [record.levelname for record in _of_clock(caplog)] == ["WARNING"] * bool(warning)


def test_clock_over_sqlite_has_none_to_differ_from(tmp_path: Path) -> None:
    clock = MovableClock()
    server = Server(f"sqlite:///{tmp_path / 'avow.sqlite3'}", clock=clock)
    try:
        clock.advance(120)
        assert ask(server, "/readyz").body == b'{"status":"ok"}'
    finally:
        server.close()


def _of_clock(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "avow.clock"]


def test_housekeeper_looks_at_the_clock(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    clock = MovableClock()
    server = Server(postgres_url, clock=clock)
    try:
        watch = ClockWatch(postgres_url)
        watch.look(server.site.store)
        assert not _of_clock(caplog)
        clock.advance(-120)
        for _ in range(2):
            watch.look(server.site.store)
        (record,) = _of_clock(caplog)
        assert "behind" in record.getMessage()
    finally:
        server.close()


def test_draining_server_is_healthy_and_not_ready() -> None:
    server = Server()
    try:
        server.site.drain()
        response = ask(server, "/readyz")
        assert (response.status, response.body) == (503, b'{"status":"draining"}')
        assert int(dict(response.headers)["retry-after"]) > 0
        assert ask(server, "/healthz").status == 200
    finally:
        server.close()


def test_server_without_its_database_is_healthy_and_not_ready(tmp_path: Path) -> None:
    file = tmp_path / "avow.sqlite3"
    server = Server(f"sqlite:///{file}")
    try:
        assert ask(server, "/readyz").status == 200
        server.site.store.close()
        away = file.rename(tmp_path / "away.sqlite3")
        response = ask(server, "/readyz")
        assert (response.status, response.body) == (503, b'{"status":"unavailable"}')
        assert ask(server, "/healthz").status == 200
        away.rename(file)
        assert ask(server, "/readyz").status == 200
    finally:
        server.close()


def test_probes_count_against_no_limit() -> None:
    server = Server()
    try:
        for path in ("/healthz", "/readyz", "/metrics"):
            ask(server, path)
        assert getattr(server.site.kv, "adds", None) == 0
        ask(server, "/v2/keys/nothing")
        assert getattr(server.site.kv, "adds", None) == 1
    finally:
        server.close()


def _metrics(avow: Avow) -> dict[str, str]:
    text = ask(avow.server, "/metrics").body.decode()
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_metrics_count_requests_units_and_messages(avow: Avow) -> None:
    fallbacks = _metrics(avow)["avow_kv_fallbacks_total"]
    ask(avow.server, f"/v2/keys/{avow.project_id}")
    values = _metrics(avow)
    assert float(values['avow_requests_total{endpoint="keys",status="200"}']) >= 1
    assert float(values['avow_request_seconds_count{endpoint="keys"}']) >= 1
    assert float(values["avow_store_units_total"]) >= float(values["avow_store_groups_total"]) >= 1
    assert values["avow_store_waiting"] == "0.0"
    assert values["avow_kv_fallbacks_total"] == fallbacks
    assert "avow_outbox_waiting" in ask(avow.server, "/metrics").body.decode()


def test_what_was_refused_unread_is_counted_and_logged_once(avow: Avow, caplog: pytest.LogCaptureFixture) -> None:
    avow.server.site.observe_refused(7, "Q1", "too many requests at once")
    values = _metrics(avow)
    assert float(values['avow_requests_total{endpoint="none",status="503"}']) >= 7
    lines = [record.__dict__["line"] for record in caplog.records if record.name == "avow.requests"]
    assert [(line.request_id, line.status, line.detail) for line in lines if line.request_id == "Q1"] == [
        ("Q1", 503, "too many requests at once")
    ]


@pytest.mark.parametrize("peer", ["203.0.113.7", "10.0.0.4", "2001:db8::1", "", "nonsense"])
def test_metrics_are_nothing_to_other_machines(server: Server, peer: str) -> None:
    assert ask(server, "/metrics", peer).status == 404


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_metrics_are_for_this_machine(server: Server, peer: str) -> None:
    assert ask(server, "/metrics", peer).status == 200


@pytest.mark.parametrize("name", ["x_forwarded_for", "forwarded", "via", "x_real_ip", "x_forwarded_host"])
def test_metrics_are_nothing_to_whom_a_proxy_brings(server: Server, name: str) -> None:
    assert ask(server, "/metrics", **{name: "127.0.0.1"}).status == 404


def test_metrics_name_no_address_and_no_path(avow: Avow) -> None:
    ask(avow.server, "/v1/auth/secret-in-a-path", "203.0.113.99")
    text = ask(avow.server, "/metrics").body.decode()
    assert "secret-in-a-path" not in text
    assert "203.0.113.99" not in text
