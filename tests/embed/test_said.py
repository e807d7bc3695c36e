"""What an application may say of its Avow, and what is refused before anything is opened."""

from typing import Any

import pytest

from avow.embed.said import Said
from avow.server.settings import SettingsRefused

GOOD: dict[str, Any] = {
    "base_url": "https://shop.example.com/auth",
    "database_url": "sqlite:////var/lib/shop/avow.sqlite3",
    "secret_key": "x" * 32,
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE_URL", "PUBLIC_URL", "DATABASE_URL", "SECRET_KEY", "PROJECT_ID", "DEVELOPMENT", "SMTP_HOST"):
        monkeypatch.delenv(f"AVOW_{name}", raising=False)
    monkeypatch.delenv("DESCOPE_BASE_URI", raising=False)


def said(**changes: Any) -> Said:
    return Said.of({**GOOD, **changes})


def test_address_of_the_mount_is_the_public_one() -> None:
    made = said().settings()
    assert (made.public_url, made.public_path) == ("https://shop.example.com/auth", "/auth")
    assert not made.is_development


def test_browsers_may_see_another_path_than_the_application() -> None:
    behind = said(base_url="http://localhost:8000/auth/", public_url="https://example.com/shop/auth/")
    assert (behind.prefix, behind.settings().public_url) == ("/auth", "https://example.com/shop/auth")


def test_names_may_be_in_capitals_and_values_of_their_types() -> None:
    made = Said.of(
        {name.upper(): value for name, value in GOOD.items()} | {"POOL_SIZE": 3, "TRUSTED_PROXIES": ["10.0.0.0/8"]}
    )
    assert made.settings().pool_size == 3
    assert str(made.settings().trusted_proxies[0]) == "10.0.0.0/8"


def test_what_is_not_said_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(f"AVOW_{name.upper()}", value)
    monkeypatch.setenv("AVOW_SMTP_HOST", "mail.example.com")
    monkeypatch.setenv("AVOW_MAIL_FROM", "shop@example.com")
    made = Said.of({"smtp_host": "other.example.com"}).settings()
    assert (made.secret_key, made.smtp_host) == (GOOD["secret_key"], "other.example.com")


def test_numbers_are_shown_to_nobody_unless_somebody_is_named() -> None:
    assert said().settings().metrics_networks == ()
    assert len(said(metrics_networks="10.0.0.0/8").settings().metrics_networks) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"base_url": ""}, "AVOW_BASE_URL must say where Avow is mounted"),
        ({"base_url": "http://shop.example.com/auth"}, "must begin with https://"),
        ({"database_url": ""}, "AVOW_DATABASE_URL must be set"),
        ({"database_url": "mysql://db/app"}, "has to begin with sqlite:/// or postgresql://"),
        ({"database_url": "postgresql://db/app"}, "add [?]schema=avow"),
        ({"database_url": "postgresql://db/app?schema=A-B"}, "one name of small letters"),
        ({"secret_key": "short"}, "at least 32 random characters"),
        ({"development": True}, "on localhost only"),
        ({"databse_url": "x"}, "did you mean database_url[?]"),
        ({"is_development": True}, "There is no setting is_development"),
        ({"secret_key": b"x" * 32}, "AVOW_SECRET_KEY is bytes"),
        ({"pool_size": "many"}, "AVOW_POOL_SIZE cannot be read"),
    ],
)
def test_wrong_settings_are_refused_with_what_to_set(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsRefused, match=sentence):
        said(**changes).settings()


def test_development_is_for_this_machine() -> None:
    assert said(base_url="http://localhost:8000/auth", development=True).settings().is_development


def test_secrets_are_not_shown() -> None:
    assert "xxxx" not in repr(said())
