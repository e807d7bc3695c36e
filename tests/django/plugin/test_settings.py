"""Settings: under which names they are read, and what `manage.py check` says about them."""

from typing import Any

import pytest
from django.conf import settings as project
from django.core.checks import Error, Tags, run_checks

from avow.django import checks, settings
from avow.embed.django.inside import embedded
from tests.django.plugin.conftest import BACKENDS, MIDDLEWARE, Configure
from tests.django.plugin.visitor import OUR_COOKIES


@pytest.fixture
def only_older_names(configure: Configure) -> Configure:
    """Take away what the other tests set."""
    for name in [name for name in dir(project) if name.startswith("AVOW_")]:
        delattr(project, name)
    settings.load.cache_clear()
    return configure


def test_project_is_right_as_the_tests_have_it(store: str) -> None:
    assert [message for message in run_checks() if str(message.id).startswith("avow.")] == []


def test_defaults(configure: Configure) -> None:
    said = settings.load()
    assert (said.token_store, said.cookie_samesite, said.cookie_secure) == ("cookie", "Lax", True)
    assert (said.session_cookie_name, said.refresh_cookie_name) == OUR_COOKIES
    assert (said.is_staff_role, said.is_superuser_role, said.username_claim) == ("is_staff", "is_superuser", "sub")


@pytest.mark.parametrize(
    "change", [{"AVOW_COOKIE_SECURE": False}, {"AVOW_COOKIE_DOMAIN": "example.com"}, {"AVOW_COOKIE_PATH": "/app"}]
)
def test_cookies_lose_the_prefix_where_browsers_would_drop_them(change: dict[str, Any], configure: Configure) -> None:
    configure(**change)
    assert settings.load().session_cookie_name == "avow-session-token"
    assert checks.check_settings() == []


@pytest.mark.parametrize("how", ["environment", "AVOW_EMBEDDED", "setting"])
def test_public_address_is_that_of_the_avow_within(
    how: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = "https://www.example.com/shop/auth"
    if how == "environment":
        monkeypatch.setenv("AVOW_PUBLIC_URL", behind)
    said: dict[str, dict[str, object]] = {
        "AVOW_EMBEDDED": {"AVOW_EMBEDDED": {"PUBLIC_URL": behind}},
        "setting": {"AVOW_PUBLIC_URL": behind},
    }
    configure(**said.get(how, {"AVOW_TIMEOUT_SECONDS": 4}))
    assert settings.load().browser_url == behind
    assert embedded().said.base_url == behind


def test_secret_is_not_shown(configure: Configure) -> None:
    configure(AVOW_MANAGEMENT_KEY="secret-key")
    assert "secret-key" not in repr(settings.load())


def test_older_names_are_taken_and_keep_tokens_in_the_session(only_older_names: Configure) -> None:
    only_older_names(
        DESCOPE_PROJECT_ID="P1",
        DESCOPE_MANAGEMENT_KEY="key",
        DESCOPE_BASE_URI="https://auth.example.com",
        DESCOPE_IS_STAFF_ROLE="staff",
        DESCOPE_IS_SUPERUSER_ROLE="root",
        DESCOPE_USERNAME_CLAIM="handle",
        DESCOPE_WEB_COMPONENT_SRC="https://cdn.example.com/x.js",
    )
    said = settings.load()
    assert (said.project_id, said.management_key, said.base_url) == ("P1", "key", "https://auth.example.com")
    assert (said.is_staff_role, said.is_superuser_role, said.username_claim) == ("staff", "root", "handle")
    assert said.web_component_src == "https://cdn.example.com/x.js"
    assert said.token_store == "session"


def test_our_names_come_before_the_older_ones(configure: Configure) -> None:
    configure(DESCOPE_PROJECT_ID="P1", AVOW_PROJECT_ID="P2")
    assert (settings.load().project_id, settings.load().token_store) == ("P2", "cookie")


def test_environment_names_the_server(only_older_names: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVOW_PROJECT_ID", "P3")
    monkeypatch.setenv("AVOW_BASE_URL", "https://auth.example.com")
    monkeypatch.setenv("AVOW_MANAGEMENT_KEY", "key")
    said = settings.load()
    assert (said.project_id, said.base_url, said.management_key) == ("P3", "https://auth.example.com", "key")


def swapped(names: list[str]) -> list[str]:
    return [names[-1], *names[:-1]]


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"AVOW_PROJECT_ID": ""}, "avow.E001"),
        ({"AVOW_BASE_URL": "", "AVOW_CLIENT": None}, "avow.E002"),
        ({"AVOW_BASE_URL": "auth.example.com"}, "avow.E003"),
        ({"AVOW_PUBLIC_URL": "javascript:alert(1)"}, "avow.E003"),
        ({"AVOW_CLIENT": "nowhere.at.all"}, "avow.E004"),
        ({"AVOW_ASYNC_CLIENT": 1}, "avow.E004"),
        ({"AVOW_TOKEN_STORE": "cookies"}, "avow.E005"),
        ({"AVOW_TOKEN_STORE": "session", "MIDDLEWARE": MIDDLEWARE[-1:]}, "avow.E006"),
        ({"AVOW_SESSION_COOKIE_NAME": "a", "AVOW_REFRESH_COOKIE_NAME": "a"}, "avow.E007"),
        ({"AVOW_REFRESH_COOKIE_NAME": "DSR"}, "avow.W008"),
        ({"AVOW_SESSION_COOKIE_NAME": "__Host-a", "AVOW_COOKIE_SECURE": False}, "avow.E009"),
        ({"AVOW_COOKIE_SAMESITE": "lax"}, "avow.E010"),
        ({"MIDDLEWARE": MIDDLEWARE[:-1]}, "avow.E011"),
        ({"MIDDLEWARE": swapped(MIDDLEWARE)}, "avow.E012"),
        ({"AUTHENTICATION_BACKENDS": BACKENDS[:1]}, "avow.E013"),
        ({"AVOW_USER_FIELD": "handle"}, "avow.E014"),
        ({"AVOW_USER_FIELD": "first_name"}, "avow.E015"),
        ({"AVOW_GROUPS": ["editor"]}, "avow.E017"),
        ({"AVOW_PERMISSIONS": "all"}, "avow.E017"),
        ({"AVOW_IS_STAFF_ROLE": None}, "avow.E018"),
        ({"AVOW_TOKENSTORE": "session"}, "avow.W019"),
        ({"AVOW_COOKIE_SAMESITE": "None", "AVOW_COOKIE_SECURE": False}, "avow.E020"),
    ],
)
def test_wrong_setting_is_named_with_what_to_do(wrong: dict[str, Any], found: str, configure: Configure) -> None:
    configure(**wrong)
    messages = [message for message in checks.check_settings() if message.id == found]
    assert messages
    assert all(message.hint for message in messages)
    assert isinstance(messages[0], Error) is found.startswith("avow.E")


def test_misspelt_setting_is_told_the_right_name(configure: Configure) -> None:
    configure(AVOW_TOKENSTORE="session")
    (message,) = checks.check_settings()
    assert message.hint == "Did you mean AVOW_TOKEN_STORE?"


def test_subclasses_of_ours_count_as_ours(configure: Configure) -> None:
    configure(
        MIDDLEWARE=[*MIDDLEWARE[:-1], "avow.django.middleware.DescopeMiddleware"],
        AUTHENTICATION_BACKENDS=["avow.django.authentication.DescopeAuthentication"],
    )
    assert checks.check_settings() == []


def test_deployment_is_told_of_what_travels_readable(configure: Configure) -> None:
    configure(AVOW_COOKIE_SECURE=False, AVOW_BASE_URL="http://auth.example.com")
    found = {message.id for message in run_checks(tags=[Tags.security], include_deployment_checks=True)}
    assert {"avow.W101", "avow.W102"} <= found
    configure(AVOW_COOKIE_SECURE=True, AVOW_BASE_URL="https://auth.example.com")
    assert checks.check_deployment() == []
