"""Settings: read late, under each of their names, assigned to the module as to djwto's, and checked at the start."""

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks

from avow.django.jwt import settings
from avow.django.jwt.checks import check_settings
from tests.django.jwt.conftest import KEY, Configure
from tests.django.jwt.visitor import Visitor


def test_mode_is_read_with_each_request(visitor: Visitor, configure: Configure) -> None:
    assert set(visitor.sign_in().json()) == {"refresh", "access"}
    configure(DJWTO_MODE="ONE-COOKIE")
    assert set(Visitor().sign_in().cookies) == {"jwt_refresh", "jwt_access", "csrftoken"}
    configure(DJWTO_MODE="TWO-COOKIES")
    assert "jwt_access_payload" in Visitor().sign_in().cookies


def test_own_name_comes_before_djwtos(configure: Configure) -> None:
    configure(DJWTO_MODE="ONE-COOKIE")
    assert settings.DJWTO_MODE == "ONE-COOKIE"
    configure(AVOW_JWT_MODE="TWO-COOKIES")
    assert settings.DJWTO_MODE == "TWO-COOKIES"


def test_assigned_setting_comes_first(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(settings), "DJWTO_MODE", "ONE-COOKIE")
    assert set(visitor.client.post("/login/", {"username": "alice", "password": "wonder land 1"}).cookies) == {
        *("jwt_refresh", "jwt_access", "csrftoken")
    }


def test_settings_of_simplejwt_count_where_nothing_else_is_set(configure: Configure) -> None:
    simple = {"SIGNING_KEY": "simple", "ACCESS_TOKEN_LIFETIME": timedelta(1), "ISSUER": "iss", "AUDIENCE": "aud"}
    configure(SIMPLE_JWT=simple)
    assert settings.DJWTO_SIGNING_KEY == KEY
    assert timedelta(1) == settings.DJWTO_ACCESS_TOKEN_LIFETIME
    assert timedelta(days=1) == settings.DJWTO_REFRESH_TOKEN_LIFETIME
    assert (settings.DJWTO_ISS_CLAIM, settings.DJWTO_AUD_CLAIM) == ("iss", "aud")


def test_unknown_setting_is_an_error() -> None:
    for name in ("DJWTO_NOTHING", "MODE", "AVOW_JWT_", "OTHER_MODE"):
        with pytest.raises(AttributeError):
            getattr(settings, name)


@pytest.mark.parametrize(
    ("wrong", "ids"),
    [
        ({}, []),
        ({"DJWTO_MODE": "COOKIE"}, ["E002"]),
        ({"DJWTO_SIGNING_KEY": ""}, ["E001"]),
        ({"DJWTO_SIGNING_KEY": None}, ["E001"]),
        ({"DJWTO_ALGORITHM": "none"}, ["E001"]),
        ({"DJWTO_ALGORITHM": "RS256"}, ["E001"]),
        ({"DJWTO_SIGNING_KEY": "short"}, ["E001"]),
        ({"DJWTO_SIGNING_KEY": "short", "DEBUG": True}, ["W010"]),
        ({"DJWTO_SIGNING_KEY": "short", "AVOW_JWT_STRICT": True}, ["E001"]),
        ({"DJWTO_REFRESH_COOKIE_PATH": "/a"}, ["E003"]),
        ({"DJWTO_REFRESH_COOKIE_PATH": ""}, ["E003"]),
        ({"DJWTO_MODE": "ONE-COOKIE", "DJWTO_CSRF": False}, ["W004"]),
        ({"DJWTO_CSRF": False}, []),
        ({"DJWTO_ACCESS_TOKEN_LIFETIME": 300}, ["E005"]),
        ({"DJWTO_NBF_LIFETIME": timedelta(-1)}, ["E005"]),
        ({"DJWTO_REFRESH_TOKEN_LIFETIME": None}, []),
        ({"DJWTO_REFRESH_TOKEN_LIFETIME": None, "AVOW_JWT_STRICT": True}, ["E006"]),
        ({"DJWTO_ISS_CLAIM": 1, "DJWTO_SUB_CLAIM": 2}, ["E007", "E007"]),
        ({"DJWTO_AUD_CLAIM": [1]}, ["E008"]),
        ({"AVOW_JWT_PROCESS_USER": "no.such.function"}, ["E009"]),
        ({"DJWTO_REFRESH_TOKEN_LIFETIME": timedelta(days=400), "AVOW_JWT_STRICT": True}, ["E011"]),
        ({"DJWTO_REFRESH_TOKEN_LIFETIME": timedelta(days=399), "AVOW_JWT_STRICT": True}, []),
        ({"DJWTO_REFRESH_TOKEN_LIFETIME": timedelta(days=999)}, []),
        ({"DJWTO_MODE": "ONE-COOKIE", "MIDDLEWARE": []}, ["W012"]),
        ({"DJWTO_MODE": "ONE-COOKIE", "MIDDLEWARE": ["tests.django.jwt.visitor.OwnCsrf"]}, []),
        ({"MIDDLEWARE": []}, []),
        ({"SIMPLE_JWT": {"ISSUER": "iss", "LEEWAY": 10, "JWK_URL": "https://id.example.com"}}, ["W013"]),
        ({"AVOW_JWT_STRICT_MODE": True}, ["W014"]),
        ({"DJWTO_SAMESITE": "Strict", "AVOW_JWT_NOTHING": 1}, ["W014", "W014"]),
        ({"SIMPLE_JWT": {"ROTATE_REFRESH_TOKENS": True, "AUTH_HEADER_TYPES": ("JWT",)}}, []),
    ],
    ids=str,
)
def test_checks_name_what_is_wrong(configure: Configure, wrong: dict[str, Any], ids: list[str]) -> None:
    configure(**wrong)
    found = check_settings()
    assert [message.id for message in found] == [f"avow_jwt.{name}" for name in ids]
    assert all(message.msg for message in found)
    if wrong.get("AVOW_JWT_STRICT") and found:
        assert all(message.is_serious() for message in found)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("AVOW_JWT_STRICT_MODE", "Did you mean AVOW_JWT_STRICT?"),
        ("DJWTO_SAMESITE", "Did you mean DJWTO_SAME_SITE?"),
        ("AVOW_JWT_QUUX", "Remove it."),
    ],
)
def test_misspelt_setting_is_told_the_right_name(configure: Configure, wrong: str, hint: str) -> None:
    configure(**{wrong: True})
    assert [message.hint for message in check_settings()] == [hint]


def test_django_runs_the_checks(configure: Configure) -> None:
    configure(DJWTO_MODE="COOKIE")
    assert "avow_jwt.E002" in {message.id for message in run_checks()}


BARE = """
import os, sys
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "avow.django.jwt"], {more})
django.setup()
import avow.django.jwt.models, avow.django.jwt.urls, avow.django.jwt.views, avow.django.jwt.signals
from avow.django.jwt import checks, settings as own
assert avow.django.jwt.models.JWTBlacklist._meta.label == "avow_jwt.JWTBlacklist"
assert not [name for name in sys.modules if name.startswith(("avow.server", "avow.sdk._sync", "rest_framework"))]
try:
    print(own.DJWTO_SIGNING_KEY)
except Exception as error:
    print(type(error).__name__, [message.id for message in checks.check_settings()])
"""


@pytest.mark.parametrize(
    ("more", "environment", "printed"),
    [
        ("", {}, "ImproperlyConfigured ['avow_jwt.E001']"),
        ("", {"DJWTO_SIGNING_KEY": "of the environment"}, "of the environment"),
        ("", {"DJWTO_SIGNING_KEY": "x", "AVOW_JWT_SIGNING_KEY": "of ours"}, "of ours"),
        ("DJWTO_SIGNING_KEY='of the project'", {"DJWTO_SIGNING_KEY": "x"}, "of the project"),
        ("SECRET_KEY='secret', SIMPLE_JWT={}", {}, "secret"),
        ("SIMPLE_JWT={'SIGNING_KEY': 'simple'}", {}, "simple"),
        ("SIMPLE_JWT={'SIGNING_KEY': 'simple'}", {"AVOW_JWT_SIGNING_KEY": "of ours"}, "of ours"),
        ("SECRET_KEY='secret'", {}, "ImproperlyConfigured ['avow_jwt.E001']"),
    ],
)
def test_import_needs_no_setting(more: str, environment: dict[str, str], printed: str) -> None:
    program = BARE.replace("{more}", more)
    found = {"PYTHONPATH": ":".join(sys.path), **environment}
    done = subprocess.run([sys.executable, "-c", program], env=found, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (printed, "")
