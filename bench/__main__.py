"""All benchmarks, or those named: `python -m bench [validate] [store] [serving] [starting]`; ratios and their bars."""

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from bench import serving, starting, store, validate
from tests.bed.postgres import fresh_database, shared_url
from tests.bed.programs import find_postgres
from tests.bed.run import Run


def main(names: list[str]) -> bool:
    """Run the benchmarks named, all when none is; return whether every bar holds."""
    with _postgres() as fresh:
        benches: dict[str, Callable[[], bool]] = {
            "validate": lambda: validate.main([]),
            "store": lambda: store.main(next(fresh)),
            "serving": lambda: serving.main(next(fresh)),
            "starting": starting.main,
        }
        unknown = set(names) - set(benches)
        if unknown:
            sys.exit(f"There is no benchmark {min(unknown)!r}; there are {', '.join(benches)}.")
        held = {name: bench() for name, bench in benches.items() if not names or name in names}
    print("\n" + ", ".join(f"{name}: {'within its bars' if held[name] else 'OVER a bar'}" for name in held))
    return all(held.values())


@contextmanager
def _postgres() -> Iterator[Iterator[str]]:
    """Yield URLs of empty databases, each asked for with `next`; "" when PostgreSQL is not to be had."""
    program = find_postgres()
    if program is None:
        print("PostgreSQL was not found; its rows are missing.")
        yield iter(["", ""])
        return
    run = Run(is_on_disk=True)
    fresh = _fresh_databases(shared_url(program))
    try:
        yield fresh
    finally:
        fresh.close()  # drops the last database while the server still runs
        run.end()


def _fresh_databases(admin_url: str) -> Generator[str, None, None]:
    while True:
        with fresh_database(admin_url) as url:
            yield url


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
