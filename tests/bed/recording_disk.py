"""Runs units on a disk that writes down every write and sync, so that a power cut at any moment can be played.

SQLite's own file layer is wrapped through ctypes: what it writes goes to the real file and into the journal.
"""

import _sqlite3
import ctypes
import pickle
import threading
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from avow.core.vault import Vault
from avow.server.store import Store, Tx, open_store

PROJECT = "P1"
INSERT_PROJECT = """
INSERT INTO projects (id, name, environment, version, created_at) VALUES (:project_id, '', '', 1, :now)
"""
INSERT = "INSERT INTO tenants (project_id, id, name, created_at) VALUES (:project_id, :id, :name, :now)"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: "write", "truncate", "sync" or "acknowledged".
        name: The file; or the unit that was acknowledged.
        offset: Where it was written, or the length after a truncation.
        data: What was written.
    """

    kind: str
    name: str
    offset: int = 0
    data: bytes = b""


_Close = CFUNCTYPE(c_int, c_void_p)
_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class _Methods(Structure):
    """`sqlite3_io_methods`."""

    _fields_ = [
        ("version", c_int),
        ("close", _Close),
        ("read", c_void_p),
        ("write", _Write),
        ("truncate", _Truncate),
        ("sync", _Sync),
        *((f"other_{number}", c_void_p) for number in range(13)),
    ]


class _File(Structure):
    """`sqlite3_file`."""

    _fields_ = [("methods", POINTER(_Methods))]


# The name is a bare pointer: SQLite keeps it as long as the file is open.
_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(_File), c_int, POINTER(c_int))


class _Vfs(Structure):
    """`sqlite3_vfs`."""

    _fields_ = [
        ("version", c_int),
        ("file_bytes", c_int),
        ("path_bytes", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("own", c_void_p),
        ("open", _Open),
        *((f"other_{number}", c_void_p) for number in range(14)),
    ]


class Recorder:
    """Becomes the file layer of every SQLite connection that this process opens from now on."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []  # what C points to
        self._methods: dict[int, _Methods] = {}
        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = POINTER(_Vfs)
        real = library.sqlite3_vfs_find(None).contents
        mine = _Vfs.from_buffer_copy(real)
        mine.name, mine.next, mine.open = b"recording", None, _Open(self._opener(real.open))
        self._kept += [real, mine]
        assert library.sqlite3_vfs_register(ctypes.byref(mine), 1) == 0

    def _opener(self, real_open: Callable[..., int]) -> Callable[..., int]:
        def open_file(vfs: int, name: int | None, file: Any, flags: int, out: Any) -> int:
            code = real_open(vfs, name, file, flags, out)
            if code == 0 and name and file.contents.methods:
                self._names[ctypes.addressof(file.contents)] = Path(ctypes.string_at(name).decode()).name
                file.contents.methods = ctypes.pointer(self._recording(file.contents.methods.contents))
            return code

        return open_file

    def _recording(self, real: _Methods) -> _Methods:
        address = ctypes.addressof(real)
        if address in self._methods:
            return self._methods[address]
        mine = _Methods.from_buffer_copy(real)

        def write(file: int, data: int, length: int, offset: int) -> int:
            self.events.append(Event("write", self._names[file], offset, ctypes.string_at(data, length)))
            return int(real.write(file, data, length, offset))

        def truncate(file: int, length: int) -> int:
            self.events.append(Event("truncate", self._names[file], length))
            return int(real.truncate(file, length))

        def sync(file: int, flags: int) -> int:
            code = int(real.sync(file, flags))
            self.events.append(Event("sync", self._names[file]))
            return code

        mine.write, mine.truncate, mine.sync = _Write(write), _Truncate(truncate), _Sync(sync)
        self._methods[address] = mine
        self._kept.append(real)
        return mine


def run_units(store: Store, acknowledge: Callable[[str], None]) -> None:
    """Write from four threads, with a checkpoint every few groups."""
    store.run(PROJECT, lambda tx: tx._execute("PRAGMA wal_autocheckpoint = 30", {}))

    def insert_pair(name: str, tx: Tx) -> None:
        tx.run(INSERT, id=name, name="x" * 700)
        tx.run(INSERT, id=f"{name}b", name="")

    def work(thread: int) -> None:
        for number in range(60):
            name = f"{thread}.{number}"
            store.run(PROJECT, partial(insert_pair, name))
            acknowledge(name)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(url: str, journal: str, *, durable: bool) -> None:
    """Record one run into a file; for a process of its own, whose every connection is recorded."""
    recorder = Recorder()
    store = open_store(url, vault=Vault(b"k" * 32), durable=durable)
    run_units(store, lambda name: recorder.events.append(Event("acknowledged", name)))
    Path(journal).write_bytes(pickle.dumps(recorder.events[:]))
    store.close()
