"""Power cuts: what was acknowledged is there afterwards, whichever unsynced writes the disk kept or lost."""

import os
import pickle
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from avow.server.store import Store
from avow.server.store.opening import sqlite_path
from tests.server.store.recording_disk import Event

_SECTOR = 512


def record(url: str, folder: Path, *, durable: bool) -> list[Event]:
    script = f"from tests.server.store.recording_disk import main; main({url!r}, 'journal', durable={durable})"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-c", script], check=True, cwd=folder, env=environment)
    events: list[Event] = pickle.loads((folder / "journal").read_bytes())  # noqa: S301 - written a moment ago
    return events


class Disk:
    """Files as they are after a cut: what was synced, and of the rest whatever chance keeps, sector by sector."""

    def __init__(self, files: dict[str, bytes], chance: random.Random) -> None:
        self._safe = {name: bytearray(content) for name, content in files.items()}
        self._pending: dict[str, list[Event]] = {}
        self._chance = chance

    def play(self, events: list[Event]) -> None:
        for event in events:
            if event.kind == "sync":
                for each in self._pending.pop(event.name, []):
                    self._apply(each)
            else:
                self._pending.setdefault(event.name, []).append(event)

    def cut(self) -> dict[str, bytes]:
        for pending in self._pending.values():
            for event in pending:
                if self._chance.random() < 0.5:
                    self._apply(event, torn=True)
        return {name: bytes(content) for name, content in self._safe.items()}

    def _apply(self, event: Event, *, torn: bool = False) -> None:
        content = self._safe.setdefault(event.name, bytearray())
        if event.kind == "truncate":
            del content[event.offset :]
            return
        content.extend(bytes(max(0, event.offset + len(event.data) - len(content))))
        for start in range(0, len(event.data), _SECTOR):
            if not torn or self._chance.random() < 0.8:
                sector = event.data[start : start + _SECTOR]
                content[event.offset + start : event.offset + start + len(sector)] = sector


def lost_after(cut_at: int, events: list[Event], files: dict[str, bytes], folder: Path, seed: int) -> set[str]:
    """Play a cut; return which acknowledged units are gone. Half a unit or a damaged file fails the test."""
    disk = Disk(files, random.Random(seed))
    disk.play([event for event in events[:cut_at] if event.kind != "acknowledged"])
    for name, content in disk.cut().items():
        (folder / name).write_bytes(content)
    with closing(sqlite3.connect(folder / next(iter(files)))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tenants = {row[0] for row in connection.execute("SELECT id FROM tenants")}
    for file in folder.iterdir():
        file.unlink()
    wholes = {name for name in tenants if not name.endswith("b")}
    assert {f"{name}b" for name in wholes} == tenants - wholes
    return {event.name for event in events[:cut_at] if event.kind == "acknowledged"} - wholes


@pytest.fixture
def files(sqlite_store: Store) -> dict[str, bytes]:
    """Give the database before the run, closed and whole."""
    sqlite_store.close()
    path = Path(sqlite_path(sqlite_store.url))
    return {path.name: path.read_bytes()}


def test_acknowledged_units_survive_a_power_cut(
    sqlite_store: Store, files: dict[str, bytes], tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    """Case F-CRS-05, for units."""
    events = record(sqlite_store.url, tmp_path, durable=True)
    folder = tmp_path / "after"
    folder.mkdir()
    assert sum(event.kind == "acknowledged" for event in events) == 240
    assert sum(event.kind == "sync" and event.name in files for event in events) > 3, "no checkpoint was played"
    chance = random.Random(5)
    for seed in range(rounds(60, 1000)):
        assert lost_after(chance.randrange(len(events)), events, files, folder, seed) == set()


def test_power_cut_takes_units_from_a_store_that_does_not_wait_for_the_disk(
    sqlite_store: Store, files: dict[str, bytes], tmp_path: Path
) -> None:
    """The control: the cut does lose what is not synced."""
    events = record(sqlite_store.url, tmp_path, durable=False)
    folder = tmp_path / "after"
    folder.mkdir()
    last = max(number for number, event in enumerate(events) if event.kind == "acknowledged") + 1
    assert not [event for event in events[:last] if event.kind == "sync"]
    try:
        lost = lost_after(last, events, files, folder, seed=1)
    except (AssertionError, sqlite3.DatabaseError):
        return  # not even the file is whole
    assert lost
