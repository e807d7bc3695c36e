"""Settings: under which names they are read, and what `manage.py check` says about them."""

import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import trustme
from django.core.checks import Error, Tags, run_checks
from django.core.exceptions import ImproperlyConfigured

from avow.clock import system_clock
from avow.django.oidc import checks, settings
from avow.django.oidc.settings import AvowOidc, Settings
from tests.bed.openid import OpenIdPeer, listening
from tests.django.oidc.conftest import BACKENDS, Configure
from tests.django.oidc.visitor import Visitor

RIGHT = {"issuer": "https://id.example.com", "client_id": "shop", "client_secret": "x"}
SESSIONS = "django.contrib.sessions.backends."


def ids() -> list[str]:
    return [str(message.id) for message in checks.check_settings()]


def test_typed_dict_has_every_setting() -> None:
    assert get_type_hints(AvowOidc) == get_type_hints(Settings)


def test_project_is_right_as_the_tests_have_it(configure: Configure) -> None:
    assert [message for message in run_checks() if str(message.id).startswith("avow_oidc.")] == []


def test_secret_is_not_shown(project: Configure) -> None:
    project(AVOW_OIDC=RIGHT | {"client_secret": "very-secret"})
    assert "very-secret" not in repr(settings.load())
    project(AVOW_OIDC=RIGHT | {"client_secret": b"very-secret"})
    [message] = checks.check_settings()
    assert "very-secret" not in message.msg


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, ["avow_oidc.E004", "avow_oidc.E005"]),
        ("https://id.example.com", ["avow_oidc.E001", "avow_oidc.E004", "avow_oidc.E005"]),
        (RIGHT | {"isuer": "x"}, ["avow_oidc.E002"]),
        (RIGHT | {"scope": ["openid"]}, ["avow_oidc.E003"]),
        (RIGHT | {"timeout_seconds": 0}, ["avow_oidc.E003"]),
        (RIGHT | {"timeout_seconds": True}, ["avow_oidc.E003"]),
        (RIGHT | {"groups": ["admins"]}, ["avow_oidc.E003"]),
        (RIGHT | {"logout": "everywhere"}, ["avow_oidc.E003"]),
        (RIGHT | {"client_auth": "private_key_jwt"}, ["avow_oidc.E003"]),
        (RIGHT | {"match_email": "yes"}, ["avow_oidc.E003"]),
        (RIGHT | {"issuer": "id.example.com"}, ["avow_oidc.E007"]),
        (RIGHT | {"issuer": "http://id.example.com"}, ["avow_oidc.E008"]),
        (RIGHT | {"issuer": "http://localhost:9000"}, []),
        (RIGHT | {"issuer": "http://127.0.0.2:9000"}, []),
        (RIGHT | {"issuer": "http://[::1]:9000"}, []),
        (RIGHT | {"issuer": "http://127.attacker.example"}, ["avow_oidc.E008"]),
        (RIGHT | {"scope": "profile"}, ["avow_oidc.E009"]),
        (RIGHT | {"is_staff_role": "staff"}, ["avow_oidc.E016"]),
        (RIGHT | {"api_url": "https://api.example.com"}, ["avow_oidc.W017"]),
        (RIGHT | {"api_url": "https://api.example.com", "audience": "x"}, []),
        (RIGHT | {"columns": {"shoe_size": "shoe"}}, ["avow_oidc.E018"]),
    ],
)
def test_check_names_what_is_wrong(project: Configure, said: object, found: list[str]) -> None:
    project(AVOW_OIDC=said)
    assert ids() == found
    for message in checks.check_settings():
        assert message.hint


@pytest.mark.parametrize(
    "said",
    [
        "https://id.example.com",
        RIGHT | {"create_users": "False"},
        RIGHT | {"create_user": False},
        RIGHT | {"client_secret": b"very-secret"},
    ],
)
def test_wrong_value_does_not_become_the_default(project: Configure, visitor: Visitor, said: object) -> None:
    project(AVOW_OIDC=said)
    with pytest.raises(ImproperlyConfigured, match=r"AVOW_OIDC") as refused:
        settings.load()
    assert "very-secret" not in str(refused.value)
    with pytest.raises(ImproperlyConfigured):
        visitor.get("/login")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"MIDDLEWARE": []}, ["avow_oidc.E010", "avow_oidc.E010"]),
        ({"AUTHENTICATION_BACKENDS": BACKENDS[:1]}, ["avow_oidc.E011"]),
        ({"AUTHENTICATION_BACKENDS": ["tests.django.oidc.backends.Ours"]}, []),
        ({"SESSION_COOKIE_SAMESITE": "Strict"}, ["avow_oidc.E012"]),
        ({"SESSION_ENGINE": SESSIONS + "signed_cookies"}, ["avow_oidc.W013", "avow_oidc.E014"]),
        ({"SESSION_ENGINE": SESSIONS + "cached_db"}, []),
    ],
)
def test_check_looks_at_the_project(project: Configure, change: dict[str, Any], found: list[str]) -> None:
    project(AVOW_OIDC=RIGHT | {"keep_tokens": True, "backchannel_logout": True}, **change)
    assert ids() == found


def test_hint_names_the_right_spelling(project: Configure) -> None:
    project(AVOW_OIDC=RIGHT | {"client_sercet": "x"})
    [message] = checks.check_settings()
    assert message.hint == "Did you mean 'client_secret'?"
    assert isinstance(message, Error)


def test_http_is_warned_of_before_deployment(project: Configure) -> None:
    project(AVOW_OIDC=RIGHT | {"issuer": "http://localhost:9000"})
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert "avow_oidc.W101" in {message.id for message in found}


# --- The names of the Auth0 Django guide ---

OLDER = {"AUTH0_DOMAIN": "tenant.example.com", "AUTH0_CLIENT_ID": "shop", "AUTH0_CLIENT_SECRET": "x"}


def test_older_names_are_taken(project: Configure) -> None:
    project(**OLDER, AUTH0_AUDIENCE="https://api.example.com", API_SERVER_URL="http://localhost:6060")
    said = settings.load()
    assert (said.issuer, said.client_id, said.client_secret) == ("https://tenant.example.com/", "shop", "x")
    assert said.described_at == "https://tenant.example.com/.well-known/openid-configuration"
    assert (said.audience, said.api_url, said.keep_tokens) == ("https://api.example.com", "http://localhost:6060", True)
    assert (said.logout, said.session_key) == ("auth0", "user")
    assert ids() == []


def test_our_names_come_before_the_older_ones(project: Configure) -> None:
    project(**OLDER, AVOW_OIDC={"issuer": "https://id.example.com", "client_id": "other"})
    said = settings.load()
    assert (said.issuer, said.client_id, said.logout) == ("https://id.example.com", "other", "auto")
    project(AVOW_OIDC={"session_key": "mine"})
    assert (settings.load().issuer, settings.load().session_key) == ("https://tenant.example.com/", "mine")


@pytest.mark.parametrize("domain", ["https://tenant.example.com", "tenant.example.com/path"])
def test_domain_is_a_host(project: Configure, domain: str) -> None:
    project(**OLDER | {"AUTH0_DOMAIN": domain})
    assert ids() == ["avow_oidc.E006"]


@pytest.fixture
def tls_peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenIdPeer]:
    """Give a provider over https, whose certificate this process trusts."""
    authority = trustme.CA()
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.fspath(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    peer = OpenIdPeer("", system_clock)
    peer.client = ("shop", "x")
    with listening(peer, tls=context) as port:
        peer.url = f"https://localhost:{port}/"
        paths = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        peer.metadata = {f"{name}_endpoint": f"{peer.url}{path}" for name, path in paths.items()}
        peer.metadata["jwks_uri"] = f"{peer.url}jwks"
        yield peer


def test_project_of_the_document_signs_in(project: Configure, tls_peer: OpenIdPeer, visitor: Visitor) -> None:
    domain = tls_peer.url.removeprefix("https://").removesuffix("/")
    project(**OLDER | {"AUTH0_DOMAIN": domain}, AUTH0_AUDIENCE="https://api.example.com")
    url = visitor.begin()
    assert url.startswith(f"https://{domain}/authorize?")
    assert "audience=https%3A%2F%2Fapi.example.com" in url
    tls_peer.person = {"sub": "auth0|user1", "name": "Jane", "nickname": "jane", "email": "jane@example.com"}
    assert visitor.come_back(tls_peer.authorize(url))["location"] == "/profile"
    held = visitor.session["user"]  # where the document's own views and templates look
    assert held["userinfo"]["nickname"] == "jane"
    assert held["access_token"]
    assert visitor.user == "auth0_user1"
    leave = visitor.click_logout()["location"]
    assert leave == f"https://{domain}/v2/logout?returnTo=https%3A%2F%2Ftestserver%2F&client_id=shop"
