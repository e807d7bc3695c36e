"""S-FED-01 to 05 and 07 and S-SES-09 for sign-in to Django at a provider, whose key and every answer the test holds."""

import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.signals import got_request_exception
from django.http import HttpResponse
from django.views.debug import ExceptionReporter
from joserfc import jws as joserfc_jws
from joserfc.jwk import OctKey

from avow.clock import system_clock
from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import to_base64url
from avow.django.oidc.models import Identity
from tests.bed.cases import Case
from tests.bed.openid import Asked, OpenIdPeer, Said, jws, openid_peer
from tests.django.oidc.conftest import Configure
from tests.django.oidc.visitor import Visitor


def control(peer: OpenIdPeer) -> Callable[[], bool]:
    """Sign somebody else in, in a browser of their own."""

    def works() -> bool:
        peer.id_claims, peer.make_id_token, before = {}, None, dict(peer.person)
        peer.person = {"sub": f"control-{time.monotonic_ns()}"}
        visitor = Visitor()
        try:
            return visitor.sign_in(peer).status_code == 302 and visitor.user == peer.person["sub"]
        finally:
            peer.person = before

    return works


class Refusals:
    """Sees to it that a refused sign-in leaves nothing behind, and one line in the log."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.caplog = caplog
        caplog.set_level(logging.INFO, "avow.django.oidc")

    def check(self, visitor: Visitor, come: Callable[[], Any]) -> None:
        people, accounts = Identity.objects.count(), get_user_model().objects.count()
        self.caplog.clear()
        answer: HttpResponse = come()
        assert answer.status_code in {400, 401, 403}, answer.status_code
        assert "try" in answer.content.decode() or "start again" in answer.content.decode()
        assert [record.levelname for record in self.caplog.records if record.name == "avow.django.oidc"] == ["WARNING"]
        assert visitor.user == ""
        assert (Identity.objects.count(), get_user_model().objects.count()) == (people, accounts)


@pytest.fixture
def refusals(caplog: pytest.LogCaptureFixture) -> Refusals:
    return Refusals(caplog)


def test_s_fed_01_state_is_bound_to_the_browser(
    case: Case, configure: Configure, peer: OpenIdPeer, refusals: Refusals, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.control(control(peer))
    attacker, victim = Visitor(), Visitor()
    back = peer.authorize(attacker.begin())
    with case.cell("Django: callback of another browser"):
        refusals.check(victim, lambda: victim.come_back(back))
        victim.begin()  # with a sign-in of its own on the way too
        refusals.check(victim, lambda: victim.come_back(back))
    with case.cell("Django: no state, and a wrong one"):
        for state in (None, "", "wrong", "None"):
            url = peer.authorize(victim.begin(), state=state)
            refusals.check(victim, lambda url=url: victim.come_back(url))  # type: ignore[misc]
    with case.cell("Django: used state"):
        assert attacker.come_back(back).status_code == 302
        attacker.client.logout()
        refusals.check(attacker, lambda: attacker.come_back(back))
    with case.cell("Django: state used while the provider was away"):
        url = peer.authorize(victim.begin())
        peer.answers["/token"] = lambda _: Said({}, 503)
        assert victim.come_back(url).status_code == 503
        del peer.answers["/token"]
        refusals.check(victim, lambda: victim.come_back(url))
    with case.cell("Django: old state"):
        url = peer.authorize(victim.begin())
        monkeypatch.setattr("avow.django.oidc.visits.system_clock", lambda: system_clock() + 3601)
        refusals.check(victim, lambda: victim.come_back(url))
        monkeypatch.undo()
    with case.cell("Django: no code was sent for any of these"):
        assert len(peer.calls("/token")) == 3, "the control, the attacker's own, and the one that was away"


def test_s_fed_02_nonce(case: Case, configure: Configure, peer: OpenIdPeer, refusals: Refusals) -> None:
    case.control(control(peer))
    other = Asked.of(Visitor().begin())["nonce"]
    wrong: dict[str, dict[str, object]] = {
        "wrong": {"nonce": "wrong"},
        "absent": {"nonce": None},
        "empty": {"nonce": ""},
        "of another sign-in": {"nonce": other},
        "nonce_supported: false": {"nonce": None, "nonce_supported": False},
        "a list": {"nonce": [other]},
    }
    for name, claims in wrong.items():
        with case.cell(f"Django: {name}"):
            visitor = Visitor()
            peer.id_claims = claims
            refusals.check(visitor, lambda visitor=visitor: visitor.sign_in(peer))  # type: ignore[misc]


def test_s_fed_03_id_token_checks(case: Case, configure: Configure, peer: OpenIdPeer, refusals: Refusals) -> None:
    case.control(control(peer))
    now, stranger = system_clock(), SigningKey.generate("ES256")
    peer.metadata["id_token_signing_alg_values_supported"] = ["RS256", "ES256", "HS256", "none"]
    claims: dict[str, dict[str, object]] = {
        "wrong aud": {"aud": "somebody-else"},
        "wrong aud, our azp": {"aud": "somebody-else", "azp": peer.client[0]},
        "two aud, no azp": {"aud": [peer.client[0], "somebody-else"]},
        "another azp": {"azp": "somebody-else"},
        "no aud": {"aud": None},
        "wrong iss": {"iss": "https://evil.example"},
        "iss with trailing slash": {"iss": f"{peer.url}/"},
        "no iss": {"iss": None},
        "expired": {"exp": now - 61},
        "no exp": {"exp": None},
        "iat far in the future": {"iat": now + 3600},
        "no iat": {"iat": None},
        "no sub": {"sub": None},
        "empty sub": {"sub": ""},
        "sub is a number": {"sub": 7},
        "at_hash of another token": {"at_hash": to_base64url(bytes(16))},
    }
    makers: dict[str, Callable[[dict[str, object]], str]] = {
        "alg none": lambda said: _unsigned(said),
        "alg None": lambda said: _unsigned(said, "None"),
        "HS256 with the client secret": lambda said: _symmetric(said, peer.client[1].encode()),
        "HS256 with the public key": lambda said: _symmetric(said, peer.key.public_jwk().encode()),
        "key not in the JWKS": lambda said: jws(said, stranger),
        "stranger's key under our kid": lambda said: jws(said, stranger, kid=peer.key.kid),
        "stranger's key in the header": lambda said: jws(said, stranger, jwk=json.loads(stranger.public_jwk())),
        "crit": lambda said: jws(said, peer.key, crit=["b64"], b64=False),
        "access token for an ID token": lambda said: jws(said, peer.key, typ="at+jwt"),
        "cut signature": lambda said: jws(said, peer.key)[:-4],
        "not a JWT": lambda _: "no.token",
    }
    for name, differing in claims.items():
        with case.cell(f"Django: {name}"):
            visitor = Visitor()
            peer.id_claims, peer.make_id_token = differing, None
            refusals.check(visitor, lambda visitor=visitor: visitor.sign_in(peer))  # type: ignore[misc]
    peer.id_claims = {}
    for name, make in makers.items():
        with case.cell(f"Django: {name}"):
            visitor = Visitor()
            peer.make_id_token = make
            refusals.check(visitor, lambda visitor=visitor: visitor.sign_in(peer))  # type: ignore[misc]


def test_s_fed_04_mix_up_between_providers(
    case: Case, configure: Configure, peer: OpenIdPeer, refusals: Refusals, project: Configure
) -> None:
    case.control(control(peer))
    with openid_peer(system_clock) as other:
        with case.cell("Django: iss of another provider, or none"):
            for issuer in (other.url, f"{peer.url}/", "", None):
                visitor, before = Visitor(), len(peer.calls("/token"))
                url = peer.authorize(visitor.begin(), iss=issuer)
                refusals.check(visitor, lambda visitor=visitor, url=url: visitor.come_back(url))  # type: ignore[misc]
                assert len(peer.calls("/token")) == before
        with case.cell("Django: user endpoint answers for somebody else"):
            peer.in_id_token = False
            peer.answers["/userinfo"] = lambda _: Said({"sub": "somebody-else", "email": "victim@example.com"})
            visitor = Visitor()
            refusals.check(visitor, lambda: visitor.sign_in(peer))
            del peer.answers["/userinfo"]
            peer.in_id_token = True
        with case.cell("Django: provider that calls itself another one"):
            project(AVOW_OIDC={"issuer": peer.url, "client_id": peer.client[0], "client_secret": peer.client[1]})
            peer.metadata["issuer"] = other.url
            assert Visitor().get("/login").status_code == 502
            assert other.seen == []
        peer.metadata.clear()
        configure()


def test_s_fed_05_pkce_and_code_injection(
    case: Case, configure: Configure, peer: OpenIdPeer, refusals: Refusals
) -> None:
    case.control(control(peer))
    with case.cell("Django: a fresh S256 challenge for each sign-in"):
        asked = [Asked.of(Visitor().begin()) for _ in range(20)]
        assert {one["code_challenge_method"] for one in asked} == {"S256"}
        assert len({one["code_challenge"] for one in asked}) == 20
    with case.cell("Django: code of another sign-in"):
        theirs = parse_qs(urlsplit(peer.authorize(Visitor().begin())).query)["code"][0]
        visitor = Visitor()
        url = peer.authorize(visitor.begin(), code=theirs)
        refusals.check(visitor, lambda: visitor.come_back(url))


def test_s_fed_07_return_url(case: Case, configure: Configure, peer: OpenIdPeer) -> None:
    case.control(control(peer))
    elsewhere = [
        *("https://evil.example/", "https://testserver.evil.example/", "https://testserver@evil.example/"),
        *(r"https:\\evil.example", r"/\evil.example", "//evil.example", "///evil.example", "javascript:alert(1)"),
        *("https://evil.example#@testserver/", "\thttps://evil.example", "http://testserver/", "data:text/html,x"),
    ]
    for url in elsewhere:
        with case.cell(f"Django: {url!r}"):
            visitor = Visitor()
            assert visitor.sign_in(peer, path=f"/login?{urlencode({'next': url})}")["location"] == "/profile"
    with case.cell("Django: named twice"):
        visitor = Visitor()
        both = urlencode([("next", "/private"), ("next", "https://evil.example/")])
        assert visitor.sign_in(peer, path=f"/login?{both}")["location"] == "/profile"


def test_s_ses_09_new_session_identity_on_every_sign_in(case: Case, configure: Configure, peer: OpenIdPeer) -> None:
    case.control(control(peer))
    with case.cell("Django session key"):
        victim, attacker = Visitor(), Visitor()
        victim.begin()  # gives an anonymous session, whose key the attacker planted
        planted = victim.session_key
        attacker.client.cookies["sessionid"] = planted
        victim.sign_in(peer)
        assert victim.user == peer.person["sub"]
        assert victim.session_key != planted
        assert attacker.user == ""
        assert not Session.objects.filter(session_key=planted).exists()
    with case.cell("Django: key of a session that was somebody else's"):
        before, held = victim.session_key, victim.client.session
        held["cart"] = "of the first one"
        held.save()
        peer.person = {"sub": "somebody-else"}
        victim.sign_in(peer, path="/login?again=1")
        assert victim.user == "somebody-else"
        assert victim.session_key != before
        assert "cart" not in victim.session
        attacker.client.cookies["sessionid"] = before
        assert attacker.user == ""
    with case.cell("Django: key after log-out"):
        before = victim.session_key
        victim.click_logout()
        attacker.client.cookies["sessionid"] = before
        assert (attacker.user, attacker.session) == ("", {})


def test_nothing_that_comes_with_a_request_is_a_person(configure: Configure, peer: OpenIdPeer) -> None:
    from django.contrib.auth import authenticate

    forged: list[Any] = [{"sub": "jane", "issuer": peer.url}, "jane", None, ("x", "jane", {})]
    assert [authenticate(None, person=each) for each in forged] == [None] * 4
    assert authenticate(None, username="jane", password="") is None
    assert authenticate(None, token={"userinfo": {"sub": "jane"}}) is None


def test_report_of_an_error_shows_no_token(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug of the project's own account_of, as Django's mail to the administrators tells of it."""
    reports: list[str] = []

    def broken(_: object) -> None:
        raise RuntimeError("a bug")

    def report(request: Any, **_: object) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_html(), reporter.get_traceback_text()])

    monkeypatch.setattr("avow.django.oidc.people.account_of", broken)
    visitor.client.raise_request_exception = False
    got_request_exception.connect(lambda sender, request, **_: report(request), weak=False, dispatch_uid="report")
    try:
        assert visitor.sign_in(peer).status_code == 500
    finally:
        got_request_exception.disconnect(dispatch_uid="report")
    assert len(reports) == 2
    [access_token] = peer.tokens
    for text in reports:
        assert "a bug" in text
        for secret in (access_token, peer.client[1], ".eyJ"):
            assert secret not in text


def test_page_shows_no_word_of_the_provider(configure: Configure, peer: OpenIdPeer, visitor: Visitor) -> None:
    url = peer.authorize(visitor.begin(), code=None, error="<b>bad</b>", error_description="<script>alert(1)</script>")
    page = visitor.come_back(url).content.decode()
    assert "script" not in page
    assert "bad" not in page


def test_somebody_who_only_begins_does_not_fill_the_session(configure: Configure, visitor: Visitor) -> None:
    for _ in range(25):
        visitor.begin()
    assert len([key for key in visitor.session if key.startswith("_state_")]) == 10


def test_newest_of_many_sign_ins_is_the_one_that_counts(
    configure: Configure, peer: OpenIdPeer, visitor: Visitor
) -> None:
    first = visitor.begin()
    for _ in range(10):
        last = visitor.begin()
    assert visitor.come_back(peer.authorize(first)).status_code == 400
    assert visitor.come_back(peer.authorize(last)).status_code == 302


def test_secret_goes_to_no_other_address(configure: Configure, peer: OpenIdPeer, visitor: Visitor) -> None:
    with openid_peer(system_clock) as other:
        peer.answers["/token"] = lambda _: Said({}, 307, headers={"location": f"{other.url}/token"})
        assert visitor.sign_in(peer).status_code >= 400
        assert other.seen == []


def test_id_token_is_of_this_very_code(configure: Configure, peer: OpenIdPeer, visitor: Visitor) -> None:
    """A provider's earlier answer, sent once more, is of another nonce."""
    kept: list[str] = []

    def same_again(said: dict[str, object]) -> str:
        kept.append(jws(said, peer.key))
        return kept[0]

    peer.make_id_token = same_again
    assert visitor.sign_in(peer).status_code == 302
    assert Visitor().sign_in(peer).status_code == 400


def _unsigned(claims: dict[str, object], algorithm: str = "none") -> str:
    header = {"alg": algorithm, "typ": "JWT"}
    return ".".join(to_base64url(json.dumps(part).encode()) for part in (header, claims)) + "."


def _symmetric(claims: dict[str, object], secret: bytes) -> str:
    made: str = joserfc_jws.serialize_compact(
        {"alg": "HS256", "typ": "JWT"}, json.dumps(claims).encode(), OctKey.import_key(secret)
    )
    return made
