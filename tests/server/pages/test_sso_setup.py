"""The page behind the link to set a tenant's SSO up."""

import pytest

from avow.server.sso import setup_links
from avow.testing.server import Avow
from tests.factories import make_tenant
from tests.server.pages.browsing import Browser


@pytest.fixture
def link(avow: Avow) -> str:
    make_tenant(avow, "Wayne <b> & Sons", tenant_id="T1")
    return avow.client().mgmt.tenant.generate_sso_configuration_link("T1", 3600)


def test_page_says_what_the_identity_provider_asks_for(browser: Browser, avow: Avow, link: str) -> None:
    for _ in range(2):  # looking uses nothing up
        page = browser.get(link)
        assert (page.status, page.heading) == (200, "Single sign-on for Wayne <b> & Sons")
        assert "<b>" not in page.html
        assert f"{avow.project_id}-T1" in page.text
        assert f"/v1/auth/saml/acs?projectId={avow.project_id}&tenantId=T1" in page.text
        assert "cannot set single sign-on up yet" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert (page.set_cookies, page.forms) == ([], [])


def test_dead_link_says_so_and_tells_nothing(browser: Browser, avow: Avow, link: str) -> None:
    avow.client().mgmt.tenant.revoke_sso_configuration_link("T1")
    for url in (link, link[:-1], link.partition("?")[0], f"{link}&t=x"):
        page = browser.get(url)
        assert (page.status, page.heading) == (410, "This link does not work any more")
        assert "Wayne" not in page.text


def test_link_ends_to_the_second(browser: Browser, avow: Avow, link: str) -> None:
    avow.advance(3599)
    assert browser.get(link).status == 200
    avow.advance(1)
    assert browser.get(link).status == 410


def test_link_of_another_project_is_dead_here(browser: Browser, avow: Avow, link: str) -> None:
    other = avow.server.project()
    assert browser.get(link.replace(avow.project_id, other.project_id)).status == 410


def test_link_of_another_purpose_opens_nothing(avow: Avow, link: str) -> None:
    token = link.rpartition("t=")[2]
    assert avow.run(lambda tx: setup_links.look(tx, token)) is not None
    avow.run(lambda tx: tx.run("UPDATE challenges SET purpose = 'magic-link' WHERE project_id = :project_id"))
    assert avow.run(lambda tx: setup_links.look(tx, token)) is None
