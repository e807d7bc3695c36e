"""Pyright reads the snippets here; mypy reads them with everything else (`make check`)."""

import subprocess
import sys
from pathlib import Path

import pytest

SNIPPETS = Path(__file__).parent / "sdk.py"


@pytest.mark.slow
def test_pyright_agrees_with_the_snippets() -> None:
    done = subprocess.run([sys.executable, "-m", "pyright", str(SNIPPETS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
