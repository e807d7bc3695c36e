"""S-OP-15: what somebody has allowed is seen and taken back, at once, and by nobody else."""

from avow.server.projects import actions as projects
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.factories import new_email
from tests.server.api import Api
from tests.server.oidc.relying import REDIRECT, Reply, Rp, landed, make_app
from tests.server.pages.browsing import Browser

SCOPE = "openid email offline_access"
MINE, REVOKE = "/v1/auth/avow/consents", "/v1/auth/avow/consents/revoke"


def allowed(rp: Rp, browser: Browser, email: str) -> Reply:
    page = rp.ask(browser, scope=SCOPE)
    if any("code" in [value for _, value in form.buttons] for form in page.forms):
        page = rp.sign_in(browser, page, email)
    return rp.redeem(landed(browser.submit(page.form(), "allow"))["code"])


def works(rp: Rp, browser: Browser, tokens: Reply) -> bool:
    told = landed(rp.ask(browser, scope=SCOPE, prompt="none"))
    return "code" in told and rp.userinfo(tokens["access_token"]).status == 200


def ids(project: Avow, token: str) -> dict[str, str]:
    """Return the ids of somebody's consents, by application."""
    return {each["applicationId"]: each["id"] for each in Api(project).get(MINE, token=token)["consents"]}


def test_s_op_15_consents(case: Case, project: Avow) -> None:
    c1, c2 = make_app(project, trusted=False), make_app(project, trusted=False)
    browser, email = c1.browser(), new_email()
    first, second = allowed(c1, browser, email), allowed(c2, browser, email)
    mine = Api(project).sign_in(email)["refreshJwt"]
    other = Api(project).sign_in(new_email())["refreshJwt"]
    case.control(lambda: works(c2, browser, second))
    with case.cell("own list"):
        assert ids(project, mine).keys() == {c1.id, c2.id}
        assert ids(project, other) == {}
    with case.cell("consent of another user"):
        theirs = ids(project, mine)[c1.id]
        never = theirs[:-1] + ("0" if theirs[-1] != "0" else "1")
        answers = [Api(project).post(REVOKE, {"consentId": each}, token=other) for each in (theirs, never)]
        assert [each.status for each in answers] == [404, 404]
        assert answers[0].body == answers[1].body
        assert ids(project, mine)[c1.id] == theirs
        assert works(c1, browser, first)
    with case.cell("revoked: refresh token, userinfo and prompt=none at once"):
        assert Api(project).post(REVOKE, {"consentId": ids(project, mine)[c1.id]}, token=mine).status == 200
        refused = c1.refresh(first["refresh_token"])
        assert (refused.error, refused.headers["cache-control"]) == ((400, "invalid_grant"), "no-store")
        assert "access_token" not in refused.body
        assert c1.userinfo(first["access_token"]).status == 401
        assert landed(c1.ask(browser, scope=SCOPE, prompt="none"))["error"] == "consent_required"
        assert ids(project, mine).keys() == {c2.id}
    with case.cell("the other application"):
        assert works(c2, browser, second)
    metadata = {"redirect_uris": [REDIRECT], "client_name": "Evil"}
    with case.cell("registration is closed"):
        assert c1.call("/oidc/register", as_json=metadata).status == 403
    with case.cell("who registered themselves always asks"):
        project.run(lambda tx: projects.change_settings(tx, {"allowsRegistration": True}, actor="test"))
        project.advance(3)
        made = c1.call("/oidc/register", as_json={**metadata, "trusted": True, "is_trusted": "true"})
        project.advance(3)
        evil = Rp(project, made["client_id"], made["client_secret"])
        assert evil.ask(browser, scope="openid").heading == "Allow Evil?"
        assert landed(evil.ask(browser, scope="openid", prompt="none"))["error"] == "consent_required"
