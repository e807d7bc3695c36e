"""POST /v1/auth/sso/authorize to /v1/auth/sso/exchange, by way of an OpenID provider."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from avow import AuthException, LoginOptions, OIDCAttributeMapping, RoleMapping
from avow.server.sso import recalculation
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.bed.openid import Asked, OpenIdPeer, Said
from tests.bed.tenant_idp import PAGE
from tests.bed.tenant_op import TenantOp
from tests.bed.visitor import Visitor
from tests.factories import make_role, make_tenant, make_user
from tests.server.api import Api, Statements


@pytest.fixture
def op(project: Avow, peer: OpenIdPeer) -> TenantOp:
    made = TenantOp(project, make_tenant(project, tenant_id="T1"), peer)
    made.configure()
    return made


def test_person_signs_in_and_is_created_with_the_roles_of_their_groups(op: TenantOp, project: Avow) -> None:
    make_role(project, "Editor", ["edit"])
    project.client().mgmt.sso.mapping("T1", [RoleMapping(["Editors"], "Editor")])
    session = op.sign_in(name="Jane", groups=["Editors"])
    assert (session["firstSeen"], session["sessionToken"]["amr"]) == (True, ["fed"])
    assert session["tenants"]["T1"] == {"name": "Acme", "permissions": ["edit"], "roles": ["Editor"]}
    assert session["tenantSSOID"] == "default_ssoid"
    assert session["idpResponse"]["idpGroups"] == ["Editors"]
    assert session["idpResponse"]["idpOIDCClaims"]["sub"] == "jane"
    assert session["idpResponse"]["idpSAMLAttributes"] == {}
    assert (session["user"]["email"], session["user"]["name"]) == ("jane@example.com", "Jane")
    again = op.sign_in(name="Jane Doe")
    assert (again["userId"], again["firstSeen"]) == (session["userId"], False)
    assert (again["user"]["name"], again["tenants"]["T1"]["roles"]) == ("Jane Doe", [])


def test_request_is_of_the_code_flow_with_a_challenge(op: TenantOp, project: Avow) -> None:
    first, second = op.asked(), op.asked(tenant="jane@example.com", prompt="login")
    assert urlsplit(first.url)._replace(query="").geturl() == f"{op.peer.url}/authorize"
    assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
    assert first["scope"] == "openid profile email"
    assert first["redirect_uri"] == op.callback_url
    assert op.callback_url == f"http://localhost:8000/v1/auth/sso/callback/{project.project_id}/T1/~"
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
    assert (second["login_hint"], second["prompt"]) == ("jane@example.com", "login")
    assert "login_hint" not in first.parameters


def test_each_configuration_has_a_callback_of_its_own(op: TenantOp, project: Avow) -> None:
    odd = make_tenant(project, tenant_id="T 1/ä")
    other = TenantOp(project, odd, op.peer)
    other.configure(domains=["two.example"])
    assert other.callback_url != op.callback_url
    assert other.sign_in(email="jo@two.example")["tenants"].keys() == {odd}
    visitor, at_provider = op.start()
    back = op.peer.authorize(at_provider).replace(op.callback_url, other.callback_url)
    assert visitor.get(back).status == 401


def test_other_browser_gets_nothing(op: TenantOp, project: Avow, refusals: Callable[[], list[Any]]) -> None:
    _, at_provider = op.start()
    page = Visitor(project.server.site).get(op.peer.authorize(at_provider))
    assert (page.status, "location" in page.headers) == (401, False)
    assert project.client().mgmt.user.search_all()["users"] == []
    assert op.peer.calls("/token") == []
    assert len(refusals()) == 1


def test_state_counts_once(op: TenantOp) -> None:
    visitor, at_provider = op.start()
    back = op.peer.authorize(at_provider)
    assert visitor.get(back).code
    assert visitor.get(back).status == 401


def test_provider_that_refuses_is_told_to_the_application(op: TenantOp) -> None:
    assert op.come_back(code=None, error="access_denied").error == "E061302"
    assert op.come_back(code=None, error="server_error").error == "E061301"
    assert op.come_back(code="wrong").error == "E061301"
    op.peer.answers["/token"] = lambda _: Said(b"<html>", 500, "text/html")
    assert op.come_back().error == "E061301"


def test_provider_that_is_down_is_told_to_the_application(op: TenantOp) -> None:
    op.configure(issuer="http://127.0.0.1:9")
    url = op.avow.client().sso.start("T1", PAGE)["url"]
    assert Visitor(op.avow.server.site).get(url).error == "E011005"


@pytest.mark.parametrize("said", [False, "true", "false", 1, None])
def test_address_that_the_provider_does_not_verify_reaches_nobody(op: TenantOp, project: Avow, said: object) -> None:
    owner = make_user(project, "jane@example.com")
    op.peer.person = {"sub": "jane", "email": "jane@example.com", "email_verified": said}
    page = op.come_back()
    if said is None:  # silence: within the tenant's own domains the tenant vouches
        session: Any = project.client().sso.exchange_token(page.code)
        assert session["userId"] == owner
    else:
        assert page.error == "E061303"


@pytest.mark.parametrize("said", [False, "true", 1])
def test_new_member_gets_no_address_that_the_provider_does_not_verify(
    op: TenantOp, project: Avow, said: object
) -> None:
    session = op.sign_in(email_verified=said)
    user = session["user"]
    assert (user["email"], user["verifiedEmail"], user["loginIds"]) == ("", False, ["sso-jane"])
    owner = Api(project).sign_in("jane@example.com")
    assert owner["user"]["userId"] != user["userId"]
    assert op.sign_in(email_verified=True)["userId"] == user["userId"]  # an address moves nobody who is known


def test_new_member_without_an_address_claims_none(op: TenantOp, project: Avow) -> None:
    op.peer.person = {"sub": "jane"}
    session: Any = project.client().sso.exchange_token(op.come_back().code)
    user = session["user"]
    assert (user["email"], user["loginIds"], [each["tenantId"] for each in user["userTenants"]]) == (
        "",
        ["sso-jane"],
        ["T1"],
    )


def test_mapping_without_a_claim_for_it_lets_the_tenant_vouch(op: TenantOp, project: Avow) -> None:
    owner = make_user(project, "jane@example.com")
    op.configure(attribute_mapping=OIDCAttributeMapping(login_id="sub", email="email", name="nick"))
    assert op.sign_in(email_verified=False, nick="J")["userId"] == owner


def test_address_outside_the_domains_is_refused(op: TenantOp) -> None:
    op.peer.person = {"sub": "eve", "email": "eve@example.org", "email_verified": True}
    assert op.come_back().error == "E061304"


def test_identity_is_issuer_and_subject(op: TenantOp) -> None:
    first = op.sign_in(sub="123")
    assert op.sign_in(sub="123", email="renamed@example.com", preferred_username="x")["userId"] == first["userId"]
    assert op.sign_in(sub="456", email="renamed@example.com")["userId"] != first["userId"]


def test_provider_without_an_issuer_is_asked_who_it_is(op: TenantOp) -> None:
    peer = op.peer
    op.configure(
        issuer=None,
        auth_url=f"{peer.url}/authorize",
        token_url=f"{peer.url}/token",
        user_data_url=f"{peer.url}/userinfo",
        scope=["profile"],
    )
    assert op.come_back().error == "E061301"  # it names an issuer, which is none that we know
    session: Any = op.avow.client().sso.exchange_token(op.come_back(iss=None).code)
    assert session["user"]["email"] == "jane@example.com"
    assert "nonce" not in op.asked().parameters


def test_configuration_that_can_sign_nobody_in_says_so(op: TenantOp) -> None:
    op.configure(issuer=None, auth_url=f"{op.peer.url}/authorize", token_url=f"{op.peer.url}/token")
    url = op.avow.client().sso.start("T1", PAGE)["url"]
    assert Visitor(op.avow.server.site).get(url).error == "E061301"
    op.configure(grant_type="implicit")
    url = op.avow.client().sso.start("T1", PAGE)["url"]
    assert Visitor(op.avow.server.site).get(url).error == "E061301"


def test_callback_domain_is_the_host_that_browsers_come_back_to(op: TenantOp) -> None:
    op.configure(callback_domain="login.example.com")
    url = op.avow.client().sso.start("T1", PAGE)["url"]
    assert url.startswith("https://login.example.com/v1/auth/sso/go/")
    assert op.callback_url.startswith("https://login.example.com/v1/auth/sso/callback/")
    visitor = Visitor(op.avow.server.site)
    at_provider = visitor.get(url).location
    assert Asked.of(at_provider)["redirect_uri"] == op.callback_url
    assert visitor.get(op.peer.authorize(at_provider)).code


@pytest.mark.parametrize("auth_time", [-86_400, None])
def test_step_up_needs_a_proof_of_now(op: TenantOp, project: Avow, auth_time: int | None) -> None:
    refresh = op.sign_in()["refreshSessionToken"]["jwt"]
    wishes: dict[str, Any] = {"login_options": LoginOptions(stepup=True), "refresh_token": refresh}
    visitor, at_provider = op.start(**wishes)
    assert (Asked.of(at_provider)["max_age"], Asked.of(at_provider)["prompt"]) == ("0", "login")
    op.peer.id_claims = {"auth_time": None if auth_time is None else project.server.clock() + auth_time}
    assert visitor.get(op.peer.authorize(at_provider)).error == "E061301"
    op.peer.id_claims = {}
    visitor, at_provider = op.start(**wishes)
    page = visitor.get(op.peer.authorize(at_provider))
    stepped: Any = project.client().sso.exchange_token(page.code)
    assert stepped["sessionToken"]["su"] is True


def test_step_up_ends_with_its_session_while_the_provider_is_asked(op: TenantOp, project: Avow) -> None:
    refresh = op.sign_in()["refreshSessionToken"]["jwt"]
    visitor, at_provider = op.start(login_options=LoginOptions(stepup=True), refresh_token=refresh)
    op.peer.meanwhile("/token", lambda: project.client().logout_all(refresh))
    assert visitor.get(op.peer.authorize(at_provider)).error == "E061301"


@pytest.fixture
def strict(make_project: Callable[..., Avow], peer: OpenIdPeer) -> TenantOp:
    """Give a tenant of a project that demands two factors of everybody."""
    avow = make_project(approved_redirects=["https://app.example.com"], mfa="required")
    made = TenantOp(avow, make_tenant(avow, tenant_id="T1"), peer)
    made.configure()
    return made


@pytest.mark.parametrize("said", [{}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": "1"}])
def test_provider_that_does_not_speak_of_two_factors_showed_one(strict: TenantOp, said: dict[str, object]) -> None:
    strict.peer.id_claims = said
    with pytest.raises(AuthException) as refused:
        strict.sign_in()
    assert refused.value.error_code == "E061401"


@pytest.mark.parametrize("said", [{"amr": ["pwd", "mfa"]}, {"acr": "https://refeds.org/profile/mfa"}])
def test_provider_that_speaks_of_two_factors_is_believed(strict: TenantOp, said: dict[str, object]) -> None:
    strict.peer.id_claims = said
    assert strict.sign_in()["sessionToken"]["amr"] == ["fed"]


# --- Groups --------------------------------------------------------------------------------------------------------


def test_groups_are_few_statements_and_gone_with_their_last_member(
    op: TenantOp, project: Avow, statements: Statements
) -> None:
    def names() -> list[str]:
        return sorted(each["display"] for each in project.client().mgmt.group.load_all_groups("T1"))

    op.sign_in(sub="eve", email="eve@example.com", groups=["g-1", "g-2"])
    op.sign_in(groups=[])
    counts = []
    for groups in (["g-2", "g-3"], [f"g-{number}" for number in range(2, 1002)]):
        with statements:
            op.sign_in(groups=groups)
        counts.append(len(statements.ran))
        statements.ran.clear()
    assert counts[1] - counts[0] < 10  # for 500 groups
    assert len(names()) == 501  # 500 of one person, and one of the other's besides
    op.sign_in(groups=["g-2"])
    assert names() == ["g-1", "g-2"]


def test_group_that_cannot_be_kept_is_left_out(op: TenantOp, project: Avow) -> None:
    session = op.sign_in(groups=["a\0b", "a\nb", "plain"])
    assert session["idpResponse"]["idpGroups"] == ["plain"]


def test_roles_follow_the_last_sign_in_while_they_are_worked_out_anew(
    op: TenantOp, project: Avow, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_role(project, "Admin")
    user_id = op.sign_in(groups=["Admins"])["userId"]
    project.client().mgmt.sso.mapping("T1", [RoleMapping(["Admins"], "Admin")])
    is_read, is_done, write = threading.Event(), threading.Event(), recalculation._write

    def late(*given: Any) -> None:
        if not is_read.is_set():  # the one that works all out anew: time for the other one, if nothing held it
            is_read.set()
            is_done.wait(1)
        write(*given)

    monkeypatch.setattr(recalculation, "_write", late)
    with ThreadPoolExecutor(1) as pool:
        anew = pool.submit(project.run, lambda tx: recalculation.recalculate(tx, "T1", "", [user_id], actor="test"))
        assert is_read.wait(30)
        op.sign_in(groups=[])
        is_done.set()
        anew.result(30)
    profile = project.run(lambda tx: users.find(tx, user_id))
    assert profile is not None
    assert profile.tenants["T1"].roles == ()


def test_turned_off_while_away(op: TenantOp, project: Avow) -> None:
    visitor, at_provider = op.start()
    project.client().mgmt.sso.configure_auth_type("T1", "none")
    assert visitor.get(op.peer.authorize(at_provider)).error == "E061301"
    assert op.peer.calls("/token") == []


def test_turned_off_while_the_provider_is_asked(op: TenantOp, project: Avow) -> None:
    visitor, at_provider = op.start()
    op.peer.meanwhile("/token", lambda: project.client().mgmt.sso.configure_auth_type("T1", "none"))
    assert visitor.get(op.peer.authorize(at_provider)).error == "E061301"
    assert project.client().mgmt.user.search_all()["users"] == []


@pytest.mark.parametrize(
    "other", [{"issuer": "https://other.example.com"}, {"jwks_url": "https://other.example.com/k"}]
)
@pytest.mark.parametrize("when", ["before the browser goes", "at the provider", "asked", "before the exchange"])
def test_another_provider_meanwhile_signs_nobody_in(
    op: TenantOp, project: Avow, other: dict[str, str], when: str
) -> None:
    client = project.client()
    if when == "before the browser goes":
        url = client.sso.start("T1", PAGE)["url"]
        op.configure(**other)
        assert Visitor(project.server.site).get(url).error == "E061301"
        return
    visitor, at_provider = op.start()
    if when == "before the exchange":
        code = visitor.get(op.peer.authorize(at_provider)).code
        op.configure(**other)
        with pytest.raises(AuthException) as refused:
            client.sso.exchange_token(code)
        assert refused.value.status_code == 401
        return
    if when == "asked":
        op.peer.meanwhile("/token", lambda: op.configure(**other))
    else:
        op.configure(**other)
    assert visitor.get(op.peer.authorize(at_provider)).error == "E061301"
    assert client.mgmt.user.search_all()["users"] == []
