"""Own consents: seen and taken back on the account page and by the API, with all that came of them, at once."""

from dataclasses import dataclass
from typing import Any

import pytest

from avow.server.applications import consents
from avow.server.applications.consents import Wanted
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import make_tenant, new_email
from tests.server.api import Api, Statements
from tests.server.oidc.relying import Reply, Rp, claims, landed, make_app
from tests.server.pages.browsing import Browser, Page

MINE, REVOKE = "/v1/auth/avow/consents", "/v1/auth/avow/consents/revoke"


@dataclass
class Person:
    """Somebody who has allowed an application something.

    Attributes:
        browser: Theirs.
        email: Theirs.
        tokens: What the application got.
        refresh_token: Of a session of theirs with us.
    """

    browser: Browser
    email: str
    tokens: Reply
    refresh_token: str


def consenting(rp: Rp) -> Person:
    """Return somebody who has allowed an application to act for them."""
    browser, email = rp.browser(), new_email()
    page = rp.sign_in(browser, rp.ask(browser, scope="openid email offline_access"), email)
    told = landed(browser.submit(page.form(), "allow"))
    refresh_token = Api(rp.avow).sign_in(email)["refreshJwt"]
    return Person(browser, email, rp.redeem(told["code"]), refresh_token)


@pytest.fixture
def asking(project: Avow) -> Rp:
    return make_app(project, trusted=False)


def mine(rp: Rp, person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Api(rp.avow).get(MINE, token=person.refresh_token)["consents"]
    return found


def account(rp: Rp, person: Person) -> Page:
    return person.browser.get(f"/account/{rp.avow.project_id}")


def assert_over(rp: Rp, person: Person) -> None:
    assert rp.refresh(person.tokens["refresh_token"]).error == (400, "invalid_grant")
    assert rp.userinfo(person.tokens["access_token"]).status == 401
    assert landed(rp.ask(person.browser, scope="openid email offline_access", prompt="none"))["error"] == (
        "consent_required"
    )


def test_what_was_allowed_is_told(asking: Rp) -> None:
    person = consenting(asking)
    [told] = mine(asking, person)
    assert (told["applicationId"], told["applicationName"]) == (asking.id, "Shop")
    assert told["scopes"] == ["email", "offline_access", "openid"]
    assert told["createdTime"] == told["modifiedTime"] == asking.avow.server.clock()
    assert mine(asking, consenting(asking)) != [told]


def test_taking_back_ends_what_came_of_it_and_nothing_else(asking: Rp, project: Avow) -> None:
    person, other = consenting(asking), consenting(asking)
    [told] = mine(asking, person)
    body = {"consentId": told["id"]}
    assert Api(project).post(REVOKE, body, token=person.refresh_token).status == 200
    assert mine(asking, person) == []
    assert_over(asking, person)
    assert asking.refresh(other.tokens["refresh_token"]).status == 200
    assert Api(project).post(REVOKE, body, token=person.refresh_token).status == 404


def test_the_account_page_shows_it_and_takes_it_back(asking: Rp) -> None:
    person = consenting(asking)
    page = account(asking, person)
    assert "Shop" in page.text
    [form] = [each for each in page.forms if each.fields.get("id") == mine(asking, person)[0]["id"]]
    page = person.browser.submit(form, "withdraw")
    assert "Shop" not in page.text
    assert_over(asking, person)


def test_a_page_of_another_site_takes_nothing_back(asking: Rp) -> None:
    person = consenting(asking)
    [told] = mine(asking, person)
    page = person.browser.post(
        f"/account/{asking.avow.project_id}", {"do": "withdraw", "id": told["id"]}, sec_fetch_site="cross-site"
    )
    assert page.status == 403
    assert mine(asking, person) == [told]


def test_consent_of_another_is_none(asking: Rp, project: Avow) -> None:
    person, other = consenting(asking), consenting(asking)
    [theirs] = mine(asking, other)
    answers = [
        Api(project).post(REVOKE, {"consentId": each}, token=person.refresh_token)
        for each in (theirs["id"], theirs["id"][:-1] + ("0" if theirs["id"][-1] != "0" else "1"))
    ]
    assert [each.status for each in answers] == [404, 404]
    assert answers[0].body == answers[1].body
    assert mine(asking, other) == [theirs]


def test_without_a_session_nothing_is_told(asking: Rp, project: Avow) -> None:
    person = consenting(asking)
    Api(project).post("/v1/auth/logoutall", {}, token=person.refresh_token)
    assert Api(project).get(MINE, token=person.refresh_token).status == 401


def test_an_empty_list_of_consents_takes_none_back(asking: Rp, project: Avow) -> None:
    person = consenting(asking)
    told = mine(asking, person)
    bodies: tuple[dict[str, Any], ...] = (
        {"consentIds": [], "appId": asking.id},
        {"userIds": [], "appId": asking.id},
        {"consentIds": []},
    )
    for body in bodies:
        done = Api(project).post("/v1/mgmt/thirdparty/consents/delete", body, token=project.management_key)
        assert done.status == 200
    assert mine(asking, person) == told
    assert asking.refresh(person.tokens["refresh_token"]).status == 200


def test_what_was_granted_without_a_consent_is_taken_back_by_application_and_user(rp: Rp, project: Avow) -> None:
    """Of an application that is trusted, or whose consents are gone."""
    browser, email = rp.browser(), new_email()
    given = rp.tokens(browser, email, scope="openid offline_access")
    other = rp.tokens(rp.browser(), new_email(), scope="openid offline_access")
    user_id = claims(given["id_token"])["sub"]
    path, key = "/v1/mgmt/thirdparty/consents/delete", project.management_key
    for body in (
        {"appId": rp.id, "userIds": [user_id], "consentIds": []},
        {"appId": rp.id, "userIds": []},
        {"userIds": [user_id]},
        {"appId": "other", "userIds": [user_id]},
    ):
        assert Api(project).post(path, body, token=key).status == 200
    assert rp.refresh(given["refresh_token"]).status == 200
    assert Api(project).post(path, {"appId": rp.id, "userIds": [user_id]}, token=key).status == 200
    assert rp.refresh(given["refresh_token"]).error == (400, "invalid_grant")
    assert rp.userinfo(given["access_token"]).status == 401
    assert rp.refresh(other["refresh_token"]).status == 200
    said = {"actions": ["grant.revoked"], "userIds": [user_id]}
    [told] = Api(project).post("/v1/mgmt/audit/search", said, token=key)["audits"]
    assert told["data"] == {"application": rp.id, "grants": 1, "why": "consent withdrawn"}


def test_of_a_tenant_too_an_empty_list_takes_none_back(asking: Rp, project: Avow) -> None:
    tenant_id = make_tenant(project)

    def unit(tx: Tx) -> None:
        tx.run(
            """INSERT INTO consents
                (project_id, id, application_id, tenant_id, scopes, granted_by, created_at, updated_at)
            VALUES (:project_id, 'O1', :application_id, :tenant_id, '{}', 'U1', :now, :now)""",
            application_id=asking.id,
            tenant_id=tenant_id,
        )

    project.run(unit)
    wanted = Wanted(tenant_id=tenant_id)
    none: dict[str, Any] = {"consentIds": []}
    for body, left in ((none, 1), ({}, 0)):
        path, whole = "/v1/mgmt/thirdparty/consents/delete/tenant", {"tenantId": tenant_id, **body}
        assert Api(project).post(path, whole, token=project.management_key).status == 200
        assert project.run(lambda tx: consents.count(tx, wanted)) == left


def test_names_of_many_applications_cost_no_more_statements_than_one(
    asking: Rp, project: Avow, statements: Statements
) -> None:
    person = consenting(asking)
    costs = []
    for _ in range(3):
        with statements:
            told = mine(asking, person)
        costs.append(len(statements.ran))
        other = make_app(project, trusted=False)
        landed(person.browser.submit(other.ask(person.browser).form(), "allow"))
    assert [each["applicationName"] for each in told] == ["Shop"] * 3
    assert len(set(costs)) == 1
