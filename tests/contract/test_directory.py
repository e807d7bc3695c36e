"""Permissions, roles and tenants through the official SDK, with what a later read returns."""

from typing import Any

import pytest
from descope import AuthException

from avow.server.founding import ROLES


def _permissions(client: Any) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in client.mgmt.permission.load_all()["permissions"]}


def _roles(client: Any, **wanted: Any) -> dict[str, dict[str, Any]]:
    found = client.mgmt.role.search(**wanted)["roles"]
    return {each["name"]: each for each in found if each["name"] not in ROLES}


@pytest.mark.operation(
    "mgmt.permission.create",
    "mgmt.permission.update",
    "mgmt.permission.update_by_id",
    "mgmt.permission.delete",
    "mgmt.permission.delete_by_id",
    "mgmt.permission.load_all",
)
def test_permission_lives_as_its_calls_say(client: Any, fits: Any) -> None:
    client.mgmt.permission.create("read", "Look")
    client.mgmt.permission.create("write")
    with pytest.raises(AuthException):
        client.mgmt.permission.create("read")
    client.mgmt.permission.update("read", "see")
    found = _permissions(client)
    assert fits("mgmt.permission.load_all")
    assert (found["see"]["description"], found["write"]["description"]) == ("", "")
    client.mgmt.permission.update_by_id(found["see"]["id"], "look", "Only look")
    assert _permissions(client)["look"]["description"] == "Only look"
    client.mgmt.permission.delete("write")
    client.mgmt.permission.delete_by_id(found["see"]["id"])
    assert _permissions(client) == {}


@pytest.mark.operation(
    "mgmt.permission.create_batch",
    "mgmt.permission.update_batch",
    "mgmt.permission.delete_batch",
    "mgmt.permission.delete_batch_by_ids",
)
def test_permissions_in_batches(client: Any) -> None:
    client.mgmt.permission.create_batch([{"name": "a", "description": "A"}, {"name": "b"}, {"name": "c"}])
    client.mgmt.permission.update_batch([{"name": "a", "newName": "d"}, {"name": "b", "newName": "e"}])
    assert sorted(_permissions(client)) == ["c", "d", "e"]
    with pytest.raises(AuthException):
        client.mgmt.permission.delete_batch(["c", "none"])
    client.mgmt.permission.delete_batch(["c"])
    client.mgmt.permission.delete_batch_by_ids([_permissions(client)["d"]["id"]])
    assert sorted(_permissions(client)) == ["e"]


@pytest.mark.operation(
    "mgmt.role.create",
    "mgmt.role.update",
    "mgmt.role.update_by_id",
    "mgmt.role.delete",
    "mgmt.role.delete_by_id",
    "mgmt.role.load_all",
    "mgmt.role.search",
)
def test_role_lives_as_its_calls_say(client: Any, fits: Any) -> None:
    client.mgmt.permission.create_batch([{"name": "read"}, {"name": "write"}])
    tenant = client.mgmt.tenant.create("Acme")["id"]
    client.mgmt.role.create("editor", "Edits", ["read", "write"], private=True)
    client.mgmt.role.create("editor", tenant_id=tenant, default=True)
    assert {each["tenantId"] for each in client.mgmt.role.load_all()["roles"]} == {"", tenant}
    assert fits("mgmt.role.load_all")
    local = _roles(client, tenant_ids=[tenant])["editor"]
    assert fits("mgmt.role.search")
    assert (local["default"], local["private"], local["permissionNames"]) == (True, False, [])
    client.mgmt.role.update("editor", "reader", "Reads", ["read"])
    found = _roles(client, permission_names=["read"])["reader"]
    assert (found["description"], found["permissionNames"], found["private"]) == ("Reads", ["read"], True)
    client.mgmt.role.update_by_id(found["id"], "viewer", private=False)
    assert _roles(client, role_name_like="VIEW")["viewer"]["private"] is False
    client.mgmt.role.delete_by_id(found["id"])
    client.mgmt.role.delete("editor", tenant)
    assert _roles(client) == {}


@pytest.mark.operation(
    "mgmt.role.create_batch", "mgmt.role.update_batch", "mgmt.role.delete_batch", "mgmt.role.delete_batch_by_ids"
)
def test_roles_in_batches(client: Any, fits: Any) -> None:
    client.mgmt.role.create_batch([{"name": "a", "description": "A"}, {"name": "b"}, {"name": "c"}])
    assert fits("mgmt.role.create_batch")
    assert sorted(_roles(client)) == ["a", "b", "c"]
    client.mgmt.role.update_batch([{"name": "a", "newName": "d", "description": "D"}])
    assert fits("mgmt.role.update_batch")
    assert _roles(client)["d"]["description"] == "D"
    client.mgmt.role.delete_batch(["b"])
    client.mgmt.role.delete_batch_by_ids([_roles(client)["c"]["id"]])
    assert sorted(_roles(client)) == ["d"]


@pytest.mark.operation(
    "mgmt.tenant.create",
    "mgmt.tenant.update",
    "mgmt.tenant.patch_tenant",
    "mgmt.tenant.load",
    "mgmt.tenant.load_all",
    "mgmt.tenant.search_all",
    "mgmt.tenant.delete",
)
def test_tenant_lives_as_its_calls_say(client: Any, fits: Any) -> None:
    assert client.mgmt.tenant.create("Acme", "acme", ["acme.test"], {"plan": "gold"}, enforce_sso=True) == {
        "id": "acme"
    }
    assert fits("mgmt.tenant.create")
    made = client.mgmt.tenant.load("acme")
    assert fits("mgmt.tenant.load")
    assert (made["selfProvisioningDomains"], made["customAttributes"]) == (["acme.test"], {"plan": "gold"})
    assert made["enforceSSO"] is True
    client.mgmt.tenant.patch_tenant("acme", disabled=True)
    assert client.mgmt.tenant.load_all()["tenants"] == [{**made, "disabled": True}]
    assert fits("mgmt.tenant.load_all")
    assert client.mgmt.tenant.search_all(custom_attributes={"plan": "gold"}, names=["Acme"])["tenants"] != []
    assert fits("mgmt.tenant.search_all")
    assert client.mgmt.tenant.search_all(custom_attributes={"plan": "tin"})["tenants"] == []
    client.mgmt.tenant.update("acme", "New", [])
    assert client.mgmt.tenant.load("acme")["customAttributes"] == {}
    client.mgmt.tenant.delete("acme", cascade=True)
    with pytest.raises(AuthException):
        client.mgmt.tenant.load("acme")


@pytest.mark.operation("mgmt.tenant.load_settings", "mgmt.tenant.update_settings", "mgmt.tenant.update_default_roles")
def test_settings_of_a_tenant(client: Any, fits: Any) -> None:
    client.mgmt.tenant.create("Acme", "acme")
    client.mgmt.role.create("guest")
    client.mgmt.tenant.update_default_roles("acme", ["guest"])
    assert client.mgmt.tenant.load("acme")["defaultRoles"] == ["guest"]
    client.mgmt.tenant.update_settings(
        "acme",
        ["a.test"],
        ["sso.test"],
        "oidc",
        True,
        session_token_expiration=5,
        session_token_expiration_unit="hours",
    )
    found = client.mgmt.tenant.load_settings("acme")
    assert fits("mgmt.tenant.load_settings")
    assert (found["domains"], found["authType"], found["enabled"]) == (["sso.test"], "oidc", True)
    assert (found["sessionTokenExpiration"], found["sessionTokenExpirationUnit"]) == (5, "hours")
