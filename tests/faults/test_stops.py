"""F-CRS-06 and F-CRS-07: servers that are stopped while they work, and workers that die."""

import contextlib
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.bed.backends import Backend
from tests.bed.cases import Case
from tests.cli.programs import Running
from tests.factories import change_settings
from tests.faults.conftest import POSTGRES_2, MakeFleet
from tests.faults.load import Burst, Load, burst, p95
from tests.security.place import Place
from tests.security.production import Production, install, place_of, served

pytestmark = pytest.mark.timeout(600)

Rounds = Callable[[int, int], int]

_CHANCE = random.Random(7)


# --- F-CRS-06 --------------------------------------------------------------------------------------------------


def test_f_crs_06_graceful_stop(case: Case, make_fleet: MakeFleet, backend: Backend) -> None:
    fleet = make_fleet(backend, settings={"AVOW_NOTICE_SECONDS": "5", "AVOW_DRAIN_SECONDS": "20"})
    place = fleet.place()
    person = place.open_session()
    case.control(lambda: place.api.refresh(person.refresh_jwt).status == 200)
    results: list[Burst] = []
    wishes = [place.api.wish("POST", "/v1/auth/refresh", person.refresh_jwt) for _ in range(200)]
    asking = threading.Thread(target=lambda: results.append(burst(fleet.servers.urls, wishes, per_second=1e6)))
    with _writes_held(place):
        asking.start()
        time.sleep(0.6)  # all of them wait for the database now
        begun = time.monotonic()
        for instance in fleet.instances:
            assert instance.process is not None
            instance.process.send_signal(signal.SIGTERM)
        with case.cell("readiness turns false first"):
            for _ in fleet.instances:
                answer = place.api.get("/readyz")
                assert (answer.status, answer.body) == (503, {"status": "draining"})
    asking.join()
    codes = [instance.stop(signal.SIGCONT, seconds=25) for instance in fleet.instances]  # no second SIGTERM
    seconds = time.monotonic() - begun
    with case.cell("200 requests in flight are all answered"):
        assert dict(results[0].statuses) == {200: 200}
    with case.cell("exit 0 within the drain time"):
        assert codes == [0] * len(codes)
        assert seconds < 20
    fleet.start()
    place.http.leave_kept()
    with case.cell("a second SIGTERM exits at once"):
        with _writes_held(place):
            waiting = threading.Thread(target=lambda: burst(fleet.servers.urls, wishes[:8], per_second=1e6))
            waiting.start()
            time.sleep(0.3)
            for instance in fleet.instances:
                assert instance.process is not None
                instance.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            begun = time.monotonic()
            assert {instance.stop(signal.SIGTERM) for instance in fleet.instances} == {1}
            assert time.monotonic() - begun < 2
        waiting.join()
    fleet.start()


@contextlib.contextmanager
def _writes_held(place: Place) -> Iterator[None]:
    """Let every write of the servers wait until the block ends."""
    url = place.avow.server.site.store.url
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE sessions IN EXCLUSIVE MODE")
        yield
        connection.rollback()


# --- F-CRS-07 --------------------------------------------------------------------------------------------------


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Production]:
    """Give an installation that is served by four workers."""
    installation = install(tmp_path / "data")
    with served(installation, "--workers", "4") as running, place_of(installation, running) as place:
        yield Production(installation, running, place)


def test_f_crs_07_death_of_a_worker(case: Case, workers: Production, rounds: Rounds) -> None:
    place = workers.place
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)

    def kill() -> None:
        os.kill(_CHANCE.choice(_workers(workers.running)), signal.SIGKILL)

    _kill_under_load(case, place, kill, rounds)
    with case.cell("four workers serve again"):
        until = time.monotonic() + 20
        while len(_workers(workers.running)) < 4:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_f_crs_07_death_of_an_instance(case: Case, make_fleet: MakeFleet, rounds: Rounds) -> None:
    fleet = make_fleet(POSTGRES_2)
    place = fleet.place()
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)

    def kill() -> None:
        instance = _CHANCE.choice(fleet.instances)
        instance.stop(signal.SIGKILL)
        instance.start()
        instance.wait()

    _kill_under_load(case, place, kill, rounds)
    with case.cell("nothing is half made"):
        fleet.assert_whole()


def _kill_under_load(case: Case, place: Place, kill: Callable[[], None], rounds: Rounds) -> None:
    """Kill again and again while eight clients refresh, and compare with the time before the first."""
    # The same tokens are shown again for longer than the grace of a rotation, and by one address.
    change_settings(place.avow, {"rotation": "never", "requests_per_minute": 1_000_000})
    people = [place.open_session() for _ in range(8)]
    bad: list[int] = []
    kills: list[float] = []

    def refresh(number: int) -> None:
        answer = place.api.refresh(people[number].refresh_jwt)
        if answer.status != 200:
            bad.append(answer.status)
        time.sleep(0.005)

    every = rounds(2, 5)
    with Load(refresh, clients=8) as load:
        time.sleep(1.5)
        calm_until = time.monotonic()
        for _ in range(rounds(2, 12)):
            begun = time.monotonic()
            kills.append(begun)
            kill()
            time.sleep(max(0.0, begun + every - time.monotonic()))
        time.sleep(1.5)
        ended = time.monotonic()
    lost = [sum(begun <= at < begun + every for at in load.lost) for begun in kills]
    with case.cell("only requests on that worker fail"):
        assert bad == []
        # Of each client the request under way, and one that a dying process still let in.
        assert len(load.lost) <= len(kills) * len(people) * 2
        assert sum(lost) == len(load.lost)
    with case.cell("nobody waits over 5 s"):
        assert max(seconds for seconds, _ in load.seconds) < 5
    if case.full_only("back to normal after the last"):
        with case.cell("back to normal after the last"):
            assert p95(load.between(ended - 1.5, ended)) < 5 * p95(load.between(0, calm_until)) + 0.2


def _workers(running: Running) -> list[int]:
    """Return the process ids of the workers."""
    pid = running.process.pid
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]
