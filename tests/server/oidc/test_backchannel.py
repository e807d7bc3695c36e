"""Back-channel log-out: which log-outs applications are told of, how often, and what a receiver can do to us."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from avow.server.applications import actions
from avow.server.oidc import grants
from avow.server.oidc.herald import Herald
from avow.server.outgoing import Calls
from avow.server.sessions import actions as sessions
from avow.server.users import actions as users
from avow.testing.server import Avow, Server
from avow.wire.applications import UpdateApplication
from tests.factories import new_email
from tests.server.api import Api
from tests.server.oidc.hearing import Ear, listening
from tests.server.oidc.relying import Rp, claims, make_app, prepare
from tests.server.pages.browsing import Browser


@pytest.fixture
def ear(server: Server) -> Iterator[Ear]:
    with listening(server) as started:
        yield started


@pytest.fixture
def heard(project: Avow, ear: Ear) -> Rp:
    """Return an application that wants to be told."""
    return ear.app(project, grantTypes=["authorization_code", "refresh_token"])


def signed_in(rp: Rp, browser: Browser | None = None) -> dict[str, Any]:
    """Sign somebody in; return the claims of their ID token."""
    return claims(rp.tokens(browser or rp.browser(), new_email())["id_token"])


def end(rp: Rp, said: dict[str, Any]) -> None:
    rp.avow.run(lambda tx: sessions.end(tx, said["sub"], said["sid"], why="logout"))


def by_pages(rp: Rp, browser: Browser, said: dict[str, Any], token: str) -> None:
    browser.get(f"{rp.prefix}/oidc/logout?{urlencode({'id_token_hint': token})}")


def by_management(rp: Rp, browser: Browser, said: dict[str, Any], token: str) -> None:
    path = "/v1/mgmt/user/logout"
    assert Api(rp.avow).post(path, {"userId": said["sub"]}, token=rp.avow.management_key).status == 200


def by_disabling(rp: Rp, browser: Browser, said: dict[str, Any], token: str) -> None:
    login = rp.avow.run(lambda tx: users.find(tx, said["sub"])).row.email  # type: ignore[union-attr]
    body = {"loginId": login, "status": "disabled"}
    assert Api(rp.avow).post("/v1/mgmt/user/update/status", body, token=rp.avow.management_key).status == 200


def by_everywhere(rp: Rp, browser: Browser, said: dict[str, Any], token: str) -> None:
    rp.avow.run(lambda tx: sessions.end_all(tx, said["sub"], why="logout"))


@pytest.mark.parametrize("leave", [by_pages, by_management, by_disabling, by_everywhere])
def test_however_a_session_ends_its_application_is_told_once(
    heard: Rp, ear: Ear, leave: Callable[[Rp, Browser, dict[str, Any], str], None]
) -> None:
    browser = heard.browser()
    token = heard.tokens(browser, new_email())["id_token"]
    said = claims(token)
    assert ear.tell() == 0
    leave(heard, browser, said, token)
    assert ear.tell() == 1
    assert ear.tell() == 0
    [told] = ear.told(heard)
    assert (told["sub"], told["sid"], told["aud"], told["iss"]) == (said["sub"], said["sid"], heard.id, heard.issuer)
    assert 0 < told["exp"] - told["iat"] <= 120
    assert ear.receiver.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert ear.waiting(heard.avow) == []


def test_each_application_of_the_session_is_told_and_no_other(heard: Rp, ear: Ear, project: Avow) -> None:
    second, deaf, foreign = ear.app(project), make_app(project), ear.app(project)
    browser, email = heard.browser(), new_email()
    said = claims(heard.tokens(browser, email)["id_token"])
    for each in (second, deaf):
        each.tokens(browser, email)
    signed_in(foreign)
    heard.tokens(browser, email)  # a second grant is told of once
    end(heard, said)
    assert ear.tell() == 2
    assert {claims(each)["aud"] for each in ear.tokens()} == {heard.id, second.id}
    assert len({claims(each)["jti"] for each in ear.tokens()}) == 2


def test_another_session_of_the_same_person_is_not_told_of(heard: Rp, ear: Ear) -> None:
    email = new_email()
    first = claims(heard.tokens(heard.browser(), email)["id_token"])
    second = claims(heard.tokens(heard.browser(), email)["id_token"])
    end(heard, first)
    ear.tell()
    assert [each["sid"] for each in ear.told(heard)] == [first["sid"]]
    end(heard, second)
    ear.tell()
    assert [each["sid"] for each in ear.told(heard)] == [first["sid"], second["sid"]]


@pytest.mark.parametrize("status", [500, 400, 404, 302])
def test_what_did_not_arrive_is_told_again_and_given_up_in_the_end(heard: Rp, ear: Ear, status: int) -> None:
    end(heard, signed_in(heard))
    ear.receiver.status = status
    ear.receiver.headers = {"location": ear.receiver.url + "/elsewhere"} if status == 302 else {}
    for attempt, pause in enumerate((10, 60, 600, 3600), start=1):
        assert ear.tell() == 1
        [(state, attempts, due_at, error)] = ear.waiting(heard.avow)
        assert (state, attempts, due_at) == ("waiting", attempt, heard.avow.server.clock() + pause)
        assert error == f"it answered {status}"
        assert ear.tell() == 0
        heard.avow.advance(pause)
    assert ear.tell() == 1
    assert ear.waiting(heard.avow) == []
    assert {each.path for each in ear.receiver.requests} == {"/events"}
    assert len({claims(each)["jti"] for each in ear.tokens()}) == 5
    found = Api(heard.avow).post(
        "/v1/mgmt/audit/search", {"actions": ["logout.not_told"]}, token=heard.avow.management_key
    )
    [event] = found["audits"]
    assert event["data"]["application"] == heard.id


def test_it_arrives_once_the_receiver_is_back(heard: Rp, ear: Ear) -> None:
    end(heard, signed_in(heard))
    ear.receiver.status = 503
    ear.tell()
    heard.avow.advance(10)
    ear.receiver.status = 200
    assert ear.tell() == 1
    assert ear.waiting(heard.avow) == []
    late = claims(ear.tokens()[-1])
    assert late["iat"] == heard.avow.server.clock()


def test_two_heralds_tell_each_log_out_once(heard: Rp, ear: Ear) -> None:
    for _ in range(12):
        end(heard, signed_in(heard))
    with ThreadPoolExecutor(2) as pool:
        tried = sum(pool.map(lambda each: each.run_once(), (ear.herald(), ear.herald())))
    assert tried == len(ear.receiver.requests) == 12
    assert len({claims(each)["sid"] for each in ear.tokens()}) == 12


def test_a_herald_in_the_background_is_woken_by_the_log_out(heard: Rp, ear: Ear) -> None:
    herald = ear.herald()
    herald.start()
    try:
        said = signed_in(heard)
        begun = time.monotonic()
        end(heard, said)
        while not ear.receiver.requests and time.monotonic() - begun < 10:
            time.sleep(0.02)
    finally:
        herald.stop()
    assert [each["sid"] for each in ear.told(heard)] == [said["sid"]]


def test_receivers_that_hang_delay_no_log_out_of_others(
    heard: Rp, ear: Ear, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avow.server.oidc.herald.Calls", lambda allowed: Calls(allowed, seconds=60.0))
    stranger = server.project("Stranger")
    prepare(stranger)
    released, held = threading.Event(), heard.browser()
    good = claims(heard.tokens(held, new_email())["id_token"])
    with listening(server) as deaf:

        def hang(_: object) -> None:
            released.wait(60)

        deaf.receiver.act = hang
        browser, email = make_app(stranger).browser(), new_email()
        hanging = [claims(deaf.app(stranger).tokens(browser, email)["id_token"]) for _ in range(6)]
        herald = ear.herald()
        herald.start()
        try:
            stranger.run(lambda tx: sessions.end(tx, hanging[0]["sub"], hanging[0]["sid"], why="logout"))
            assert happens(lambda: len(deaf.receiver.requests) >= 3, 30)
            end(heard, good)
            assert happens(lambda: bool(ear.receiver.requests), 30)  # a call that hangs takes sixty
        finally:
            released.set()
            herald.stop()
    assert [each["sid"] for each in ear.told(heard)] == [good["sid"]]


def happens(seen: Callable[[], bool], seconds: float) -> bool:
    """Tell whether something happens within some seconds."""
    until = time.monotonic() + seconds
    while not seen() and time.monotonic() < until:
        time.sleep(0.02)
    return seen()


def test_application_that_wants_to_hear_no_more_is_not_told(heard: Rp, ear: Ear) -> None:

    first, second = signed_in(heard), signed_in(heard)
    end(heard, first)
    ear.receiver.status = 500
    ear.tell()
    body = UpdateApplication(id=heard.id, settings={"backchannelLogoutUri": ""})
    heard.avow.run(lambda tx: actions.update(tx, body, is_open=True, actor="test"))
    ear.receiver.requests.clear()
    end(heard, second)
    heard.avow.advance(10)
    ear.tell()
    assert ear.receiver.requests == []
    assert ear.waiting(heard.avow) == []


def test_an_address_that_may_not_be_called_is_not_called(heard: Rp, ear: Ear, server: Server) -> None:

    end(heard, signed_in(heard))
    Herald(server.site.store, (), server.clock).run_once()
    assert ear.receiver.requests == []
    [(_, attempts, _, error)] = ear.waiting(heard.avow)
    assert (attempts, error) == (1, "its address may not be called")


def test_the_last_grant_of_a_session_that_goes_on_is_kept_for_its_end(heard: Rp, ear: Ear) -> None:
    browser, email = heard.browser(), new_email()
    said = claims(heard.tokens(browser, email)["id_token"])
    heard.avow.advance(60)
    heard.tokens(browser, email)
    heard.avow.advance(5 * 86_400)
    assert heard.avow.run(lambda tx: grants.forget(tx, 100)) == 1
    end(heard, said)
    assert ear.tell() == 1
    assert heard.avow.run(lambda tx: grants.forget(tx, 100)) == 1


def test_code_that_nobody_redeemed_takes_no_place_of_the_last_grant(heard: Rp, ear: Ear) -> None:
    browser, email = heard.browser(), new_email()
    said = claims(heard.tokens(browser, email)["id_token"])
    heard.avow.advance(86_400)
    heard.code(browser, email)
    heard.avow.advance(5 * 86_400)
    assert heard.avow.run(lambda tx: grants.forget(tx, 100)) == 1
    end(heard, said)
    assert ear.tell() == 1
    assert [each["sub"] for each in ear.told(heard)] == [said["sub"]]


def test_a_deleted_application_is_told_nothing(heard: Rp, ear: Ear) -> None:

    end(heard, signed_in(heard))
    heard.avow.run(lambda tx: actions.delete(tx, heard.id, actor="test"))
    assert ear.tell() == 0
