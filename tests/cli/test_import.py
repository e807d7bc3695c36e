"""`avow user import` and `avow user export`: nobody is lost and nobody is there twice, whatever happens meanwhile."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from avow.cli import importfiles, importing, progress
from avow.core.vault import Vault
from avow.errors import InvalidArgument, Unavailable
from avow.server.accounts import actions as accounts
from avow.server.imports import actions
from avow.server.roles import actions as roles
from avow.server.store import Store, Tx, open_store
from tests.bed import run
from tests.bed.counts import is_full
from tests.cli import programs
from tests.cli.programs import SECRET_KEY, Said
from tests.cli.programs import in_process as avow
from tests.core.imports import samples

USERS = 100_000 if is_full() else 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """A database with a project, and a folder with files to import."""

    variables: Mapping[str, str]
    folder: Path
    store: Store
    project_id: str

    def user(self, *arguments: object) -> Said:
        """Run `avow user ...` in this process."""
        return avow("user", *map(str, arguments), variables=self.variables)

    def write(self, name: str, *lines: object) -> Path:
        """Write lines of JSON, or text as it is."""
        path = self.folder / name
        text = "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines)
        path.write_text(text, encoding="utf-8")
        return path

    def look(self, sql: str) -> list[tuple[Any, ...]]:
        """Return rows of the project."""
        return self.store.look(self.project_id, lambda tx: tx.all(sql, lambda *columns: columns))

    def login_ids(self) -> list[str]:
        """Return every login ID, in order."""
        rows = self.look("SELECT login_id FROM login_ids WHERE project_id = :project_id ORDER BY login_id")
        return [row[0] for row in rows]

    def count(self, table: str = "users") -> int:
        """Return how many rows of the project there are."""
        return int(self.look(f"SELECT COUNT(*) FROM {table} WHERE project_id = :project_id")[0][0])

    def position(self) -> int:
        """Return how far the only import has come."""
        rows = self.look("SELECT position FROM imports WHERE project_id = :project_id")
        return int(rows[0][0]) if rows else 0


@pytest.fixture
def place(ready_database_url: str, tmp_path: Path) -> Iterator[Place]:
    variables = {"AVOW_DATABASE_URL": ready_database_url, "AVOW_SECRET_KEY": SECRET_KEY}
    made = avow("project", "create", "Shop", "--json", variables=variables).json()
    store = open_store(ready_database_url, vault=Vault.from_text(SECRET_KEY), pool_size=1)
    yield Place(variables, tmp_path, store, made["project_id"])
    store.close()


def user(number: int) -> dict[str, Any]:
    return {"loginId": f"user-{number:07}@example.com", "verifiedEmail": True, "name": f"User {number}"}


def reported(path: Path) -> list[tuple[int, str, Any]]:
    """Return the lines of a report."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(each["line"], each["reason"], each["record"]) for each in found]


# --- A whole file ------------------------------------------------------------------------------------------------


def test_good_users_are_imported_and_bad_lines_reported_with_reason_and_record(place: Place) -> None:
    file = place.write("users.jsonl", user(1), "{bad", user(2), {"loginId": user(1)["loginId"].upper()}, "", 7, user(3))
    said = place.user("import", file, "--json")
    assert said.code == 1
    assert said.json() == {
        "created": 3,
        "updated": 0,
        "refused": 3,
        "position": 7,
        "finished": True,
        "problem": "",
        "report": f"{file}.rejected.jsonl",
        "left_out": [],
        "dry_run": False,
    }
    report = Path(said.json()["report"])
    assert [(line, record) for line, _, record in reported(report)] == [
        (2, "{bad"),
        (4, {"loginId": user(1)["loginId"].upper()}),
        (6, 7),
    ]
    assert report.stat().st_mode & 0o777 == 0o600
    assert place.login_ids() == [user(number)["loginId"] for number in (1, 2, 3)]


def test_file_without_bad_lines_is_exit_code_0_and_leaves_no_report(place: Place) -> None:
    file = place.write("users.jsonl", user(1))
    said = place.user("import", file)
    assert (said.code, said.out) == (0, "1 user(s) created, 0 refused.\n")
    assert [path.name for path in place.folder.iterdir() if path.suffix == ".jsonl"] == ["users.jsonl"]


def test_report_is_imported_once_what_it_names_is_repaired(place: Place) -> None:
    file = place.write("users.jsonl", {**user(1), "roleNames": ["Editor"]}, user(2))
    assert place.user("import", file).code == 1
    report = Path(f"{file}.rejected.jsonl")
    place.store.run(place.project_id, lambda tx: roles.create(tx, "Editor"))
    assert place.user("import", report).code == 0
    assert place.count() == 2


def test_same_command_again_imports_nobody_twice_and_what_was_added_once(place: Place) -> None:
    file = place.write("users.jsonl", user(1), "bad")
    assert place.user("import", file).code == 1
    assert "holds nothing new" in place.user("import", file).out
    place.write("users.jsonl", user(1), "bad", user(2), "bad too")
    assert place.user("import", file, "--json").json()["created"] == 2
    assert place.count() == 2
    assert [line for line, _, _ in reported(Path(f"{file}.rejected.jsonl"))] == [2, 4]


def test_other_file_in_the_place_of_one_that_is_done_is_imported(place: Place) -> None:
    file = place.write("users.jsonl", user(1), user(2))
    place.user("import", file)
    place.write("users.jsonl", user(3))
    assert place.user("import", file, "--json").json()["created"] == 1
    assert place.count() == 3


def test_anew_begins_at_the_first_line(place: Place) -> None:
    file = place.write("users.jsonl", user(1))
    place.user("import", file)
    said = place.user("import", file, "--anew", "--json")
    assert (said.json()["created"], said.json()["refused"]) == (0, 1)


def test_dry_run_foresees_users_who_are_there_twice_far_apart(place: Place) -> None:
    file = place.write("users.jsonl", *map(user, range(600)), user(0), "bad")
    said = place.user("import", file, "--dry-run", "--json").json()
    assert (said["created"], said["refused"], place.count(), place.count("imports")) == (600, 2, 0, 0)
    assert [line for line, _, _ in reported(Path(said["report"]))] == [601, 602]
    real = place.user("import", file, "--json").json()
    assert (real["created"], real["refused"]) == (600, 2)
    assert place.user("import", file, "--dry-run", "--update", "--json").json()["updated"] == 601


def test_update_changes_what_the_file_names(place: Place) -> None:
    place.user("import", place.write("a.jsonl", user(1), user(2)))
    said = place.user(
        "import", place.write("b.jsonl", {"loginId": user(1)["loginId"], "givenName": "Mia"}, user(3)), "--update"
    )
    assert said.out == "1 user(s) created, 1 updated, 0 refused.\n"
    shown = place.user("show", user(1)["loginId"], "--json").json()
    assert (shown["name"], shown["givenName"], shown["verifiedEmail"]) == ("User 1", "Mia", True)


def test_formats_take_their_hashes_from_beside(place: Place) -> None:
    users, hashes = place.folder / "users.json", place.folder / "hashes.json"
    users.write_bytes(samples.AUTH0)
    hashes.write_bytes(samples.AUTH0_HASHES)
    said = place.user("import", users, "--format", "auth0", "--hashes", hashes, "--json").json()
    assert (said["created"], said["left_out"], place.count("passwords")) == (2, ["colour", "plan"], 2)
    users.write_bytes(samples.FIREBASE)
    hashes.write_bytes(samples.FIREBASE_PARAMETERS)
    said = place.user("import", users, "--format", "firebase", "--hashes", hashes, "--json").json()
    assert (said["created"], said["refused"]) == (0, 2)
    assert place.user("import", users, "--format", "django", "--hashes", hashes).code == 2


def test_table_is_known_by_its_name(place: Place) -> None:
    file = place.folder / "users.csv"
    file.write_text("loginId,Name\nmia,Mia\nzoe\n")
    assert place.user("import", file, "--json").json()["created"] == 1
    assert reported(Path(f"{file}.rejected.jsonl")) == [(3, "The row has 1 fields, and the header 2.", "zoe")]


def test_document_that_breaks_off_is_imported_up_to_there_and_then_on(place: Place) -> None:
    whole = samples.DJANGO_DUMP.replace(b'["Editors"]', b"")
    file = place.folder / "dump.json"
    file.write_bytes(whole[: whole.index(b'{"model": "people')])
    said = place.user("import", file, "--format", "django", "--without-roles", "--json")
    assert said.code == 1
    assert said.json()["finished"] is False
    assert "from its entry 3 on" in said.json()["problem"]
    file.write_bytes(whole)
    assert place.user("import", file, "--format", "django", "--without-roles", "--json").json()["created"] == 2
    assert place.login_ids() == ["mia", "mia@example.com", "zoe@example.com"]


@pytest.mark.parametrize("arguments", [("nowhere.jsonl",), (".",)])
def test_file_that_cannot_be_read_is_exit_code_2(place: Place, arguments: tuple[str, ...]) -> None:
    said = place.user("import", *arguments)
    assert said.code == 2
    assert "cannot be read" in said.err


# --- Interrupted -------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


def many(place: Place, count: int) -> Path:
    """Write a file with a bad line after each hundred users, and every thousandth user twice."""
    lines: list[object] = []
    for number in range(count):
        lines.append(user(number))
        if number % 100 == 99:
            lines.append(f"bad {number}")
        if number % 1000 == 999:
            lines.append(user(number))
    return place.write("many.jsonl", *lines)


def assert_complete(place: Place, file: Path, count: int) -> None:
    """Nobody is lost, nobody is there twice, and each bad line is reported once."""
    assert place.login_ids() == [user(number)["loginId"] for number in range(count)]
    assert place.count() == count
    bad = [line for line, reason, _ in reported(Path(f"{file}.rejected.jsonl"))]
    assert len(bad) == count // 100 + count // 1000
    assert bad == sorted(set(bad))


def start(place: Place, *arguments: object) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-m", "avow.cli", "user", "import", *map(str, arguments)],
        env=programs.environment(place.variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    run.note_process(process)
    return process


def killed_at(place: Place, process: "subprocess.Popen[bytes]", position: int) -> bool:
    """Kill an import once it has come so far; False when it had come to its end before."""
    until = time.monotonic() + 300
    while place.position() < position and process.poll() is None:
        assert time.monotonic() < until, "the import does not go on"
        time.sleep(0.005)
    is_running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    run.forget_process(process.pid)
    return is_running


@pytest.mark.timeout(1200)
def test_killed_import_goes_on_where_it_was(place: Place) -> None:
    file = many(place, USERS)
    kills = [killed_at(place, start(place, file), USERS * part // 10) for part in (1, 2, 4)]
    assert kills[0]
    assert place.count() > 0
    assert place.count() < USERS or not kills[-1]
    said = place.user("import", file, "--json").json()
    assert (said["created"], said["finished"]) == (USERS, True)
    assert_complete(place, file, USERS)


def test_killed_import_of_a_stream_goes_on_behind_what_is_done(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = many(place, 3000)
    report = Path(f"{file}.rejected.jsonl")
    data = file.read_bytes()
    process = start(place, "-", "--report", report)
    assert process.stdin is not None
    process.stdin.write(data[: len(data) // 2])
    process.stdin.flush()
    assert killed_at(place, process, 1000)
    again = subprocess.run(
        [sys.executable, "-m", "avow.cli", "user", "import", "-", "--report", str(report), "--json"],
        env=programs.environment(place.variables),
        input=data,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert json.loads(again.stdout)["created"] == 3000
    assert_complete(place, file, 3000)


@pytest.mark.parametrize("when", ["before", "after", "half"])
def test_every_bad_line_is_reported_once_whenever_the_process_ends(
    place: Place, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Between the commit of a step and its report, behind the report, or in the middle of it."""
    file = many(place, 2000)
    add, steps = importfiles.Report.add, iter(range(1000))

    def dying(report: importfiles.Report, refused: Any) -> None:
        dies = next(steps) == 2
        if dies and when == "before":
            raise Killed
        add(report, refused)
        if dies and when == "half":
            os.truncate(report.path, report.size - 10)
        if dies:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(importfiles.Report, "add", dying)
        with pytest.raises(Killed):
            place.user("import", file)
    assert place.user("import", file, "--json").json()["created"] == 2000
    assert_complete(place, file, 2000)


def test_changed_beginning_of_an_interrupted_file_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = many(place, 1000)
    with monkeypatch.context() as patch:
        patch.setattr(importing._Importer, "_write_whole", _dying_at(importing._Importer._write_whole, 1))
        with pytest.raises(Killed):
            place.user("import", file)
    text = file.read_text()
    file.write_text(text.replace("User 7", "User seven", 1))
    said = place.user("import", file)
    assert said.code == 2
    assert "--anew" in said.err
    file.write_text(text)
    assert place.user("import", file, "--json").json()["created"] == 1000


def _dying_at(original: Any, call: int, how: type[BaseException] = Killed) -> Any:
    calls = iter(range(1000))

    def dying(*arguments: Any) -> Any:
        if next(calls) == call:
            raise how
        return original(*arguments)

    return dying


def test_database_that_is_away_for_a_moment_is_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once nothing is committed, and once it is although the answer says that nobody knows."""
    file = many(place, 2000)
    move, calls = actions.move, iter(range(1000))
    run_unit = Store.run

    def away(tx: Tx, *arguments: Any, **options: Any) -> Any:
        if next(calls) == 1:
            raise Unavailable(detail="away")
        return move(tx, *arguments, **options)

    commits = iter(range(1000))

    def unsure(store: Store, *arguments: Any, **options: Any) -> Any:
        result = run_unit(store, *arguments, **options)
        if next(commits) == 3:
            raise Unavailable(detail="outcome unknown")
        return result

    monkeypatch.setattr(actions, "move", away)
    monkeypatch.setattr(Store, "run", unsure)
    monkeypatch.setattr(importing, "sleep", lambda seconds: None)
    assert place.user("import", file, "--json").json()["created"] == 2000
    assert_complete(place, file, 2000)


def test_database_that_stays_away_is_said_and_gone_on_from(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = many(place, 1000)

    def away(tx: Tx, *arguments: Any, **options: Any) -> Any:
        raise Unavailable(detail="gone")

    with monkeypatch.context() as patch:
        patch.setattr(actions, "move", away)
        patch.setattr(importing, "sleep", lambda seconds: None)
        said = place.user("import", file)
    assert said.code == 1
    assert said.err == "avow: The database does not answer (gone).\n"
    assert "goes on from there" in said.out
    assert place.user("import", file, "--json").json()["created"] == 1000


def test_user_whom_the_database_refuses_takes_nobody_along(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What judging does not foresee: the step is written in halves until that user is alone."""
    place.user("import", place.write("a.jsonl", *map(user, range(40))))
    patch_user = accounts.patch

    def refusing(tx: Tx, wanted: Any, **options: Any) -> str:
        if wanted.login_id == user(17)["loginId"]:
            raise InvalidArgument(error_message="Not this one.")
        return patch_user(tx, wanted, **options)

    monkeypatch.setattr(accounts, "patch", refusing)
    file = place.write("b.jsonl", *({**user(number), "name": "New"} for number in range(40)), user(40))
    said = place.user("import", file, "--update", "--json").json()
    assert (said["created"], said["updated"], said["refused"]) == (1, 39, 1)
    assert [(line, why) for line, why, _ in reported(Path(said["report"]))] == [(18, "Not this one.")]
    names = place.look("SELECT name FROM users WHERE project_id = :project_id AND name <> 'New' ORDER BY name")
    assert names == [("User 17",), ("User 40",)]


def test_interrupted_from_the_keyboard_it_says_where_it_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = many(place, 1000)
    with monkeypatch.context() as patch:
        interrupted = _dying_at(importing._Importer._write_whole, 1, KeyboardInterrupt)
        patch.setattr(importing._Importer, "_write_whole", interrupted)
        said = place.user("import", file)
    assert (said.code, said.err) == (1, "avow: It was stopped.\n")
    assert f"Behind line {place.position()}, the same command goes on from there." in said.out
    assert place.user("import", file, "--json").json()["created"] == 1000
    assert_complete(place, file, 1000)


def test_two_runs_at_once_import_everybody_once(place: Place) -> None:
    file = many(place, 3000)
    first, second = start(place, file), start(place, file)
    for process in (first, second):
        process.communicate(timeout=60)
        run.forget_process(process.pid)
    assert place.count() == len(set(place.login_ids()))
    place.user("import", file)
    assert place.login_ids() == [user(number)["loginId"] for number in range(3000)]


# --- Export, list, show, roles -----------------------------------------------------------------------------------


def test_export_is_what_import_takes(place: Place) -> None:
    file = place.write("users.jsonl", {**user(1), "passwordHash": samples.BCRYPT}, *map(user, range(2, 1200)))
    place.user("import", file)
    target = place.folder / "export.jsonl"
    assert place.user("export", target, "--with-passwords", "--json").json() == {"target": str(target), "users": 1199}
    assert target.stat().st_mode & 0o777 == 0o600
    assert place.user("export", target).code == 2
    avow("project", "create", "Other", variables=place.variables)
    said = avow("user", "import", str(target), "--project", "Other", "--json", variables=place.variables)
    assert (said.code, said.json()["created"]) == (0, 1199)
    again = place.folder / "again.jsonl"
    place_of_other = avow(
        "user", "export", str(again), "--with-passwords", "--project", "Other", variables=place.variables
    )
    assert place_of_other.code == 0
    assert sorted(again.read_text().splitlines()) == sorted(target.read_text().splitlines())


def test_export_without_passwords_has_none(place: Place) -> None:
    place.user("import", place.write("users.jsonl", {**user(1), "passwordHash": samples.BCRYPT}))
    target = place.folder / "export.jsonl"
    place.user("export", target)
    assert "assword" not in target.read_text()


def test_users_are_listed_shown_and_given_roles(place: Place) -> None:
    place.store.run(place.project_id, lambda tx: roles.create(tx, "Editor"))
    place.user("import", place.write("users.jsonl", *map(user, range(3))))
    login_id = user(1)["loginId"]
    listed = [json.loads(line) for line in place.user("list", "USER 1", "--json").out.splitlines()]
    assert [each["loginIds"] for each in listed] == [[login_id]]
    assert "2 of 3" in place.user("list", "--limit", 2).out
    assert place.user("add-role", login_id, "Editor", "--json").json()["roles"] == ["Editor"]
    user_id = place.user("show", login_id, "--json").json()["userId"]
    assert place.user("show", user_id, "--json").json()["roleNames"] == ["Editor"]
    assert login_id in place.user("list", "--role", "Editor", "--json").out
    assert place.user("remove-role", login_id, "Editor", "--json").json()["roles"] == []
    assert "Editor" not in place.user("show", login_id).out
    actors = place.look(
        "SELECT DISTINCT actor FROM audit_events WHERE project_id = :project_id AND action LIKE 'role.%'"
    )
    assert actors == [("command",)]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("show", "nobody"), 2, "There is no user 'nobody'"),
        (("add-role", "nobody", "Editor"), 2, "There is no user 'nobody'"),
        (("add-role", "mia", "Editor"), 1, "There is no role named 'Editor'."),
        (("list", "--status", "expired"), 2, "expired"),
    ],
)
def test_what_cannot_be_done_is_said(place: Place, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    place.user("import", place.write("users.jsonl", {"loginId": "mia"}))
    said = place.user(*arguments)
    assert (said.code, sentence in said.err) == (code, True), said.err


# --- Progress ----------------------------------------------------------------------------------------------------


def test_progress_says_how_many_how_fast_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys, "stderr", said := io.StringIO())
    with progress.progress("Importing", "users", 1000) as shown:
        shown.begin(100, 1000)
        shown.show(200, 2000)  # too early to say anything
        now[0] += 10
        shown.show(400, 31_000)
    assert said.getvalue() == "avow: 31,000 users (40 %), 3,000 a second, about 20 s left\n"


def test_progress_is_a_bar_where_somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", said := Terminal())
    with progress.progress("Importing users.jsonl", "users", 1000) as shown:
        shown.begin(0, 0)
        shown.show(500, 12_345)
    assert "Importing users.jsonl" in said.getvalue()
    assert "12,345 users" in said.getvalue()
    assert "50%" in said.getvalue()
