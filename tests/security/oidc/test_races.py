"""S-RAC-01, 02 and 05 at the OpenID provider, on every back end: many at the same moment."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer
from tests.security.conftest import MakePlace
from tests.security.place import Place
from tests.security.visiting import DistantRp
from tests.server.api import Api
from tests.server.oidc.relying import landed, make_app, prepare
from tests.server.oidc.test_devices import GRANT as DEVICE
from tests.server.oidc.test_devices import begin, opened

pytestmark = pytest.mark.timeout(900)  # the stated counts take minutes on two cores

Rounds = Callable[[int, int], int]
RACERS = 50
CLIENTS = 20
GRACE_SECONDS = 30
SCOPE = "openid offline_access"


def application(place: Place, **settings: Any) -> DistantRp:
    return DistantRp.of(make_app(place.avow, **settings), place)


@pytest.fixture
def there(make_place: MakePlace) -> Place:
    """Return a project with its OpenID keys on one back end after the other."""
    place = make_place()
    prepare(place.avow)
    place.advance(2)
    return place


def is_refused(answer: Answer) -> bool:
    return (
        answer.status == 400
        and answer.body["error"] in {"invalid_grant", "slow_down"}
        and answer.headers["cache-control"] == "no-store"
        and answer.body.keys() == {"error", "error_description"}
    )


def assert_one_winner(answers: list[Answer]) -> Answer:
    winners = [answer for answer in answers if answer.status == 200]
    assert len(winners) == 1, [answer.status for answer in answers]
    assert all(map(is_refused, (answer for answer in answers if answer.status != 200)))
    return winners[0]


def test_s_rac_01_codes_are_spent_once(case: Case, there: Place, rounds: Rounds) -> None:
    rp = application(there)
    device = application(there, preset="native", redirectUris=[], grantTypes=[DEVICE])
    browser, email = rp.browser(), new_email()
    case.control(lambda: rp.redeem(rp.code(browser, email)).status == 200)
    with case.cell("authorization code"):
        for _ in range(rounds(4, 200)):
            code = rp.code(browser, email)
            wish = rp.wish({"grant_type": "authorization_code", "code": code, "redirect_uri": rp.redirect})
            won = assert_one_winner(there.http.send_at_once([wish] * RACERS))
            # It was brought more than once, so that all that came of it is taken back.
            assert rp.userinfo(won.body["access_token"]).status == 401
    with case.cell("device code"):
        for _ in range(rounds(2, 200)):
            there.advance(601)  # so that no limit of typed codes is met
            codes = begin(device, scope="openid")
            person, page = opened(device, codes)
            person.submit(page.form(), "allow")
            there.advance(6)
            wish = device.wish({"grant_type": DEVICE, "device_code": codes["device_code"]})
            won = assert_one_winner(there.http.send_at_once([wish] * RACERS))
            assert device.userinfo(won.body["access_token"]).status == 200


def test_s_rac_02_refreshes_at_once(case: Case, there: Place, rounds: Rounds) -> None:
    rp = application(there)

    def signed_in() -> str:
        return str(rp.tokens(rp.browser(), new_email(), scope=SCOPE)["refresh_token"])

    def race(*tokens: str) -> list[Answer]:
        wishes = [rp.wish({"grant_type": "refresh_token", "refresh_token": each}) for each in tokens]
        return there.http.send_at_once(wishes)

    case.control(lambda: rp.refresh(signed_in()).status == 200)
    first = token = signed_in()
    with case.cell("OIDC refresh token"):
        for _ in range(rounds(6, 200)):
            there.advance(GRACE_SECONDS + 1)
            answers = race(*[token] * RACERS)
            assert {answer.status for answer in answers} == {200}
            [successor] = {answer.body["refresh_token"] for answer in answers}
            assert successor != token
            token = successor
            assert {answer.body["refresh_token"] for answer in race(*[token] * 5)} == {token}
    with case.cell("reuse after the grace ends the family for all racers"):
        there.advance(GRACE_SECONDS + 1)
        assert all(map(is_refused, race(*[first] * RACERS)))
        assert rp.refresh(token).error == (400, "invalid_grant")
    with case.cell("stale and current at once never leave two families"):
        stale = signed_in()
        there.advance(GRACE_SECONDS + 1)
        current = rp.refresh(stale)["refresh_token"]
        there.advance(GRACE_SECONDS + 1)
        answers = race(*[stale, current] * (RACERS // 2))
        given = {answer.body["refresh_token"] for answer in answers if answer.status == 200}
        assert len(given) <= 1
        for survivor in (stale, current, *given):
            assert rp.refresh(survivor).error == (400, "invalid_grant")


def test_s_rac_05_nothing_outlives_what_was_taken_back(case: Case, there: Place, rounds: Rounds) -> None:
    place, api = there, Api(there.avow)

    def managed(path: str, body: dict[str, object]) -> None:
        answer = place.api.post(path, place.avow.management_key, body)
        assert answer.status == 200, answer.content

    def allowed(rp: DistantRp, email: str) -> str:
        browser = rp.browser()
        page = rp.sign_in(browser, rp.ask(browser, scope=SCOPE), email)
        told = landed(browser.submit(page.form(), "allow") if page.status == 200 else page)
        return str(rp.redeem(told["code"])["refresh_token"])

    plain = application(place)
    case.control(lambda: plain.refresh(plain.tokens(plain.browser(), new_email(), scope=SCOPE)["refresh_token"]))
    with case.cell("OIDC client and consent"):
        for _ in range(rounds(1, 10)):
            off, asking, email = application(place), application(place, trusted=False), new_email()
            token = off.tokens(off.browser(), new_email(), scope=SCOPE)["refresh_token"]
            body = {"id": off.id, "enabled": False}
            late = refreshes_after(off, [token] * CLIENTS, partial(managed, "/v1/mgmt/avow/app/update", body))
            assert late
            assert set(late) == {400}
            tokens = [allowed(asking, email) for _ in range(3)]
            mine = api.sign_in(email)["refreshJwt"]
            [consent] = api.get("/v1/auth/avow/consents", token=mine)["consents"]
            wish = {"consentId": consent["id"]}

            def withdraw(mine: str = mine, wish: dict[str, str] = wish) -> None:
                assert place.api.post("/v1/auth/avow/consents/revoke", mine, wish).status == 200

            late = refreshes_after(asking, tokens * 5, withdraw)
            assert late
            assert set(late) == {400}


def refreshes_after(rp: DistantRp, tokens: list[str], change: Callable[[], object]) -> list[int]:
    """Refresh from many clients all the time; return what those were answered that began after the change."""
    done, told = threading.Event(), list[tuple[float, int]]()

    def refresh(token: str) -> None:
        while not done.is_set():
            begun = time.monotonic()
            told.append((begun, rp.refresh(token).status))

    with ThreadPoolExecutor(len(tokens)) as pool:
        running = [pool.submit(refresh, token) for token in tokens]
        try:
            wait_for(lambda: sum(status == 200 for _, status in told) > len(tokens))
            change()
            changed_at = time.monotonic()
            wait_for(lambda: sum(begun > changed_at for begun, _ in told) > len(tokens))
        finally:
            done.set()
        for each in running:
            each.result()
    return [status for begun, status in told if begun > changed_at]


def wait_for(holds: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.005)
