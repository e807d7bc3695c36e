"""Groups by roles: of several roles of one name it is the one that is meant, whoever made the others."""

from itertools import count

import pytest

from avow import SAMLIDPGroupsMappingInfo, SAMLIDPRoleGroupMappingInfo
from avow.core.tokens import sign
from avow.server.keys.directory import load
from avow.server.roles import actions as roles
from avow.server.serving import Client, Issued
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import grant, join_tenant, make_role, make_tenant, make_user
from tests.server.pages.browsing import Browser
from tests.server.samlidp.wiki import Wiki, make_wiki

_ASKED = count()


@pytest.fixture
def tenant(avow: Avow) -> str:
    return make_tenant(avow)


def own_role(avow: Avow, tenant: str, name: str) -> str:
    """Make a role of a tenant, as its administrators do."""
    return avow.run(lambda tx: roles.create(tx, name, tenant_id=tenant))


def listing(avow: Avow, *listed: tuple[str, str]) -> Wiki:
    """Return an application that is told of administrators: who holds one of these roles, by id and name."""
    named = [SAMLIDPRoleGroupMappingInfo(*each) for each in listed]
    return make_wiki(avow, groups_mapping=[SAMLIDPGroupsMappingInfo("groups", "", "", "Administrators", named)])


def is_administrator(wiki: Wiki, user: str, tenant: str | None) -> bool:
    """Tell whether an application calls somebody an administrator, who acts in a tenant or in none."""
    avow = wiki.avow

    def unit(tx: Tx) -> Issued:
        project = load(tx, avow.server.site.settings)
        assert project is not None
        opening = Opening(amr=("otp",), tenant_id=tenant)
        made = sessions.open_session(tx, project, Client("203.0.113.7"), user, opening)
        assert isinstance(made, Issued)
        return made

    issued, browser = avow.run(unit), Browser(avow)
    browser.cookies[f"avow-refresh-{avow.project_id}"] = sign(issued.key, issued.claims.refresh_token())
    id = f"_groups{next(_ASKED)}"
    return "Administrators" in wiki.told(wiki.ask(browser, id=id), id).values("groups")


@pytest.mark.parametrize("name", ["", "admin"])
def test_tenants_own_role_does_not_stand_for_the_projects_role_of_its_name(avow: Avow, tenant: str, name: str) -> None:
    role, own, customer = make_role(avow, "admin"), own_role(avow, tenant, "admin"), make_user(avow)
    join_tenant(avow, customer, tenant, [own])
    assert not is_administrator(listing(avow, (role, name)), customer, tenant)
    assert is_administrator(listing(avow, (own, name)), customer, tenant)
    assert not is_administrator(listing(avow, (own, name)), customer, None)


def test_tenants_own_role_whose_name_is_an_id_is_none_of_the_projects(avow: Avow, tenant: str) -> None:
    role, customer = make_role(avow, "admin"), make_user(avow)
    join_tenant(avow, customer, tenant, [own_role(avow, tenant, role)])
    assert not is_administrator(listing(avow, (role, "")), customer, tenant)


def test_projects_role_counts_in_the_project_and_in_the_tenant_that_it_was_given_in(avow: Avow, tenant: str) -> None:
    role, anywhere, there = make_role(avow, "admin"), make_user(avow), make_user(avow)
    own_role(avow, tenant, "admin")
    grant(avow, anywhere, role)
    join_tenant(avow, anywhere, tenant)
    join_tenant(avow, there, tenant, [role])
    wiki = listing(avow, (role, ""))
    assert [is_administrator(wiki, anywhere, each) for each in (None, tenant)] == [True, True]
    assert [is_administrator(wiki, there, each) for each in (None, tenant)] == [False, True]


def test_own_role_of_another_tenant_does_not_count(avow: Avow, tenant: str) -> None:
    other, user = make_tenant(avow, "Other"), make_user(avow)
    own, theirs = own_role(avow, tenant, "admin"), own_role(avow, other, "admin")
    join_tenant(avow, user, tenant, [own])
    join_tenant(avow, user, other)
    wiki = listing(avow, (theirs, "admin"))
    assert [is_administrator(wiki, user, each) for each in (tenant, other)] == [False, False]


def test_role_that_has_been_renamed_is_the_same(avow: Avow, tenant: str) -> None:
    role, user, late = make_role(avow, "admin"), make_user(avow), make_user(avow)
    grant(avow, user, role)
    wiki = listing(avow, (role, "admin"))
    found = avow.run(lambda tx: roles.find(tx, "admin"))
    assert found is not None
    avow.run(lambda tx: roles.update(tx, found, roles.RoleChange("chief"), actor="test"))
    grant(avow, late, make_role(avow, "admin"))
    assert [is_administrator(wiki, each, None) for each in (user, late)] == [True, False]


def test_name_beside_the_id_of_another_project_is_that_of_a_role_of_the_project(avow: Avow, tenant: str) -> None:
    customer, owner = make_user(avow), make_user(avow)
    join_tenant(avow, customer, tenant, [own_role(avow, tenant, "admin")])
    grant(avow, owner, make_role(avow, "admin"))
    wiki = listing(avow, ("R-of-before-the-copy", "admin"))
    assert not is_administrator(wiki, customer, tenant)
    assert is_administrator(wiki, owner, None)
