"""The commands on data, while a server runs and without one."""

import json
import sys
from pathlib import Path

import pytest

from avow.cli import main
from tests.cli import programs
from tests.cli.conftest import StartDev
from tests.cli.programs import in_process as avow


def test_help_is_for_newcomers() -> None:
    said = programs.avow("--help")
    assert said.code == 0
    assert "avow dev" in said.out
    for command in (
        "dev", "serve", "migrate", "backup", "project", "key", "signing-key",
        "user", "tenant", "role", "permission", "accesskey", "audit",
    ):  # fmt: skip
        assert f"\n  {command} " in said.out


def test_misuse_is_exit_code_2() -> None:
    assert avow("project", "crate").code == 2


def test_where_only_the_sdk_is_installed_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "avow[server]" in capsys.readouterr().err


def test_without_a_database_it_says_what_to_set() -> None:
    said = avow("project", "list")
    assert said.code == 2
    assert "AVOW_DATABASE_URL" in said.err


def test_commands_look_where_a_server_without_a_database_url_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    variables = {"AVOW_SECRET_KEY": "k" * 40}
    assert avow("migrate", "--json", variables=variables).json() == {"outcome": "created"}
    assert (tmp_path / "avow.sqlite3").exists()
    assert "no project yet" in avow("serve", "--check", variables=variables).err
    assert "no project yet" in avow("project", "list", variables=variables).out


def test_migrate_makes_a_database_once(tmp_path: Path) -> None:
    variables = {"AVOW_DATABASE_URL": f"sqlite:///{tmp_path}/avow.sqlite3"}
    assert avow("migrate", "--json", variables=variables).json() == {"outcome": "created"}
    assert avow("migrate", "--json", variables=variables).json() == {"outcome": "current"}


def test_backup_never_replaces_a_file(installation: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    assert avow("backup", str(target), variables=installation).code == 0
    said = avow("backup", str(target), variables=installation)
    assert said.code == 2
    assert "exists already" in said.err


def test_project_is_created_listed_and_shown(installation: dict[str, str]) -> None:
    made = avow("project", "create", "Blog", "--environment", "production", "--json", variables=installation).json()
    listed = [json.loads(line) for line in avow("project", "list", "--json", variables=installation).out.splitlines()]
    assert {row["name"] for row in listed} == {"Shop", "Blog"}
    shown = avow("project", "show", "--project", "Blog", "--json", variables=installation).json()
    assert (shown["id"], shown["environment"]) == (made["project_id"], "production")


def test_one_of_several_projects_has_to_be_named(installation: dict[str, str]) -> None:
    avow("project", "create", "Blog", variables=installation)
    said = avow("key", "list", variables=installation)
    assert said.code == 2
    assert "--project" in said.err


@pytest.mark.parametrize(
    ("assignment", "stored"),
    [
        ("rotation=always", "always"),
        ("code_digits=8", 8),
        ("hides_existence=true", True),
        ("approved_redirects=https://a.example.com, https://b.example.com", ["https://a.example.com", "https://b.example.com"]),
        ('approved_redirects=["https://a.example.com"]', ["https://a.example.com"]),
        ('default_redirects={"magiclink": "https://a.example.com"}', {"magiclink": "https://a.example.com"}),
        ("code_digits=default", 6),
        ("brand_color=#a03366", "#a03366"),
        ("logo_url=https://acme.example.com/logo.svg", "https://acme.example.com/logo.svg"),
        ("appearance=dark", "dark"),
    ],
)  # fmt: skip
def test_setting_is_changed_and_read(installation: dict[str, str], assignment: str, stored: object) -> None:
    name = assignment.partition("=")[0]
    assert avow("project", "set", assignment, "--json", variables=installation).json() == {name: stored}
    assert avow("project", "get", name, "--json", variables=installation).json() == {name: stored}


@pytest.mark.parametrize(
    ("assignment", "code"), [("code_digits=2", 1), ("nothing=1", 1), ("rotation=sometimes", 1), ("rotation", 2)]
)
def test_bad_setting_is_refused_and_nothing_changes(installation: dict[str, str], assignment: str, code: int) -> None:
    before = avow("project", "get", "--json", variables=installation).json()
    said = avow("project", "set", "link_lifetime_seconds=60", assignment, variables=installation)
    assert said.code == code
    assert "Traceback" not in said.err
    assert avow("project", "get", "--json", variables=installation).json() == before


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("session_lifetime_seconds=10", "session_lifetime_seconds must be a whole number from 60 to 86400."),
        ("code_digits=six", "code_digits must be a whole number from 6 to 10."),
        ("brand_color=red", "brand_color must be a colour such as #0f766e."),
        ("rotation=sometimes", "rotation must be one of always, never, sole-holder."),
        (
            "sign_in_methods=fax",
            "sign_in_methods must be a list of some of enchantedlink, magiclink, oauth, otp, password, recoverycodes, "
            "sso, totp, webauthn.",
        ),
        ("hides_existence=perhaps", "hides_existence must be true or false."),
        ("default_redirects=no", 'default_redirects must be JSON, such as {"magiclink": "https://app.example.com/"}.'),
    ],
)
def test_refused_value_is_told_what_the_setting_takes(
    installation: dict[str, str], assignment: str, sentence: str
) -> None:
    assert avow("project", "set", assignment, variables=installation).err == f"avow: {sentence}\n"


@pytest.mark.parametrize("command", ["dev", "serve"])
def test_port_that_cannot_be_is_refused_with_a_sentence(command: str) -> None:
    said = avow(command, "--port", "65536")
    assert said.code == 2
    assert "65536 is not in the range" in said.err


def test_version_is_told() -> None:
    assert avow("--version").out.startswith("avow ")


def test_management_key_is_shown_once_and_revoked(installation: dict[str, str]) -> None:
    made = avow("key", "create", "ci", "--days", "7", "--json", variables=installation).json()
    assert made["management_key"].startswith(made["id"])
    listed = avow("key", "list", "--json", variables=installation)
    assert made["id"] in listed.out
    assert made["management_key"] not in listed.out
    assert avow("key", "revoke", made["id"], variables=installation).code == 0
    assert avow("key", "revoke", made["id"], variables=installation).code == 2


def test_commands_work_beside_a_running_server(dev: StartDev, tmp_path: Path) -> None:
    server = dev("--dev-clock")
    data = ("--data", str(tmp_path / "data"))
    key = avow("key", "create", "ci", *data, "--json").json()["management_key"]
    caller = {"authorization": f"Bearer {server.facts['project_id']}:{key}"}
    assert server.ask("GET", "/v1/mgmt/avow/project/settings", headers=caller).status == 200
    avow("project", "set", "code_digits=9", *data)
    server.ask("POST", "/dev/clock", {"advance_seconds": 1})  # projects are read anew each second
    assert server.ask("GET", "/v1/mgmt/avow/project/settings", headers=caller).json()["codeDigits"] == 9
    avow("key", "revoke", key[:27], *data)
    assert server.ask("GET", "/v1/mgmt/avow/project/settings", headers=caller).status == 401


def test_rotation_keeps_sessions_and_forced_retirement_ends_them(dev: StartDev, tmp_path: Path) -> None:
    server = dev("--dev-clock")
    project = {"authorization": f"Bearer {server.facts['project_id']}"}
    server.ask("POST", "/v1/auth/otp/signup/email", {"loginId": "mia@example.com"}, project)
    while not (messages := server.ask("GET", "/dev/inbox").json()["messages"]):
        pass
    proof = {"loginId": "mia@example.com", "code": messages[0]["code"]}
    token = server.ask("POST", "/v1/auth/otp/verify/email", proof, project).json()["refreshJwt"]
    caller = {"authorization": f"Bearer {server.facts['project_id']}:{token}"}
    data = ("--data", str(tmp_path / "data"), "--json")
    keys = [json.loads(line) for line in avow("signing-key", "list", *data).out.splitlines()]
    (active,) = [key["kid"] for key in keys if (key["set"], key["state"]) == ("session", "active")]

    rotated = avow("signing-key", "rotate", *data).json()
    assert rotated["active"] != active
    server.ask("POST", "/dev/clock", {"advance_seconds": 2})
    assert server.ask("POST", "/v1/auth/refresh", {}, caller).status == 200

    refused = avow("signing-key", "retire", active, *data)
    assert refused.code == 2
    assert "--force" in refused.err
    assert avow("signing-key", "retire", active, "--force", *data).json()["sessions_ended"] == 1
    server.ask("POST", "/dev/clock", {"advance_seconds": 2})
    assert server.ask("POST", "/v1/auth/refresh", {}, caller).status == 401


def test_active_key_cannot_be_retired(installation: dict[str, str]) -> None:
    keys = [json.loads(line) for line in avow("signing-key", "list", "--json", variables=installation).out.splitlines()]
    (active,) = [key["kid"] for key in keys if (key["set"], key["state"]) == ("session", "active")]
    said = avow("signing-key", "retire", active, "--force", variables=installation)
    assert said.code == 1
    assert "rotate before you retire" in said.err
