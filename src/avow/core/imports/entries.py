"""Files of users taken apart into entries, block by block: lines, documents and tables.

Whatever stands in a file, memory stays bounded, and no entry is lost: one that cannot be read is given with its number
and the reason. Only a document that breaks off in the middle has no entries after that.
"""

import codecs
import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import msgspec

from avow import shaping

__all__ = ["MOST_BYTES", "Entry", "documents", "json_entries", "lines", "table"]

MOST_BYTES: Final = 262_144  # of one entry
_MOST_MEMBER: Final = 64 * 1024 * 1024  # of what stands in a document beside its users
_MOST_COLUMNS: Final = 500
_LIST: Final = "users"
_SPACE: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """One user of a file, as they stand there.

    Attributes:
        number: Of the line it begins on; of a document, which entry of its list it is. From 1.
        data: JSON; of an entry with a problem, the text as far as it is known. It may hold password hashes.
        problem: Why it cannot be read, or "".
        is_last: Nothing after it can be read either.
    """

    number: int
    data: bytes = field(repr=False)
    problem: str = ""
    is_last: bool = False


def json_entries(blocks: Iterable[bytes]) -> Iterator[Entry]:
    """Return the entries of a list of JSON, of an object with a list `users`, or of lines of JSON."""
    first, rest = _begun(blocks)
    return documents(rest) if _is_document(first) else lines(rest)


def lines(blocks: Iterable[bytes]) -> Iterator[Entry]:
    """Return the lines that are not blank; what is in them is not looked at."""
    for number, line in _lines(blocks):
        data = line.strip()
        if len(line) > MOST_BYTES:
            yield Entry(number, data[:1000], f"The line is longer than {MOST_BYTES} bytes.")
        elif data:
            yield Entry(number, data)


def documents(blocks: Iterable[bytes]) -> Iterator[Entry]:
    """Return the entries of a list of JSON, or of the list `users` of an object."""
    text, number = _Text(blocks), 0
    try:
        if text.peek() == "{":
            _enter_list(text)
        text.take("[")
        while text.peek() != "]":
            if number:
                text.take(",")
            found = text.value(_MOST_MEMBER)
            number += 1
            if len(found) > MOST_BYTES:
                yield Entry(number, found[:1000].encode(), f"The entry is longer than {MOST_BYTES} bytes.")
            else:
                yield Entry(number, found.encode())
    except _Broken as broken:
        yield Entry(number + 1, b"", f"The file cannot be read from its entry {number + 1} on: {broken}", is_last=True)


def table(blocks: Iterable[bytes]) -> Iterator[Entry]:
    """Return the rows of a table with a header (CSV) as objects of texts; empty fields are left out.

    Names in the header are compared without case, spaces, hyphens and underscores; see `names_of`.

    Spec: RFC 4180.
    """
    source = _TableLines(blocks)
    rows = csv.reader(source)
    header: list[str] = []
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield source.entry(f"The row cannot be read ({error}).")
            continue
        if not any(row):
            source.forget()
        elif not header:
            header = [name.strip() for name in row]
            problem = _problem_of_header(header)
            if problem:
                yield Entry(1, b"", problem, is_last=True)
                return
            source.forget()
        elif len(row) != len(header):
            yield source.entry(f"The row has {len(row)} fields, and the header {len(header)}.")
        else:
            yield source.row(dict(zip(header, row, strict=True)))


def _problem_of_header(header: list[str]) -> str:
    if len(header) > _MOST_COLUMNS:
        return f"The header has more than {_MOST_COLUMNS} columns."
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        return f"The header names the column {min(twice)[:64]!r} twice."
    return "" if all(header) else "The header has a column without a name."


def _begun(blocks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the beginning of a file, and all of it."""
    iterator = iter(blocks)
    held: list[bytes] = []
    for block in iterator:
        held.append(block)
        if block.strip():
            break
    return b"".join(held), chain(held, iterator)


def _is_document(beginning: bytes) -> bool:
    """Tell a document from lines of JSON: an object that ends on its line is a line, unless it holds all users."""
    text = beginning.removeprefix(codecs.BOM_UTF8).lstrip()
    if not text.startswith(b"{"):
        return text.startswith(b"[")
    line = text.split(b"\n", 1)[0].rstrip()
    try:
        found = shaping.decode(line)
    except RecursionError:
        return False
    except (msgspec.DecodeError, UnicodeDecodeError):
        return not line.endswith(b"}")
    return isinstance(found, dict) and isinstance(found.get(_LIST), list)


def _lines(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Return number and text of each line, without its end; of one that is too long, the beginning."""
    number, held = 0, b""
    for block in blocks:
        *whole, rest = block.split(b"\n")
        for line in whole:
            number += 1
            found = held + line if held else line
            yield number, _plain(number, found)[: MOST_BYTES + 1]
            held = b""
        held = (held + rest)[: MOST_BYTES + 8]  # still too long, whatever follows
    if held:
        yield number + 1, _plain(number + 1, held)[: MOST_BYTES + 1]


def _plain(number: int, line: bytes) -> bytes:
    return line.removeprefix(codecs.BOM_UTF8) if number == 1 else line


# --- Documents -------------------------------------------------------------------------------------------------


class _Broken(Exception):
    """The document cannot be read on; the text says why."""


class _Text:
    """The text of a document, of which as much is held as the entry at hand needs."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._held, self._at, self._is_whole = "", 0, False

    def peek(self) -> str:
        """Return the next character that is not blank.

        Raises:
            _Broken: There is none.
        """
        while True:
            while self._at < len(self._held) and self._held[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                raise _Broken("it ends too early.")

    def take(self, character: str) -> None:
        """Go beyond the next character, which has to be this one."""
        found = self.peek()
        if found != character:
            raise _Broken(f"{character!r} was expected, not {found!r}.")
        self._at += 1

    def value(self, most: int) -> str:
        """Return the text of the next value and go beyond it."""
        self.peek()
        while True:
            try:
                end = self._json.raw_decode(self._held, self._at)[1]
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError):
                    raise _Broken("it is nested too deep.") from None
                end = None
            # A number may go on in the next block.
            is_cut = end is None or end == len(self._held)
            if end is not None and not (is_cut and self._more()):
                found, self._at = self._held[self._at : end], end
                return found
            if end is None and len(self._held) - self._at > most:
                raise _Broken("it is no JSON, or too long.")
            if end is None and not self._more():
                raise _Broken("it is no JSON, or ends too early.")

    def _more(self) -> bool:
        """Read a block, and let go of what is behind; False at the end."""
        if self._is_whole:
            return False
        block = next(self._blocks, None)
        self._is_whole = block is None
        try:
            text = self._decoder.decode(block or b"", final=block is None)
        except UnicodeDecodeError:
            raise _Broken("it is not UTF-8.") from None
        self._held, self._at = self._held[self._at :] + text, 0
        return not self._is_whole or bool(text)


def _enter_list(text: _Text) -> None:
    """Go to the list of users in an object, past everything before it."""
    text.take("{")
    while text.peek() == '"':
        name = json.loads(text.value(MOST_BYTES))
        text.take(":")
        if name == _LIST and text.peek() == "[":
            return
        text.value(_MOST_MEMBER)
        if text.peek() == ",":
            text.take(",")
    raise _Broken(f"it has no list {_LIST!r}.")


# --- Tables ----------------------------------------------------------------------------------------------------


class _TableLines:
    """The lines of a table on their way to the reader of rows; those of the row at hand are kept."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._lines = _lines(blocks)
        self._held: list[bytes] = []
        self._number = 0

    def __iter__(self) -> Iterator[str]:
        for number, line in self._lines:
            if not self._held:
                self._number = number
            self._held.append(line)
            yield line.decode("utf-8", "surrogateescape") + "\n"

    def forget(self) -> None:
        """Let go of the lines of a row."""
        self._held.clear()

    def entry(self, problem: str) -> Entry:
        """Return the row at hand as it stands, which has a problem."""
        text = b"\n".join(self._held)
        self.forget()
        return Entry(self._number, text, problem)

    def row(self, fields: dict[str, str]) -> Entry:
        """Return the row at hand."""
        try:
            data = msgspec.json.encode({name: value for name, value in fields.items() if value})
        except UnicodeEncodeError:
            return self.entry("The row is not UTF-8.")
        if len(data) > MOST_BYTES:
            return self.entry(f"The row is longer than {MOST_BYTES} bytes.")
        self.forget()
        return Entry(self._number, data)
