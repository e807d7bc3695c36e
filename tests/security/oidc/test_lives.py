"""S-SES-01 to 05, 07, 08, 11 and 12 at the OpenID provider: what ends a session ends all that came of it."""

from urllib.parse import urlencode

import pytest

from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.factories import change_settings, grant, join_tenant, make_role, make_tenant, make_user, new_email
from tests.server.api import Api
from tests.server.oidc.relying import API, Reply, Rp, claims, landed, make_api, make_app
from tests.server.pages.browsing import Browser

MINUTE = 60
SCOPE = "openid email offline_access"
GONE = (400, "invalid_grant")
_EVENTS = "SELECT data FROM audit_events WHERE project_id = :project_id AND action = 'grant.revoked'"


@pytest.fixture
def rp(project: Avow) -> Rp:
    """Return an application with refresh tokens."""
    return make_app(project, logoutUris=["https://app.example.com/bye"])


def signed_in(rp: Rp, email: str = "", **wish: str) -> tuple[Browser, Reply]:
    """Sign somebody in with a browser of their own."""
    browser = rp.browser()
    return browser, rp.tokens(browser, email or new_email(), **{"scope": SCOPE, **wish})


def works(rp: Rp) -> bool:
    return rp.refresh(signed_in(rp)[1]["refresh_token"]).status == 200


def is_dead(rp: Rp, tokens: Reply) -> None:
    """Refresh and ask with what was given: both are refused, without a token."""
    refused = rp.refresh(tokens["refresh_token"])
    assert refused.error == GONE
    assert refused.headers["cache-control"] == "no-store"
    assert refused.body.keys() <= {"error", "error_description"}
    asked = rp.userinfo(tokens["access_token"])
    assert asked.error == (401, "invalid_token")
    assert "sub" not in asked.body


def management(project: Avow, path: str, body: dict[str, object]) -> None:
    answer = Api(project).post(f"/v1/mgmt/{path}", body, token=project.management_key)
    assert answer.status == 200, answer.body


def test_s_ses_01_refresh_tokens_of_applications(case: Case, rp: Rp, project: Avow) -> None:
    case.control(lambda: works(rp))
    email = new_email()
    _, first = signed_in(rp, email)
    _, other = signed_in(rp, email)
    with case.cell("OIDC refresh token"):
        project.advance(31)
        second = rp.refresh(first["refresh_token"])
        assert second["refresh_token"] != first["refresh_token"]
        project.advance(31)
        assert rp.refresh(first["refresh_token"]).error == GONE
        is_dead(rp, second)
        [event] = project.run(lambda tx: tx.all(_EVENTS, str))
        assert '"reuse"' in event
        assert rp.refresh(other["refresh_token"]).status == 200


def test_s_ses_02_refresh_tokens_after_log_out(case: Case, rp: Rp) -> None:
    case.control(lambda: works(rp))
    with case.cell("OIDC refresh token of the session"):
        email = new_email()
        browser, ended = signed_in(rp, email)
        _, kept = signed_in(rp, email)
        browser.get(f"{rp.prefix}/oidc/logout?{urlencode({'id_token_hint': ended['id_token']})}")
        is_dead(rp, ended)
        assert rp.refresh(kept["refresh_token"]).status == 200
    with case.cell("log-out in Auth0's words, and on the account page"):
        for number in range(2):
            browser, ended = signed_in(rp)
            if number:
                page = browser.get(f"/account/{rp.avow.project_id}")
                form = next(each for each in page.forms if ("do", "end") in each.buttons)
                browser.submit(form, "end")
            else:
                query = urlencode({"client_id": rp.id, "returnTo": "https://app.example.com/bye"})
                browser.get(f"{rp.prefix}/v2/logout?{query}")
            is_dead(rp, ended)


def test_s_ses_03_log_out_everywhere(case: Case, rp: Rp, project: Avow) -> None:
    case.control(lambda: works(rp))
    email = new_email()
    clients = [signed_in(rp, email) for _ in range(5)]
    _, bystander = signed_in(rp)
    own = Api(project).sign_in(email)["refreshJwt"]
    with case.cell("OIDC refresh token and SSO session"):
        assert Api(project).post("/v1/auth/logoutall", token=own).status == 200
        for browser, tokens in clients:
            is_dead(rp, tokens)
            assert landed(rp.ask(browser, prompt="none"))["error"] == "login_required"
        assert rp.refresh(bystander["refresh_token"]).status == 200


def test_s_ses_04_disabled_user_at_the_provider(case: Case, rp: Rp, project: Avow) -> None:
    case.control(lambda: works(rp))
    email = new_email()
    browser, tokens = signed_in(rp, email)
    _, idle = signed_in(rp, email)  # not used while the user is disabled
    waiting = rp.code(browser, email, scope=SCOPE)
    management(project, "user/update/status", {"loginId": email, "status": "disabled"})
    with case.cell("OIDC refresh_token grant"):
        assert rp.refresh(tokens["refresh_token"]).error == GONE
    with case.cell("userinfo"):
        assert rp.userinfo(tokens["access_token"]).error == (401, "invalid_token")
    with case.cell("code that waits, and authorization"):
        assert rp.redeem(waiting).error == GONE
        assert landed(rp.ask(browser, prompt="none"))["error"] == "login_required"
    management(project, "user/update/status", {"loginId": email, "status": "enabled"})
    with case.cell("enabled again: what was given stays dead, a new sign-in works"):
        is_dead(rp, tokens)
        is_dead(rp, idle)
        assert rp.refresh(signed_in(rp, email)[1]["refresh_token"]).status == 200


def test_s_ses_05_deleted_user_at_the_provider(case: Case, rp: Rp, project: Avow) -> None:
    case.control(lambda: works(rp))
    email = new_email()
    browser, old = signed_in(rp, email)
    waiting = rp.code(browser, email, scope=SCOPE)
    management(project, "user/delete", {"loginId": email})
    with case.cell("old OIDC refresh token"):
        is_dead(rp, old)
        assert rp.redeem(waiting).error == GONE
        new = claims(signed_in(rp, email)[1]["id_token"])["sub"]
        assert new != claims(old["id_token"])["sub"]
        is_dead(rp, old)
        assert landed(rp.ask(browser, prompt="none"))["error"] == "login_required"


@pytest.mark.parametrize("rotates", [True, False])
def test_s_ses_07_absolute_life_of_refresh_tokens(case: Case, project: Avow, rotates: bool) -> None:
    rp = make_app(project, refreshLifetimeSeconds=10 * MINUTE, rotates=rotates)
    case.control(lambda: works(rp))
    tokens = signed_in(rp)[1]
    with case.cell("OIDC refresh token"):
        for minute in range(1, 13):
            project.advance(MINUTE)
            answer = rp.refresh(tokens["refresh_token"])
            if minute < 10:
                assert (answer["refresh_token"] != tokens["refresh_token"]) is rotates
                tokens = answer
            else:
                assert answer.error == GONE


@pytest.mark.parametrize("rotates", [True, False])
def test_s_ses_08_refresh_tokens_that_rest(case: Case, project: Avow, rotates: bool) -> None:
    rp = make_app(project, refreshLifetimeSeconds=20 * MINUTE, rotates=rotates)
    change_settings(project, {"idle_lifetime_seconds": 5 * MINUTE})
    project.advance(2)
    case.control(lambda: works(rp))
    with case.cell("OIDC refresh token"):
        resting = signed_in(rp)[1]
        project.advance(6 * MINUTE)
        assert rp.refresh(resting["refresh_token"]).error == GONE
    with case.cell("a refresh every four minutes, until the absolute end"):
        tokens = signed_in(rp)[1]
        for _ in range(4):
            project.advance(4 * MINUTE)
            tokens = rp.refresh(tokens["refresh_token"])
            assert tokens.status == 200
        project.advance(4 * MINUTE)
        assert rp.refresh(tokens["refresh_token"]).error == GONE


def test_s_ses_11_organization(case: Case, rp: Rp, project: Avow) -> None:
    mine, other, email = make_tenant(project), make_tenant(project, "Other"), new_email()
    user = make_user(project, email)
    join_tenant(project, user, mine)
    browser = rp.browser()
    case.control(lambda: claims(rp.tokens(browser, email, organization=mine)["id_token"])["org_id"] == mine)
    elsewhere = project.server.project()
    foreign = make_tenant(elsewhere)
    with case.cell("organization of an authorization request"):
        for wanted in (other, "Tnobody", foreign, mine.lower(), f"{mine} {other}"):
            told = landed(rp.ask(browser, organization=wanted, prompt="none"))
            assert (told["error"], "code" in told) == ("access_denied", False), wanted
        twice = landed(rp.ask(browser, organization=[mine, other], prompt="none"))
        assert (twice["error"], "code" in twice) == ("invalid_request", False)
        assert "org_id" not in claims(rp.tokens(browser, email, organization="")["id_token"])


def test_s_ses_12_rights_that_were_taken(case: Case, rp: Rp, project: Avow) -> None:
    make_api(project, "write:messages", "read:messages", rbac=True)
    tenant, email = make_tenant(project), new_email()
    user = make_user(project, email)
    own, of_tenant = make_role(project, "editor", ["write:messages"]), make_role(project, "reader", ["read:messages"])
    grant(project, user, own)
    join_tenant(project, user, tenant, [of_tenant])
    wish = {"audience": API, "scope": "openid offline_access write:messages read:messages", "organization": tenant}
    tokens = signed_in(rp, email, **wish)[1]

    def rights(answer: Reply) -> list[str]:
        said = claims(answer["access_token"])
        return sorted({*said["permissions"], *said["scope"].split()} - {"openid", "offline_access"})

    case.control(lambda: works(rp))
    assert rights(tokens) == ["read:messages", "write:messages"]
    with case.cell("token of the OIDC refresh grant"):
        project.run(lambda tx: tx.run(_TAKE_ROLE, user_id=user, role_id=own))
        assert rights(rp.refresh(tokens["refresh_token"])) == ["read:messages"]
        management(project, "role/delete", {"name": "reader"})
        assert rights(rp.refresh(tokens["refresh_token"])) == []
    with case.cell("a tenant that was left"):
        management(project, "user/update/tenant/remove", {"loginId": email, "tenantId": tenant})
        assert rp.refresh(tokens["refresh_token"]).error == GONE


_TAKE_ROLE = "DELETE FROM user_roles WHERE project_id = :project_id AND user_id = :user_id AND role_id = :role_id"
