"""S-FED-01 to 10 for the SSO of tenants over OpenID Connect: what a provider says is judged, whoever brings it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import jwt
import pytest

from avow import AuthException, LoginOptions, RoleMapping
from avow.core.tokens import SigningKey
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.bed.openid import Asked, OpenIdPeer, Said, jws
from tests.bed.tenant_idp import PAGE, TenantIdp
from tests.bed.tenant_op import TenantOp
from tests.bed.visitor import Page, Visitor
from tests.factories import make_role, make_tenant, make_user
from tests.security.calls import Api, InProcess, assert_refused
from tests.security.conftest import MakePlace
from tests.security.link.test_targets import EVIL

JANE = "jane@example.com"


def signs_in(op: TenantOp) -> bool:
    session: Any = op.sign_in()
    return bool(session["user"]["email"] == JANE)


def refused_so_far(avow: Avow) -> int:
    return len(avow.client().mgmt.audit.search(actions=["federation.refused"])["audits"])


def assert_nothing(op: TenantOp, act: Callable[[], Page]) -> None:
    """Assert that a browser gets no code, that nobody is made or changed, and that the audit has it once."""
    users, before = op.avow.client().mgmt.user.search_all()["users"], refused_so_far(op.avow)
    page = act()
    if page.status == 303:
        assert page.location.startswith(f"{PAGE}?err=E"), page.location
    else:
        assert page.status in (400, 401, 403), (page.status, page.content[:300])
    assert op.avow.client().mgmt.user.search_all()["users"] == users
    assert refused_so_far(op.avow) == before + 1


def test_s_fed_01_tenant_sso(case: Case, op: TenantOp) -> None:
    case.control(lambda: signs_in(op))
    clean = Visitor(op.avow.server.site)
    back = op.peer.authorize(op.start()[1])
    with case.cell("tenant SSO, the callback in another browser"):
        assert_nothing(op, lambda: clean.get(back))
    with case.cell("tenant SSO, the callback in a browser with a sign-in of its own"):
        own, _ = op.start()
        assert_nothing(op, lambda: own.get(back))
    visitor, at_provider = op.start()
    answer = op.peer.authorize(at_provider)
    assert visitor.get(answer).code
    for name, url in {
        "a used state": answer,
        "no state": answer.replace("state=", "x="),
        "an empty state": answer.replace(f"state={Asked.of(at_provider)['state']}", "state="),
        "another state": answer.replace(Asked.of(at_provider)["state"], "C" + "0" * 26),
    }.items():
        with case.cell(f"tenant SSO, {name}"):
            assert_nothing(op, partial(visitor.get, url))
    with case.cell("tenant SSO, an old state"):
        visitor, at_provider = op.start()
        op.avow.advance(901)
        assert_nothing(op, lambda: visitor.get(op.peer.authorize(at_provider)))
    with case.cell("tenant SSO, nobody was asked for a token"):
        before = len(op.peer.calls("/token"))
        clean.get(op.peer.authorize(op.start()[1]))
        assert len(op.peer.calls("/token")) == before


def test_s_fed_02_tenant_sso(case: Case, op: TenantOp) -> None:
    case.control(lambda: signs_in(op))
    other = op.asked()["nonce"]
    forged: dict[str, dict[str, object]] = {
        "a wrong nonce": {"nonce": "wrong"},
        "no nonce": {"nonce": None},
        "the nonce of another sign-in": {"nonce": other},
        "nonce_supported false": {"nonce": None, "nonce_supported": False},
        "a nonce that is no text": {"nonce": ["x"]},
    }
    for name, claims in forged.items():
        with case.cell(f"tenant SSO, {name}"):
            op.peer.id_claims = claims
            assert_nothing(op, op.come_back)
    op.peer.id_claims = {}


def test_s_fed_03_tenant_sso(case: Case, op: TenantOp) -> None:
    case.control(lambda: signs_in(op))
    now, thief = op.avow.server.clock(), SigningKey.generate("ES256")
    secret = op.peer.client[1].encode()
    claims: dict[str, dict[str, object]] = {
        "another aud": {"aud": "somebody"},
        "aud with another party and no azp": {"aud": ["avow", "somebody"]},
        "another azp": {"azp": "somebody"},
        "another iss": {"iss": "https://evil.example"},
        "iss with a slash at its end": {"iss": f"{op.peer.url}/"},
        "expired": {"exp": now - 120, "iat": now - 400},
        "iat far in the future": {"iat": now + 86_400, "exp": now + 90_000},
        "no sub": {"sub": None},
        "no exp": {"exp": None},
    }
    for name, said in claims.items():
        with case.cell(f"tenant SSO, {name}"):
            op.peer.id_claims = said
            assert_nothing(op, op.come_back)
    op.peer.id_claims = {}
    makers: dict[str, Callable[[dict[str, object]], str]] = {
        "alg none": lambda said: jws(said, op.peer.key, alg="none").rpartition(".")[0] + ".",
        "HS256 with the client secret": lambda said: _hmac(said, secret),
        "a key that is not published": lambda said: jws(said, thief),
        "a key that is not published, under a known kid": lambda said: jws(said, thief, kid=op.peer.key.kid),
        "no token": lambda said: "",
    }
    for name, make in makers.items():
        with case.cell(f"tenant SSO, {name}"):
            op.peer.make_id_token = make
            assert_nothing(op, op.come_back)
    op.peer.make_id_token = None


def _hmac(claims: dict[str, object], secret: bytes) -> str:
    return jwt.encode(claims, secret, algorithm="HS256")


def test_s_fed_04_tenant_sso(case: Case, op: TenantOp, other_peer: OpenIdPeer) -> None:
    evil = TenantOp(op.avow, make_tenant(op.avow, tenant_id="T2"), other_peer)
    evil.configure(domains=["two.example"])
    case.control(lambda: signs_in(op))
    case.control(lambda: bool(evil.sign_in(email="bob@two.example")))
    with case.cell("tenant SSO, the other provider's iss"):
        assert_nothing(op, lambda: op.come_back(iss=other_peer.url))
    with case.cell("tenant SSO, no iss although the provider says that it sends it"):
        assert_nothing(op, lambda: op.come_back(iss=None))
    with case.cell("tenant SSO, the state of one at the callback of the other"):
        visitor, at_provider = op.start()
        back = op.peer.authorize(at_provider).replace(op.callback_url, evil.callback_url)
        assert_nothing(op, lambda: visitor.get(back))
    with case.cell("tenant SSO, the other provider's code"):
        stolen = other_peer.authorize(evil.start()[1]).partition("code=")[2].partition("&")[0]
        assert_nothing(op, lambda: op.come_back(code=stolen))
    with case.cell("tenant SSO, metadata with the other provider's token endpoint"):
        op.peer.metadata = {"token_endpoint": f"{other_peer.url}/token"}
        op.avow.advance(3601)
        before = len(other_peer.calls("/token"))
        url = op.avow.client().sso.start("T1", PAGE)["url"]
        assert_nothing(op, lambda: Visitor(op.avow.server.site).get(url))
        assert len(other_peer.calls("/token")) == before
        op.peer.metadata = {}
        op.avow.advance(3601)
    with case.cell("tenant SSO, no code of one went to the other"):
        assert all(each.form["redirect_uri"] == evil.callback_url for each in other_peer.calls("/token"))


def test_s_fed_05_tenant_sso(case: Case, op: TenantOp) -> None:
    case.control(lambda: signs_in(op))
    with case.cell("tenant SSO, every request has a challenge of its own"):
        asked = [op.asked() for _ in range(20)]
        assert {each["code_challenge_method"] for each in asked} == {"S256"}
        assert len({each["code_challenge"] for each in asked}) == 20
    with case.cell("tenant SSO, a code of another challenge"):
        stolen = op.peer.authorize(op.start()[1]).partition("code=")[2].partition("&")[0]
        assert_nothing(op, lambda: op.come_back(code=stolen))


def test_s_fed_06_codes_of_sso(case: Case, op: TenantOp, make_calling_place: MakePlace) -> None:
    case.control(lambda: signs_in(op))
    api = Api(op.avow.project_id, InProcess(op.avow.server.site), "")
    elsewhere = make_calling_place().api
    op.peer.person = {"sub": "jane", "email": JANE, "email_verified": True}
    for path in ("sso", "saml"):
        own = f"/v1/auth/{path}/exchange"
        for name, asked, at, more in (
            ("twice", api, own, ""),
            ("another project", elsewhere, own, ""),
            ("oauth/exchange", api, "/v1/auth/oauth/exchange", ""),
            ("as a magic link", api, "/v1/auth/magiclink/verify", ""),
            ("changed", api, own, "x"),
        ):
            with case.cell(f"{path}/exchange, {name}"):
                code = op.come_back().code + more
                body = {"code": code, "token": code}
                if name == "twice":
                    assert asked.post(at, body=body).status == 200
                assert_refused(asked.post(at, body=body), 401)
        with case.cell(f"{path}/exchange, after two minutes"):
            code = op.come_back().code
            op.avow.advance(121)
            assert_refused(api.post(f"/v1/auth/{path}/exchange", body={"code": code}), 401)


def test_s_fed_07_return_url_of_sso(case: Case, op: TenantOp) -> None:
    case.control(lambda: signs_in(op))
    api = Api(op.avow.project_id, InProcess(op.avow.server.site), "")
    for path in ("sso", "saml"):
        for url in EVIL:
            with case.cell(f"{path}/authorize, {url!r}"):
                answer = api.post(f"/v1/auth/{path}/authorize?tenant=T1&redirectURL={quote(url, safe='')}", body={})
                assert_refused(answer, 400)
                assert answer.body["errorCode"].startswith("E0110")
        with case.cell(f"{path}/authorize, twice"):
            both = f"redirectURL={quote(PAGE)}&redirectURL={quote('https://evil.example')}"
            assert_refused(api.post(f"/v1/auth/{path}/authorize?tenant=T1&{both}", body={}), 400)
        with case.cell(f"{path}/authorize, in the body"):
            answer = api.post(f"/v1/auth/{path}/authorize?tenant=T1", body={"redirectURL": "https://evil.example"})
            url = answer.body["url"].partition("/v1/")
            page = Visitor(op.avow.server.site).get(f"/v1/{url[2]}")
            assert page.location.startswith(f"{op.peer.url}/authorize?")


def test_s_fed_08_tenant_sso(case: Case, op: TenantOp, make_calling_place: MakePlace) -> None:
    case.control(lambda: signs_in(op))

    def off(client: Any) -> None:
        client.mgmt.sso.configure_auth_type("T1", "none")

    def gone(client: Any) -> None:
        client.mgmt.sso.delete_settings("T1")

    def tenant_off(client: Any) -> None:
        client.mgmt.tenant.update("T1", "Acme", [], disabled=True)

    def tenant_gone(client: Any) -> None:
        client.mgmt.tenant.delete("T1")

    for act in (off, gone, tenant_off, tenant_gone):
        name = act.__name__.replace("_", " ")
        avow = make_calling_place().avow
        tenant = TenantOp(avow, make_tenant(avow, tenant_id="T1"), op.peer)
        tenant.configure()
        visitor, at_provider = tenant.start()
        back, code = op.peer.authorize(at_provider), tenant.come_back().code
        waiting = avow.client().sso.start("T1", PAGE)["url"]
        act(avow.client())
        with case.cell(f"tenant SSO, {name}, callback in flight"):
            assert_nothing(tenant, partial(visitor.get, back))
        with case.cell(f"tenant SSO, {name}, start in flight"):
            assert_nothing(tenant, partial(Visitor(avow.server.site).get, waiting))
        with case.cell(f"tenant SSO, {name}, code in flight"), pytest.raises(AuthException) as refused:
            avow.client().sso.exchange_token(code)
        assert refused.value.status_code == 401
        with case.cell(f"tenant SSO, {name}, a new start"), pytest.raises(AuthException):
            avow.client().sso.start("T1", PAGE)
    for act in (off, gone, tenant_off, tenant_gone):
        name = act.__name__.replace("_", " ")
        avow = make_calling_place().avow
        idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
        idp.configure(allow_idp_initiated=True)
        told = idp.unsolicited()
        act(avow.client())
        with case.cell(f"tenant SSO, {name}, sign-in that begins at the identity provider"):
            page = Visitor(avow.server.site).post_from_elsewhere(told.acs_url, {"SAMLResponse": idp.response(told)})
            assert page.status == 401
            assert refused_so_far(avow) == 1
            assert avow.client().mgmt.user.search_all()["users"] == []


def test_s_fed_09_tenant_stays_in_its_domain(case: Case, op: TenantOp, other_peer: OpenIdPeer) -> None:
    avow, client = op.avow, op.avow.client()
    two = TenantOp(avow, make_tenant(avow, tenant_id="T2"), other_peer)
    two.configure(domains=["two.example"])
    bob = make_user(avow, "bob@two.example")
    make_user(avow, "root@avow.example")
    make_role(avow, "Shared")
    client.mgmt.role.create("Ruler", tenant_id="T2")
    case.control(lambda: signs_in(op))
    case.control(lambda: two.sign_in(email="bob@two.example")["userId"] == bob)
    for email in ("bob@two.example", "root@avow.example", "new@two.example", "x@sub.example.com", "x@example.com.evil"):
        for is_verified in (True, None):
            with case.cell(f"T1 says {email}, verified: {is_verified}"):
                op.peer.person = {"sub": f"x-{email}", "email": email, "email_verified": is_verified}
                assert_nothing(op, op.come_back)
    with case.cell("T1 says bob, as somebody it has signed in before"):
        op.peer.person = {"sub": "jane", "email": "bob@two.example", "email_verified": True}
        assert_nothing(op, op.come_back)
    with case.cell("T1 maps a role of T2"), pytest.raises(AuthException):
        client.mgmt.sso.mapping("T1", [RoleMapping(["Rulers"], "Ruler")])
    client.mgmt.sso.mapping("T2", [RoleMapping(["Rulers"], "Ruler")])
    client.mgmt.sso.mapping("T1", [RoleMapping(["Rulers"], "Shared")])
    with case.cell("T1 says the groups of T2"):
        session = op.sign_in(groups=["Rulers", "T2", "Ruler", "Tenant Admin"])
        assert session["tenants"].keys() == {"T1"}
        assert session["tenants"]["T1"]["roles"] == ["Shared"]
        assert session["roles"] == []
    with case.cell("T1 says who T2 signed in, by the same subject"):
        op.peer.person = {"sub": "jane", "email": JANE, "email_verified": True}
        assert op.sign_in()["userId"] != bob


def test_s_fed_10_tenant_sso(case: Case, make_calling_place: MakePlace, op: TenantOp) -> None:
    case.control(lambda: signs_in(op))
    now = op.avow.server.clock()
    refresh = op.sign_in()["refreshSessionToken"]["jwt"]
    wishes: dict[str, Any] = {"login_options": LoginOptions(stepup=True), "refresh_token": refresh}

    def stepped(**said: object) -> Page:
        op.peer.id_claims = said
        visitor, at_provider = op.start(**wishes)
        return visitor.get(op.peer.authorize(at_provider))

    case.control(lambda: bool(stepped().code))
    old: dict[str, dict[str, object]] = {
        "auth_time a day old": {"auth_time": now - 86_400},
        "no auth_time": {"auth_time": None},
        "auth_time in the future": {"auth_time": now + 3600},
        "auth_time that is no number": {"auth_time": str(now)},
    }
    for name, said in old.items():
        with case.cell(f"step-up, {name}"):
            assert_nothing(op, partial(stepped, **said))
    op.peer.id_claims = {}
    strict = make_calling_place(mfa="required")
    tenant = TenantOp(strict.avow, make_tenant(strict.avow, tenant_id="T1"), op.peer)
    tenant.configure()
    weak: dict[str, dict[str, object]] = {
        "no acr and no amr": {},
        "amr with one method": {"amr": ["pwd"]},
        "amr that is a text": {"amr": "mfa"},
        "acr below": {"acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
    }
    for name, said in weak.items():
        with case.cell(f"two factors demanded, {name}"):
            op.peer.id_claims = said
            with pytest.raises(AuthException) as refused:
                tenant.sign_in()
            assert refused.value.error_code == "E061401"
    op.peer.id_claims = {}
    idp = TenantIdp(strict.avow, make_tenant(strict.avow, tenant_id="T3"))
    idp.configure(domains=["three.example"])
    for name, context in {
        "a password": None,
        "no class": "",
        "a class like two factors": "https://refeds.org/mfa/x",
    }.items():
        with case.cell(f"two factors demanded, SAML, {name}"):
            told: dict[str, Any] = {} if context is None else {"context": context}
            with pytest.raises(AuthException) as refused:
                idp.sign_in(email="a@three.example", **told)
            assert refused.value.error_code == "E061401"
    with case.cell("two factors demanded, SAML, and shown"):
        session = idp.sign_in(email="a@three.example", context="https://refeds.org/profile/mfa")
        assert session["sessionToken"]["amr"] == ["fed"]
    with case.cell("what the provider's user endpoint says does not count for the ID token"):
        op.peer.answers["/userinfo"] = lambda _: Said({"sub": "jane", "auth_time": now, "nonce": "x"})
        assert_nothing(op, lambda: stepped(auth_time=None))
        op.peer.answers.clear()
    op.peer.id_claims = {}
