"""Earlier releases of Avow, kept as archives: unpacked once for a run, their commands run as an operator runs them."""

import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bed import run
from tests.cli.programs import Said, environment

__all__ = ["EARLIER", "THIS_RELEASE", "Release", "unpacked"]

EARLIER = "0002-management"  # what is upgraded from: the newest in the folder

_ARCHIVES = Path(__file__).parent / "releases"
_COMMAND_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Release:
    """One release.

    Attributes:
        folder: Where `avow` is imported from; None for the code under test.
    """

    folder: Path | None

    def avow(self, *arguments: str, variables: Mapping[str, str]) -> Said:
        """Run a command of the release to its end."""
        chosen = {"PYTHONPATH": str(self.folder)} if self.folder else {}
        done = subprocess.run(
            [sys.executable, "-m", "avow.cli", *arguments],
            env=environment({**variables, **chosen}),
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def told(self, *arguments: str, variables: Mapping[str, str]) -> Any:
        """Run a command that succeeds; return what it printed for programs."""
        said = self.avow(*arguments, "--json", variables=variables)
        assert said.code == 0, said.err
        return said.json()


THIS_RELEASE = Release(None)


def unpacked(name: str) -> Release:
    """Return a kept release, by the name of its archive."""

    def unpack() -> str:
        folder = run.folder() / f"release-{name}"
        with tarfile.open(_ARCHIVES / f"{name}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        return str(folder / "src")

    return Release(Path(run.once(f"release-{name}", unpack)))
