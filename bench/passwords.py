"""Sign-ins by password beside the bare hash, and refreshes beside sign-ins, on SQLite and PostgreSQL.

    python -m bench.passwords

The bare hash is the same check of a password, on as many threads as a server hashes on, with nothing beside it. A round
measures everything once; ratios are taken round by round.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from avow.core.passwords import check, hashed
from bench.load import Load, Process, load, running
from bench.serving import Bench

__all__ = ["main"]

_ROUNDS = 3
_SECONDS = 4
_SIGN_INS_AT_ONCE = 64
_REFRESHES_AT_ONCE = 4
_LEAST_OF_BARE = 0.85
_MOST_OF_ALONE = 3.0


@dataclass(frozen=True, slots=True)
class _Round:
    """What one round saw.

    Attributes:
        bare: Hashes per second.
        sign_in: Sign-ins alone, 64 at once.
        alone: Refreshes alone.
        beside: Refreshes beside such sign-ins.
        others: Those sign-ins.
    """

    bare: float
    sign_in: Load
    alone: Load
    beside: Load
    others: Load


def main(postgres_url: str = "", *, rounds: int = _ROUNDS, seconds: int = _SECONDS) -> bool:
    """Measure and print; return whether the bars hold."""
    with tempfile.TemporaryDirectory() as folder:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'bench.sqlite3'}", "PostgreSQL": postgres_url}
        return all([_report(name, _measure(url, rounds, seconds)) for name, url in urls.items() if url])


def _measure(database_url: str, rounds: int, seconds: int) -> list[_Round]:
    with ExitStack() as stack:
        bench = Bench(database_url)
        stack.callback(bench.store.close)
        sign_ins, threads = bench.sign_in(), bench.settings.hash_threads
        server = stack.enter_context(running([sys.executable, "-m", "bench.served", "{port}", database_url]))
        load(server, sign_ins, seconds=1, connections=_SIGN_INS_AT_ONCE)  # the first one loads what hashes
        return [_round(bench, server, sign_ins, threads, seconds) for _ in range(rounds)]


def _round(bench: Bench, server: Process, sign_ins: str, threads: int, seconds: int) -> _Round:
    bare = _hashes_per_second(threads, seconds)
    sign_in = load(server, sign_ins, seconds=seconds, connections=_SIGN_INS_AT_ONCE)
    alone = load(server, bench.refresh(server), seconds=seconds, connections=_REFRESHES_AT_ONCE)
    refreshes = bench.refresh(server)
    with ThreadPoolExecutor(1) as pool:  # the others begin a second before, and end a second after
        others = pool.submit(load, server, sign_ins, seconds=seconds + 2, connections=_SIGN_INS_AT_ONCE)
        time.sleep(1)
        beside = load(server, refreshes, seconds=seconds, connections=_REFRESHES_AT_ONCE)
    return _Round(bare, sign_in, alone, beside, others.result())


def _hashes_per_second(threads: int, seconds: int) -> float:
    stored, password = hashed("correct horse battery"), "correct horse battery"
    begun = time.perf_counter()

    def checked() -> int:
        count = 0
        while time.perf_counter() < begun + seconds:
            assert check(stored, password).is_theirs
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        counted = sum(each.result() for each in [pool.submit(checked) for _ in range(threads)])
    return counted / (time.perf_counter() - begun)


def _report(name: str, rounds: Sequence[_Round]) -> bool:
    print(f"\nPasswords on {name}, {len(rounds)} rounds, one process")
    print(f"{'':<28}  {'per s':>8}  {'p99 ms':>8}  refused")
    print(f"{'bare hash':<28}  {statistics.median(each.bare for each in rounds):8.1f}")
    kinds = {
        f"sign-in, {_SIGN_INS_AT_ONCE} at once": [each.sign_in for each in rounds],
        f"refresh, {_REFRESHES_AT_ONCE} at once": [each.alone for each in rounds],
        f"refresh beside {_SIGN_INS_AT_ONCE} sign-ins": [each.beside for each in rounds],
        f"{_SIGN_INS_AT_ONCE} sign-ins beside refreshes": [each.others for each in rounds],
    }
    for what, loads in kinds.items():
        rate = statistics.median(each.per_second for each in loads)
        p99, refused = statistics.median(each.p99_ms for each in loads), sum(each.refused for each in loads)
        print(f"{what:<28}  {rate:8.1f}  {p99:8.1f}  {refused}")
    rates = [each.sign_in.per_second / each.bare for each in rounds]
    waits = [each.beside.p99_ms / each.alone.p99_ms for each in rounds]
    held = [
        _bar("sign-ins per second / bare hashes", rates, at_least=_LEAST_OF_BARE),
        _bar("p99 of a refresh beside sign-ins / alone", waits, at_most=_MOST_OF_ALONE),
    ]
    return all(held) and not any(each.refused for loads in kinds.values() for each in loads)


def _bar(title: str, ratios: Sequence[float], *, at_least: float = 0.0, at_most: float = float("inf")) -> bool:
    ratio = statistics.median(ratios)
    is_held = at_least <= ratio <= at_most
    limit = f"at least {at_least}" if at_least else f"at most {at_most}"
    print(f"{title}: {ratio:.2f} [{min(ratios):.2f} .. {max(ratios):.2f}]  {'within' if is_held else 'OVER'}: {limit}")
    return is_held


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
