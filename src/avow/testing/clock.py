"""A clock that a test moves, in this process and in every other that reads the same file."""

import os
from pathlib import Path

from avow.clock import Clock, system_clock

__all__ = ["FileClock", "MovableClock"]


class MovableClock:
    """A clock of one process: the wall clock and an offset that the test moves. It is an `avow.clock.Clock`."""

    def __init__(self, source: Clock = system_clock) -> None:
        """Begin at `source`, without an offset."""
        self._source = source
        self._offset_seconds = 0

    def __call__(self) -> int:
        """Return the seconds since the epoch, UTC, as the test wants them."""
        return self._source() + self._offset_seconds

    def advance(self, seconds: int) -> int:
        """Move the clock; a negative number moves it back. Return the new time."""
        self._offset_seconds += seconds
        return self()

    def reset(self) -> None:
        """Show the wall clock again."""
        self._offset_seconds = 0


class FileClock:
    """A clock kept in a file: the wall clock and an offset, or one instant that stands still.

    The file holds the offset in seconds (`+3600`) or, after `freeze`, the instant (`=1790000000`); no file means no
    offset. Each call reads it, so servers in other processes move with the test. It is an `avow.clock.Clock`.
    """

    def __init__(self, path: str | os.PathLike[str], source: Clock = system_clock) -> None:
        """Read and write `path`; its folder must exist. `source` is the clock that the offset is added to."""
        self.path = Path(path)
        self._source = source

    def __call__(self) -> int:
        """Return the seconds since the epoch, UTC, as the test wants them."""
        text = self._read()
        return int(text[1:]) if text.startswith("=") else self._source() + int(text or "0")

    def advance(self, seconds: int) -> int:
        """Move the clock; a negative number moves it back. Return the new time."""
        text = self._read()
        if text.startswith("="):
            self._write(f"={int(text[1:]) + seconds}")
        else:
            self._write(f"{int(text or '0') + seconds:+d}")
        return self()

    def freeze(self, at: int | None = None) -> int:
        """Let the clock stand still, now or at an instant; `advance` still moves it. Return that instant."""
        instant = self() if at is None else at
        self._write(f"={instant}")
        return instant

    def reset(self) -> None:
        """Show the wall clock again."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""

    def _write(self, text: str) -> None:
        # Replaced in one step: a reader sees the old text or the new one, never half of it.
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        fresh.write_text(text, encoding="ascii")
        fresh.replace(self.path)
