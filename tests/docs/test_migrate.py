"""The commands of docs/migrate.md run as they stand there, with the files that the page shows, in their order.

The users of Descope are read by the page's own lines from a server that speaks as Descope does: ours.
"""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from avow.core import passwords
from avow.core.vault import Vault
from avow.server.store import Store, Tx, open_store
from avow.testing.server import Server
from tests.cli.programs import SECRET_KEY, in_process
from tests.served import over_http

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "migrate.md"
BLOCK = re.compile(r"(?:`([\w.-]+)`:\n\n)?^```(jsonl|json|csv|text|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Whose password is whose, in the files of the page.
WORDS = {"firebase": "user1password"}
WORD = "abc123xyz"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: files by name, and the commands that follow them."""

    title: str
    files: dict[str, str]
    commands: tuple[str, ...]


def sections() -> list[Section]:
    """Return the parts of the page that have commands, by their headings."""
    found = []
    for part in re.split(r"^##+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE):
        blocks = BLOCK.findall(part)
        files = {name: text for name, language, text in blocks if language != "sh" and name}
        commands = [line for _, language, text in blocks if language == "sh" for line in text.splitlines()]
        assert all(name for name, language, _ in blocks if language != "sh"), "each file of the page has a name"
        if commands:
            found.append(Section(part.splitlines()[0], files, tuple(commands)))
    return found


def test_page_shows_every_format() -> None:
    commands = " ".join(command for section in sections() for command in section.commands)
    for name in ("auth0", "firebase", "django", "keycloak"):
        assert f"--format {name}" in commands


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.title)
def test_commands_of_the_page_run_and_passwords_are_still_theirs(
    section: Section, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/avow.sqlite3"
    variables = {"AVOW_DATABASE_URL": url, "AVOW_SECRET_KEY": SECRET_KEY}
    monkeypatch.chdir(tmp_path)
    assert in_process("migrate", variables=variables).code == 0
    project_id = in_process("project", "create", "Shop", "--json", variables=variables).json()["project_id"]
    for name, text in section.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for command in section.commands:
        program, *arguments = shlex.split(command)
        said = in_process(*arguments, variables=variables)
        assert (program, said.code) == ("avow", 0), said.err + said.out
    if not section.files:
        return
    store = open_store(url, vault=Vault.from_text(SECRET_KEY), pool_size=1)
    stored = hashes(store, project_id)
    store.close()
    assert len(stored) == 1
    assert passwords.verify(stored[0], WORDS.get(section.title.lower(), WORD))


def test_users_of_descope_come_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    server = Server()
    with over_http(server) as url:
        theirs = server.project()
        mgmt = theirs.client().mgmt
        mgmt.tenant.create("Acme", "acme")
        mgmt.role.create("editor")
        user = mgmt.user.create("mia@example.com", display_name="Mia", verified_email=True, role_names=["editor"])
        mgmt.user.add_tenant("mia@example.com", "acme")
        mgmt.user.set_active_password("mia@example.com", "a slice of lemon")
        monkeypatch.setenv("DESCOPE_BASE_URI", url)
        code = code.replace("P...", theirs.project_id).replace("K...", theirs.management_key)
        exec(compile(code, PAGE.name, "exec"), {})  # noqa: S102 - our own page
    server.close()

    variables = {"AVOW_DATABASE_URL": f"sqlite:///{tmp_path}/avow.sqlite3", "AVOW_SECRET_KEY": SECRET_KEY}
    before = (("migrate",), ("project", "create", "Shop"), ("role", "create", "editor"))
    for command in (*before, ("tenant", "create", "Acme", "--id", "acme"), ("user", "import", "descope.jsonl")):
        said = in_process(*command, variables=variables)
        assert said.code == 0, said.err + said.out
    (line,) = in_process("user", "export", variables=variables).out.splitlines()
    mia = json.loads(line)
    assert mia["externalIds"] == [user["user"]["userId"]]
    assert (mia["name"], mia["verifiedEmail"], mia["roleNames"]) == ("Mia", True, ["editor"])
    assert [each["tenantId"] for each in mia["userTenants"]] == ["acme"]


def hashes(store: Store, project_id: str) -> list[str]:
    """Return the password hashes of a project."""

    def unit(tx: Tx) -> list[str]:
        return tx.all("SELECT encoded FROM passwords WHERE project_id = :project_id", str)

    return store.look(project_id, unit)
