"""Back-channel logout: the provider ends sessions by a token that only it can make."""

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.utils import timezone

from avow.clock import system_clock
from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import to_base64url
from avow.django.oidc.models import SignIn
from avow.django.oidc.provider import provider
from tests.bed.openid import OpenIdPeer, Said, jws
from tests.django.oidc.conftest import Configure
from tests.django.oidc.visitor import Visitor

EVENT = "http://schemas.openid.net/event/backchannel-logout"
_numbers = itertools.count(1)


@pytest.fixture
def peer_ends(configure: Configure, peer: OpenIdPeer) -> OpenIdPeer:
    configure(backchannel_logout=True)
    return peer


def claims(peer: OpenIdPeer, **differing: object) -> dict[str, object]:
    now = system_clock()
    said: dict[str, object] = {
        **{"iss": peer.url, "aud": peer.client[0], "iat": now, "exp": now + 120, "jti": f"one-{next(_numbers)}"},
        **{"sub": peer.person["sub"], "events": {EVENT: {}}},
        **differing,
    }
    return {name: value for name, value in said.items() if value is not None}


def token(peer: OpenIdPeer, **differing: object) -> str:
    return jws(claims(peer, **differing), peer.key, typ="logout+jwt")


def send(value: str) -> Any:
    """Post as the provider does: without any cookie."""
    return Visitor().client.post("/backchannel-logout", {"logout_token": value}, secure=True)


def signed_in(peer: OpenIdPeer, sid: str = "", subject: str = "") -> Visitor:
    peer.id_claims = {"sid": sid} if sid else {}
    peer.person = {"sub": subject or "jane"}
    visitor = Visitor()
    visitor.sign_in(peer)
    assert visitor.user
    return visitor


def test_provider_ends_all_sessions_of_a_person(peer_ends: OpenIdPeer) -> None:
    other = signed_in(peer_ends, subject="somebody-else")
    visitors = [signed_in(peer_ends), signed_in(peer_ends)]
    answer = send(token(peer_ends))
    assert (answer.status_code, answer.content) == (200, b"")
    assert [visitor.user for visitor in visitors] == ["", ""]
    assert other.user == "somebody-else"
    assert SignIn.objects.count() == 1


def test_provider_ends_one_of_its_sessions(peer_ends: OpenIdPeer) -> None:
    first, second = signed_in(peer_ends, "one"), signed_in(peer_ends, "two")
    assert send(token(peer_ends, sub=None, sid="one")).status_code == 200
    assert (first.user, second.user) == ("", "jane")
    assert send(token(peer_ends, sid="two")).status_code == 200
    assert second.user == ""


def test_provider_ends_the_session_that_took_anothers_place(peer_ends: OpenIdPeer) -> None:
    visitor = signed_in(peer_ends)
    peer_ends.person = {"sub": "bob"}
    visitor.sign_in(peer_ends, path="/login?again=1")
    assert visitor.user == "bob"
    assert send(token(peer_ends, sub="bob")).status_code == 200
    assert visitor.user == ""


def test_session_stays_noted_beside_a_shorter_one(peer_ends: OpenIdPeer, project: Configure) -> None:
    long = signed_in(peer_ends)
    SignIn.objects.update(created_at=timezone.now() - timedelta(days=1))
    project(SESSION_COOKIE_AGE=60)
    short = signed_in(peer_ends)
    assert send(token(peer_ends)).status_code == 200
    assert (long.user, short.user) == ("", "")


def test_sessions_that_are_gone_are_forgotten(peer_ends: OpenIdPeer, project: Configure) -> None:
    signed_in(peer_ends)
    Session.objects.all().delete()
    SignIn.objects.update(created_at=timezone.now() - timedelta(days=100))
    signed_in(peer_ends)
    assert SignIn.objects.count() == 1


def test_provider_ends_sessions_of_a_project_that_finds_accounts_itself(
    peer_ends: OpenIdPeer, project: Configure
) -> None:
    project(AUTHENTICATION_BACKENDS=["tests.django.oidc.backends.ByNameAlone"])
    visitor = signed_in(peer_ends)
    assert send(token(peer_ends)).status_code == 200
    assert visitor.user == ""


def test_session_ends_whose_sid_nobody_told(peer_ends: OpenIdPeer) -> None:
    untold, other = signed_in(peer_ends), signed_in(peer_ends, "two")
    assert send(token(peer_ends, sid="one")).status_code == 200
    assert (untold.user, other.user) == ("", "jane")


def test_deleted_account_leaves_no_sign_in(peer_ends: OpenIdPeer) -> None:
    signed_in(peer_ends)
    User.objects.all().delete()
    assert SignIn.objects.count() == 0


def test_media_type_of_older_providers_is_taken(peer_ends: OpenIdPeer) -> None:
    visitor = signed_in(peer_ends)
    assert send(jws(claims(peer_ends), peer_ends.key)).status_code == 200
    assert visitor.user == ""


def test_provider_is_asked_for_keys_by_a_process_that_has_seen_nobody(peer_ends: OpenIdPeer) -> None:
    visitor = signed_in(peer_ends)
    provider.cache_clear()
    assert send(token(peer_ends)).status_code == 200
    assert visitor.user == ""


WRONG: dict[str, Callable[[OpenIdPeer], str]] = {
    "nothing": lambda _: "",
    "no token": lambda _: "a.b.c",
    "another issuer": lambda peer: token(peer, iss="https://evil.example"),
    "another audience": lambda peer: token(peer, aud="somebody-else"),
    "no audience": lambda peer: token(peer, aud=None),
    "with a nonce": lambda peer: token(peer, nonce="n"),
    "no events": lambda peer: token(peer, events=None),
    "other events": lambda peer: token(peer, events={"http://schemas.example.com/other": {}}),
    "event is no object": lambda peer: token(peer, events={EVENT: True}),
    "no jti": lambda peer: token(peer, jti=None),
    "neither sub nor sid": lambda peer: token(peer, sub=None),
    "sub is a number": lambda peer: token(peer, sub=7),
    "expired": lambda peer: token(peer, exp=system_clock() - 61),
    "no iat": lambda peer: token(peer, iat=None),
    "old iat": lambda peer: token(peer, iat=system_clock() - 3600),
    "iat in the future": lambda peer: token(peer, iat=system_clock() + 3600),
    "stranger's key": lambda peer: jws(claims(peer), SigningKey.generate("ES256"), kid=peer.key.kid),
    "unsigned": lambda peer: f"{part({'alg': 'none', 'typ': 'logout+jwt'})}.{part(claims(peer))}.",
    "ID token": lambda peer: jws(claims(peer, events=None, nonce="n", sid="one"), peer.key),
    "access token": lambda peer: jws(claims(peer), peer.key, typ="at+jwt"),
    "crit": lambda peer: jws(claims(peer), peer.key, crit=["b64"]),
    "longer than any": lambda peer: token(peer, pad="x" * 20_000),
}


def part(said: dict[str, object]) -> str:
    return to_base64url(json.dumps(said).encode())


@pytest.mark.parametrize("name", WRONG)
def test_wrong_logout_token_ends_nothing(peer_ends: OpenIdPeer, name: str) -> None:
    visitor = signed_in(peer_ends, "one")
    answer = send(WRONG[name](peer_ends))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    assert answer["cache-control"].count("no-store") == 1
    assert visitor.user == "jane"


def test_logout_token_counts_once(peer_ends: OpenIdPeer) -> None:
    value = token(peer_ends)
    assert send(value).status_code == 200
    visitor = signed_in(peer_ends)
    assert send(value).status_code == 400
    assert visitor.user == "jane"


def test_nothing_is_noted_and_nobody_ended_unless_the_project_wants_it(configure: Configure, peer: OpenIdPeer) -> None:
    visitor = signed_in(peer)
    assert SignIn.objects.count() == 0
    assert send(token(peer)).status_code == 404
    assert visitor.user == "jane"


def test_logout_here_forgets_the_session(peer_ends: OpenIdPeer) -> None:
    signed_in(peer_ends).click_logout()
    assert SignIn.objects.count() == 0
    assert send(token(peer_ends)).status_code == 200


def test_unknown_keys_are_looked_for_now_and_then(peer_ends: OpenIdPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = signed_in(peer_ends)
    asked = len(peer_ends.calls("/jwks"))
    monkeypatch.setattr("avow.django.oidc.provider.system_clock", lambda: system_clock() + 30)
    for number in range(5):
        assert send(jws(claims(peer_ends), peer_ends.key, kid=f"other-{number}")).status_code == 400
    assert len(peer_ends.calls("/jwks")) == asked + 1
    peer_ends.key = SigningKey.generate("ES256")
    peer_ends.keys.append(peer_ends.key)
    assert send(token(peer_ends)).status_code == 400
    monkeypatch.setattr("avow.django.oidc.provider.system_clock", lambda: system_clock() + 60)
    assert send(token(peer_ends)).status_code == 200
    assert visitor.user == ""


def test_keys_that_cannot_be_had_are_not_asked_for_by_every_stranger(peer_ends: OpenIdPeer) -> None:
    peer_ends.answers["/jwks"] = lambda _: Said({}, 503)
    for _ in range(5):
        assert send(token(peer_ends)).status_code == 400
    assert len(peer_ends.calls("/jwks")) == 1
    del peer_ends.answers["/jwks"]
    assert signed_in(peer_ends).user == "jane"  # whose tokens come from the provider itself


def test_key_of_another_issuer_ends_nothing(peer_ends: OpenIdPeer) -> None:
    visitor = signed_in(peer_ends)
    foreign = SigningKey.generate("ES256")
    said = [
        json.loads(peer_ends.key.public_jwk()),
        {**json.loads(foreign.public_jwk()), "issuer": "https://other.test"},
    ]
    peer_ends.answers["/jwks"] = lambda _: Said({"keys": said})
    provider.cache_clear()
    assert send(jws(claims(peer_ends), foreign, typ="logout+jwt")).status_code == 400
    assert visitor.user == "jane"
    assert send(token(peer_ends)).status_code == 200


def test_token_counts_again_when_nothing_was_ended(peer_ends: OpenIdPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, value = signed_in(peer_ends), token(peer_ends)

    def fail(*_: object) -> int:
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr("avow.django.oidc.signins.end", fail)
        with pytest.raises(OperationalError):
            send(value)
    assert send(value).status_code == 200
    assert visitor.user == ""


def test_get_is_no_logout(peer_ends: OpenIdPeer) -> None:
    assert Visitor().get(f"/backchannel-logout?logout_token={token(peer_ends)}").status_code == 405
    assert Session.objects.count() == 0
