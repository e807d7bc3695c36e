"""F-CLK-01 and F-CLK-02: clocks that jump, and instances whose clocks differ."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from avow.testing.clock import FileClock
from avow.testing.server import Server
from tests.bed import valkey
from tests.bed.backends import Backend
from tests.bed.cases import Case
from tests.bed.server import SECRET_KEY, launch
from tests.factories import new_email
from tests.faults.conftest import MakeFleet
from tests.faults.fleet import Fleet
from tests.faults.load import Load
from tests.faults.people import code_of, sign_in, start_code
from tests.security.calls import Api, OverHttp, assert_refused
from tests.security.place import Person, Place, claims_of, on_servers, person_of

pytestmark = pytest.mark.timeout(900)

Rounds = Callable[[int, int], int]

HOUR, DAY = 3600, 86_400
LEEWAY_SECONDS = 5
LIFETIME_SECONDS = 2 * DAY


# --- F-CLK-01 --------------------------------------------------------------------------------------------------


def test_f_clk_01_clock_jumps(case: Case, make_fleet: MakeFleet, backend: Backend, rounds: Rounds) -> None:
    fleet = make_fleet(backend)
    place = fleet.place(refresh_lifetime_seconds=LIFETIME_SECONDS)
    case.control(lambda: sign_in(place))
    statuses: set[int] = set()

    def ask(_: int) -> None:
        statuses.add(place.api.me(place.open_session().refresh_jwt).status)
        time.sleep(0.02)

    steps = [("2 s back every second", -2)] * rounds(3, 60)
    with Load(ask, clients=2):
        for name, seconds in [("an hour on", HOUR), ("an hour back", -HOUR), ("a day on", DAY), *steps]:
            used, ended = _used_code(place), place.open_session()
            assert place.api.post("/v1/auth/logout", ended.refresh_jwt).status == 200
            place.advance(seconds)
            if seconds == -2:
                time.sleep(rounds(0, 1))
            with case.cell(f"{name}, {len(case.cells)}"):
                assert_refused(place.verify_code(*used))
                assert_refused(place.api.refresh(ended.refresh_jwt))
                person = sign_in(place)
                now = fleet.local.clock()
                for token in (person.session_jwt, person.refresh_jwt):
                    assert claims_of(token)["iat"] <= now + LEEWAY_SECONDS
    with case.cell("no crash"):
        # A session that was opened in what is now the future may be refused; nothing else may happen.
        assert statuses <= {200, 401}, statuses
    with case.cell("sessions end at their time and at most a jump later"):
        late = place.open_session()
        place.advance(-HOUR)
        place.advance(LIFETIME_SECONDS + HOUR + 1)
        assert_refused(place.api.refresh(late.refresh_jwt))
    _limits_end(case, fleet)


def _limits_end(case: Case, fleet: Fleet) -> None:
    fleet.servers.clock.freeze()  # so that no minute ends between the requests of one
    for name, settings, window in (
        ("calls about a login ID", {"login_id_requests_per_minute": 3}, 61),
        ("messages to an address", {"sends_per_address": 3}, 601),
    ):
        for jump in (-HOUR, HOUR):
            place, who = fleet.place(**settings), new_email()
            with case.cell(f"limit of {name} after a jump of {jump} s"):
                path = "/v1/auth/otp/signup-in/email"
                asked = [place.api.post(path, body={"loginId": who}).status for _ in range(4 * len(fleet.instances))]
                assert asked[-1] == 429, asked
                place.advance(jump)
                place.advance(window)
                assert place.api.post(path, body={"loginId": who}).status == 200


def _used_code(place: Place) -> tuple[str, str]:
    """Return a login ID and a code of it that has been used."""
    who = new_email()
    start_code(place, who)
    code = code_of(place, who)
    assert place.verify_code(who, code).status == 200
    return who, code


# --- F-CLK-02 --------------------------------------------------------------------------------------------------


@pytest.fixture
def apart(
    postgres_url: str, valkey_server_url: str, clock: FileClock, tmp_path: Path
) -> Iterator[tuple[Place, Place, FileClock]]:
    """Give one project on two instances, and the clock of the second."""
    cache = valkey.empty_database(valkey_server_url)
    other_clock = FileClock(tmp_path / "other-clock")
    with contextlib.ExitStack() as stack:
        local = Server(postgres_url, clock=clock, settings={"secret_key": SECRET_KEY})
        stack.callback(local.close)
        first = stack.enter_context(launch(postgres_url, clock, valkey_url=cache))
        second = stack.enter_context(launch(postgres_url, other_clock, valkey_url=cache))
        here = on_servers(local, first)
        there = Place(here.avow, Api(here.avow.project_id, OverHttp(second.urls), second.url), second)
        for place in (here, there):
            stack.callback(place.http.close)
        yield here, there, other_clock


def test_f_clk_02_skewed_instances(case: Case, apart: tuple[Place, Place, FileClock], rounds: Rounds) -> None:
    here, there, other_clock = apart
    case.control(lambda: sign_in(here))
    for seconds in (4, -4):
        other_clock.reset()
        other_clock.advance(seconds)
        with case.cell(f"{seconds} s: no failure"):
            for _ in range(rounds(15, 500)):
                for one, two in ((here, there), (there, here)):
                    _used_elsewhere(here, one, two)
    for seconds in (120, -120):
        other_clock.reset()
        other_clock.advance(seconds)
        with case.cell(f"{seconds} s: nothing but refusals"):
            statuses = set()
            for one, two in ((here, there), (there, here)):
                person = _signed_in(here, one)
                statuses |= {two.api.me(person.refresh_jwt).status, two.api.refresh(person.refresh_jwt).status}
                assert one.api.refresh(person.refresh_jwt).status in (200, 401)
            assert statuses <= {200, 401}, statuses
    for seconds in (120, -120):
        other_clock.reset()
        other_clock.advance(seconds)
        with case.cell("120 s apart: a warning at start or in health" if seconds > 0 else "120 s behind: the same"):
            assert "warning" not in here.api.get("/readyz").body
            told = there.api.get("/readyz")
            assert told.status == 200
            assert _WARNING in told.body["warning"]
            assert ("ahead of" if seconds > 0 else "behind") in told.body["warning"]
            assert _log_of(there).count(_WARNING) == 1
    other_clock.reset()
    with case.cell("no warning once they agree"):
        assert "warning" not in there.api.get("/readyz").body


_WARNING = "The clock of this server is 1"  # 120 s, give or take the second in which it was asked


def _log_of(place: Place) -> str:
    servers = place.servers
    assert servers is not None
    return servers.instances[0].said()


def _signed_in(here: Place, one: Place) -> Person:
    """Sign in at one instance with a code from the other: letters go out by the clock of `here`."""
    who = new_email()
    start_code(here, who)
    return person_of(who, one.verify_code(who, code_of(here, who)))


def _used_elsewhere(here: Place, one: Place, two: Place) -> None:
    """Sign in at one instance; validate and refresh at the other, and go on at the first."""
    person = _signed_in(here, one)
    assert two.api.me(person.refresh_jwt).status == 200
    refreshed = two.api.refresh(person.refresh_jwt)
    assert refreshed.status == 200, refreshed.content
    assert two.avow.client().validate_session(person.session_jwt)["sub"] == person.id
    newest = refreshed.body.get("refreshJwt") or person.refresh_jwt
    assert one.api.refresh(newest).status == 200
