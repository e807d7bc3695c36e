"""`avow project export`, `validate` and `import`: a project's configuration as files of JSON in a folder."""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from avow.cli.output import say
from avow.cli.problems import CannotStart
from avow.cli.reach import reached_project
from avow.errors import InvalidArgument
from avow.server.snapshots import actions, layout
from avow.server.snapshots.layout import Parsed

__all__ = ["check", "export", "take"]

_ACTOR = "command"
_HEADER = "snapshot.json"
_MOST_BYTES = 16 * 1024 * 1024  # of a file
_MOST_FILES = 300


def export(folder: Path, *, project: str, data: Path | None, as_json: bool) -> None:
    """Write a snapshot; one that is in the folder already makes room for it."""
    before = _paths(folder)
    if before and _HEADER not in before:
        raise CannotStart(f"{folder} holds files that are no snapshot; name a new or an empty folder.")
    with reached_project(data, project) as found:
        files = layout.write(found.store.look(found.project_id, actions.read))
    for path in before.keys() - files.keys():
        before[path].unlink()
    for path, content in files.items():
        target = folder.joinpath(*PurePosixPath(path).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"{json.dumps(content, indent=2, ensure_ascii=False)}\n", encoding="utf-8")
    say(f"{len(files)} files are in {folder}.", {"files": sorted(files)}, as_json=as_json)


def check(folder: Path, *, project: str, data: Path | None, as_json: bool) -> None:
    """Say all that stands against an import, and change nothing.

    Raises:
        InvalidArgument: Something does.
    """
    parsed = _parsed(folder, ())
    with reached_project(data, project) as found:
        is_open = found.settings.is_development
        against = found.store.look(found.project_id, lambda tx: actions.check(tx, parsed.snapshot, is_open=is_open))
    failures = [*parsed.failures, *against]
    if failures:
        raise InvalidArgument(error_message="\n".join(failures))
    say("The snapshot can be imported.", {"ok": True}, as_json=as_json)


def take(folder: Path, excludes: Sequence[str], *, project: str, data: Path | None, as_json: bool) -> None:
    """Import a snapshot, whole or not at all.

    Raises:
        InvalidArgument: Its files are wrong, or do not fit the project.
    """
    parsed = _parsed(folder, excludes)
    if parsed.failures:
        raise InvalidArgument(error_message="\n".join(parsed.failures))
    with reached_project(data, project) as found:
        is_open = found.settings.is_development
        found.store.run(found.project_id, lambda tx: actions.put(tx, parsed.snapshot, is_open=is_open, actor=_ACTOR))
    say("The snapshot is imported.", {"kinds": list(parsed.snapshot.kinds)}, as_json=as_json)


def _parsed(folder: Path, excludes: Sequence[str]) -> Parsed:
    paths = _paths(folder)
    if not paths:
        raise CannotStart(f"There is no snapshot in {folder}.")
    return layout.parse({path: _read(file) for path, file in paths.items()}, excludes=excludes)


def _paths(folder: Path) -> dict[str, Path]:
    """Return the files of JSON in a folder and in the folders below it, by their path in the snapshot."""
    found: dict[str, Path] = {}
    for file in sorted(folder.rglob("*.json")) if folder.is_dir() else ():
        if file.is_symlink() or not file.resolve().is_relative_to(folder.resolve()):
            raise CannotStart(f"{file} leads out of the folder; a snapshot has no links.")
        found[file.relative_to(folder).as_posix()] = file
        if len(found) > _MOST_FILES:
            raise CannotStart(f"A snapshot has at most {_MOST_FILES} files; there are more in {folder}.")
    return found


def _read(file: Path) -> object:
    if file.stat().st_size > _MOST_BYTES:
        raise CannotStart(f"{file} is longer than a file of a snapshot may be.")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as wrong:
        raise CannotStart(f"{file} is not JSON: {wrong}.") from wrong
