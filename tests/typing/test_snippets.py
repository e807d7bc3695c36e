"""Pyright reads the snippets here; mypy reads them with everything else (`make check`)."""

import subprocess
import sys
from pathlib import Path

import pytest

SNIPPETS = [Path(__file__).parent / name for name in ("sdk.py", "frameworks.py")]


@pytest.mark.slow
def test_pyright_agrees_with_the_snippets() -> None:
    command = [sys.executable, "-m", "pyright", *map(str, SNIPPETS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
