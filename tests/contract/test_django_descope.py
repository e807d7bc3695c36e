"""The official Django package as it is installed: its live test, Django's admin by role, and its example application.

All run as Django runs tests, in a process of their own, which knows Avow by its address alone.
"""

import base64
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from descope import DescopeClient

from avow.testing.server import Avow
from tests.contract.conftest import Served

ROOT = Path(__file__).parents[2]
PACKAGE, LIVE_TEST = "django-descope", "django_descope/test_store_jwt.py"
FURTHER_ROLES = ("editor", "owner")  # those of Django every project has


@pytest.fixture(autouse=True)
def _package() -> None:
    if importlib.util.find_spec("django_descope", None) is None:
        pytest.fail(f"{PACKAGE} is not installed: `make test` installs it with the extra `dev`.", pytrace=False)


@pytest.fixture
def run_tests(avow: Avow, served: Served) -> Any:
    """Run tests as Django does against a project of its own; give the names of those that passed."""
    management = DescopeClient(avow.project_id, management_key=avow.management_key, base_url=served.base_url).mgmt
    for name in FURTHER_ROLES:
        management.role.create(name)
    management.tenant.create("Acme", id="acme")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.contract.django_site.settings",
        "DESCOPE_PROJECT_ID": avow.project_id,
        "DESCOPE_MANAGEMENT_KEY": avow.management_key,
        "DESCOPE_BASE_URI": served.base_url,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }

    def run(label: str) -> set[str]:
        command = [sys.executable, "-m", "django", "test", label, "--verbosity", "2", "--no-color"]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=100
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return set(re.findall(r"^(test_\w+) \(.*?(?:\n.*?)?\.\.\. ok$", done.stderr, re.MULTILINE))

    return run


def test_live_test_of_the_package_is_the_one_it_ships() -> None:
    [file] = [each for each in importlib.metadata.files(PACKAGE) or () if each.as_posix() == LIVE_TEST]
    assert file.hash is not None
    digest = hashlib.new(file.hash.mode, Path(file.locate()).read_bytes()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value


def test_live_test_of_the_package_passes(run_tests: Any, avow: Avow, served: Served) -> None:
    assert run_tests("django_descope") == {"test_no_project_id", "test_store_jwt"}
    assert any(each.request.path == "/v1/auth/me" for each in served.exchanges)


def test_admin_lets_in_by_role(run_tests: Any) -> None:
    assert run_tests("tests.contract.django_site.admin_login") == {
        "test_superuser_manages_everything",
        "test_staff_comes_in_and_manages_nothing",
        "test_user_without_the_roles_stays_outside",
        "test_roles_in_a_tenant_let_nobody_in",
        "test_role_taken_away_is_gone_at_the_next_sign_in",
        "test_role_taken_away_is_gone_when_the_session_token_is_fetched_anew",
        "test_roles_are_those_that_the_settings_name",
        "test_user_signed_out_by_management_has_to_sign_in_again",
    }


def test_site_like_the_example_application_knows_who_is_there(run_tests: Any) -> None:
    assert run_tests("tests.contract.django_site.example_visits") == {
        "test_debug_tells_who_is_there_and_the_admin_opens",
        "test_debug_tells_the_roles_apart",
        "test_stranger_is_nobody_and_sees_the_flow",
        "test_signed_in_person_sees_no_flow",
        "test_person_without_roles_is_told_so_by_the_admin",
        "test_session_token_is_fetched_anew_and_told",
        "test_whoever_leaves_is_a_stranger",
    }
