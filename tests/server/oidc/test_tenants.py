"""Acting in a tenant (`organization`) needs what the tenant asks of its members, as choosing it does."""

import pytest

from avow.core.tokens import sign
from avow.server.keys.directory import load
from avow.server.serving import Client, Issued
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import change_settings, join_tenant, make_tenant, make_totp_seed, make_user, new_email
from tests.phones import Phone, begin_a_step, holding
from tests.server.api import Api
from tests.server.oidc.relying import Rp, claims, landed, make_app
from tests.server.pages.browsing import Browser, Page

Member = tuple[str, str, str]  # user id, address, tenant


@pytest.fixture
def member(project: Avow) -> Member:
    """Return somebody who is no member yet, and a tenant that asks nothing yet."""
    return make_user(project, email := new_email()), email, make_tenant(project)


def ask_of_members(project: Avow, tenant: str, **settings: object) -> None:
    body = {"tenantId": tenant, **settings}
    answer = Api(project).post("/v1/mgmt/tenant/settings", body, token=project.management_key)
    assert answer.status == 200, answer.body
    project.advance(1)


def signed_in(rp: Rp, email: str) -> Browser:
    """Return a browser in which somebody has shown one factor."""
    browser = rp.browser()
    rp.code(browser, email)
    rp.avow.advance(1)
    return browser


def with_session(rp: Rp, user: str, opening: Opening) -> Browser:
    """Return a browser with a session that was opened so."""

    def unit(tx: Tx) -> Issued:
        project = load(tx, rp.avow.server.site.settings)
        assert project is not None
        made = sessions.open_session(tx, project, Client("203.0.113.7"), user, opening)
        assert isinstance(made, Issued)
        return made

    issued, browser = rp.avow.run(unit), rp.browser()
    browser.cookies[f"avow-refresh-{rp.avow.project_id}"] = sign(issued.key, issued.claims.refresh_token())
    rp.avow.advance(1)
    return browser


def by_app(browser: Browser, page: Page, phone: Phone) -> Page:
    return browser.submit(page.form(), "verify", code=phone.code(browser.avow.server.clock()))


def silently(rp: Rp, browser: Browser, tenant: str) -> str:
    """Return the error of a silent request, "" where it gives a code."""
    told = landed(rp.ask(browser, organization=tenant, prompt="none"))
    assert ("code" in told) != ("error" in told)
    return told.get("error", "")


@pytest.mark.parametrize("trusted", [True, False])
def test_tenant_that_was_joined_asks_for_its_second_factor(project: Avow, member: Member, trusted: bool) -> None:
    user, email, tenant = member
    rp, phone = make_app(project, trusted=trusted), holding(make_totp_seed(project, user))
    begin_a_step(project)
    browser = rp.browser()
    page = rp.sign_in(browser, rp.ask(browser), email)
    if not trusted:
        browser.submit(page.form(), "allow")
    project.advance(1)
    ask_of_members(project, tenant, mfa="required")
    join_tenant(project, user, tenant)
    assert silently(rp, browser, tenant) == "login_required"
    assert "code" in landed(rp.ask(browser))  # what names no tenant goes on
    page = rp.ask(browser, organization=tenant)
    assert page.status == 200
    again = browser.get(page.form().fields["next"])
    assert again.form().fields["next"] == page.form().fields["next"]  # without the sign-in nothing goes on
    page = rp.sign_in(browser, again, email)
    assert page.heading == "Enter the code of your app"
    said = claims(rp.redeem(landed(by_app(browser, page, phone))["code"])["id_token"])
    assert (said["org_id"], said["amr"]) == (tenant, ["email", "totp", "mfa"])
    assert silently(rp, browser, tenant) == ""


def test_member_is_asked_what_the_tenant_asks_since(project: Avow, rp: Rp, member: Member) -> None:
    user, email, tenant = member
    join_tenant(project, user, tenant)
    ask_of_members(project, tenant, mfa="off")
    browser = signed_in(rp, email)
    assert silently(rp, browser, tenant) == ""
    ask_of_members(project, tenant, mfa="required")
    assert silently(rp, browser, tenant) == "login_required"
    assert rp.ask(browser, organization=tenant).status == 200


def test_trusted_device_is_enough_as_it_is_at_a_sign_in(project: Avow, rp: Rp, member: Member) -> None:
    user, email, tenant = member
    change_settings(project, {"mfa": "enrolled", "trusted_device_days": 7})
    project.advance(2)
    phone, browser = holding(make_totp_seed(project, user)), rp.browser()
    begin_a_step(project)
    by_app(browser, rp.sign_in(browser, rp.ask(browser), email), phone)
    project.advance(60)
    assert "code" in landed(rp.sign_in(browser, rp.ask(browser, prompt="login"), email))  # by one factor
    project.advance(1)
    join_tenant(project, user, tenant)
    assert silently(rp, browser, tenant) == ""
    [device] = [name for name in browser.cookies if "device" in name]
    browser.cookies.pop(device)
    assert silently(rp, browser, tenant) == "login_required"


def test_tenant_that_wants_sso_is_acted_in_by_sso_only(project: Avow, rp: Rp, member: Member) -> None:
    user, email, tenant = member
    join_tenant(project, user, tenant)
    browser = signed_in(rp, email)
    assert silently(rp, browser, tenant) == ""
    ask_of_members(project, tenant, enforceSSO=True)
    assert silently(rp, browser, tenant) == "login_required"
    page = rp.ask(browser, organization=tenant)
    refused = rp.sign_in(browser, page, email)
    assert "location" not in refused.headers
    assert silently(rp, browser, tenant) == "login_required"
    federated = with_session(rp, user, Opening(amr=("fed",), via="sso", tenant_id=tenant))
    assert silently(rp, federated, tenant) == ""
    vouched = with_session(rp, user, Opening(amr=("embedded",), via="embedded"))
    assert silently(rp, vouched, tenant) == ""


def test_session_that_acts_in_the_tenant_goes_on(project: Avow, rp: Rp, member: Member) -> None:
    """As its own tokens do; log-out by management ends it."""
    user, _, tenant = member
    join_tenant(project, user, tenant)
    browser = with_session(rp, user, Opening(amr=("email",), tenant_id=tenant))
    ask_of_members(project, tenant, mfa="required")
    assert silently(rp, browser, tenant) == ""
    other = make_tenant(project, "Other")
    ask_of_members(project, other, mfa="required")
    join_tenant(project, user, other)
    assert silently(rp, browser, other) == "login_required"


def test_demands_of_other_tenants_ask_nothing(project: Avow, rp: Rp, member: Member) -> None:
    user, email, tenant = member
    join_tenant(project, user, tenant)
    browser = signed_in(rp, email)
    strict = make_tenant(project, "Strict")
    ask_of_members(project, strict, mfa="required", enforceSSO=True)
    join_tenant(project, user, strict)
    assert silently(rp, browser, tenant) == ""
    assert silently(rp, browser, strict) == "login_required"
