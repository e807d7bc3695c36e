"""F-DB-01 to 06: a database that is full, locked, away, slow or read-only."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from avow.errors import AvowError
from avow.server.delivery.leases import LEASE_SECONDS
from tests.bed import postgres
from tests.bed.backends import Backend
from tests.bed.cases import Case
from tests.bed.proxy import DatabaseProxy
from tests.factories import new_email
from tests.faults.conftest import POSTGRES_2, SQLITE_1, SQLITE_4, MakeFleet, OwnPostgres, Way
from tests.faults.fleet import Fleet
from tests.faults.load import Load, burst, p95
from tests.faults.people import code_of, sign_in, start_code
from tests.security.calls import LOST, Answer, Wish
from tests.security.counting import code_wish
from tests.security.place import Person, Place

pytestmark = pytest.mark.timeout(1800)

Rounds = Callable[[int, int], int]

WAIT_SECONDS = 5  # documented: the longest that a request waits for the database
SLACK_SECONDS = 3  # of a machine that does other work, too
# Of the client itself, one thread that sends and reads hundreds of requests a second; what it was late beyond this,
# on a machine that does other work too, it measures.
CLIENT_SECONDS = 0.5
EITHER_SQLITE = pytest.mark.parametrize("backend", [SQLITE_1, SQLITE_4], ids=lambda backend: backend.name)


@pytest.fixture
def database_proxy(postgres_url: str) -> Iterator[DatabaseProxy]:
    """Give a proxy before an empty PostgreSQL database."""
    with contextlib.closing(DatabaseProxy(postgres_url)) as proxy:
        yield proxy


@pytest.fixture
def own_database_url(own_postgres: OwnPostgres) -> Iterator[str]:
    """Give an empty database on the server that tests may stop."""
    with postgres.fresh_database(own_postgres.cluster.url) as url:
        yield url


# --- F-DB-01 ---------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 64 MB; without one the case counts as not run."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    mounted = tmp_path / "disk"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", str(mounted)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts no tmpfs")
    yield mounted
    subprocess.run(["umount", "-l", str(mounted)], check=True)


@EITHER_SQLITE
def test_f_db_01_disk_full(case: Case, make_fleet: MakeFleet, small_disk: Path, backend: Backend) -> None:
    fleet = make_fleet(backend, Way(database_url=f"sqlite:///{small_disk}/avow.sqlite3"))
    place = fleet.place()
    case.control(lambda: sign_in(place))
    person, client = sign_in(place), place.avow.client()
    acknowledged: list[Person] = []
    refused: list[Answer] = []
    waiting: list[str] = []

    def sign_up(_: int) -> None:
        try:
            acknowledged.append(_person_or_refusal(place, refused, waiting))
        except _Refused:
            time.sleep(0.005)

    ballast = small_disk / "ballast"
    with Load(sign_up, clients=8) as load:
        load.wait_for(lambda: len(acknowledged) > 8)
        _fill(ballast)
        load.wait_for(lambda: len(refused) > 40)
    with case.cell("writes answer 503 with the envelope and Retry-After"):
        for answer in refused:
            _assert_unavailable(answer)
    with case.cell("reads and validation go on"):
        for _ in range(8):
            assert place.api.me(person.refresh_jwt).status == 200
            assert place.api.get(f"/v2/keys/{place.avow.project_id}").status == 200
        assert client.validate_session(person.session_jwt)["sub"] == person.id
    with case.cell("writes work within 5 s of freed space"):
        ballast.unlink()
        assert _recovers(lambda: start_code(place, new_email())) < 5
    with case.cell("nothing is lost or half made"):
        fleet.assert_whole()
        for person in acknowledged:
            assert place.api.me(person.refresh_jwt).status == 200
        place.avow.advance(LEASE_SECONDS)
        for who in waiting:
            assert code_of(place, who)
    with case.cell("the log says it once a minute, not per request"):
        said = [instance.said().count("the database cannot be written") for instance in fleet.instances]
        assert 1 <= sum(said) <= len(said), said


class _Refused(Exception):
    """The server answered that it cannot write."""


def _person_or_refusal(place: Place, refused: list[Answer], waiting: list[str]) -> Person:
    """Sign somebody up; note what the server refuses, and whose letter waits for room on the disk."""
    who = new_email()
    started = place.api.post("/v1/auth/otp/signup/email", body={"loginId": who})
    if started.status != 200:
        refused.append(started)
        raise _Refused
    try:
        code = code_of(place, who, patience_seconds=5)
    except (AvowError, LookupError) as full:  # this process cannot take the letter out either, or its lease lasts
        waiting.append(who)
        raise _Refused from full
    answer = place.verify_code(who, code)
    if answer.status != 200:
        refused.append(answer)
        raise _Refused
    return Person(answer.body["user"]["userId"], who, answer.body["sessionJwt"], answer.body["refreshJwt"])


def _fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(512))


# --- F-DB-02 ---------------------------------------------------------------------------------------------------


@EITHER_SQLITE
def test_f_db_02_database_locked(case: Case, make_fleet: MakeFleet, backend: Backend, rounds: Rounds) -> None:
    fleet = make_fleet(backend)
    place = fleet.place()
    case.control(lambda: sign_in(place))
    person = sign_in(place)
    reads, writes = rounds(100, 250), rounds(100, 250)
    answers: dict[str, list[Answer]] = {"read": [], "write": []}
    file = place.avow.server.site.store.url.removeprefix("sqlite:///")
    with ThreadPoolExecutor(40) as clients, contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        held_since = time.monotonic()

        def write(_: int) -> Answer:
            return place.api.post("/v1/auth/otp/signup/email", body={"loginId": new_email()})

        pending = [clients.submit(write, number) for number in range(writes)][:writes]
        answers["read"] = [place.api.me(person.refresh_jwt) for _ in range(reads)]
        read_seconds = time.monotonic() - held_since
        time.sleep(max(0.0, rounds(6, 10) - (time.monotonic() - held_since)))
        while sum(each.done() for each in pending) < 40 and time.monotonic() < held_since + 60:
            time.sleep(0.05)
        answers["write"] = [each.result() for each in pending if each.done()]
        before = fleet.rows("SELECT COUNT(*) FROM challenges WHERE project_id = ?", place.avow.project_id)
        other.execute("ROLLBACK")
        late = [each.result() for each in pending]
    with case.cell("reads succeed"):
        assert {answer.status for answer in answers["read"]} == {200}
        assert read_seconds < WAIT_SECONDS
    with case.cell("writes wait at most the documented time, then 503 with Retry-After"):
        assert len(answers["write"]) >= 40
        for answer in answers["write"]:
            _assert_unavailable(answer)
            assert answer.seconds < WAIT_SECONDS + SLACK_SECONDS
    with case.cell("no other failure, nothing half written"):
        assert {answer.status for answer in late} <= {200, 503}
        fleet.assert_whole()
        started = sum(answer.status == 200 for answer in late)
        rows = fleet.rows("SELECT COUNT(*) FROM challenges WHERE project_id = ?", place.avow.project_id)
        assert rows[0][0] == before[0][0] + started  # type: ignore[operator]  # both are numbers
    with case.cell("writes work as soon as the lock is free"):
        assert _recovers(lambda: start_code(place, new_email())) < 5


# --- F-DB-03, F-DB-06 ------------------------------------------------------------------------------------------


def test_f_db_03_postgres_restarts(
    case: Case, own_postgres: OwnPostgres, own_database_url: str, make_fleet: MakeFleet
) -> None:
    fleet = make_fleet(POSTGRES_2, Way(database_url=own_database_url))
    place = fleet.place()
    case.control(lambda: sign_in(place))
    for name, how in (("fast", signal.SIGINT), ("immediate", signal.SIGQUIT)):
        _restart_under_load(case, fleet, place, own_postgres, name, how)


def _restart_under_load(
    case: Case, fleet: Fleet, place: Place, server: OwnPostgres, name: str, how: signal.Signals
) -> None:
    acknowledged: list[Person] = []
    answers: list[Answer] = []
    people = [sign_in(place) for _ in range(8)]

    def refresh(number: int) -> None:
        if number < 4:
            with contextlib.suppress(_Refused, AvowError, LookupError):
                acknowledged.append(_person_or_refusal(place, answers, waiting=[]))
        else:
            answer = place.api.refresh(people[number].refresh_jwt)
            if answer.status != 200:
                answers.append(answer)
        time.sleep(0.005)

    with Load(refresh, clients=8) as load:
        load.wait_for(lambda: len(acknowledged) > 3)
        server.stop(how)
        time.sleep(1)
        server.start()
        recovery = _recovers(lambda: start_code(place, new_email()))
        before = len(acknowledged)
        load.wait_for(lambda: len(acknowledged) > before)
    with case.cell(f"{name}: 503 with Retry-After during the gap, in at most 5 s"):
        assert answers
        for answer in answers:
            _assert_unavailable(answer)
            assert answer.seconds < WAIT_SECONDS + SLACK_SECONDS
        assert load.lost == []
    with case.cell(f"{name}: recovery within 5 s, without restart"):
        assert recovery < 5
    with case.cell(f"{name}: no acknowledged write is lost"):
        fleet.assert_whole()
        assert {place.api.me(person.refresh_jwt).status for person in acknowledged} == {200}


def test_f_db_06_read_only_database(
    case: Case, own_postgres: OwnPostgres, own_database_url: str, make_fleet: MakeFleet
) -> None:
    fleet = make_fleet(POSTGRES_2, Way(database_url=own_database_url))
    place = fleet.place()
    case.control(lambda: sign_in(place))
    person, waiting = sign_in(place), new_email()
    start_code(place, waiting)
    code = code_of(place, waiting)
    own_postgres.stop()
    (own_postgres.cluster.home / "data" / "standby.signal").touch(0o644)
    own_postgres.start()
    assert _recovers(lambda: _assert_status(place.api.me(person.refresh_jwt), 200)) < 10
    with case.cell("writes answer 503"):
        for answer in (
            place.api.post("/v1/auth/otp/signup/email", body={"loginId": new_email()}),
            place.verify_code(waiting, code),
            place.api.refresh(person.refresh_jwt),
            place.api.post("/v1/auth/logout", person.refresh_jwt),
            place.api.post("/v1/mgmt/avow/project/settings", place.avow.management_key, {"settings": {}}),
        ):
            _assert_unavailable(answer)
    with case.cell("key sets and validation work"):
        for _ in range(4):
            assert place.api.get(f"/v2/keys/{place.avow.project_id}").status == 200
        assert place.avow.client().validate_session(person.session_jwt)["sub"] == person.id
    with case.cell("discovery"):
        for path in (".well-known/openid-configuration", ".well-known/jwks.json"):
            for _ in range(4):
                found = place.api.get(f"/{place.avow.project_id}/{path}")
                assert (found.status, found.headers["cache-control"]) == (200, "public, max-age=60")
    with case.cell("writes work within 10 s of the promotion"):
        with psycopg.connect(own_postgres.cluster.url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")
        assert _recovers(lambda: start_code(place, new_email())) < 10
        assert place.verify_code(waiting, code).status == 200


# --- F-DB-04 ---------------------------------------------------------------------------------------------------


def test_f_db_04_connection_lost_at_commit(
    case: Case, postgres_url: str, database_proxy: DatabaseProxy, make_fleet: MakeFleet, rounds: Rounds
) -> None:
    proxy = database_proxy
    fleet = make_fleet(POSTGRES_2, Way(database_url=postgres_url, served_url=proxy.url))
    place = fleet.place(rotation="always")
    case.control(lambda: sign_in(place))
    times = rounds(6, 200)

    def lost(wish: Wish) -> Answer:
        proxy.cut_after = b"COMMIT"
        answer = place.api.carrier.send(wish)
        assert proxy.cut_after is None, "no COMMIT was sent"
        return answer

    with case.cell("one-time code, sign-up"):
        for _ in range(times):
            who = new_email()
            start_code(place, who)
            wish = code_wish(place, who, code_of(place, who))
            _assert_unavailable(lost(wish))
            again = place.api.carrier.send(wish)
            assert again.status == 401, again.content  # it was committed, and is not known to the retry
            assert _counts(fleet, place, who) == (1, 1)
    with case.cell("one-time code, sign-in"):
        who = sign_in(place).login_id
        for number in range(times):
            start_code(place, who)
            wish = code_wish(place, who, code_of(place, who))
            _assert_unavailable(lost(wish))
            assert place.api.carrier.send(wish).status == 401
            assert _counts(fleet, place, who) == (1, number + 2)
    with case.cell("start of a sign-up"):
        for _ in range(times):
            who = new_email()
            body = {"loginId": who}
            wish = place.api.wish("POST", "/v1/auth/otp/signup/email", body=body)
            _assert_unavailable(lost(wish))
            assert place.api.carrier.send(wish).status in (200, 429)
            assert place.verify_code(who, code_of(place, who)).status == 200
            assert _counts(fleet, place, who) == (1, 1)
    with case.cell("refresh"):
        person = place.open_session()
        token = person.refresh_jwt
        for _ in range(times):
            place.advance(31)
            _assert_unavailable(lost(place.api.wish("POST", "/v1/auth/refresh", token)))
            answer = place.api.refresh(token)
            assert answer.status == 200, answer.content
            token = answer.body["refreshJwt"]
    with case.cell("change of settings"):
        for number in range(times):
            path = "/v1/mgmt/avow/project/settings"
            change = {"settings": {"sendsPerAddress": 1_000_000 - number}}
            wish = place.api.wish("POST", path, place.avow.management_key, change)
            _assert_unavailable(lost(wish))
            again = place.api.carrier.send(wish)
            assert again.status == 200
            assert again.body["sendsPerAddress"] == 1_000_000 - number


def _counts(fleet: Fleet, place: Place, login_id: str) -> tuple[int, int]:
    """Return how many users have a login ID, and how many sessions these have."""
    project_id = place.avow.project_id
    users = fleet.rows("SELECT user_id FROM login_ids WHERE project_id = ? AND login_id = ?", project_id, login_id)
    query = "SELECT id FROM sessions WHERE project_id = ? AND user_id = ?"
    return len(users), sum(len(fleet.rows(query, project_id, user_id)) for (user_id,) in users)


# --- F-DB-05 ---------------------------------------------------------------------------------------------------
@pytest.mark.alone
def test_f_db_05_slow_database(
    case: Case, postgres_url: str, database_proxy: DatabaseProxy, make_fleet: MakeFleet, rounds: Rounds
) -> None:
    proxy = database_proxy
    fleet = make_fleet(POSTGRES_2, Way(database_url=postgres_url, served_url=proxy.url), {"AVOW_POOL_SIZE": "10"})
    place = fleet.place()
    case.control(lambda: sign_in(place))
    person = sign_in(place)
    usual = p95(_refresh_seconds(place, person, 20))
    memory = _memory(fleet)
    calm: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for path in ("/healthz", f"/v2/keys/{place.avow.project_id}"):
                answer = place.api.get(path)
                calm.append(answer.seconds if answer.status == 200 else 99.0)
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    proxy.delay_seconds = 2.0
    watcher.start()
    per_second = rounds(150, 500)
    wishes = (place.api.wish("POST", "/v1/auth/refresh", person.refresh_jwt) for _ in range(per_second * rounds(4, 30)))
    result = burst(fleet.servers.urls, wishes, per_second=per_second)
    grown = [after - before for after, before in zip(_memory(fleet), memory, strict=True)]
    done.set()
    watcher.join()
    proxy.delay_seconds = 0.0
    with case.cell("overload answers every request within 5 s"):
        assert set(result.statuses) <= {200, 429, 503}, result.statuses
        assert result.statuses.total() - result.statuses[200] > per_second
        slowest = sorted(outcome.seconds for outcome in result.outcomes)[-10:]
        assert slowest[-1] < WAIT_SECONDS + CLIENT_SECONDS + result.late_seconds, (result.late_seconds, slowest)
    with case.cell("memory stays bounded"):
        assert max(grown) < 100 * 2**20, grown
    with case.cell("key sets and health answer"):
        assert p95(calm) < 0.25 + 5 * usual, sorted(calm)[-10:]
    with case.cell("normal within 5 s after"):
        assert _recovers(lambda: _assert_usual(place, person, usual)) < 5


def _assert_usual(place: Place, person: Person, usual: float) -> None:
    assert p95(_refresh_seconds(place, person, 20)) < 5 * usual + 0.2


def _memory(fleet: Fleet) -> list[int]:
    """Return the resident bytes of each process."""
    found = []
    for instance in fleet.instances:
        assert instance.process is not None
        fields = Path(f"/proc/{instance.process.pid}/statm").read_text().split()
        found.append(int(fields[1]) * os.sysconf("SC_PAGE_SIZE"))
    return found


def _refresh_seconds(place: Place, person: Person, count: int) -> list[float]:
    answers = [place.api.refresh(person.refresh_jwt) for _ in range(count)]
    assert {answer.status for answer in answers} == {200}
    return [answer.seconds for answer in answers]


# --- What they share -------------------------------------------------------------------------------------------


def _assert_unavailable(answer: Answer) -> None:
    assert answer.status == 503, f"{answer.status} {answer.content[:200]!r}"
    assert set(answer.body) <= {"errorCode", "errorDescription", "errorMessage"}
    assert answer.headers["retry-after"].isdigit()


def _assert_status(answer: Answer, status: int) -> None:
    assert answer.status == status, answer.content


def _recovers(works: Callable[[], object], most: float = 30) -> float:
    """Repeat until it works; return the seconds that this took."""
    begun = time.monotonic()
    while True:
        try:
            works()
        except (AssertionError, *LOST):
            if time.monotonic() - begun > most:
                raise
            time.sleep(0.05)
        else:
            return time.monotonic() - begun
