"""Commands of an application work on the data that its settings name."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from avow.core.ids import secret_text
from tests.bed.plugin import DATABASES
from tests.embed.conftest import database
from tests.embed.shops import environment_of, written

Run = Callable[..., "subprocess.CompletedProcess[str]"]
EMBEDDED = """
import os
AVOW_EMBEDDED = {"DATABASE_URL": os.environ["DATA"], "SECRET_KEY": os.environ["SECRET"]}
"""


@pytest.fixture(params=[("django-wsgi", name) for name in DATABASES] + [("flask", "sqlite")], ids="-".join)
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
            "AVOW_PROJECT_ID": "Px",
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


@pytest.mark.parametrize("run", [("django-wsgi", name) for name in DATABASES], indirect=True, ids="-".join)
def test_tables_are_made_by_a_command_of_django(run: Run) -> None:
    assert "Avow's tables are made." in run("avow_migrate").stdout
    assert "are those of this release already." in run("avow_migrate").stdout
    assert run("check").returncode == 0
    wrong = run("avow_migrate", SECRET="short")
    assert wrong.returncode == 1
    assert "at least 32 random characters" in wrong.stderr
    checked = run("check", SECRET="short", DATA="postgresql://db/app")
    assert "avow.E050" in checked.stderr
    assert "?schema=avow" in checked.stderr
