"""`avow project export`, `validate` and `import`: a configuration in a folder."""

import json
from pathlib import Path

import pytest

from tests.cli.programs import in_process as avow


@pytest.fixture
def blog(installation: dict[str, str]) -> str:
    """Make a second project; return its id."""
    made = avow("project", "create", "Blog", "--json", variables=installation)
    return str(made.json()["project_id"])


@pytest.fixture
def folder(installation: dict[str, str], tmp_path: Path, blog: str) -> Path:
    """Configure the first project and export it."""
    avow("project", "set", "code_digits=8", "--project", "Shop", variables=installation)
    said = avow("project", "export", str(tmp_path / "config"), "--project", "Shop", variables=installation)
    assert said.code == 0, said.err
    return tmp_path / "config"


def test_exported_files_configure_another_project(installation: dict[str, str], folder: Path) -> None:
    assert json.loads((folder / "settings.json").read_text())["codeDigits"] == 8
    assert avow("project", "validate", str(folder), "--project", "Blog", variables=installation).code == 0
    said = avow("project", "import", str(folder), "--project", "Blog", "--json", variables=installation)
    assert (said.code, "settings" in said.json()["kinds"]) == (0, True)
    shown = avow("project", "get", "code_digits", "--project", "Blog", "--json", variables=installation)
    assert shown.json() == {"code_digits": 8}


def test_excluded_kinds_are_passed_over(installation: dict[str, str], folder: Path) -> None:
    avow("project", "import", str(folder), "--exclude", "settings", "--project", "Blog", variables=installation)
    shown = avow("project", "get", "code_digits", "--project", "Blog", "--json", variables=installation)
    assert shown.json() == {"code_digits": 6}


def test_later_export_leaves_nothing_of_the_earlier_one(installation: dict[str, str], folder: Path) -> None:
    (folder / "flows").mkdir()
    (folder / "flows" / "old.json").write_text("{}")
    assert avow("project", "export", str(folder), "--project", "Shop", variables=installation).code == 0
    assert not (folder / "flows" / "old.json").exists()


def test_other_peoples_files_are_left_alone(installation: dict[str, str], blog: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "package.json").write_text("{}")
    said = avow("project", "export", str(tmp_path / "mine"), "--project", "Blog", variables=installation)
    assert (said.code, (tmp_path / "mine" / "package.json").read_text()) == (2, "{}")


def test_all_that_is_wrong_is_said(installation: dict[str, str], folder: Path) -> None:
    (folder / "users.json").write_text("{}")
    (folder / "theme.json").write_text('{"id": "../x"}')
    for command in ("validate", "import"):
        said = avow("project", command, str(folder), "--project", "Blog", variables=installation)
        assert said.code == 1
        assert "users.json" in said.err
        assert "theme.json" in said.err
    shown = avow("project", "get", "code_digits", "--project", "Blog", "--json", variables=installation)
    assert shown.json() == {"code_digits": 6}


def test_what_is_no_snapshot_is_not_begun_with(installation: dict[str, str], folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret.json"
    outside.write_text("{}")
    assert avow("project", "import", str(tmp_path / "none"), "--project", "Blog", variables=installation).code == 2
    (folder / "roles.json").write_text("{")
    said = avow("project", "import", str(folder), "--project", "Blog", variables=installation)
    assert (said.code, "roles.json is not JSON" in said.err) == (2, True)
    (folder / "roles.json").unlink()
    (folder / "roles.json").symlink_to(outside)
    said = avow("project", "import", str(folder), "--project", "Blog", variables=installation)
    assert (said.code, "leads out of the folder" in said.err) == (2, True)
