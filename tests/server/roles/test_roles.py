"""POST /v1/mgmt/role/..., GET /v1/mgmt/role/all."""

from typing import Any

import pytest

from avow.server.founding import ROLES
from avow.server.keys.actions import create_management_key
from avow.server.permissions import actions as permissions
from tests.factories import grant, join_tenant, make_tenant
from tests.server.api import Api

PATH = "/v1/mgmt/role"


@pytest.fixture
def key(api: Api) -> str:
    """Give the key of a project with two permissions."""
    api.avow.run(lambda tx: permissions.ensure(tx, ("read", "write"), actor="test"))
    return api.avow.management_key


def _named(api: Api, key: str, name: str) -> dict[str, Any]:
    [found] = api.post(f"{PATH}/search", {"roleNames": [name]}, token=key)["roles"]
    return found


def _names(api: Api, key: str, **wanted: Any) -> list[str]:
    found = api.post(f"{PATH}/search", wanted, token=key)["roles"]
    return [each["name"] for each in found if each["name"] not in ROLES]


def test_created_role_is_loaded_with_all_it_is(api: Api, key: str) -> None:
    body = {"name": "editor", "description": "Edits", "permissionNames": ["write", "read"], "private": True}
    assert api.post(f"{PATH}/create", body, token=key).status == 200
    found = next(each for each in api.get(f"{PATH}/all", token=key)["roles"] if each["name"] == "editor")
    assert found.pop("id").startswith("R")
    assert found == {
        "name": "editor",
        "description": "Edits",
        "permissionNames": ["read", "write"],
        "createdTime": api.clock(),
        "tenantId": "",
        "default": False,
        "private": True,
    }


def test_unknown_permission_or_tenant_is_refused_and_nothing_made(api: Api, key: str) -> None:
    unknown = api.post(f"{PATH}/create", {"name": "editor", "permissionNames": ["read", "fly"]}, token=key)
    assert unknown.refusal == (400, "E011004")
    assert api.post(f"{PATH}/create", {"name": "editor", "tenantId": "Tnone"}, token=key).refusal == (404, "E019404")
    assert _names(api, key) == []


def test_name_is_unique_in_the_project_and_in_each_tenant(api: Api, key: str) -> None:
    tenant = make_tenant(api.avow)
    for body in ({"name": "editor"}, {"name": "editor", "tenantId": tenant}):
        assert api.post(f"{PATH}/create", body, token=key).status == 200
        assert api.post(f"{PATH}/create", body, token=key).refusal == (400, "E011004")
    api.post(f"{PATH}/create", {"name": "reader"}, token=key)
    assert api.post(f"{PATH}/update", {"name": "reader", "newName": "editor"}, token=key).refusal == (400, "E011004")


def test_update_overrides_all_but_the_flags(api: Api, key: str) -> None:
    body = {"name": "editor", "description": "Edits", "permissionNames": ["write"], "default": True}
    api.post(f"{PATH}/create", body, token=key)
    api.post(f"{PATH}/update", {"name": "editor", "newName": "reader", "permissionNames": ["read"]}, token=key)
    found = _named(api, key, "reader")
    assert (found["description"], found["permissionNames"], found["default"]) == ("", ["read"], True)
    api.post(f"{PATH}/update", {"id": found["id"], "newName": "reader", "default": False}, token=key)
    assert (_named(api, key, "reader")["default"], _named(api, key, "reader")["permissionNames"]) == (False, [])


def test_role_of_a_tenant_is_named_with_its_tenant(api: Api, key: str) -> None:
    acme, other = make_tenant(api.avow), make_tenant(api.avow)
    api.post(f"{PATH}/create", {"name": "editor", "tenantId": acme}, token=key)
    assert api.post(f"{PATH}/delete", {"name": "editor"}, token=key).status == 404
    assert api.post(f"{PATH}/delete", {"name": "editor", "tenantId": other}, token=key).status == 404
    assert (
        api.post(f"{PATH}/delete", {"id": _named(api, key, "editor")["id"], "tenantId": other}, token=key).status == 404
    )
    assert api.post(f"{PATH}/delete", {"name": "editor", "tenantId": acme}, token=key).status == 200
    assert _names(api, key) == []


def test_search_narrows_by_everything_asked_for(api: Api, key: str) -> None:
    tenant = make_tenant(api.avow)
    roles = [
        {"name": "editor", "permissionNames": ["read", "write"]},
        {"name": "reader", "permissionNames": ["read"]},
        {"name": "local Editor", "tenantId": tenant},
    ]
    made = api.post(f"{PATH}/create/batch", {"roles": roles}, token=key)["roles"]
    assert [each["name"] for each in made] == ["editor", "reader", "local Editor"]
    assert _names(api, key, roleNameLike="EDIT") == ["editor", "local Editor"]
    assert _names(api, key, permissionNames=["read", "write"]) == ["editor"]
    assert _names(api, key, tenantIds=[tenant]) == ["local Editor"]
    assert _names(api, key, tenantIds=[tenant], includeProjectRoles=True) == ["editor", "local Editor", "reader"]
    assert _names(api, key, roleIds=[made[1]["id"]]) == ["reader"]
    assert _names(api, key, roleNames=["reader"], permissionNames=["write"]) == []


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("create/batch", {"roles": [{"name": "new"}, {"name": "editor"}]}),
        ("update/batch", {"roles": [{"name": "editor", "newName": "x"}, {"name": "none", "newName": "y"}]}),
        ("delete/batch", {"roleNames": ["editor", "none"]}),
        ("delete/batch", {"roleIds": ["Rnone"]}),
        ("delete/batch", {}),
    ],
)
def test_batch_happens_whole_or_not_at_all(api: Api, key: str, call: str, body: dict[str, Any]) -> None:
    api.post(f"{PATH}/create", {"name": "editor"}, token=key)
    assert api.post(f"{PATH}/{call}", body, token=key).status in (400, 404)
    assert _names(api, key) == ["editor"]


def test_change_and_deletion_are_in_the_next_token(api: Api, key: str) -> None:
    session = api.sign_in()
    tenant = make_tenant(api.avow)
    made = api.post(f"{PATH}/create", {"name": "editor", "permissionNames": ["write"]}, token=key).body["id"]
    grant(api.avow, session["user"]["userId"], made)
    join_tenant(api.avow, session["user"]["userId"], tenant, [made])
    assert api.refresh(session["refreshJwt"])["user"]["permissions"] == ["write"]
    api.post(f"{PATH}/update", {"name": "editor", "newName": "reader", "permissionNames": ["read"]}, token=key)
    user = api.refresh(session["refreshJwt"])["user"]
    assert (user["roleNames"], user["userTenants"][0]["permissions"]) == (["reader"], ["read"])
    api.post(f"{PATH}/delete/batch", {"roleIds": [made]}, token=key)
    user = api.refresh(session["refreshJwt"])["user"]
    assert (user["roleNames"], user["userTenants"][0]["roleNames"]) == ([], [])


def test_new_user_has_the_default_roles_of_the_project(api: Api, key: str) -> None:
    before = api.sign_in()
    tenant = make_tenant(api.avow)
    api.post(f"{PATH}/create", {"name": "guest", "permissionNames": ["read"], "default": True}, token=key)
    api.post(f"{PATH}/create", {"name": "local", "default": True, "tenantId": tenant}, token=key)
    user = api.sign_in()["user"]
    assert (user["roleNames"], user["permissions"]) == (["guest"], ["read"])
    assert api.refresh(before["refreshJwt"])["user"]["roleNames"] == []


def test_roles_of_another_project_are_out_of_reach(api: Api, key: str, make_project: Any) -> None:
    made = api.post(f"{PATH}/create", {"name": "editor"}, token=key).body["id"]
    other = Api(make_project())
    theirs = other.avow.management_key
    assert other.post(f"{PATH}/delete", {"id": made}, token=theirs).status == 404
    assert other.post(f"{PATH}/search", {"roleIds": [made]}, token=theirs)["roles"] == []


def test_caller_of_a_tenant_makes_and_changes_no_role_but_deletes_its_own(api: Api, key: str) -> None:
    make_tenant(api.avow, tenant_id="acme")
    own = api.avow.run(lambda tx: create_management_key(tx, "acme", tenant_id="acme"))[1]
    role = {"name": "clerk", "permissionNames": ["write"], "tenantId": "acme"}
    assert api.post(f"{PATH}/create", role, token=own).status == 403
    assert api.post(f"{PATH}/create", role, token=key).status == 200
    change = {"name": "clerk", "newName": "clerk", "permissionNames": ["read", "write"], "tenantId": "acme"}
    assert api.post(f"{PATH}/update", change, token=own).status == 403
    assert _named(api, key, "clerk")["permissionNames"] == ["write"]
    assert api.post(f"{PATH}/delete/batch", {"roleNames": ["clerk"], "tenantId": "acme"}, token=own).status == 200
    assert _names(api, key, roleNames=["clerk"]) == []
