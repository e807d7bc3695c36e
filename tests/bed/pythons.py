"""Finds the other interpreters that the tests use."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

__all__ = ["candidates"]


def candidates(version: str) -> Iterator[str]:
    """Give the interpreters of a version that do run; a shim of pyenv for a version not chosen does not.

    Those of `AVOW_TEST_PYTHONS` (paths, with colons between), else the one on PATH, else those under pyenv.
    """
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    named = [path for path in os.environ.get("AVOW_TEST_PYTHONS", "").split(":") if path]
    versions = sorted(home.glob(f"versions/{version}.*/bin/python"), key=lambda path: _numbers(path.parts[-3]))
    for python in named or [f"python{version}", *map(str, reversed(versions))]:
        found = shutil.which(python)
        if found and _version_of(found) == version:
            yield found


def _version_of(python: str) -> str:
    command = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", text))
