"""Timing in interleaved rounds, so that what else the machine does meets every candidate alike."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Row", "compare", "report"]

Work = Callable[[], object]

_WARM_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Row:
    """What one candidate took.

    Attributes:
        name: The candidate.
        microseconds: CPU time of the thread per call, median of the rounds.
        ratios: Its time over the baseline's, round by round, sorted.
    """

    name: str
    microseconds: float
    ratios: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Return the median ratio."""
        return statistics.median(self.ratios)


def compare(candidates: Mapping[str, Work], baseline: str, *, rounds: int = 9, seconds: float = 0.03) -> list[Row]:
    """Run every candidate once a round, right after the baseline, each round starting with another one.

    A machine's speed changes within tens of milliseconds: two times make a ratio when nothing lies between them.

    Args:
        candidates: The work by name.
        baseline: The candidate that the ratios are to.
        rounds: How often.
        seconds: CPU time of one candidate in one round, about.
    """
    names = list(candidates)
    calls = {name: _calls_within(candidates[name], seconds) for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}
    ratios: dict[str, list[float]] = {name: [] for name in names}
    for round_number in range(rounds):
        start = round_number % len(names)
        for name in names[start:] + names[:start]:
            base = _time_per_call(candidates[baseline], calls[baseline])
            mine = base if name == baseline else _time_per_call(candidates[name], calls[name])
            times[name].append(mine)
            ratios[name].append(mine / base)
    return [Row(name, statistics.median(times[name]) * 1e6, tuple(sorted(ratios[name]))) for name in names]


def report(title: str, rows: list[Row], bars: Mapping[str, float] | None = None) -> bool:
    """Print the rows and, where a bar is named, whether the median ratio keeps it; return whether all do."""
    bars = bars or {}
    width = max(len(row.name) for row in rows)
    print(f"\n{title}\n{'':<{width}}  {'CPU us':>9}  {'ratio':>7}  [least .. most]")
    for row in rows:
        bar = bars.get(row.name)
        verdict = "" if bar is None else f"  {'within' if row.ratio <= bar else 'OVER'} {bar:.4g}"
        spread = f"[{row.ratios[0]:.3f} .. {row.ratios[-1]:.3f}]"
        print(f"{row.name:<{width}}  {row.microseconds:9.2f}  {row.ratio:7.3f}  {spread}{verdict}", flush=True)
    return all(row.ratio <= bars.get(row.name, row.ratio) for row in rows)


def _calls_within(work: Work, seconds: float) -> int:
    calls = 1
    while (took := _time_per_call(work, calls) * calls) < _WARM_SECONDS:
        calls = max(calls + 1, int(calls * min(10.0, _WARM_SECONDS * 1.2 / max(took, 1e-7))))
    return max(1, int(calls * seconds / took))


def _time_per_call(work: Work, calls: int) -> float:
    """Return seconds of this thread's CPU per call: other processes on the same cores disturb it least."""
    turns = range(calls)
    for _ in range(calls // 8):
        work()  # what ran before left the processor's caches to itself
    gc.disable()
    began = time.thread_time()
    for _ in turns:
        work()
    took = time.thread_time() - began
    gc.enable()
    return took / calls
