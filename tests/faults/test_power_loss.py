"""F-CRS-05, power cuts: what was acknowledged is there afterwards, whichever unsynced writes the disk kept or lost."""

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

from avow.core.vault import Vault
from avow.server.store import create, open_store
from tests.bed.cases import Case
from tests.bed.recording_disk import INSERT_PROJECT, PROJECT, Event

pytestmark = pytest.mark.timeout(600)

_SECTOR = 512


def record(url: str, folder: Path, *, durable: bool) -> list[Event]:
    script = f"from tests.bed.recording_disk import main; main({url!r}, 'journal', durable={durable})"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
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


class Played:
    """One run that was written down, and the cuts that are played on it."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        home.mkdir()
        url = f"sqlite:///{home}/avow.sqlite3"
        create(url)
        store = open_store(url, vault=Vault(b"k" * 32))
        store.run(PROJECT, lambda tx: tx.run(INSERT_PROJECT))
        store.close()
        self.files = {"avow.sqlite3": (home / "avow.sqlite3").read_bytes()}
        self.events = record(url, home, durable=durable)
        self.after = home / "after"
        self.after.mkdir()

    def lost(self, cut_at: int, seed: int) -> set[str]:
        """Return what a cut takes of what was acknowledged before it."""
        return lost_after(cut_at, self.events, self.files, self.after, seed)


def test_f_crs_05_power_cuts(case: Case, tmp_path: Path, rounds: Callable[[int, int], int]) -> None:
    played = Played(tmp_path / "durable", durable=True)
    events = played.events
    case.control(lambda: played.lost(len(events), 0) == set())
    assert sum(event.kind == "acknowledged" for event in events) == 240
    assert sum(event.kind == "sync" and event.name in played.files for event in events) > 3, "no checkpoint"
    chance = random.Random(5)
    with case.cell("acknowledged units survive, whole"):
        for seed in range(rounds(60, 1000)):
            assert played.lost(chance.randrange(len(events)), seed) == set()
    with case.cell("the cut does take what a store that does not wait for the disk has acknowledged"):
        assert _loses(Played(tmp_path / "careless", durable=False))


def _loses(played: Played) -> bool:
    last = max(number for number, event in enumerate(played.events) if event.kind == "acknowledged") + 1
    assert not [event for event in played.events[:last] if event.kind == "sync"]
    try:
        return bool(played.lost(last, seed=1))
    except (AssertionError, sqlite3.DatabaseError):
        return True  # not even the file is whole
