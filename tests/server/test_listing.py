"""Answers that list everything: as much as one answer takes, and beyond it a refusal that says so."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.server.accesskeys import actions as access_keys
from avow.server.groups import actions as groups
from avow.server.lists import actions as lists
from avow.server.tenants import actions as tenants
from avow.wire import accesskeys as access_keys_wire
from avow.wire import permissions as permissions_wire
from avow.wire import roles as roles_wire
from avow.wire import tenants as tenants_wire
from avow.wire.accesskeys import KeyTenant
from tests.factories import join_tenant, make_access_key, make_group, make_role, make_tenant, make_user
from tests.server.api import Api, Reply

MOST = 3
TOO_MANY = (400, "E011004")


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def _tenants(api: Api, key: str) -> tuple[Callable[[], object], Callable[[], Reply]]:
    return lambda: make_tenant(api.avow), lambda: api.get("/v1/mgmt/tenant/all", token=key)


def _found_tenants(api: Api, key: str) -> tuple[Callable[[], object], Callable[[], Reply]]:
    return lambda: make_tenant(api.avow), lambda: api.post(
        "/v1/mgmt/tenant/search", {"tenantNames": ["Acme"]}, token=key
    )


def _keys(api: Api, key: str) -> tuple[Callable[[], object], Callable[[], Reply]]:
    return lambda: make_access_key(api.avow), lambda: api.post("/v1/mgmt/accesskey/search", token=key)


def _permissions(api: Api, key: str) -> tuple[Callable[[], object], Callable[[], Reply]]:
    names = iter(range(100))
    return (
        lambda: api.post("/v1/mgmt/permission/create", {"name": f"right {next(names)}"}, token=key),
        lambda: api.get("/v1/mgmt/permission/all", token=key),
    )


LISTED = {
    "tenants": (tenants_wire, _tenants),
    "found tenants": (tenants_wire, _found_tenants),
    "access keys": (access_keys_wire, _keys),
    "permissions": (permissions_wire, _permissions),
}


@pytest.mark.parametrize("what", LISTED)
def test_more_than_one_answer_lists_are_refused(api: Api, key: str, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    wire, of = LISTED[what]
    make, ask = of(api, key)
    monkeypatch.setattr(wire, "MOST_LISTED", len(_only(ask().body)) + MOST)
    for _ in range(MOST):
        make()
    assert len(_only(ask().body)) == wire.MOST_LISTED
    make()
    assert ask().refusal == TOO_MANY
    assert "too many for one answer" in ask().body["errorMessage"]


def test_roles_count_by_the_permissions_they_are_made_of(api: Api, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("reader", "writer"):
        make_role(api.avow, name, ["read", "write", "delete"])
    monkeypatch.setattr(roles_wire, "MOST_LISTED", 4)
    assert api.get("/v1/mgmt/role/all", token=key).refusal == TOO_MANY
    assert api.post("/v1/mgmt/role/search", token=key).refusal == TOO_MANY
    found = api.post("/v1/mgmt/role/search", {"roleNames": ["reader"]}, token=key)["roles"]
    assert [each["permissionNames"] for each in found] == [["delete", "read", "write"]]


def test_groups_count_by_their_members(api: Api, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_tenant(api.avow, tenant_id="acme")
    members = [make_user(api.avow) for _ in range(MOST)]
    make_group(api.avow, "acme", "everybody", members)
    make_group(api.avow, "acme", "some", members[:2])
    monkeypatch.setattr(groups, "MOST_LISTED", MOST)
    assert api.post("/v1/mgmt/group/all", {"tenantId": "acme"}, token=key).refusal == TOO_MANY
    (found,) = api.post("/v1/mgmt/group/members", {"tenantId": "acme", "groupId": "everybody"}, token=key).body
    assert len(found["members"]) == MOST


def test_lists_count_by_their_entries(api: Api, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        wanted = {"name": name, "type": "texts", "data": ["1234567890"]}
        assert api.post("/v1/mgmt/list", wanted, token=key).status == 200
    monkeypatch.setattr(lists, "MOST_CHARACTERS", 28)
    assert len(api.get("/v1/mgmt/list/all", token=key)["lists"]) == 2
    monkeypatch.setattr(lists, "MOST_CHARACTERS", 27)
    assert api.get("/v1/mgmt/list/all", token=key).refusal == TOO_MANY


def test_long_answers_lack_nothing(api: Api, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What belongs to tenants and keys is read for some of them at a time."""
    for actions in (tenants, access_keys):
        monkeypatch.setattr(actions, "MOST_IN_LIST", 2)
    role = make_role(api.avow, "owner")
    for number in range(5):
        tenant = f"T{number}"
        wanted = {"id": tenant, "name": "Acme", "selfProvisioningDomains": [f"{number}.example.com"]}
        assert api.post("/v1/mgmt/tenant/create", wanted, token=key).status == 200
        changed = {"id": tenant, "defaultRoles": ["owner"]}
        assert api.post("/v1/mgmt/tenant/updateDefaultRoles", changed, token=key).status == 200
        make_access_key(api.avow, key_tenants=(KeyTenant(tenant_id=tenant, role_names=("owner",)),))
        join_tenant(api.avow, make_user(api.avow), tenant, [role])
    found = api.get("/v1/mgmt/tenant/all", token=key)["tenants"]
    assert sorted((each["id"], *each["selfProvisioningDomains"], *each["defaultRoles"]) for each in found) == [
        (f"T{number}", f"{number}.example.com", "owner") for number in range(5)
    ]
    keys = api.post("/v1/mgmt/accesskey/search", token=key)["keys"]
    held = sorted((tenant["tenantId"], *tenant["roleNames"]) for each in keys for tenant in each["keyTenants"])
    assert held == [(f"T{number}", "owner") for number in range(5)]


def _only(body: dict[str, Any]) -> list[Any]:
    """Return the list of an answer that holds one."""
    (found,) = body.values()
    listed: list[Any] = found
    return listed
