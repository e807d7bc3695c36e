"""Commands of an application work on the data that its settings name."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from avow.core.ids import secret_text
from tests.embed.conftest import database
from tests.embed.shops import PAGE, environment_of, written

Run = Callable[..., "subprocess.CompletedProcess[str]"]
EMBEDDED = """
import os
AVOW_EMBEDDED = {"DATABASE_URL": os.environ["DATA"], "SECRET_KEY": os.environ["SECRET"]}
"""


@pytest.fixture(params=[("django-wsgi", "postgres"), ("flask", "sqlite")], ids="-".join)
def run(request: pytest.FixtureRequest, django_template: Path, tmp_path: Path) -> Iterator[Run]:
    """Give a function that runs a command of an application without Avow's variables."""
    kind, name = request.param
    folder = tmp_path / "shop"
    folder.mkdir()
    written(kind, folder, django_template)
    if kind == "flask":
        file = folder / "shop.py"
        said = EMBEDDED.replace("AVOW_EMBEDDED", 'app.config["AVOW_EMBEDDED"]')
        source = file.read_text(encoding="utf-8")
        file.write_text(source.replace("Embedded(app)  #", f"{said}\nEmbedded(app)  #"), encoding="utf-8")
        program = [sys.executable, "-m", "flask", "--app", "shop"]
    else:
        with (folder / "mysite" / "settings.py").open("a", encoding="utf-8") as file_of_settings:
            file_of_settings.write(EMBEDDED)
        program = [sys.executable, "manage.py"]
    with database(name, request) as url:
        told = {
            "DATA": url,
            "SECRET": secret_text(),
            "AVOW_BASE_URL": "http://localhost:8000/auth",
        }
        environment = environment_of(folder, told, 0)

        def start(*arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
            return subprocess.run(
                [*program, *arguments],
                cwd=folder,
                env={**environment, **changes},
                capture_output=True,
                text=True,
                check=False,
            )

        yield start


def test_tables_and_a_project_are_made_on_the_data_of_the_application(run: Run) -> None:
    migrated = run("avow", "migrate")
    assert (migrated.returncode, migrated.stdout.partition(".")[0]) == (0, "The database is made"), migrated.stderr
    made = run("avow", "project", "create", "Shop", "--json")
    assert made.returncode == 0, made.stderr
    project_id = json.loads(made.stdout)["project_id"]
    listed = run("avow", "project", "list", "--json")
    assert project_id in listed.stdout
    assert run("avow", "nonsense").returncode == 2


def test_help_is_that_of_avow(run: Run) -> None:
    assert "Make a project named NAME" in run("avow", "project", "create", "--help").stdout


@pytest.mark.parametrize("run", [("django-wsgi", "sqlite")], indirect=True, ids="-".join)
def test_tables_are_made_by_a_command_of_django(run: Run) -> None:
    assert "Avow's tables are made." in run("avow_migrate").stdout
    assert "are those of this release already." in run("avow_migrate").stdout
    assert run("check", AVOW_PROJECT_ID="P1x").returncode == 0
    wrong = run("avow_migrate", SECRET="short")
    assert wrong.returncode == 1
    assert "at least 32 random characters" in wrong.stderr
    checked = run("check", SECRET="short", DATA="postgresql://db/app")
    assert "avow.E050" in checked.stderr
    assert "?schema=avow" in checked.stderr


def test_set_up_of_the_page_works_as_it_stands(django_template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    written("fastapi", folder, django_template)
    environment, project_id = environment_of(folder, {}, 0), ""
    block = PAGE.partition("## Set up")[2].partition("```sh\n")[2].partition("```")[0]
    block = block.replace("/var/lib/shop/", f"{tmp_path}/").replace("$(openssl rand -base64 48)", secret_text())
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            environment[name] = project_id if name == "AVOW_PROJECT_ID" else value
        elif words[0] == "avow":
            json_too = ["--json"] if "create" in words else []
            done = _python(["-m", "avow.cli", *words[1:], *json_too], folder, environment)
            project_id = json.loads(done)["project_id"] if json_too else project_id
    program = """
from starlette.testclient import TestClient
from shop import app
with TestClient(app, "http://localhost:8000") as browser:
    print([browser.get(path).status_code for path in ("/", "/auth/login", "/auth/readyz", "/auth/dev/inbox")])
"""
    assert _python(["-c", program], folder, environment).strip() == "[401, 200, 200, 200]"


def _python(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
