"""The commands of docs/directory.md and docs/social.md run as they stand there, in their order."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from avow.cli import commands
from avow.cli.accountcommands import FURTHER
from tests.bed.server import NOBODY_CARRIES
from tests.cli.programs import SECRET_KEY, in_process

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "directory.md"
SOCIAL = PAGE.with_name("social.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def lines(page: Path) -> list[str]:
    """Return the commands of a page."""
    return [line for block in BLOCK.findall(page.read_text(encoding="utf-8")) for line in block.splitlines()]


LINES = lines(PAGE)


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Give the settings of a server with a project and a mail server."""
    known = {
        **NOBODY_CARRIES,
        "AVOW_DATABASE_URL": f"sqlite:///{tmp_path}/avow.sqlite3",
        "AVOW_SECRET_KEY": SECRET_KEY,
        "AVOW_PUBLIC_URL": "https://auth.example.com",
        "AVOW_SMTP_HOST": "localhost",
        "AVOW_MAIL_FROM": "Shop <no-reply@example.com>",
    }
    assert in_process("migrate", variables=known).code == 0
    assert in_process("project", "create", "Shop", variables=known).code == 0
    return known


@pytest.mark.parametrize("page", [PAGE, SOCIAL], ids=lambda page: page.name)
def test_commands_of_the_page_run(page: Path, variables: dict[str, str]) -> None:
    for line in lines(page):
        before, piped, after = line.rpartition(" | ")
        typed = shlex.split(before)[-1].replace("\\n", "\n") if piped else ""
        program, *arguments = shlex.split(after)
        done = CliRunner().invoke(commands.avow, arguments, input=typed, env=variables)
        assert (program, done.exit_code) == ("avow", 0), f"{line}\n{done.stderr}"
        assert done.stdout, line
        if arguments[1] == "list":
            assert max(map(len, done.stdout.splitlines())) <= 80, done.stdout


def test_page_shows_every_command_of_the_directory() -> None:
    shown = {tuple(re.findall(r"avow (\w+) ([\w-]+)", line)[0]) for line in LINES}
    known = {("user", each.name) for each in FURTHER}
    groups = {name: commands.avow.commands[name] for name in ("tenant", "role", "permission", "accesskey")}
    for name, group in groups.items():
        known |= {(name, each) for each in getattr(group, "commands", {})}
    reverse = {"remove-domain", "remove-default-role", "remove-permission", "remove-tenant", "show", "update", "list"}
    assert {each for each in known - shown if each[1] not in reverse} == set()


def test_page_of_all_commands_names_those_of_the_directory() -> None:
    text = (PAGE.parent / "cli.md").read_text(encoding="utf-8")
    known = {("user", str(each.name)) for each in FURTHER}
    for name in ("tenant", "role", "permission", "accesskey"):
        known |= {(name, each) for each in getattr(commands.avow.commands[name], "commands", {})}
    lines = text.splitlines()
    missing = [
        (group, name)
        for group, name in sorted(known)
        if not any(f"`avow {group} " in line and re.search(rf"[` ]{name}[` ]", line) for line in lines)
    ]
    assert missing == []
