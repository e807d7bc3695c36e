"""S-FED-01 to 08 and 10 for social sign-in: what an identity provider says, and what a browser brings, proves."""

import itertools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from avow import LoginOptions
from avow.core.tokens import SigningKey
from avow.errors import AuthException
from avow.server.federation import actions as federation
from avow.server.federation.actions import Grant, Way
from tests.bed.cases import Case
from tests.bed.openid import Said, jws
from tests.bed.social import PAGE, Journey, Social
from tests.bed.visitor import Page, Visitor
from tests.factories import change_settings, make_user
from tests.security.federation.conftest import MakeSocial
from tests.security.federation.outcomes import assert_no_session, assert_refused_page, nothing_comes_of_it
from tests.security.place import dump

_numbers = itertools.count(1)


def works(social: Social) -> bool:
    """Sign somebody new in and out of the way."""
    before = dict(social.peer.person)
    number = next(_numbers)
    social.peer.person = {"sub": f"control-{number}", "email": f"control{number}@example.com", "email_verified": True}
    try:
        return bool(social.sign_in()["firstSeen"])
    finally:
        social.peer.person = before


def browser(social: Social) -> Visitor:
    return Visitor(social.avow.server.site)


def test_s_fed_01_social_state_is_bound_to_the_browser(case: Case, social: Social) -> None:
    case.control(lambda: works(social))

    def stolen() -> tuple[Journey, str]:
        journey = social.open(social.start())
        return journey, social.peer.authorize(journey.asked.url)

    with case.cell("social: callback of another's start in a clean browser"), nothing_comes_of_it(social):
        assert_refused_page(browser(social).get(stolen()[1]))
    with case.cell("social: callback in a browser that has a start of its own"), nothing_comes_of_it(social):
        victim = browser(social)
        social.open(social.start(), victim)
        assert_refused_page(victim.get(stolen()[1]))
    with case.cell("social: cookie that the attacker made up"), nothing_comes_of_it(social):
        victim = browser(social)
        victim.cookies["avow-elsewhere"] = "a" * 26
        assert_refused_page(victim.get(stolen()[1]))
    with case.cell("social: address of a start that another browser has opened"), nothing_comes_of_it(social):
        url = social.start()
        social.open(url)
        assert_refused_page(browser(social).get(url))
    for name, state in {"none": None, "empty": "", "made up": "C" + "x" * 26, "of another form": "../x"}.items():
        with case.cell(f"social: callback without its state: {name}"), nothing_comes_of_it(social):
            assert_refused_page(social.come_back(social.open(social.start()), state=state))
    with case.cell("social: old state"), nothing_comes_of_it(social):
        journey = social.open(social.start())
        social.avow.advance(900)
        assert_refused_page(social.come_back(journey))
    with case.cell("social: used state"):
        journey = social.open(social.start())
        social.peer.person = {"sub": "used", "email": "used@example.com", "email_verified": True}
        assert social.come_back(journey).code
        with nothing_comes_of_it(social):
            assert_refused_page(social.come_back(journey))
    with case.cell("social: state of another project"):
        elsewhere = Social(social.avow.server.project(), social.peer)
        elsewhere.configure()
        journey = social.open(social.start())
        callback = social.peer.authorize(journey.asked.url)
        moved = callback.replace(social.avow.project_id, elsewhere.avow.project_id)
        with nothing_comes_of_it(elsewhere), nothing_comes_of_it(social, events=0):
            assert_refused_page(journey.visitor.get(moved))
    with case.cell("social: a form of the provider opens nothing without the browser's cookie"):
        journey, callback = stolen()
        address, _, query = callback.partition("?")
        fields = dict(pair.split("=", 1) for pair in query.split("&"))
        with nothing_comes_of_it(social):
            page = browser(social).post_from_elsewhere(address, fields)
            assert_refused_page(browser(social).get(page.location))


def test_s_fed_02_social_nonce(case: Case, social: Social) -> None:
    case.control(lambda: works(social))
    other = social.open(social.start()).asked["nonce"]
    said: dict[str, dict[str, object]] = {
        "wrong": {"nonce": "another"},
        "absent": {"nonce": None},
        "empty": {"nonce": ""},
        "of another sign-in": {"nonce": other},
        "a list with the right one": {"nonce": ["right"]},
        "nonce_supported false": {"nonce": None, "nonce_supported": False},
    }
    for name, claims in said.items():
        with case.cell(f"social: nonce {name}"), nothing_comes_of_it(social), telling(social, claims):
            assert_refused_page(social.arrive())


class telling:  # noqa: N801 # a word of the sentences below
    """Let the provider's ID tokens say something else for a while."""

    def __init__(self, social: Social, claims: dict[str, object]) -> None:
        self.social, self.claims = social, claims

    def __enter__(self) -> None:
        self.social.peer.id_claims = self.claims

    def __exit__(self, *_: object) -> None:
        self.social.peer.id_claims = {}


def test_s_fed_03_social_id_tokens(case: Case, social: Social) -> None:
    case.control(lambda: works(social))
    now, peer = social.avow.server.clock(), social.peer
    said: dict[str, dict[str, object]] = {
        "wrong aud": {"aud": "somebody"},
        "aud with another party and no azp": {"aud": ["avow", "somebody"]},
        "azp of another party": {"azp": "somebody"},
        "no aud": {"aud": None},
        "wrong iss": {"iss": "https://evil.example.com"},
        "iss with trailing slash": {"iss": f"{peer.url}/"},
        "no iss": {"iss": None},
        "expired": {"exp": now - 61},
        "no exp": {"exp": None},
        "exp as text": {"exp": str(now + 300)},
        "iat far in the future": {"iat": now + 3600},
        "no sub": {"sub": None},
        "empty sub": {"sub": ""},
        "sub that is no text": {"sub": 7},
        "at_hash of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    }
    for name, claims in said.items():
        with case.cell(f"social: {name}"), nothing_comes_of_it(social), telling(social, claims):
            assert_refused_page(social.arrive())
    foreign = SigningKey.generate("ES256")
    forgeries: dict[str, Callable[[dict[str, object]], str]] = {
        "alg none": lambda claims: jws(claims, peer.key, alg="none").rpartition(".")[0] + ".",
        "alg none, signed": lambda claims: jws(claims, peer.key, alg="none"),
        "HS256 with the client secret": lambda claims: _hmac(claims, peer.client[1].encode()),
        "HS256 with the public key": lambda claims: _hmac(claims, peer.key.public_jwk().encode()),
        "key that is not in the JWKS": lambda claims: jws(claims, foreign),
        "key that is not in the JWKS, under a kid that is": lambda claims: jws(claims, foreign, kid=peer.key.kid),
        "key in the header": lambda claims: jws(
            claims, foreign, jwk=json.loads(foreign.public_jwk()), kid=peer.key.kid
        ),
        "keys at an address in the header": lambda claims: jws(claims, foreign, jku=f"{peer.url}/evil"),
        "crit": lambda claims: jws(claims, peer.key, crit=["exp"], exp=1),
        "another kind of token": lambda claims: jws(claims, peer.key, typ="at+jwt"),
        "signature changed": lambda claims: jws(claims, peer.key)[:-4] + "AAAA",
        "no token": lambda _: "none",
    }
    for name, make in forgeries.items():
        peer.make_id_token = make
        with case.cell(f"social: {name}"), nothing_comes_of_it(social):
            assert_refused_page(social.arrive())
        peer.make_id_token = None
    with case.cell("social: no ID token at all"), nothing_comes_of_it(social):
        peer.answers["/token"] = lambda _: Said({"access_token": "at", "token_type": "Bearer"})
        assert_refused_page(social.arrive())
        del peer.answers["/token"]
    with case.cell("social: no address of the header was called"):
        assert not peer.calls("/evil")


def _hmac(claims: dict[str, object], key: bytes) -> str:
    import jwt.algorithms

    from avow.core.tokens.encoding import to_base64url, to_json

    message = ".".join(to_base64url(to_json(part)) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return f"{message}.{to_base64url(algorithm.sign(message.encode(), key))}"


def test_s_fed_04_social_mix_up_between_providers(case: Case, make_social: MakeSocial) -> None:
    one = make_social()
    two = make_social(one.avow, "second")
    case.control(lambda: works(one) and works(two))
    with case.cell("social: iss of the other provider"), nothing_comes_of_it(one):
        seen = len(one.peer.calls("/token")), len(two.peer.calls("/token"))
        assert_refused_page(one.come_back(one.open(one.start()), iss=two.peer.url))
        assert (len(one.peer.calls("/token")), len(two.peer.calls("/token"))) == seen
    with case.cell("social: no iss although the provider names itself"), nothing_comes_of_it(one):
        asked = len(one.peer.calls("/token"))
        assert_refused_page(one.come_back(one.open(one.start()), iss=None))
        assert len(one.peer.calls("/token")) == asked
    with case.cell("social: code of the other provider"), nothing_comes_of_it(one):
        stolen = two.open(two.start())
        callback = two.peer.authorize(stolen.asked.url)
        code = callback.partition("code=")[2].partition("&")[0]
        before = len(two.peer.calls("/token"))
        assert_refused_page(one.come_back(one.open(one.start()), code=code))
        assert len(two.peer.calls("/token")) == before
    with case.cell("social: start at one, back at the callback of the other"), nothing_comes_of_it(one):
        journey = one.open(one.start())
        callback = one.peer.authorize(journey.asked.url).replace("/acme?", "/second?")
        before = len(two.peer.calls("/token"))
        assert_refused_page(journey.visitor.get(callback))
        assert len(two.peer.calls("/token")) == before
    for name in ("token_endpoint", "authorization_endpoint", "jwks_uri", "userinfo_endpoint"):
        with case.cell(f"social: metadata advertises the other's {name}"):
            evil = make_social(one.avow, f"evil-{name.replace('_', '-')}")
            path = {"token_endpoint": "token", "authorization_endpoint": "authorize", "jwks_uri": "jwks"}.get(
                name, "userinfo"
            )
            evil.peer.metadata[name] = f"{two.peer.url}/{path}"
            before = len(two.peer.seen)
            with nothing_comes_of_it(evil):
                assert_refused_page(browser(evil).get(evil.start()))
            assert len(two.peer.seen) == before
    with case.cell("social: discovery of another issuer"):
        evil = make_social(one.avow, "evil-issuer")
        evil.peer.metadata["issuer"] = two.peer.url
        with nothing_comes_of_it(evil):
            assert_refused_page(browser(evil).get(evil.start()))


def test_s_fed_05_social_pkce(case: Case, social: Social) -> None:
    case.control(lambda: works(social))
    with case.cell("social: twenty requests, each with a fresh S256 challenge"):
        asked = [social.open(social.start()).asked for _ in range(20)]
        assert {each["code_challenge_method"] for each in asked} == {"S256"}
        assert len({each["code_challenge"] for each in asked}) == 20
        assert all(len(each["code_challenge"]) == 43 for each in asked)
    with case.cell("social: a code of another challenge"), nothing_comes_of_it(social):
        attacker = social.open(social.start())
        callback = social.peer.authorize(attacker.asked.url)
        code = callback.partition("code=")[2].partition("&")[0]
        assert_refused_page(social.come_back(social.open(social.start()), code=code))
    with case.cell("social: the verifier is stored nowhere"):
        journey = social.open(social.start())
        social.come_back(journey)
        verifier = social.peer.calls("/token")[-1].form["code_verifier"]
        rows = repr([row for table in ("challenges", "audit_events") for row in dump(social.avow, table)])
        assert len(verifier) == 43
        assert verifier not in rows
        assert journey.asked["nonce"] not in rows


def test_s_fed_06_social_exchange_code(case: Case, social: Social) -> None:
    case.control(lambda: works(social))
    client = social.client

    def code_of(person: str) -> str:
        social.peer.person = {"sub": person, "email": f"{person}@example.com", "email_verified": True}
        return social.arrive().code

    with case.cell("social: twice"):
        code = code_of("twice")
        assert client.oauth.exchange_token(code)
        assert_no_session(lambda: client.oauth.exchange_token(code))
    with case.cell("social: after two minutes"):
        code = code_of("late")
        social.avow.advance(120)
        assert_no_session(lambda: client.oauth.exchange_token(code))
    with case.cell("social: with another project's id"):
        code = code_of("elsewhere")
        other = social.avow.server.project().client()
        assert_no_session(lambda: other.oauth.exchange_token(code))
        assert client.oauth.exchange_token(code)
    with case.cell("social: at the endpoint of SSO"):
        code = code_of("sso")
        for exchange in (client.sso.exchange_token, client.saml.exchange_token):
            assert_no_session(lambda exchange=exchange: exchange(code))  # type: ignore[misc]
        assert client.oauth.exchange_token(code)
    with case.cell("social: a code of SSO at the endpoint of social sign-in"):
        user = make_user(social.avow)
        way = Way(kind="sso", name="", tenant_id="T1")
        granted = Grant(way=way, user_id=user, credential_version=1, method="fed")
        code = social.avow.run(lambda tx: federation.grant(tx, granted))
        assert_no_session(lambda: client.oauth.exchange_token(code))
    with case.cell("social: with one character changed"):
        code = code_of("changed")
        for position in (1, 30, len(code) - 1):
            forged = code[:position] + ("a" if code[position] != "a" else "b") + code[position + 1 :]
            assert_no_session(lambda forged=forged: client.oauth.exchange_token(forged))  # type: ignore[misc]


FOREIGN = {
    "other host": "https://evil.example/handle-oauth",
    "sub-domain": "https://x.app.example.com/handle-oauth",
    "host that begins alike": "https://app.example.com.evil.example/handle-oauth",
    "user info": "https://app.example.com@evil.example/handle-oauth",
    "back-slash": "https:\\\\app.example.com\\handle-oauth",
    "back-slash in the host": "https://evil.example\\@app.example.com/handle-oauth",
    "fragment with an at sign": "https://evil.example#@app.example.com/handle-oauth",
    "javascript": "javascript:alert(1)//app.example.com/handle-oauth",
    "data": "data:text/html,x",
    "scheme": "http://app.example.com/handle-oauth",
    "no scheme": "//app.example.com/handle-oauth",
    "traversal": "https://app.example.com/handle-oauth/../evil",
    "encoded traversal": "https://app.example.com/handle-oauth/..%2f..%2fevil",
    "path that begins alike": "https://app.example.com/handle-oauthevil",
    "line break": "https://app.example.com/handle-oauth\r\nLocation: https://evil.example",
    "port": "https://app.example.com:8443/handle-oauth",
    "too long": f"https://app.example.com/handle-oauth?{'a' * 2100}",
}


def test_s_fed_07_social_return_url(case: Case, social: Social) -> None:
    change_settings(social.avow, {"approved_redirects": (PAGE,)})
    social.avow.advance(1)
    case.control(lambda: works(social))
    before = dump(social.avow, "challenges")
    for start in ("start", "sign_in", "sign_up"):
        for name, url in FOREIGN.items():
            with case.cell(f"social, {start}: {name}"):
                with pytest.raises(AuthException) as refused:
                    getattr(social.client.oauth, start)("acme", url)
                assert refused.value.status_code == 400
                assert refused.value.error_code.startswith("E0110")
    with case.cell("social: the URL twice"):
        page = _posted(social, f"provider=acme&redirectURL={quote(PAGE)}&redirectURL=https://evil.example")
        assert page.status == 400
        page = _posted(social, f"provider=acme&redirectURL=https://evil.example&redirectURL={quote(PAGE)}")
        assert page.status == 400 or b"evil" not in page.content
    with case.cell("social: nothing was begun, and the provider not asked"):
        began = [row for row in dump(social.avow, "challenges") if row not in before and b"evil" in repr(row).encode()]
        assert began == []


def _posted(social: Social, query: str) -> Page:
    from avow.server.site import answer
    from avow.server.visit import Request

    headers = {"authorization": f"Bearer {social.avow.project_id}", "content-type": "application/json"}
    request = Request("POST", "/v1/auth/oauth/authorize", query, headers, b"{}", "203.0.113.9", 2)
    response = answer(social.avow.server.site, request)
    return Page(response.status, dict(response.headers), (), response.body)


def test_s_fed_08_social_provider_switched_off_or_deleted(case: Case, make_social: MakeSocial) -> None:
    def off(social: Social) -> None:
        social.configure(is_enabled=False)

    def gone(social: Social) -> None:
        social.client.mgmt.provider.delete(social.name)

    control = make_social()
    case.control(lambda: works(control))
    for name, end in {"switched off": off, "deleted": gone}.items():
        with case.cell(f"social, {name}: before the browser leaves"):
            social = make_social()
            url = social.start()
            end(social)
            with nothing_comes_of_it(social):
                assert_refused_page(browser(social).get(url))
        with case.cell(f"social, {name}: while the person is at the provider"):
            social = make_social()
            journey = social.open(social.start())
            end(social)
            asked = len(social.peer.calls("/token"))
            with nothing_comes_of_it(social):
                assert_refused_page(social.come_back(journey))
            assert len(social.peer.calls("/token")) == asked
        with case.cell(f"social, {name}: while the provider is asked"):
            social = make_social()
            journey = social.open(social.start())
            answered = social.peer._token

            def ending(seen: Any, social: Social = social, answered: Any = answered, end: Any = end) -> Said:
                end(social)
                said: Said = answered(seen)
                return said

            social.peer.answers["/token"] = ending
            with nothing_comes_of_it(social):
                assert_refused_page(social.come_back(journey))
        with case.cell(f"social, {name}: while the application has the code"):
            social = make_social()
            code = social.arrive().code
            end(social)
            assert_no_session(lambda code=code, social=social: social.client.oauth.exchange_token(code))  # type: ignore[misc]
        with case.cell(f"social, {name}: afterwards"):
            with pytest.raises(AuthException) as refused:
                social.start()
            assert refused.value.status_code == 400


def test_s_fed_10_social_strength_and_age(case: Case, social: Social) -> None:
    case.control(lambda: works(social))
    now = social.avow.server.clock()
    token = social.sign_in()["refreshSessionToken"]["jwt"]
    said: dict[str, dict[str, object]] = {
        "auth_time one day old": {"auth_time": now - 86_400},
        "auth_time missing": {"auth_time": None},
        "auth_time as text": {"auth_time": str(now)},
        "auth_time in the future": {"auth_time": now + 3600},
    }
    for name, claims in said.items():
        with case.cell(f"social step-up: {name}"), nothing_comes_of_it(social), telling(social, claims):
            assert_refused_page(social.arrive(login_options=LoginOptions(stepup=True), refresh_token=token))
    with case.cell("social step-up: a provider that dates nothing is not asked"):
        hub = Social(social.avow, social.peer, "hub")
        hub.configure_oauth()
        with pytest.raises(AuthException) as refused:
            hub.start(login_options=LoginOptions(stepup=True), refresh_token=token)
        assert refused.value.status_code == 400
    with (
        case.cell("social: acr and amr of the provider are no factor here"),
        telling(social, {"amr": ["mfa"], "acr": "3"}),
    ):
        assert social.sign_in()["sessionToken"]["amr"] == ["oauth"]
    with case.cell("social step-up: a proof of now counts"), telling(social, {"auth_time": now}):
        page = social.arrive(login_options=LoginOptions(stepup=True), refresh_token=token)
        session: Any = social.client.oauth.exchange_token(page.code)
        assert session["sessionToken"]["su"] is True
