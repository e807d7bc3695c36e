"""What `make check` runs: format, lint, types, imports and generated files, side by side; no tests."""

import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check ended."""

    name: str
    passed: bool
    seconds: float
    output: str


# The longest first, so that two cores end together.
CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pyright", (sys.executable, "-m", "pyright")),
    ("mypy --strict src, tests", (sys.executable, "-m", "mypy")),
    ("import layers", (str(BIN / "lint-imports"), "--no-logo")),
    ("generated files", (sys.executable, "scripts/generate.py", "--check")),
    ("ruff check", (sys.executable, "-m", "ruff", "check", ".")),
    ("ruff format", (sys.executable, "-m", "ruff", "format", "--check", ".")),
)


def run(name: str, command: tuple[str, ...]) -> Outcome:
    """Run one check and keep what it said."""
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return Outcome(name, done.returncode == 0, time.monotonic() - started, done.stdout + done.stderr)


def report(outcome: Outcome) -> None:
    """Print one line, and what the check said when it failed."""
    print(f"{'ok    ' if outcome.passed else 'FAILED'}  {outcome.name}  ({outcome.seconds:.1f} s)", flush=True)
    if not outcome.passed:
        print(outcome.output, flush=True)


def main() -> int:
    """Run all checks; return 1 when one failed."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        running: list[Future[Outcome]] = [pool.submit(run, name, command) for name, command in CHECKS]
        outcomes = []
        for future in as_completed(running):
            outcomes.append(future.result())
            report(outcomes[-1])
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    print(f"make check: {'failed: ' + ', '.join(failed) if failed else 'all passed'}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
