"""F-UPG-02 and F-UPG-03: migrations that are interrupted, and back-ups that are taken under load."""

import contextlib
import hashlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from avow.server.store import create
from avow.testing.clock import FileClock
from tests.bed import postgres, programs
from tests.bed.backends import Backend
from tests.bed.cases import Case
from tests.bed.server import launch
from tests.cli.programs import SECRET_KEY, Said, avow, environment
from tests.factories import new_email
from tests.faults.conftest import MakeFleet
from tests.faults.fleet import Fleet
from tests.faults.load import Load
from tests.faults.people import code_of, sign_in, start_code
from tests.security.calls import Api, OverHttp, assert_refused
from tests.security.place import Person, Place
from tests.security.tables import read_table

pytestmark = pytest.mark.timeout(1800)

Rounds = Callable[[int, int], int]

_CHANCE = random.Random(3)
_TENANTS = 2000

# A migration as later releases will have them: a table, and data carried over row by row.
_MIGRATION = """
import sys, time
from avow.server.store.migrate import in_transaction

def change(connection):
    connection.exec_driver_sql("CREATE TABLE later (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL)")
    print("begun", flush=True)
    time.sleep(float(sys.argv[2]))
    for start in range(40):
        pattern = "%%" + f"{start:02}"
        connection.exec_driver_sql(
            f"INSERT INTO later (id, name) SELECT id, name FROM tenants WHERE id LIKE '{pattern}'"
        )
        connection.exec_driver_sql(f"UPDATE tenants SET name = name || '!' WHERE id LIKE '{pattern}'")
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

in_transaction(sys.argv[1], change)
"""


# --- F-UPG-02 --------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def filled_url(request: pytest.FixtureRequest) -> str:
    """Give a database with a project and many rows."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    create(url)
    _execute(url, "INSERT INTO projects (id, name, environment, version, created_at) VALUES ('P1', '', '', 1, 0)")
    _execute(
        url,
        f"""WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {_TENANTS})
        INSERT INTO tenants (project_id, id, name, created_at)
        SELECT 'P1', 'T' || CAST(n AS TEXT), 'name of ' || CAST(n AS TEXT), 0 FROM numbers""",
    )
    return url


def test_f_upg_02_interrupted_migration(case: Case, filled_url: str, rounds: Rounds) -> None:
    before, revision = _checksum(filled_url), _revision(filled_url)
    case.control(lambda: _serves(filled_url).code == 0)
    stopped = 0
    with case.cell("killed at random points, nothing is changed"):
        for number in range(rounds(3, 20)):
            process = subprocess.Popen(
                [sys.executable, "-c", _MIGRATION, filled_url, "0" if number % 2 else "30"],
                env=environment(),
                stdout=subprocess.PIPE,
            )
            assert process.stdout is not None
            with process, process.stdout:
                assert process.stdout.readline() == b"begun\n"
                time.sleep(_CHANCE.random() * 0.05 * (number % 2))
                process.kill()
            if process.wait() == 0 or _revision(filled_url) == "9999":
                break  # it was faster
            stopped += 1
            assert _checksum(filled_url) == before
            assert not _has_table(filled_url, "later")
            assert _migrates(filled_url).code == 0
        assert stopped > 0
    with case.cell("the next start finishes"):
        if _revision(filled_url) != "9999":
            subprocess.run([sys.executable, "-c", _MIGRATION, filled_url, "0"], env=environment(), check=True)
        assert _revision(filled_url) == "9999"
        assert read_table(filled_url, "SELECT COUNT(*) FROM tenants WHERE name LIKE ?", "%!")[0][0]
    with case.cell("this release refuses the newer tables"):
        for said in (_serves(filled_url), _migrates(filled_url)):
            assert said.code == 2
            assert "newer than this release" in said.err
    _execute(filled_url, f"UPDATE alembic_version SET version_num = '{revision}'")


def test_f_upg_02_interrupted_creation(case: Case, sqlite_url: str, rounds: Rounds) -> None:
    case.control(lambda: _is_made_whole(sqlite_url))
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with case.cell("killed while the tables are made"):
        for _ in range(rounds(3, 20)):
            variables = {"AVOW_DATABASE_URL": sqlite_url, "AVOW_SECRET_KEY": SECRET_KEY}
            process = subprocess.Popen(
                [sys.executable, "-m", "avow.cli", "migrate"], env=environment(variables), stdout=subprocess.DEVNULL
            )
            until = time.monotonic() + 20
            while not list(path.parent.iterdir()) and time.monotonic() < until:
                time.sleep(0.0005)
            time.sleep(_CHANCE.random() * 0.01)
            process.kill()
            process.wait()
            assert _is_made_whole(sqlite_url)


def _is_made_whole(url: str) -> bool:
    """Make what is missing of a SQLite database; tell whether this release would serve it, and remove it."""
    made, said = _migrates(url), _serves(url)
    for file in Path(url.removeprefix("sqlite:///")).parent.iterdir():
        file.unlink()
    return made.code == 0 and "no project yet" in said.err


def _serves(url: str) -> Said:
    return avow("serve", "--check", variables={"AVOW_DATABASE_URL": url, "AVOW_SECRET_KEY": SECRET_KEY})


def _migrates(url: str) -> Said:
    return avow("migrate", variables={"AVOW_DATABASE_URL": url, "AVOW_SECRET_KEY": SECRET_KEY})


def _checksum(url: str) -> str:
    rows = read_table(url, "SELECT id, name FROM tenants ORDER BY id")
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _revision(url: str) -> object:
    return read_table(url, "SELECT version_num FROM alembic_version")[0][0]


def _has_table(url: str, name: str) -> bool:
    from tests.security.tables import table_names

    return name in table_names(url)


def _execute(url: str, sql: str) -> None:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.execute(sql)
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


# --- F-UPG-03 --------------------------------------------------------------------------------------------------


def test_f_upg_03_back_up_under_load(
    case: Case,
    make_fleet: MakeFleet,
    backend: Backend,
    clock: FileClock,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    fleet = make_fleet(backend)
    place = fleet.place()
    case.control(lambda: sign_in(place))
    acknowledged: list[Person] = []
    used, ended = _used_code(place), place.open_session()
    assert place.api.post("/v1/auth/logout", ended.refresh_jwt).status == 200
    with Load(lambda _: acknowledged.append(sign_in(place)), clients=4) as load:
        load.wait_for(lambda: len(acknowledged) > 8)
        earlier = list(acknowledged)
        restored = _backed_up(fleet, tmp_path, request)
        load.wait_for(lambda: len(acknowledged) > len(earlier) + 4)
    with restored as url, launch(url, clock) as servers, contextlib.closing(OverHttp(servers.urls)) as carrier:
        elsewhere = Place(place.avow, Api(place.avow.project_id, carrier, servers.url), servers)
        with case.cell("what was acknowledged before the back-up is in it"):
            for person in earlier:
                assert elsewhere.api.refresh(person.refresh_jwt).status == 200
        with case.cell("used codes and ended sessions stay so"):
            assert_refused(elsewhere.verify_code(*used))
            assert_refused(elsewhere.api.refresh(ended.refresh_jwt))
        with case.cell("it holds whole units, and is sound"):
            assert read_table(url, _HALVES) == []
            if backend.is_sqlite:
                assert read_table(url, "PRAGMA integrity_check") == [("ok",)]


_HALVES = """
SELECT users.id FROM users LEFT JOIN login_ids
ON login_ids.project_id = users.project_id AND login_ids.user_id = users.id
LEFT JOIN sessions ON sessions.project_id = users.project_id AND sessions.user_id = users.id
WHERE login_ids.user_id IS NULL OR (sessions.id IS NULL AND users.id NOT IN (SELECT user_id FROM login_ids))
"""


@contextlib.contextmanager
def _restored_postgres(server_url: str, dump: Path, tool: str) -> Iterator[str]:
    with postgres.fresh_database(server_url) as url:
        done = subprocess.run(
            [tool, "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", str(dump)], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        yield url


def _backed_up(fleet: Fleet, folder: Path, request: pytest.FixtureRequest) -> "contextlib.AbstractContextManager[str]":
    """Take the back-up that the manual names; give what restores it."""
    url = fleet.local.site.store.url
    if fleet.backend.is_sqlite:
        said = avow(
            "backup", str(folder / "copy.sqlite3"), variables={"AVOW_DATABASE_URL": url, "AVOW_SECRET_KEY": SECRET_KEY}
        )
        assert said.code == 0, said.err
        return contextlib.nullcontext(f"sqlite:///{folder}/copy.sqlite3")
    program = programs.find_postgres()
    binaries = program.where if program else ""
    dump_tool, load_tool = (shutil.which(name, path=binaries or None) for name in ("pg_dump", "psql"))
    if not dump_tool or not load_tool:
        pytest.skip("this PostgreSQL comes without pg_dump and psql")
    done = subprocess.run([dump_tool, "-f", str(folder / "dump.sql"), url], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return _restored_postgres(request.getfixturevalue("postgres_server_url"), folder / "dump.sql", load_tool)


def _used_code(place: Place) -> tuple[str, str]:
    """Return a login ID and a code of it that has been used."""
    who = new_email()
    start_code(place, who)
    code = code_of(place, who)
    assert place.verify_code(who, code).status == 200
    return who, code
