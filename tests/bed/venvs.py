"""What the tests take from pip and cannot have beside our own packages: virtual environments, installed once."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, Literal

from tests.bed.npm import FOLDER, SOURCES
from tests.bed.pythons import candidates

__all__ = ["ENVIRONMENTS", "Environment", "install", "is_installed", "python_of"]

Environment = Literal["django50", "newest"]

ENVIRONMENTS: Final[tuple[Environment, ...]] = ("django50", "newest")
_NEWEST_PYTHONS: Final = ("3.13", "3.12")  # what the newest Django runs on; on an older one it is the newest that does


def python_of(environment: Environment) -> str:
    """Return the interpreter of an environment."""
    return str(_home(environment) / "bin" / "python")


def is_installed() -> bool:
    """Tell whether the environments are there, with the versions that are asked for."""
    return all(_is_made(each) for each in ENVIRONMENTS)


def install() -> str:
    """Make the environments that are missing; return what went wrong, or ""."""
    return "\n".join(filter(None, [_make(each) for each in ENVIRONMENTS if not _is_made(each)]))


def _home(environment: Environment) -> Path:
    return FOLDER / f"python-{environment}"


def _source(environment: Environment) -> Path:
    return SOURCES / f"requirements-{environment}.txt"


def _is_made(environment: Environment) -> bool:
    # The copy of the list is written last: what was interrupted is made anew.
    made = _home(environment) / "requirements.txt"
    is_current = made.exists() and made.read_bytes() == _source(environment).read_bytes()
    return is_current and Path(python_of(environment)).exists()


def _make(environment: Environment) -> str:
    home = _home(environment)
    print(f"Installing {_source(environment).name} of the tests ...", flush=True)  # noqa: T201 - it takes a while
    home.parent.mkdir(parents=True, exist_ok=True)
    base = sys.executable if environment == "django50" else _newest_python()
    options = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    for command in (
        [base, "-m", "venv", "--clear", str(home)],
        [python_of(environment), "-m", "pip", "install", *options, "-r", str(_source(environment))],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stdout + done.stderr
    shutil.copy(_source(environment), home / "requirements.txt")
    return ""


def _newest_python() -> str:
    return next((found for version in _NEWEST_PYTHONS for found in candidates(version)), sys.executable)
