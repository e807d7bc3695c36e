"""How far a long command has come: a bar for people, a line now and then where nobody watches."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import rich.progress

__all__ = ["Progress", "progress"]

_EVERY_SECONDS: Final = 5.0


class Progress(Protocol):
    """What is told of how far a command has come."""

    def begin(self, done: int, count: int) -> None:
        """Begin here, of a size and a count that are behind already."""
        ...

    def show(self, done: int, count: int) -> None:
        """Say that so much of the size is done, and how many that are."""
        ...


@contextmanager
def progress(what: str, unit: str, size: int, *, is_quiet: bool = False) -> Generator[Progress]:
    """Show on standard error how far a command has come.

    Args:
        what: What it does, for people.
        unit: What it counts.
        size: When it is at its end; 0 when nobody knows.
        is_quiet: Show nothing.
    """
    if is_quiet:
        yield _Quiet()
    elif not sys.stderr.isatty():
        yield _Lines(unit, size)
    else:
        with _bar(what, unit, size) as shown:
            yield shown


class _Quiet:
    def begin(self, done: int, count: int) -> None:
        """Say nothing."""

    def show(self, done: int, count: int) -> None:
        """Say nothing."""


class _Pace:
    """How fast it goes, since it began."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.begin(0, 0)

    def begin(self, done: int, count: int) -> None:
        """Begin here."""
        self._at, self._done, self._count = monotonic(), done, count

    def rate(self, count: int) -> float:
        """Return how many there are in a second."""
        return (count - self._count) / max(monotonic() - self._at, 0.001)

    def seconds_left(self, done: int) -> float | None:
        """Return how long it still takes, or None when nobody knows."""
        if not self._size or done <= self._done:
            return None
        return (monotonic() - self._at) * max(self._size - done, 0) / (done - self._done)


class _Lines:
    """A line every few seconds, as logs want it."""

    def __init__(self, unit: str, size: int) -> None:
        self._unit, self._size = unit, size
        self._pace = _Pace(size)
        self._said_at = monotonic()

    def begin(self, done: int, count: int) -> None:
        """Begin here."""
        self._pace.begin(done, count)

    def show(self, done: int, count: int) -> None:
        """Say it when it is time to."""
        if monotonic() - self._said_at < _EVERY_SECONDS:
            return
        self._said_at = monotonic()
        parts = [f"{count:,} {self._unit}"]
        if self._size:
            parts[0] += f" ({min(done, self._size) * 100 // self._size} %)"
        parts.append(f"{self._pace.rate(count):,.0f} a second")
        left = self._pace.seconds_left(done)
        if left is not None:
            parts.append(f"about {_duration(left)} left")
        print(f"avow: {', '.join(parts)}", file=sys.stderr, flush=True)


class _Bar:
    """The bar of rich."""

    def __init__(self, bar: "rich.progress.Progress", unit: str, size: int, what: str) -> None:
        self._bar, self._unit, self._pace = bar, unit, _Pace(size)
        self._task = bar.add_task(what, total=size or None, said="")

    def begin(self, done: int, count: int) -> None:
        """Begin here."""
        self._pace.begin(done, count)
        self._bar.update(self._task, completed=done, said=f"{count:,} {self._unit}")

    def show(self, done: int, count: int) -> None:
        """Move the bar."""
        left = self._pace.seconds_left(done)
        about = "" if left is None else f", {_duration(left)} left"
        said = f"{count:,} {self._unit}, {self._pace.rate(count):,.0f}/s{about}"
        self._bar.update(self._task, completed=done, said=said)


@contextmanager
def _bar(what: str, unit: str, size: int) -> Generator[_Bar]:
    import rich.progress
    from rich.console import Console

    columns = (
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.TaskProgressColumn(),
        rich.progress.TextColumn("{task.fields[said]}"),
    )
    with rich.progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, unit, size, what)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
