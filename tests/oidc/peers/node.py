"""A Node program that plays an application, told what to do line by line."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bed import npm, run

__all__ = ["Answers", "Player", "player"]

Answers = Mapping[str, Callable[[Any], object]]


@dataclass(frozen=True, slots=True)
class Player:
    """The program while it runs."""

    process: subprocess.Popen[str]

    def play(self, part: str, answers: Answers, **given: object) -> Any:
        """Have a part played; return what it tells.

        Args:
            part: Its name in the program.
            answers: What the program asks for in between, by name.
            given: What the part is given.
        """
        self._say({"play": part, **given})
        while True:
            heard = self.hear()
            assert "failed" not in heard, heard["failed"]
            if "told" in heard:
                return heard["told"]
            self._say(answers[heard["ask"]](heard["value"]))

    def hear(self) -> Any:
        """Return the next line of the program."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the program has ended"
        return json.loads(line)

    def _say(self, value: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()


@contextlib.contextmanager
def player(program: Path, variables: Mapping[str, str]) -> Iterator[Player]:
    """Run a program beside the packages of npm, and stop it afterwards."""
    # Packages are found from where a program lies; each process of the run has a copy of its own.
    copy = npm.FOLDER / f"{program.stem}-{os.getpid()}.mjs"
    shutil.copy(program, copy)
    with subprocess.Popen(
        [npm.find_node(), copy.name],
        cwd=npm.FOLDER,
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        run.note_process(process)
        made = Player(process)
        try:
            assert made.hear() == "ready"
            yield made
        finally:
            process.terminate()
            process.wait(10)
            run.forget_process(process.pid)
            copy.unlink()
