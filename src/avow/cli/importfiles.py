"""Files on the way into an import: blocks as they are read, and the report of refused lines."""

import contextlib
import os
import sys
from collections.abc import Generator, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

import msgspec

from avow import shaping
from avow.cli.problems import CannotStart
from avow.core.imports.entries import Entry

__all__ = ["Report", "Source", "opened"]

STDIN: Final = "-"
_BLOCK_BYTES: Final = 262_144


class Source:
    """What is imported.

    Attributes:
        name: As people call it.
        size: Bytes in all; 0 when nobody knows.
        done: Bytes read so far.
    """

    def __init__(self, name: str, file: BufferedReader) -> None:
        self.name = name
        self._file = file
        self.size = os.fstat(file.fileno()).st_size if self.can_begin_anew else 0
        self.done = 0

    @property
    def can_begin_anew(self) -> bool:
        """Tell whether what was read can be read again."""
        return self.name != STDIN and self._file.seekable()

    @property
    def place(self) -> str:
        """Return what the import is remembered by: where the file is."""
        return STDIN if self.name == STDIN else str(Path(self.name).resolve())

    def blocks(self) -> Iterator[bytes]:
        """Read it from its beginning, a block at a time."""
        if self.can_begin_anew:
            self._file.seek(0)
        self.done = 0
        while block := self._file.read1(_BLOCK_BYTES):
            self.done += len(block)
            yield block


@contextlib.contextmanager
def opened(name: str) -> Generator[Source]:
    """Open a file, or with `-` standard input.

    Raises:
        CannotStart: It cannot be read.
    """
    if name == STDIN:
        yield Source(name, cast(BufferedReader, sys.stdin.buffer))
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise CannotStart(f"{name} cannot be read: {error.strerror}.") from None
    with file:
        yield Source(name, file)


class Report:
    """The report of refused lines: one line of JSON each, with number, reason and the record itself.

    Attributes:
        path: Where it is; there is no file until something is refused. It may hold password hashes.
        size: Its length in bytes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0

    def begin(self, size: int = 0) -> None:
        """Cut it to its first bytes, which are those of an import that goes on.

        Raises:
            CannotStart: It cannot be written.
        """
        try:
            there = self.path.stat().st_size
        except FileNotFoundError:
            there = 0
        self.size = min(size, there)
        if there > self.size:
            try:
                os.truncate(self.path, self.size)
            except OSError as error:
                raise CannotStart(f"The report {self.path} cannot be written: {error.strerror}.") from None

    def go_on(self) -> None:
        """Keep all that is there."""
        self.size = self.path.stat().st_size if self.path.exists() else 0

    def add(self, refused: list[tuple[Entry, str]]) -> None:
        """Add lines and their reasons, and wait until they are on the disk.

        Raises:
            CannotStart: It cannot be written.
        """
        if not refused:
            return
        text = b"".join(_reported(entry, reason) for entry, reason in refused)
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
        except OSError as error:
            raise CannotStart(f"The report {self.path} cannot be written: {error.strerror}.") from None
        self.size += len(text)


def _reported(entry: Entry, reason: str) -> bytes:
    record: object = msgspec.Raw(entry.data)
    try:
        shaping.decode(entry.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        record = entry.data.decode("utf-8", "replace")
    return msgspec.json.encode({"line": entry.number, "reason": reason, "record": record}) + b"\n"
