"""F-CAC-01 and F-CAC-02: a Valkey that is away, hangs, comes back empty, or is full."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import valkey

from tests.bed import programs, run
from tests.bed import valkey as bed_valkey
from tests.bed.cases import Case
from tests.factories import new_email
from tests.faults.conftest import POSTGRES_2, MakeFleet, Way
from tests.faults.load import Load, p95
from tests.faults.people import code_of, sign_in, start_code
from tests.security.calls import assert_refused
from tests.security.counting import wrong_codes
from tests.security.place import Person, Place

pytestmark = pytest.mark.timeout(600)

Rounds = Callable[[int, int], int]

ATTEMPTS = 5


@dataclass(slots=True)
class OwnValkey:
    """A Valkey server that a test may stop, pause and start; `pid` is 0 while it is stopped."""

    binary: str
    home: Path
    url: str = ""
    pid: int = 0

    def start(self) -> None:
        """Start it, empty."""
        self.url, self.pid = bed_valkey.start(self.binary, self.home)

    def stop(self) -> None:
        """Stop it."""
        bed_valkey.stop(self.pid)
        self.pid = 0

    def client(self) -> "contextlib.closing[valkey.Valkey]":
        """Return a connection."""
        return contextlib.closing(valkey.Valkey.from_url(self.url))


@pytest.fixture
def own_valkey() -> Iterator[OwnValkey]:
    """Give a running Valkey server of this test."""
    program = programs.find_valkey()
    if program is None or program.url:
        pytest.skip("needs a Valkey that the test may stop")
    server = OwnValkey(program.where, run.folder() / f"valkey-{time.monotonic_ns()}")
    server.start()
    yield server
    if server.pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGCONT)
        server.stop()


@pytest.mark.alone
def test_f_cac_01_cache_away(case: Case, own_valkey: OwnValkey, make_fleet: MakeFleet, rounds: Rounds) -> None:
    fleet = make_fleet(POSTGRES_2, Way(valkey_url=own_valkey.url))
    place = fleet.place(rotation="never")  # the same tokens are shown for longer than the grace of a rotation
    case.control(lambda: sign_in(place))
    people = [place.open_session() for _ in range(4)]
    gone = [place.open_session() for _ in range(3)]
    assert place.api.post("/v1/auth/logout", gone[0].refresh_jwt).status == 200

    def refresh(number: int) -> None:
        answer = place.api.refresh(people[number].refresh_jwt)
        assert answer.status == 200, answer.content
        time.sleep(0.01)

    with Load(refresh, clients=4) as load:
        calm = _phase(load, 1.5)
        own_valkey.stop()
        with case.cell("stopped: all goes on"):
            _works(place, gone[1])
        with case.cell("stopped: a guess budget stays what it is"):
            _budget_holds(place)
        stopped = _phase(load, rounds(1, 60))
        own_valkey.start()
        os.kill(own_valkey.pid, signal.SIGSTOP)
        time.sleep(1.5)
        hung = _phase(load, rounds(3, 60))
        with case.cell("hung: all goes on"):
            _works(place, gone[2])
        with case.cell("hung: a guess budget stays what it is"):
            _budget_holds(place)
        os.kill(own_valkey.pid, signal.SIGCONT)
        with own_valkey.client() as client:
            client.flushall()
        time.sleep(1.5)
        after = _phase(load, 1.5)
        with own_valkey.client() as client, case.cell("started empty: limits are counted there again"):
            assert client.dbsize()
    if case.full_only("p95 at most three times"):
        with case.cell("p95 at most three times"):
            for seconds in (stopped, hung, after):
                assert p95(seconds) < 3 * p95(calm) + 0.05
    with case.cell("no ended session revives"):
        for person in gone:
            assert_refused(place.api.refresh(person.refresh_jwt))


def test_f_cac_02_cache_full(case: Case, own_valkey: OwnValkey, make_fleet: MakeFleet, rounds: Rounds) -> None:
    fleet = make_fleet(POSTGRES_2, Way(valkey_url=own_valkey.url))
    place = fleet.place()
    case.control(lambda: sign_in(place))
    for policy in ("allkeys-lru", "noeviction"):
        ended = place.open_session()
        used = sign_in(place)
        code = _used_code(place, used.login_id)
        assert place.api.post("/v1/auth/logout", ended.refresh_jwt).status == 200
        with own_valkey.client() as client:
            client.config_set("maxmemory", "8mb")
            client.config_set("maxmemory-policy", policy)
            _crowd(client, rounds(20_000, 1_000_000), policy)
        with case.cell(f"{policy}: ended sessions and used codes stay so"):
            assert_refused(place.api.refresh(ended.refresh_jwt))
            assert_refused(place.verify_code(used.login_id, code))
        with case.cell(f"{policy}: all goes on"):
            _works(place, place.open_session())
        with case.cell(f"{policy}: a guess budget stays what it is"):
            _budget_holds(place)
        with case.cell(f"{policy}: a limit still comes"):
            limited = fleet.place(login_id_requests_per_minute=5)
            fleet.servers.clock.freeze()  # so that no minute ends between them
            statuses = [
                limited.api.post("/v1/auth/otp/signup-in/email", body={"loginId": "one@example.com"}).status
                for _ in range(5 * len(fleet.instances) + 1)
            ]
            fleet.servers.clock.reset()
            assert statuses[-1] == 429, statuses
        with own_valkey.client() as client:
            client.flushall()


def _crowd(client: valkey.Valkey, count: int, policy: str) -> None:
    """Write as many entries of others as fit, and more."""
    for start in range(0, count, 1000):
        with client.pipeline(transaction=False) as pipeline:
            for number in range(start, start + 1000):
                pipeline.set(f"other:{number}", b"x" * 400)
            pipeline.execute(raise_on_error=policy != "noeviction")
    statistics: Any = client.info("stats")
    assert policy == "noeviction" or statistics["evicted_keys"] > 0


def _phase(load: Load, seconds: float) -> list[float]:
    """Return how long the steps of the next seconds take."""
    begun = time.monotonic()
    time.sleep(seconds)
    return load.between(begun, time.monotonic())


def _works(place: Place, person: Person) -> None:
    """Sign in, refresh and log out."""
    for _ in range(2):
        assert place.api.refresh(sign_in(place).refresh_jwt).status == 200
    assert place.api.post("/v1/auth/logout", person.refresh_jwt).status == 200
    assert_refused(place.api.refresh(person.refresh_jwt))


def _used_code(place: Place, who: str) -> str:
    start_code(place, who)
    code = code_of(place, who)
    assert place.verify_code(who, code).status == 200
    return code


def _budget_holds(place: Place) -> None:
    """S-OTP-02 in short: after five wrong codes the right one is refused."""
    who = new_email()
    start_code(place, who)
    right = code_of(place, who)
    for _, wrong in zip(range(ATTEMPTS), wrong_codes(right), strict=False):
        assert_refused(place.verify_code(who, wrong))
    assert_refused(place.verify_code(who, right))
