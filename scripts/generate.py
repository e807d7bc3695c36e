"""Run every generator of the repository, or check that what they wrote is current.

A generator is a program that writes files which are committed; with `--check` it writes nothing and fails when a file
differs from what it would write. A generator whose source does not exist yet is passed over.
"""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Generator:
    """One program that writes committed files.

    Attributes:
        writes: What it writes, for people.
        source: File of the program, below the repository.
        command: Arguments after the interpreter.
        is_heard: What it says is shown when it succeeds too.
    """

    writes: str
    source: str
    command: tuple[str, ...]
    is_heard: bool = False


GENERATORS = (
    Generator("the synchronous SDK", "scripts/generate_sync.py", ("scripts/generate_sync.py",)),
    Generator("the database schema", "src/avow/server/store/generate.py", ("-m", "avow.server.store.generate")),
    Generator("the OpenAPI document", "scripts/generate_openapi.py", ("scripts/generate_openapi.py",)),
    Generator("the settings page", "scripts/generate_settings.py", ("scripts/generate_settings.py",)),
    Generator("the files for browsers", "scripts/generate_web.py", ("scripts/generate_web.py",), is_heard=True),
    Generator("the operations in README.md", "scripts/generate_operations.py", ("-m", "scripts.generate_operations")),
)


def run(generator: Generator, options: list[str]) -> tuple[Generator, subprocess.CompletedProcess[str]]:
    """Run one generator and keep what it said."""
    command = [sys.executable, *generator.command, *options]
    return generator, subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def main() -> int:
    """Run the generators that exist, side by side; return 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not current")
    options = ["--check"] if parser.parse_args().check else []
    there = [generator for generator in GENERATORS if (ROOT / generator.source).exists()]
    failed = False
    with ThreadPoolExecutor(2) as pool:
        for generator, done in pool.map(lambda generator: run(generator, options), there):
            print(f"{generator.writes}: {'current' if done.returncode == 0 else 'FAILED'}")
            if done.returncode or generator.is_heard:
                print(done.stdout + done.stderr, end="")
            failed |= bool(done.returncode)
    if failed and options:
        print("Run `make generate` and commit what it writes.")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
