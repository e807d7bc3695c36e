"""Requests on projects of a thousand to a million users, each as a ratio to itself on the smallest.

    python -m bench scale [--sizes 1000,100000,1000000] [--rounds 5] [--only TEXT] [--without-import]

CPU of a request's units is compared, ours and of PostgreSQL's processes, since what else the machine does disturbs it
least. A round measures a path at every size, each round starting with another one.
"""

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path as File

import psycopg

from bench import importing, people
from bench.paths import PATHS, Path
from bench.people import World
from tests.bed.postgres import fresh_database

__all__ = ["main"]

_SIZES = (1_000, 100_000, 1_000_000)
_ROUNDS = 5
_SECONDS = 0.15
_MOST_CALLS = 400
_MOST = 1.5


@dataclass(frozen=True, slots=True)
class Measured:
    """One path at one size in one round, per request."""

    cpu: float
    wall: float


@dataclass(frozen=True, slots=True)
class _Place:
    """A filled project and the processes that work for it besides our own."""

    world: World
    backends: tuple[int, ...]

    def cpu_seconds(self) -> float:
        return time.process_time() + sum(_cpu_seconds(pid) for pid in self.backends)


def main(arguments: Sequence[str] = (), *, admin_url: str = "") -> bool:
    """Measure on SQLite and, where a server is given, on PostgreSQL; return whether the bars hold."""
    given = _parsed(arguments)
    with tempfile.TemporaryDirectory(prefix="avow-scale-") as folder:
        held = _measured("SQLite", given, (f"sqlite:///{folder}/{size}.db" for size in count()))
        if admin_url:
            with ExitStack() as stack:
                fresh = (stack.enter_context(fresh_database(admin_url)) for _ in count())
                held = _measured("PostgreSQL", given, fresh) and held
    return held


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench scale", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=_sizes, default=_SIZES, help="numbers of users, with commas")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--only", default="", help="paths whose name has this in it")
    parser.add_argument("--without-import", action="store_true", help="measure no import")
    return parser.parse_args(arguments)


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(sorted({int(each) for each in text.replace("_", "").split(",")}))
    if sizes[0] < people.LEAST:
        raise argparse.ArgumentTypeError(f"a project has at least {people.LEAST} users")
    return sizes


def _measured(database: str, given: argparse.Namespace, urls: Iterator[str]) -> bool:
    print(f"\nScale on {database}", flush=True)
    held = True
    with ExitStack() as stack:
        places = [_Place(stack.enter_context(people.filled(next(urls), size)), ()) for size in given.sizes]
        places = [_Place(place.world, _backends(place.world)) for place in places]
        paths = [path for path in PATHS if given.only in path.name]
        held = _paths(database, places, paths, given.rounds)
    if not given.without_import:
        held = importing.main(database, given.sizes, urls) and held
    return held


def _paths(database: str, places: list[_Place], paths: list[Path], rounds: int) -> bool:
    sizes = "".join(f"{place.world.count:>11,}" for place in places)
    print(f"\nCPU microseconds of a request on {database}, by number of users; {rounds} rounds")
    print(f"{'':<40}{sizes}  ratio [least .. most]")
    held = True
    for is_flat in (True, False):
        if not is_flat:
            print("What grows with what it reads or counts, for information:")
        for path in paths:
            if path.is_flat is is_flat:
                large = [place for place in places if place.world.count >= path.least]
                held = _report(path, _rounds(path, large, rounds), len(places)) and held
    return held


def _rounds(path: Path, places: list[_Place], rounds: int) -> dict[int, list[Measured]]:
    results: dict[int, list[Measured]] = {place.world.count: [] for place in places}
    numbers = count()
    calls = {place.world.count: _calls_within(path, place, numbers) for place in places}
    for turn in range(rounds + 1):  # the first one warms up
        start = turn % max(1, len(places))
        first = next(numbers)
        for place in places[start:] + places[:start]:
            size = place.world.count
            measured = _measure(path, place, range(first, first + calls[size]))
            if turn:
                results[size].append(measured)
        for _ in range(max(calls.values(), default=0)):
            next(numbers)
    return results


def _calls_within(path: Path, place: _Place, numbers: Iterator[int]) -> int:
    """Warm up, and say how many calls fit into the time of a round."""
    for calls in (1, 6):
        first = next(numbers)
        took = _measure(path, place, range(first, first + calls)).wall
        for _ in range(calls):
            next(numbers)
        if took > _SECONDS:
            return 1
    return max(1, min(_MOST_CALLS, int(_SECONDS / took)))


def _measure(path: Path, place: _Place, numbers: range) -> Measured:
    path.prepare(place.world, numbers)
    gc.disable()
    cpu, began = place.cpu_seconds(), time.perf_counter()
    for number in numbers:
        path.run(place.world, number)
    cpu, wall = place.cpu_seconds() - cpu, time.perf_counter() - began
    gc.enable()
    return Measured(cpu / len(numbers), wall / len(numbers))


def _report(path: Path, results: dict[int, list[Measured]], columns: int) -> bool:
    """Print a path; its ratio is the largest that a size has to the smallest one."""
    if not results:
        return True
    base, *others = results.values()
    each = "".join(f"{statistics.median(m.cpu for m in measured) * 1e6:11,.0f}" for measured in results.values())
    line = f"{path.name:<40}{each.rjust(11 * columns)}"
    if not others:
        print(line, flush=True)
        return True
    ratios = [sorted(mine.cpu / one.cpu for mine, one in zip(other, base, strict=True)) for other in others]
    worst = max(ratios, key=statistics.median)
    ratio = statistics.median(worst)
    is_held = not path.is_flat or ratio <= _MOST
    verdict = f"  {'within' if is_held else 'OVER'} {_MOST:g}" if path.is_flat else ""
    print(f"{line}  {ratio:5.2f} [{worst[0]:.2f} .. {worst[-1]:.2f}]{verdict}", flush=True)
    return is_held


def _backends(world: World) -> tuple[int, ...]:
    """Return the processes of PostgreSQL that serve the open store; of SQLite none."""
    if not world.store.url.startswith("postgres"):
        return ()
    with psycopg.connect(world.store.url) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        pids = tuple(int(pid) for (pid,) in connection.execute(query) if _is_near(int(pid)))
    if not pids:
        print("  PostgreSQL is on another machine: its CPU is not counted.")
    return pids


def _is_near(pid: int) -> bool:
    return File(f"/proc/{pid}/schedstat").exists()


def _cpu_seconds(pid: int) -> float:
    return int(File(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
