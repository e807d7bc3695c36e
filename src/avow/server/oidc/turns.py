"""Whose turn it is to be told of log-outs: whoever keeps us waiting waits for their like, and nobody waits for them.

It knows nothing of calls and threads: it is told how long somebody took.
"""

from collections.abc import Iterable
from typing import Final

from avow.clock import Clock

__all__ = ["AT_ONCE", "Application", "Turns"]

Application = tuple[str, str]  # project and id

AT_ONCE: Final = 8
_QUICK, _NEW, _SLOW = range(3)
# How many have a turn at once that are no quicker than this: of all, and of one project.
_MOST: Final = {_QUICK: (AT_ONCE, 4), _NEW: (6, 3), _SLOW: (4, 1)}
_SLOW_SECONDS: Final = 1.0
_REMEMBERED_SECONDS: Final = {_QUICK: 86_400, _SLOW: 600}
_MOST_REMEMBERED: Final = 10_000


class Turns:
    """Hands out turns in one process. Its owner holds a lock around each call."""

    def __init__(self, clock: Clock) -> None:
        """Know nobody yet."""
        self._clock = clock
        self._busy: set[Application] = set()
        self._paces: dict[Application, tuple[int, int]] = {}  # how quick somebody was, and until when that counts
        self._had: dict[Application, int] = {}  # the number of the last turn of those that wait
        self._count = 0

    def begin(self, waiting: Iterable[Application]) -> list[Application]:
        """Return those of the applications that wait which have a turn now; whoever waits longest comes first."""
        now, named = self._clock(), list(waiting)
        self._paces = {each: pace for each, pace in self._paces.items() if pace[1] > now}
        self._had = {each: self._had[each] for each in named if each in self._had}
        begun = []
        for each in sorted(named, key=lambda one: self._had.get(one, 0)):
            if each not in self._busy and self._has_room(each):
                self._busy.add(each)
                begun.append(each)
        return begun

    def end(self, application: Application, seconds: float) -> None:
        """Note that a turn is over, and how long the longest call took in it."""
        self._busy.discard(application)
        self._count += 1
        self._had[application] = self._count
        if seconds > _SLOW_SECONDS:
            pace = _SLOW
        elif self._pace(application) == _SLOW:
            return  # once quick is not quick: the next call may hang again
        else:
            pace = _QUICK
        if len(self._paces) >= _MOST_REMEMBERED:
            self._paces.clear()
        self._paces[application] = (pace, self._clock() + _REMEMBERED_SECONDS[pace])

    def clear(self) -> None:
        """End all turns: whoever had one has stopped."""
        self._busy.clear()

    def _has_room(self, application: Application) -> bool:
        for pace in range(self._pace(application) + 1):
            of_all, of_project = _MOST[pace]
            held = [each for each in self._busy if self._pace(each) >= pace]
            if len(held) >= of_all or sum(each[0] == application[0] for each in held) >= of_project:
                return False
        return True

    def _pace(self, application: Application) -> int:
        return self._paces.get(application, (_NEW, 0))[0]
