"""Roles and permissions through the official SDK: from the database into the token, and out of it."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.testing.server import Avow
from tests.contract.people import Person
from tests.factories import join_tenant, make_member, make_role, make_tenant

TENANT = "my-tenant-ID"


@pytest.fixture
def session(client: Any, avow: Avow, sign_in: Callable[..., Person]) -> dict[str, Any]:
    """Claims of somebody who edits the project's documents and buys for one of two tenants."""
    person = sign_in()
    make_member(
        avow,
        person.id,
        roles_of_project={"Editor": ["read documents", "write documents"], "Reader": ["read documents"]},
        tenant_id=TENANT,
        roles_in_tenant={"Buyer": ["buy"]},
    )
    join_tenant(avow, person.id, make_tenant(avow, "Plain", tenant_id="plain"))
    make_role(avow, "Nobody's", ["rule"])
    refreshed = client.refresh_session(person.refresh_jwt)
    claims: dict[str, Any] = client.validate_session(refreshed["sessionToken"]["jwt"])
    return claims


def test_token_says_what_the_user_holds(session: dict[str, Any]) -> None:
    assert session["roles"] == ["Editor", "Reader"]
    assert session["permissions"] == ["read documents", "write documents"]
    assert session["tenants"] == {
        TENANT: {"name": "My tenant", "roles": ["Buyer"], "permissions": ["buy"]},
        "plain": {"name": "Plain", "roles": [], "permissions": []},
    }


@pytest.mark.operation("validate_permissions", "get_matched_permissions")
def test_permissions_of_the_project(client: Any, session: dict[str, Any]) -> None:
    assert client.validate_permissions(session, ["read documents", "write documents"])
    assert not client.validate_permissions(session, ["read documents", "buy"])
    assert client.get_matched_permissions(session, ["buy", "write documents", "rule"]) == ["write documents"]


@pytest.mark.operation("validate_roles", "get_matched_roles")
def test_roles_of_the_project(client: Any, session: dict[str, Any]) -> None:
    assert client.validate_roles(session, ["Editor", "Reader"])
    assert not client.validate_roles(session, ["Editor", "Buyer"])
    assert client.get_matched_roles(session, ["Nobody's", "Reader"]) == ["Reader"]


@pytest.mark.operation("validate_tenant_permissions", "get_matched_tenant_permissions")
def test_permissions_in_a_tenant(client: Any, session: dict[str, Any]) -> None:
    assert client.validate_tenant_permissions(session, TENANT, ["buy"])
    assert not client.validate_tenant_permissions(session, TENANT, ["buy", "read documents"])
    assert not client.validate_tenant_permissions(session, "plain", ["buy"])
    assert not client.validate_tenant_permissions(session, "unknown", [])
    assert client.get_matched_tenant_permissions(session, TENANT, ["read documents", "buy"]) == ["buy"]


@pytest.mark.operation("validate_tenant_roles", "get_matched_tenant_roles")
def test_roles_in_a_tenant(client: Any, session: dict[str, Any]) -> None:
    assert client.validate_tenant_roles(session, TENANT, ["Buyer"])
    assert not client.validate_tenant_roles(session, TENANT, ["Editor"])
    assert not client.validate_tenant_roles(session, "plain", ["Buyer"])
    assert client.get_matched_tenant_roles(session, TENANT, ["Editor", "Buyer"]) == ["Buyer"]


@pytest.mark.operation("me")
def test_me_says_what_the_user_holds(client: Any, avow: Avow, sign_in: Callable[..., Person], fits: Any) -> None:
    person = sign_in()
    make_member(avow, person.id, roles_of_project={"Editor": ["write"]}, roles_in_tenant={"Buyer": ["buy"]})
    me = client.me(person.refresh_jwt)
    assert fits("me")
    assert (me["roleNames"], me["permissions"]) == (["Editor"], ["write"])
    [tenant] = me["userTenants"]
    assert (tenant["tenantId"], tenant["tenantName"], tenant["roleNames"]) == (TENANT, "My tenant", ["Buyer"])
