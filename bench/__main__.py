"""All benchmarks, or those named; ratios and their bars.

    python -m bench [validate] [passkeys] [store] [serving] [oidc] [flows] [passwords] [starting] [screens] [django]
        [apis] [scale [--sizes 1000,100000] ...]

What follows `scale` are options of it; without sizes it takes a million users too, which needs some minutes and 10 GB.
"""

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from bench import (
    api_get,
    django_get,
    flows,
    oidc,
    passkeys,
    passwords,
    scale,
    screens,
    serving,
    starting,
    store,
    validate,
)
from tests.bed.postgres import fresh_database, shared_url
from tests.bed.programs import find_postgres
from tests.bed.run import Run


def main(arguments: list[str]) -> bool:
    """Run the benchmarks named, all when none is; return whether every bar holds."""
    end = arguments.index("scale") + 1 if "scale" in arguments else len(arguments)
    names, options = arguments[:end], arguments[end:]
    with _postgres() as (fresh, admin_url):
        benches: dict[str, Callable[[], bool]] = {
            "validate": lambda: validate.main([]),
            "passkeys": passkeys.main,
            "store": lambda: store.main(next(fresh)),
            "serving": lambda: serving.main(next(fresh)),
            "oidc": lambda: oidc.main(next(fresh)),
            "flows": lambda: flows.main(next(fresh)),
            "passwords": lambda: passwords.main(next(fresh)),
            "starting": starting.main,
            "screens": screens.main,
            "django": django_get.main,
            "apis": api_get.main,
            "scale": lambda: scale.main(options, admin_url=admin_url),
        }
        unknown = set(names) - set(benches)
        if unknown:
            sys.exit(f"There is no benchmark {min(unknown)!r}; there are {', '.join(benches)}.")
        held = {name: bench() for name, bench in benches.items() if not names or name in names}
    print("\n" + ", ".join(f"{name}: {'within its bars' if held[name] else 'OVER a bar'}" for name in held))
    return all(held.values())


@contextmanager
def _postgres() -> Iterator[tuple[Iterator[str], str]]:
    """Yield URLs of empty databases, each asked for with `next`, and that of their server; "" when there is none."""
    program = find_postgres()
    if program is None:
        print("PostgreSQL was not found; its rows are missing.")
        yield iter(["", ""]), ""
        return
    run = Run(is_on_disk=True)
    admin_url = shared_url(program)
    fresh = _fresh_databases(admin_url)
    try:
        yield fresh, admin_url
    finally:
        fresh.close()  # drops the last database while the server still runs
        run.end()


def _fresh_databases(admin_url: str) -> Generator[str, None, None]:
    while True:
        with fresh_database(admin_url) as url:
            yield url


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
