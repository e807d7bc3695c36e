"""`avow user import`: a file of users, however long, in small steps that outlast every interruption.

A step writes its users and notes, in one unit, how far the import has come and what every line up to there adds up to.
Whoever runs the same command again goes on behind it, when the file still begins with the same lines.
"""

import contextlib
import hashlib
import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import sleep
from typing import Final

from avow.cli.importfiles import Report, Source, opened
from avow.cli.output import say
from avow.cli.problems import CannotStart
from avow.cli.progress import Progress, progress
from avow.cli.reach import Reached, reached_project
from avow.core.imports.auth0 import hashes_in
from avow.core.imports.context import Context, parameters_of
from avow.core.imports.entries import Entry, json_entries
from avow.core.imports.formats import FORMATS, Format, person_of
from avow.errors import AuthException, Unavailable
from avow.server.imports import actions
from avow.server.imports.actions import ImportRow, Line, Outcome, Overtaken, Refused, Step
from avow.server.store import statistics
from avow.server.store.scratch import Scratch

__all__ = ["Options", "run"]

_ACTOR: Final = "command"
_PAUSES_SECONDS: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
_MOST_BYTES: Final = 8 * 1024 * 1024  # of the entries of one step
_MOST_PARAMETERS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Options:
    """What is imported and how, as the options of `avow user import` say."""

    file: str
    format: str = ""
    hashes: Path | None = None
    report: Path | None = None
    updates: bool = False
    takes_roles: bool = True
    is_dry: bool = False
    is_anew: bool = False

    @property
    def kind(self) -> Format:
        """Return the format: as named, or by the end of the file's name."""
        return FORMATS[self.format or ("csv" if self.file.lower().endswith(".csv") else "jsonl")]

    @property
    def most(self) -> int:
        """Return how many users a step takes."""
        return actions.MOST_CHANGED if self.updates else actions.MOST_NEW

    @property
    def most_rows(self) -> int:
        """Return how many rows they take together, about."""
        return actions.MOST_CHANGED_ROWS if self.updates else actions.MOST_ROWS


@dataclass(frozen=True, slots=True)
class Totals:
    """What an import has done, over all of its runs."""

    position: int = 0
    created: int = 0
    updated: int = 0
    refused: int = 0

    @property
    def count(self) -> int:
        """Return how many users there were."""
        return self.created + self.updated + self.refused


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry with what it was read as: a user, a refusal, or neither when it is about something else."""

    entry: Entry
    digest: bytes
    line: Line | None = None
    refused: Refused | None = None

    @property
    def rows(self) -> int:
        """Return about how many rows it takes in the database."""
        return actions.rows_of(self.line) if self.line else 0


class _BreaksOff(Exception):
    """The file cannot be read any further; the text says why."""


def run(options: Options, *, project: str, data: Path | None, as_json: bool) -> int:
    """Import a file and say what became of it; return the exit code, 1 when not every user was imported.

    Raises:
        CannotStart: The file cannot be read, or is another one than when its import was interrupted.
    """
    report = Report(options.report or _report_path(options))
    with (
        reached_project(data, project) as found,
        opened(options.file) as source,
        _context(options) as context,
        progress(f"Importing {options.file}", "users", source.size, is_quiet=as_json) as shown,
    ):
        work = _Dry(found, options) if options.is_dry else _Lasting(found, options, source)
        importer = _Importer(work, options, source=source, report=report, context=context, shown=shown)
        problem = importer.run()
    _conclude(options, importer, report, problem, as_json=as_json)
    return 1 if problem or importer.totals.refused else 0


class _Importer:
    """One run of an import."""

    def __init__(
        self,
        work: "_Dry | _Lasting",
        options: Options,
        *,
        source: Source,
        report: Report,
        context: Context,
        shown: Progress,
    ) -> None:
        self._work, self._options, self._source = work, options, source
        self._report, self._context, self._shown = report, context, shown
        self.totals = Totals()
        self.found_nothing = False
        self.left_out: set[str] = set()
        self._digest = b""

    def run(self) -> str:
        """Import what is left of the file; return why it could not be read to its end, or "".

        Raises:
            CannotStart: It is not the file whose import was interrupted.
        """
        try:
            entries = self._resumed(self._work.begun())
            self._shown.begin(self._source.done, self.totals.count)
            self.found_nothing = bool(self.totals.position)
            for step in self._steps(entries):
                self.found_nothing = False
                self._write(step)
                self._shown.show(self._source.done, self.totals.count)
        except _BreaksOff as broken:
            return str(broken)
        except KeyboardInterrupt:
            return "It was stopped."
        except Overtaken:
            return "Another run of this import goes on with it."
        except Unavailable as error:
            return f"The database does not answer ({error.detail or error.error_message})."
        self._work.finish()
        return ""

    # --- Going on where it was ---

    def _resumed(self, row: ImportRow | None) -> Iterator[Entry]:
        """Return the entries that are not done yet."""
        entries = self._options.kind.entries(self._source.blocks())
        self._digest = b""
        if row is None or not row.position:
            self._report.begin()
            return entries
        held = actions.written_refusals(row)
        refused: list[tuple[Entry, str]] = []
        for entry in entries:
            self._digest = _added(self._digest, entry)
            if entry.number in held:
                refused.append((entry, held[entry.number]))
            if entry.number >= row.position or entry.is_last:
                break
        if self._digest != row.digest:
            return self._begun_anew(row)
        if row.finished_at is None:
            # The report may lack what the last step refused, or hold it already.
            self._report.begin(row.report_bytes)
            self._report.add(refused)
        else:
            self._report.go_on()
        self.totals = Totals(row.position, row.created, row.updated, row.rejected)
        return entries

    def _begun_anew(self, row: ImportRow) -> Iterator[Entry]:
        """Begin at the beginning with a file that is another one than before."""
        if row.finished_at is None or not self._source.can_begin_anew:
            raise CannotStart(
                f"{self._options.file} has changed since its import was interrupted behind line {row.position}, before "
                "that line. Put it back as it was, or import it from the beginning with --anew."
            )
        return self._resumed(self._work.begun_anew())

    # --- Reading ---

    def _steps(self, entries: Iterator[Entry]) -> Iterator[list[_Read]]:
        step: list[_Read] = []
        size = rows = 0
        for entry in entries:
            if entry.is_last:
                if step:
                    yield step
                raise _BreaksOff(entry.problem)
            step.append(self._read(entry))
            size += len(entry.data)
            rows += step[-1].rows
            if len(step) >= self._options.most or size >= _MOST_BYTES or rows >= self._options.most_rows:
                yield step
                step, size, rows = [], 0, 0
        if step:
            yield step

    def _read(self, entry: Entry) -> _Read:
        self._digest = _added(self._digest, entry)
        try:
            person = person_of(self._options.kind, entry, self._context)
        except AuthException as error:
            return _Read(entry, self._digest, refused=Refused(entry.number, "", error.error_message))
        return _Read(entry, self._digest, Line(entry.number, person) if person else None)

    # --- Writing ---

    def _write(self, step: Sequence[_Read]) -> None:
        """Write a step; when a user of it makes the database refuse all of it, in halves, and that user not at all."""
        try:
            self._write_whole(step)
        except AuthException as refusal:
            if not 400 <= (refusal.status_code or 0) < 500 or all(each.line is None for each in step):
                raise
            if len(step) > 1:
                self._write(step[: len(step) // 2])
                self._write(step[len(step) // 2 :])
            else:
                refused = Refused(step[0].entry.number, "", refusal.error_message)
                self._write_whole([replace(step[0], line=None, refused=refused)])

    def _write_whole(self, step: Sequence[_Read]) -> None:
        lines = [each.line for each in step if each.line is not None]
        refused = tuple(each.refused for each in step if each.refused is not None)
        last = step[-1]
        wanted = _Wanted(lines, refused, last.entry.number, last.digest, self._report.size)
        outcome, self.totals = self._work.write(wanted, self.totals)
        entries = {each.entry.number: each.entry for each in step}
        self._report.add([(entries[each.number], each.reason) for each in outcome.refused])
        self.left_out |= outcome.left_out


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A step to be written."""

    lines: Sequence[Line]
    refused: tuple[Refused, ...]
    position: int
    digest: bytes
    report_bytes: int


class _Lasting:
    """Writing for good: each step with how far the import has come."""

    def __init__(self, found: Reached, options: Options, source: Source) -> None:
        self._store, self._project_id, self._options = found.store, found.project_id, options
        self._name = Path(source.name).name if source.can_begin_anew else source.name
        self._id = hashlib.sha256(f"{options.kind.name}\0{source.place}".encode()).hexdigest()[:32]
        self._is_stream = not source.can_begin_anew
        self._counted = 0

    def begun(self) -> ImportRow:
        """Return how far the import has come; a stream that came to its end is another one the next time."""
        row = self._store.run(self._project_id, partial(actions.begin, import_id=self._id, source=self._name))
        is_another = self._is_stream and row.finished_at is not None
        return self.begun_anew() if is_another or (self._options.is_anew and row.position) else row

    def begun_anew(self) -> ImportRow:
        """Forget how far it has come, and begin."""
        self._store.run(self._project_id, partial(actions.forget, import_id=self._id))
        return self._store.run(self._project_id, partial(actions.begin, import_id=self._id, source=self._name))

    def write(self, wanted: _Wanted, totals: Totals) -> tuple[Outcome, Totals]:
        """Write a step; a database that is away for a moment is waited for.

        Raises:
            Unavailable: It is away for longer.
            Overtaken, AuthException: As `actions.move`.
        """
        step = Step(
            self._id, totals.position, wanted.position, wanted.digest, wanted.report_bytes, refused=wanted.refused
        )
        unit = partial(
            actions.move, step=step, lines=wanted.lines, updates=self._options.updates, actor=_ACTOR, source=self._name
        )
        is_unsure = False
        for pause in (*_PAUSES_SECONDS, None):
            try:
                row = (
                    self._store.look(self._project_id, partial(actions.find, import_id=self._id)) if is_unsure else None
                )
                if row is not None and row.position == step.position:
                    return _outcome_of(row), Totals(row.position, row.created, row.updated, row.rejected)
                outcome = self._store.run(self._project_id, unit)
                after = _added_up(totals, wanted, outcome)
                self._count(after.count)
                return outcome, after
            except Unavailable:
                if pause is None:
                    raise
                sleep(pause)
                is_unsure = True
        raise AssertionError("the last attempt returns or raises")

    def _count(self, count: int) -> None:
        """Let the database count its tables anew, each time that there are four times as many users."""
        if count >= 4 * self._counted:
            self._counted = max(count, 1)
            statistics.refresh(self._store.url)

    def finish(self) -> None:
        """Note that the import is complete."""
        self._store.run(self._project_id, partial(actions.finish, import_id=self._id))


class _Dry:
    """Saying what would be written. Whom earlier steps would have created is kept aside, on disk."""

    def __init__(self, found: Reached, options: Options) -> None:
        self._store, self._project_id, self._updates = found.store, found.project_id, options.updates
        self._seen = Scratch()

    def begun(self) -> None:
        """Begin at the beginning."""

    def begun_anew(self) -> None:
        """Begin at the beginning."""

    def write(self, wanted: _Wanted, totals: Totals) -> tuple[Outcome, Totals]:
        """Judge a step."""
        plan = self._store.look(self._project_id, partial(actions.judge, lines=wanted.lines, updates=self._updates))
        again = [each.line for each in plan.new if not self._is_first(each.line)]
        twice = [] if self._updates else [Refused(line.number, line.person.called, _TWICE) for line in again]
        refused = sorted([*wanted.refused, *plan.refused, *twice], key=lambda each: each.number)
        created = ("",) * (len(plan.new) - len(again))
        updated = len(plan.known) + (len(again) if self._updates else 0)
        outcome = Outcome(created, updated, tuple(refused), frozenset(plan.left_out))
        return outcome, _added_up(totals, wanted, outcome)

    def finish(self) -> None:
        """Let go of what was kept."""
        self._seen.close()

    def _is_first(self, line: Line) -> bool:
        """Tell whether no step before had one of the login IDs, and keep them."""
        keys = [each.canonical for each in line.person.login_ids]
        is_first = not any(self._seen.find(key) for key in keys)
        for key in keys:
            self._seen.add(key, str(line.number))
        return is_first


def _added_up(totals: Totals, wanted: _Wanted, outcome: Outcome) -> Totals:
    return Totals(
        wanted.position,
        totals.created + len(outcome.created),
        totals.updated + outcome.updated,
        totals.refused + len(outcome.refused),
    )


def _outcome_of(row: ImportRow) -> Outcome:
    """Return what a step did whose answer was lost, as far as it matters."""
    refused = actions.written_refusals(row)
    return Outcome(refused=tuple(Refused(number, "", reason) for number, reason in refused.items()))


def _added(digest: bytes, entry: Entry) -> bytes:
    """Return the digest of all entries so far and this one."""
    number = entry.number.to_bytes(8, "big")
    return hashlib.blake2b(digest + number + entry.data, digest_size=16).digest()


@contextlib.contextmanager
def _context(options: Options) -> Generator[Context]:
    """Read what the other system exported apart from the users.

    Raises:
        CannotStart: The format has no such file, or it cannot be read.
    """
    kind = options.kind
    if options.hashes is None:
        yield Context(takes_roles=options.takes_roles)
    elif kind.takes_parameters:
        with opened(str(options.hashes)) as source:
            data = next(source.blocks(), b"")[:_MOST_PARAMETERS]
        yield Context(firebase=parameters_of(data), takes_roles=options.takes_roles)
    elif kind.takes_hashes:
        index = Scratch()
        with opened(str(options.hashes)) as source:
            _fill(index, source)
        try:
            yield Context(hash_of=index.find, takes_roles=options.takes_roles)
        finally:
            index.close()
    else:
        raise CannotStart(f"The format {kind.name} has no file of hashes: they stand beside the users.")


def _fill(index: Scratch, source: Source) -> None:
    for entry in json_entries(source.blocks()):
        try:
            found = {} if entry.problem else hashes_in(entry.data)
        except AuthException:
            found = {}
        if not found:
            raise CannotStart(f"{source.name} has no password hash that can be read in its line {entry.number}.")
        for key, text in found.items():
            index.add(key, text)


def _report_path(options: Options) -> Path:
    name = "avow-import" if options.file == "-" else options.file
    return Path(f"{name}.dry-run.jsonl" if options.is_dry else f"{name}.rejected.jsonl")


def _conclude(options: Options, importer: _Importer, report: Report, problem: str, *, as_json: bool) -> None:
    """Say what became of an import."""
    totals, left_out = importer.totals, sorted(importer.left_out)
    facts: dict[str, object] = {
        "created": totals.created,
        "updated": totals.updated,
        "refused": totals.refused,
        "position": totals.position,
        "finished": not problem,
        "problem": problem,
        "report": str(report.path) if totals.refused else "",
        "left_out": left_out,
        "dry_run": options.is_dry,
    }
    would = "would be " if options.is_dry else ""
    parts = [f"{totals.created:,} user(s) {would}created"]
    if options.updates:
        parts.append(f"{totals.updated:,} {would}updated")
    parts.append(f"{totals.refused:,} {would}refused")
    sentences = [", ".join(parts) + "."]
    if importer.found_nothing:
        sentences.insert(0, "The file was imported before, and holds nothing new. Then:")
    if totals.refused:
        sentences.append(f"{report.path} says why, line by line; it may hold password hashes.")
    if left_out:
        sentences.append(f"The project defines no such attributes, so they were left out: {', '.join(left_out[:20])}.")
    if problem and not as_json:
        print(f"avow: {problem}", file=sys.stderr)
        if not options.is_dry:
            sentences.append(f"Behind line {totals.position}, the same command goes on from there.")
    say("\n".join(sentences), facts, as_json=as_json)


_TWICE: Final = "The login ID is that of an earlier user of the file already."
