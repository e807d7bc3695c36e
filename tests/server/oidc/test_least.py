"""What an application gets is at most what was asked for and allowed: permissions, claims by name, narrowed tokens."""

import json

import pytest

from avow.server.applications import apis
from avow.testing.server import Avow
from tests.factories import change_settings, grant, make_role, make_user, new_email
from tests.server.oidc.relying import API, Reply, Rp, claims, landed, make_api, make_app
from tests.server.oidc.test_exchange import GRANT as EXCHANGE
from tests.server.oidc.test_exchange import INNER, allow, exchange

RIGHTS = ["admin:all", "read:messages"]


@pytest.fixture
def asking(project: Avow) -> Rp:
    """Return an application that asks everybody."""
    return make_app(project, trusted=False)


@pytest.fixture
def boss(project: Avow) -> str:
    """Return somebody who may do everything at the API, which says so in tokens."""
    make_api(project, *RIGHTS, rbac=True)
    email = new_email()
    grant(project, make_user(project, email), make_role(project, "boss", RIGHTS))
    return email


def allowed(rp: Rp, email: str, **changes: str) -> Reply:
    """Return the tokens of somebody who allows what is asked for."""
    browser = rp.browser()
    page = rp.sign_in(browser, rp.ask(browser, **changes), email)
    return rp.redeem(landed(browser.submit(page.form(), "allow"))["code"])


def permissions(tokens: Reply) -> list[str]:
    found: list[str] = claims(tokens["access_token"])["permissions"]
    return found


def test_permissions_are_told_as_far_as_somebody_has_allowed_it(project: Avow, asking: Rp, boss: str) -> None:
    change_settings(project, {"defaultAudience": API})
    project.advance(3)
    assert permissions(allowed(asking, boss, scope="openid")) == []
    assert permissions(allowed(asking, boss, scope="openid read:messages")) == ["read:messages"]


def test_narrowed_token_says_no_permission_that_it_does_not_carry(rp: Rp, boss: str) -> None:
    scope = "openid offline_access"
    tokens = rp.tokens(rp.browser(), boss, scope=f"{scope} read:messages", audience=API)
    assert permissions(tokens) == RIGHTS  # a trusted application is told of all
    for each, said in ((f"{scope} read:messages", RIGHTS), ("openid read:messages", ["read:messages"]), ("openid", [])):
        tokens = rp.refresh(tokens["refresh_token"], scope=each)
        assert permissions(tokens) == said


BY_NAME = json.dumps({"userinfo": {"email": None, "birthdate": None}, "id_token": {"email": None}})


def test_claims_by_name_are_asked_about(project: Avow, asking: Rp) -> None:
    browser, email = asking.browser(), new_email()
    page = asking.sign_in(browser, asking.ask(browser, scope="openid"), email)
    landed(browser.submit(page.form(), "allow"))
    assert landed(asking.ask(browser, scope="openid", claims=BY_NAME, prompt="none"))["error"] == "consent_required"
    page = asking.ask(browser, scope="openid", claims=BY_NAME)
    assert "e-mail" in page.text
    tokens = asking.redeem(landed(browser.submit(page.form(), "allow"))["code"])
    assert tokens["scope"] == "openid"
    assert (claims(tokens["id_token"])["email"], asking.userinfo(tokens["access_token"])["email"]) == (email, email)
    assert "code" in landed(asking.ask(browser, scope="openid", claims=BY_NAME, prompt="none"))


def test_narrowed_token_tells_what_it_carries(rp: Rp) -> None:
    scope = "openid profile email offline_access"
    tokens = rp.tokens(rp.browser(), email := new_email(), scope=scope, claims=BY_NAME)
    narrowed = rp.refresh(tokens["refresh_token"], scope="openid profile")
    told = rp.userinfo(narrowed["access_token"]).body
    assert ("name" in told, "email" in told, "email" in claims(narrowed["id_token"])) == (True, False, False)
    assert rp.userinfo(tokens["access_token"])["email"] == email
    whole = rp.refresh(tokens["refresh_token"], scope="openid profile email")
    assert rp.userinfo(whole["access_token"])["email"] == email


def test_scopes_of_a_deleted_api_are_refreshed_no_more(project: Avow, rp: Rp) -> None:
    make_api(project, "read:messages")
    tokens = rp.tokens(rp.browser(), new_email(), scope="openid offline_access read:messages", audience=API)
    project.run(lambda tx: apis.delete(tx, API, actor="test"))
    project.advance(3)
    refreshed = rp.refresh(tokens["refresh_token"])
    assert (refreshed["scope"], claims(refreshed["access_token"])["aud"]) == (
        "openid offline_access",
        f"{rp.issuer}/userinfo",
    )


# --- Exchanges -----------------------------------------------------------------------------------------------------


def test_application_that_asks_exchanges_what_its_people_have_allowed(project: Avow) -> None:
    make_api(project, "read:inner", "write:inner", identifier=INNER)
    asking = make_app(project, trusted=False, grantTypes=["authorization_code", "client_credentials", EXCHANGE])
    allow(asking, INNER, "read:inner", "write:inner")
    email = new_email()
    token = allowed(asking, email, scope="openid")["access_token"]
    assert exchange(asking, token).error == (403, "access_denied")
    token = allowed(asking, email, scope="openid read:inner", audience=INNER)["access_token"]
    assert exchange(asking, token)["scope"] == "read:inner"
    assert exchange(asking, token, scope="write:inner").error == (400, "invalid_scope")
