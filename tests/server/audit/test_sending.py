"""Events on their way to webhooks: which, signed how, how often, and what a receiver can do to us (F-MSG-02, S-SSR)."""

import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from avow.core.webhooks import sign
from avow.errors import InvalidArgument
from avow.server.audit import actions, deliveries
from avow.server.audit.postman import Postman
from avow.server.outgoing import Calls
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.server.api import Api, Statements
from tests.server.audit.conftest import HOOK, LOOPBACK, SECRET, Round, only

_ROWS = "SELECT state, attempts, due_at, error FROM audit_deliveries WHERE project_id = :project_id ORDER BY event_id"


def note(avow: Avow, action: str = "noted", **facts: Any) -> None:
    avow.run(lambda tx: tx.audit(f"test.{action}", **facts))


def bodies(round_: Round) -> list[dict[str, Any]]:
    return [json.loads(each.body) for each in round_.receiver.requests]


def sent(round_: Round) -> list[str]:
    return sorted(each["action"] for each in bodies(round_))


def waiting(avow: Avow) -> list[tuple[Any, ...]]:
    return avow.run(lambda tx: tx.all(_ROWS, lambda *columns: columns))


def found(avow: Avow, action: str) -> list[dict[str, Any]]:
    audits: list[dict[str, Any]] = Api(avow).post(
        "/v1/mgmt/audit/search", {"actions": [action]}, token=avow.management_key
    )["audits"]
    return audits


def end(avow: Avow) -> None:
    assert Api(avow).post("/v1/mgmt/project/delete", token=avow.management_key).status == 200


# --- What arrives ------------------------------------------------------------------------------------------------


def test_event_arrives_signed_as_the_search_shows_it(avow: Avow, round_: Round) -> None:
    round_.hook(avow, headers={"Authorization": "Bearer s3cret"})
    Api(avow).sign_in()
    assert round_.deliver() == 2
    requests = {json.loads(each.body)["action"]: each for each in round_.receiver.requests}
    request = requests["session.opened"]
    assert [json.loads(request.body)] == found(avow, "session.opened")
    headers = request.headers
    assert (headers["content-type"], headers["authorization"]) == ("application/json", "Bearer s3cret")
    assert headers["webhook-id"] == json.loads(request.body)["id"]
    assert headers["webhook-timestamp"] == str(round_.server.clock())
    expected = sign(SECRET, headers["webhook-id"], int(headers["webhook-timestamp"]), request.body)
    assert headers["webhook-signature"] == expected
    assert waiting(avow) == []
    assert round_.deliver() == 0


def test_only_what_passes_the_filters_is_sent(avow: Avow, round_: Round) -> None:
    round_.hook(avow, filters=(*only("tenants", "T1"), *only("actions", "test.quiet", operator="excludes")))
    note(avow, "first", tenant_id="T1")
    note(avow, "quiet", tenant_id="T1")
    note(avow, "other", tenant_id="T2")
    note(avow, "none")
    round_.deliver()
    assert sent(round_) == ["test.first"]


def test_nothing_is_sent_of_a_project_that_was_deleted(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    note(avow, "before")
    deliveries.look_through(round_.server.site.store, avow.project_id)
    note(avow, "later")
    end(avow)
    assert round_.deliver() == 0
    assert deliveries.take(round_.server.site.store, avow.project_id, HOOK) is None
    assert round_.receiver.requests == []


def test_sending_stops_with_the_project(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    for number in range(3):
        note(avow, f"event-{number}")

    def act(handler: Any) -> None:
        if len(round_.receiver.requests) == 1:
            end(avow)
        handler.wfile.write(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")

    round_.receiver.act = act
    assert round_.deliver() == 1
    assert len(round_.receiver.requests) == 1


def test_events_of_other_projects_and_of_before_are_never_sent(make_project: Any, round_: Round) -> None:
    one, two = make_project(), make_project()
    note(one, "before")
    round_.server.clock.advance(1)
    round_.hook(one)
    note(two, "theirs")
    note(one, "mine")
    round_.deliver()
    assert sent(round_) == ["test.mine"]
    assert {each["projectId"] for each in bodies(round_)} == {one.project_id}


def test_each_webhook_gets_the_event(avow: Avow, round_: Round) -> None:
    round_.hook(avow, "one")
    round_.hook(avow, "two", url=f"{round_.receiver.url}/two")
    note(avow)
    round_.deliver()
    assert sorted(each.path for each in round_.receiver.requests) == ["/events", "/events/two"]


def test_unit_that_fails_sends_nothing(avow: Avow, round_: Round) -> None:
    round_.hook(avow)

    def unit(tx: Tx) -> None:
        tx.audit("test.undone")
        raise InvalidArgument

    with pytest.raises(InvalidArgument):
        avow.run(unit)
    round_.deliver()
    assert round_.receiver.requests == []


def test_deleted_webhook_takes_what_waits_with_it(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    round_.receiver.status = 500
    note(avow)
    round_.deliver()
    body = {"name": HOOK, "url": ""}
    assert Api(avow).post("/v2/mgmt/connector/audit/web/set", body, token=avow.management_key).status == 200
    assert waiting(avow) == []


def test_two_postmen_send_each_event_once(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    for number in range(120):
        note(avow, str(number))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda postman: postman.run_once(), [round_.postman(), round_.postman()]))
    round_.deliver()
    assert len(sent(round_)) == len(set(sent(round_))) == 120


def test_events_of_a_killed_postman_go_out_after_its_lease(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    note(avow)
    store = round_.server.site.store
    deliveries.look_through(store, avow.project_id)
    lost = deliveries.take(store, avow.project_id, HOOK)
    assert lost is not None
    assert round_.deliver() == 0
    round_.server.clock.advance(deliveries.LEASE_SECONDS)
    assert round_.deliver() == 1
    deliveries.settle(store, lost, [deliveries.Tried(lost.leased[0], "too late")])
    assert waiting(avow) == []


def test_started_postman_sends_what_is_written_and_stops(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    postman = round_.postman()
    postman.start()
    try:
        note(avow)
        deadline = time.monotonic() + 10
        while not round_.receiver.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        assert sent(round_) == ["test.noted"]
    finally:
        postman.stop()


def test_sign_in_and_refresh_cost_the_same_statements_with_a_webhook(
    avow: Avow, round_: Round, statements: Statements
) -> None:
    api = Api(avow)

    def ran() -> list[list[str]]:
        with statements:
            session = api.sign_in("ann@example.com")
        signed_in = list(statements.ran)
        with statements:
            api.refresh(session["refreshJwt"])
        return [signed_in, list(statements.ran)]

    api.sign_in("ann@example.com")
    before = ran()
    round_.hook(avow)
    assert ran() == before


# --- What does not ------------------------------------------------------------------------------------------------


def test_receiver_that_fails_is_asked_four_times_in_a_day(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    round_.receiver.status = 500
    note(avow)
    at: list[int] = []
    begun = round_.server.clock()
    for _ in range(200):
        if round_.deliver():
            at.append(round_.server.clock() - begun)
        round_.server.clock.advance(600)
    assert len(round_.receiver.requests) == len(at) <= deliveries.ATTEMPTS
    assert len(at) >= 3
    assert waiting(avow)[0][0] == "dead"
    assert len({each.headers["webhook-id"] for each in round_.receiver.requests}) == 1
    assert [each["data"] for each in found(avow, "webhook.failed")] == [{"webhook": HOOK, "reason": "it answered 500"}]
    [given_up] = found(avow, "webhook.events_given_up")
    assert given_up["data"] == {"webhook": HOOK, "events": 1}
    round_.server.clock.advance(8 * 86400)
    assert avow.run(lambda tx: actions.forget_deliveries(tx, 10)) == 1


def test_receiver_that_was_away_gets_everything_soon_after_it_is_back(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    round_.receiver.status = 503
    for number in range(5):
        note(avow, str(number))
    for _ in range(10):
        round_.deliver()
        round_.server.clock.advance(60)
    assert len(round_.receiver.requests) <= 10
    round_.receiver.status = 204
    round_.receiver.requests.clear()
    round_.server.clock.advance(600)
    round_.deliver()
    assert sent(round_) == [f"test.{number}" for number in range(5)]
    assert waiting(avow) == []
    assert len(found(avow, "webhook.recovered")) == 1


def test_receiver_that_is_away_is_probed_by_one_event_less_and_less_often(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    round_.receiver.status = 500
    for number in range(30):
        note(avow, str(number))
    assert round_.deliver() == 1
    for _ in range(600):
        round_.server.clock.advance(1)
        round_.deliver()
    assert len(round_.receiver.requests) <= 6


def test_events_that_tell_of_the_sending_are_not_sent(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    round_.receiver.status = 500
    note(avow)
    round_.deliver()
    round_.receiver.status = 204
    round_.server.clock.advance(3600)
    round_.deliver()
    round_.deliver()
    assert set(sent(round_)) == {"test.noted"}
    assert len(found(avow, "webhook.failed")) == 1


def test_retry_after_is_honoured(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    round_.receiver.status, round_.receiver.headers = 429, {"retry-after": "1800"}
    note(avow)
    round_.deliver()
    round_.server.clock.advance(1799)
    assert round_.deliver() == 0
    round_.server.clock.advance(1)
    assert round_.deliver() == 1


def test_what_has_no_receiver_costs_no_attempt_and_goes_when_there_is_one(avow: Avow, round_: Round) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    round_.hook(avow, url=f"http://127.0.0.1:{port}/")
    note(avow)
    for _ in range(20):
        round_.deliver()
        round_.server.clock.advance(600)
    assert {row[:2] for row in waiting(avow)} == {("waiting", 0)}
    round_.hook(avow)
    note(avow, "second")
    round_.deliver()
    assert waiting(avow) == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(avow: Avow, round_: Round, status: int) -> None:
    round_.hook(avow)
    round_.receiver.status = status
    round_.receiver.headers = {"location": f"{round_.receiver.url}/elsewhere"}
    note(avow)
    round_.deliver()
    assert [each.path for each in round_.receiver.requests] == ["/events"]
    assert waiting(avow)[0][3] == f"it answered {status}"


def test_trouble_is_told_once_in_the_log_without_secrets(
    avow: Avow, round_: Round, caplog: pytest.LogCaptureFixture
) -> None:
    round_.hook(avow, headers={"Authorization": "Bearer s3cret"})
    round_.receiver.status = 500
    note(avow, "one")
    note(avow, "two")
    postman = round_.postman()
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            postman.run_once()
            round_.server.clock.advance(60)
        round_.receiver.status = 204
        round_.server.clock.advance(3600)
        postman.run_once()
    told = [record.getMessage() for record in caplog.records if record.name == "avow.webhooks"]
    assert [("does not take" in each, "takes its events again" in each) for each in told] == [
        (True, False),
        (False, True),
    ]
    assert "s3cret" not in caplog.text
    assert SECRET not in caplog.text


# --- What a receiver can do to us ---------------------------------------------------------------------------------


def _flood(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while True:  # until the connection is closed
        handler.wfile.write(b"x" * 65_536)


def _drip(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(600):
        handler.wfile.write(b"x-%d: 1\r\n" % number)
        handler.wfile.flush()
        time.sleep(0.1)


def _nonsense(handler: Any) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")


def _hang(handler: Any) -> None:
    time.sleep(30)


@pytest.mark.parametrize("act", [_flood, _drip, _nonsense, _hang], ids=lambda act: act.__name__)
def test_hostile_receiver_costs_little_time_and_tells_nothing(
    avow: Avow, round_: Round, act: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avow.server.audit.postman.Calls", _lasting(30.0 if act is _flood else 1.0))
    round_.hook(avow)
    round_.receiver.act = act
    note(avow)
    begun = time.monotonic()
    round_.deliver()
    assert time.monotonic() - begun < 2.5
    rows = waiting(avow)
    assert "SSH" not in str(rows)
    assert [row[0] for row in rows] == ([] if act is _flood else ["waiting"])


def _lasting(seconds: float) -> Any:
    """Return calls that are given up after some seconds."""
    return lambda allowed: Calls(allowed, seconds=seconds)


def test_address_is_judged_when_it_is_called(avow: Avow, round_: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name led somewhere public when it was set, and leads to loopback now (S-SSR-02)."""
    port = round_.receiver.url.rpartition(":")[2].partition("/")[0]
    looked_up: list[str] = []

    def resolve(host: str, port: int, *args: Any, **_: Any) -> Any:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr("avow.server.outgoing.lines.socket.getaddrinfo", resolve)
    connected: list[Any] = []
    round_.hook(avow, url=f"https://rebound.example.com:{port}/events")
    note(avow)
    monkeypatch.setattr(socket, "create_connection", lambda *args, **_: connected.append(args))
    round_.server.clock.advance(600)
    Postman(round_.server.site.store, (), round_.server.clock).run_once()
    assert "rebound.example.com" in looked_up
    assert connected == []
    assert round_.receiver.requests == []
    [failed] = found(avow, "webhook.failed")
    assert failed["data"]["reason"] == "no connection: ConnectError"


def test_url_whose_network_is_allowed_no_more_is_not_called(avow: Avow, round_: Round) -> None:
    round_.hook(avow)
    note(avow)
    Postman(round_.server.site.store, (), round_.server.clock).run_once()
    assert round_.receiver.requests == []
    assert waiting(avow)[0][3] == "its address may not be called"
    assert LOOPBACK


def test_slow_receiver_keeps_no_other_waiting(
    avow: Avow, round_: Round, make_project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avow.server.audit.postman.Calls", _lasting(60.0))
    other = make_project()
    release = threading.Event()
    round_.hook(avow, url=f"{round_.receiver.url}/slow")
    round_.hook(other)

    def act(handler: Any) -> None:
        if handler.path.endswith("slow"):
            release.wait(60)
        handler.wfile.write(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")

    round_.receiver.act = act
    postman = round_.postman()
    note(avow, "slow")
    note(other, "quick")
    postman.start()
    try:
        deadline = time.monotonic() + 30
        while waiting(other) or not any(each.path == "/events" for each in round_.receiver.requests):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        release.set()
        postman.stop()
