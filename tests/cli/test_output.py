"""Tables, help and completion: what every command has in common."""

import itertools
from collections.abc import Iterator

import click
import pytest

from avow.cli import commands, output
from avow.cli.accountcommands import FURTHER
from tests.cli.programs import in_process as avow

ID = "TCYNQcKwpjKlRFuQHmkYLS1qvF2"


def every_command(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Return the commands of a group and of those below it, each with what is typed."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, *path, name)
        else:
            yield (*path, name), command


DIRECTORY = [
    (path, command)
    for path, command in every_command(commands.avow)
    if path[0] in {"tenant", "role", "permission", "accesskey"} or command in FURTHER
]


# --- Tables ------------------------------------------------------------------------------------------------------


def lines(capsys: pytest.CaptureFixture[str], *rows: dict[str, object]) -> list[str]:
    """Return the lines of a table."""
    output.table(rows, as_json=False, empty="")
    return capsys.readouterr().out.splitlines()


def test_short_values_stand_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, {"id": "T1", "name": "Acme"}, {"id": "T22", "name": ""}) == ["id   name", "T1   Acme", "T22"]


@pytest.mark.parametrize("columns", [60, 80, 132])
def test_table_fits_the_terminal_and_nothing_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    words = [f"orders.{number}.read" for number in range(40)]
    printed = lines(capsys, {"id": ID, "name": "A customer organisation", "permissions": " ".join(words)})
    assert max(map(len, printed)) <= columns
    text = " ".join(printed)
    assert all(word in text for word in (ID, *words))


def test_ids_are_not_broken_while_there_is_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    printed = lines(capsys, {"id": ID, "tenant": ID[::-1], "name": "many words " * 9})
    assert any(ID in line and ID[::-1] in line for line in printed)


def test_word_longer_than_the_terminal_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    printed = lines(capsys, {"id": ID, "a": "a" * 100, "b": "b" * 100})
    assert max(map(len, printed)) <= 40
    assert "".join(printed).count("b") == 101  # and the heading


@pytest.mark.parametrize("count", range(1, 30))
def test_more_columns_than_fit_are_printed_all_the_same(capsys: pytest.CaptureFixture[str], count: int) -> None:
    printed = lines(capsys, {f"c{number}": "value" for number in range(count)})
    assert "".join(itertools.chain(*printed)).replace(" ", "").count("v") == count


def test_nobody_writes_to_the_terminal_through_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    name = "Mia\x1b[2J\r\u202e\x07"
    printed = "\n".join(lines(capsys, {"name": name}))
    output.show({"name": name, "roles": [name]}, as_json=False)
    printed += capsys.readouterr().out
    assert not {"\x1b", "\r", "\u202e", "\x07"} & set(printed)
    assert r"Mia\x1b[2J\r\u202e\x07" in printed


# --- Help and completion -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "command"), DIRECTORY, ids=[" ".join(path) for path, _ in DIRECTORY])
def test_help_has_an_example(path: tuple[str, ...], command: click.Command) -> None:
    said = avow(*path, "--help")
    example = " ".join(said.out.split()).partition("For example:")[2]
    assert (said.code, example.startswith(f" avow {' '.join(path)} ")) == (0, True)
    assert max(map(len, said.out.splitlines())) <= 100
    assert {"--json", "--project", "--data"} <= {option for each in command.params for option in each.opts}


def test_shell_completes_commands_and_options() -> None:
    variables = {"_AVOW_COMPLETE": "bash_complete", "COMP_WORDS": "avow tenant add-", "COMP_CWORD": "2"}
    assert avow(variables=variables).out.splitlines() == ["plain,add-default-role", "plain,add-domain"]
    variables |= {"COMP_WORDS": "avow accesskey create --per", "COMP_CWORD": "3"}
    assert avow(variables=variables).out.splitlines() == ["plain,--permitted-ip"]
    assert "_AVOW_COMPLETE" in avow(variables={"_AVOW_COMPLETE": "zsh_source"}).out


def test_more_arguments_than_one_unit_takes_are_refused() -> None:
    said = avow("user", "delete", *map(str, range(1001)), "--yes")
    assert (said.code, "at most 1000 at once" in said.err) == (2, True)
