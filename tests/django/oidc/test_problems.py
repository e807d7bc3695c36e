"""What people see when a sign-in comes to nothing: a page that says what to do, and the reason in the log."""

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model

from avow.clock import system_clock
from avow.core.tokens import SigningKey
from avow.django.oidc.provider import provider
from tests.bed.openid import OpenIdPeer, Said, openid_peer
from tests.django.oidc.conftest import Configure
from tests.django.oidc.visitor import Visitor

DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        ("access_denied", 403, "you may not use this application"),
        ("login_required", 403, "Start again"),
        ("temporarily_unavailable", 503, "try again in a few minutes"),
        ("invalid_scope", 502, "tell whoever runs it"),
        ("unheard_of", 502, "tell whoever runs it"),
    ],
)
def test_refusal_of_the_provider(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor, error: str, status: int, sentence: str
) -> None:
    page = visitor.come_back(peer.authorize(visitor.begin(), code=None, error=error))
    assert page.status_code == status
    assert sentence in page.content.decode()
    assert 'href="/login"' in page.content.decode()


def away(peer: OpenIdPeer) -> Callable[[object], Said]:
    return lambda _: Said({"error": "away"}, 503)


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/jwks", "/userinfo"])
def test_provider_that_is_away(configure: Configure, peer: OpenIdPeer, visitor: Visitor, path: str) -> None:
    peer.answers[path] = away(peer)
    peer.in_id_token = False  # so that the user endpoint is asked
    page = visitor.get("/login") if path.startswith("/.well") else visitor.sign_in(peer)
    assert page.status_code == 503
    assert "try again in a few minutes" in page.content.decode()
    del peer.answers[path]
    visitor.sign_in(peer)
    assert visitor.user == peer.person["sub"]


def test_provider_that_does_not_listen(project: Configure, visitor: Visitor) -> None:
    with openid_peer(system_clock) as gone:
        url = gone.url
    project(AVOW_OIDC={"issuer": url, "client_id": "shop", "client_secret": "x"})
    assert visitor.get("/login").status_code == 503


def test_provider_that_does_not_answer(configure: Configure, peer: OpenIdPeer, visitor: Visitor) -> None:
    configure(timeout_seconds=0.2)
    peer.answers[DISCOVERY] = lambda _: Said(write=lambda handler: handler.rfile.read(1))
    assert visitor.get("/login").status_code == 503


@pytest.mark.parametrize(
    "said",
    [
        Said(b"<html>", content_type="text/html"),
        Said([]),
        Said({"issuer": "https://evil.example"}),
        Said({"error": "not_found"}, 404),
    ],
    ids=["no JSON", "no object", "another issuer", "404"],
)
def test_wrong_description_of_the_provider(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor, caplog: pytest.LogCaptureFixture, said: Said
) -> None:
    peer.answers[DISCOVERY] = lambda _: said
    page = visitor.get("/login")
    assert page.status_code == 502
    assert "the reason is in the site" in page.content.decode()
    assert "A sign-in came to nothing: misconfigured" in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token_endpoint", None),
        ("token_endpoint", "http://id.example.com/token"),
        ("jwks_uri", "file:///etc/passwd"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("end_session_endpoint", "javascript:alert(1)"),
        ("userinfo_endpoint", 7),
    ],
)
def test_endpoints_that_cannot_be(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor, name: str, value: object
) -> None:
    peer.metadata[name] = value
    assert visitor.get("/login").status_code == 502


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (Said({"error": "invalid_client"}, 401), 502),
        (Said({"error": "invalid_grant"}, 400), 400),
        (Said({"access_token": "x", "token_type": "Bearer"}), 502),
        (Said(b"<html>", 200, "text/html"), 503),
        (Said({"error": "away"}, 500), 503),
    ],
    ids=["wrong secret", "code that counts no more", "no ID token", "no JSON", "500"],
)
def test_answers_for_a_code(configure: Configure, peer: OpenIdPeer, visitor: Visitor, said: Said, status: int) -> None:
    peer.answers["/token"] = lambda _: said
    assert visitor.sign_in(peer).status_code == status
    assert visitor.user == ""


def test_wrong_secret_is_for_the_log_only(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    configure(client_secret="wrong-secret")
    page = visitor.sign_in(peer)
    assert "wrong-secret" not in page.content.decode() + caplog.text


def test_new_key_of_the_provider_is_asked_for_at_once(configure: Configure, peer: OpenIdPeer, visitor: Visitor) -> None:
    visitor.sign_in(peer)
    peer.key = SigningKey.generate("ES256")
    peer.keys = [peer.key]
    Visitor().sign_in(peer)
    assert len(peer.calls("/jwks")) == 2


def test_provider_is_asked_about_itself_once_an_hour(
    configure: Configure, peer: OpenIdPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = DISCOVERY
    for _ in range(3):
        Visitor().sign_in(peer)
    assert (len(peer.calls(path)), len(peer.calls("/jwks"))) == (1, 1)
    monkeypatch.setattr("avow.django.oidc.provider.system_clock", lambda: system_clock() + 3600)
    Visitor().begin()
    assert len(peer.calls(path)) == 2


def test_old_description_counts_while_the_provider_gives_no_new_one(
    configure: Configure, peer: OpenIdPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Visitor().begin()
    monkeypatch.setattr("avow.django.oidc.provider.system_clock", lambda: system_clock() + 3600)
    peer.answers[DISCOVERY] = away(peer)
    Visitor().begin()


def test_locked_account(configure: Configure, peer: OpenIdPeer, visitor: Visitor) -> None:
    visitor.sign_in(peer)
    get_user_model().objects.update(is_active=False)
    assert visitor.user == ""
    page = Visitor().sign_in(peer)
    assert page.status_code == 403
    assert "Your account is locked" in page.content.decode()


def test_project_that_makes_no_accounts(configure: Configure, peer: OpenIdPeer, visitor: Visitor) -> None:
    configure(create_users=False)
    page = visitor.sign_in(peer)
    assert page.status_code == 403
    assert "You have no account here" in page.content.decode()
    assert not get_user_model().objects.exists()


def test_logout_while_the_provider_is_away_ends_the_session_here(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.sign_in(peer)
    from avow.django.oidc.provider import provider

    provider.cache_clear()
    peer.answers[DISCOVERY] = away(peer)
    assert visitor.click_logout()["location"] == "/"
    assert visitor.user == ""


def test_description_that_cannot_be_had_anew_is_asked_for_once_a_minute(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.sign_in(peer)
    asked, now = len(peer.calls(DISCOVERY)), system_clock()
    peer.answers[DISCOVERY] = lambda _: Said({}, 503)
    for later, times in ((4000, 1), (4059, 1), (4061, 2)):
        monkeypatch.setattr("avow.django.oidc.provider.system_clock", lambda later=later: now + later)
        for _ in range(3):
            Visitor().begin()
        assert len(peer.calls(DISCOVERY)) == asked + times


def test_another_try_leads_where_somebody_wanted_to_go(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor
) -> None:
    link = 'href="/login?next=/private%3Fa%3D1%26b%3D2"'
    url = visitor.begin("/login?next=/private%3Fa%3D1%26b%3D2")
    page = visitor.come_back(peer.authorize(url, code=None, error="access_denied"))
    assert link in page.content.decode()
    peer.answers[DISCOVERY] = away(peer)
    provider.cache_clear()
    assert link in visitor.get("/login?next=/private%3Fa%3D1%26b%3D2").content.decode()
