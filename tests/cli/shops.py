"""A project whose directory commands change, on the database of the test."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner

from avow.cli import commands
from avow.server.store import Store, Tx
from tests.cli.programs import Said
from tests.cli.programs import in_process as avow


@dataclass(frozen=True, slots=True)
class Shop:
    """A database with a project named Shop."""

    variables: Mapping[str, str]
    store: Store
    project_id: str

    def run(self, *arguments: str) -> Said:
        """Run a command to its end in this process."""
        return avow(*arguments, variables=self.variables)

    def said(self, *arguments: str) -> str:
        """Run a command that succeeds; return what people read."""
        said = self.run(*arguments)
        assert said.code == 0, said.err
        return said.out

    def made(self, *arguments: str) -> Any:
        """Run a command that succeeds; return the one object that programs read."""
        said = self.run(*arguments, "--json")
        assert said.code == 0, said.err
        return said.json()

    def listed(self, *arguments: str) -> list[Any]:
        """Run a command that succeeds; return the objects that programs read."""
        said = self.run(*arguments, "--json")
        assert said.code == 0, said.err
        return [json.loads(line) for line in said.out.splitlines()]

    def answered(self, answer: str, *arguments: str) -> Said:
        """Run a command with this on its standard input."""
        done = CliRunner().invoke(commands.avow, list(arguments), input=answer, env=dict(self.variables))
        return Said(done.exit_code, done.stdout, done.stderr)

    def events(self, action: str) -> list[tuple[str, str]]:
        """Return who did something, and the facts of it as JSON, in no order within a second."""
        sql = "SELECT actor, data FROM audit_events WHERE project_id = :project_id AND action = :action ORDER BY id"

        def unit(tx: Tx) -> list[tuple[str, str]]:
            return tx.all(sql, lambda *row: (row[0], str(row[1])), action=action)

        return self.store.look(self.project_id, unit)
