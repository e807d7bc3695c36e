"""POST /v1/mgmt/permission/..., GET /v1/mgmt/permission/all."""

from typing import Any

import pytest

from avow.server.keys import actions as keys
from tests.factories import grant, join_tenant, make_role, make_tenant, make_user
from tests.server.api import Api

PATH = "/v1/mgmt/permission"


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def _all(api: Api, key: str) -> list[tuple[str, str]]:
    return [(each["name"], each["description"]) for each in api.get(f"{PATH}/all", token=key)["permissions"]]


def _id(api: Api, key: str, name: str) -> str:
    found: list[Any] = api.get(f"{PATH}/all", token=key)["permissions"]
    return next(each["id"] for each in found if each["name"] == name)


def test_created_permission_is_loaded_until_it_is_deleted(api: Api, key: str) -> None:
    assert api.post(f"{PATH}/create", {"name": "read", "description": None}, token=key).body == {}
    api.post(f"{PATH}/create", {"name": "pay", "description": "Spend money"}, token=key)
    assert _all(api, key) == [("pay", "Spend money"), ("read", "")]
    assert api.post(f"{PATH}/delete", {"name": "pay"}, token=key).status == 200
    assert api.post(f"{PATH}/delete", {"id": _id(api, key, "read")}, token=key).status == 200
    assert _all(api, key) == []


def test_taken_name_is_refused(api: Api, key: str) -> None:
    api.post(f"{PATH}/create/batch", {"permissions": [{"name": "read"}, {"name": "write"}]}, token=key)
    assert api.post(f"{PATH}/create", {"name": "read"}, token=key).refusal == (400, "E011004")
    taken = api.post(f"{PATH}/update", {"name": "write", "newName": "read"}, token=key)
    assert taken.refusal == (400, "E011004")


def test_update_overrides_everything_by_name_or_id(api: Api, key: str) -> None:
    api.post(f"{PATH}/create", {"name": "read", "description": "Look"}, token=key)
    api.post(f"{PATH}/update", {"name": "read", "newName": "read", "description": None}, token=key)
    assert _all(api, key) == [("read", "")]
    body = {"id": _id(api, key, "read"), "newName": "see", "description": "Look"}
    assert api.post(f"{PATH}/update", body, token=key).status == 200
    assert _all(api, key) == [("see", "Look")]


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("create/batch", {"permissions": [{"name": "new"}, {"name": "read"}]}),
        ("update/batch", {"permissions": [{"name": "read", "newName": "see"}, {"name": "none", "newName": "x"}]}),
        ("delete/batch", {"names": ["read", "none"]}),
        ("delete/batch", {"ids": ["Enone"]}),
        ("delete/batch", {}),
    ],
)
def test_batch_happens_whole_or_not_at_all(api: Api, key: str, call: str, body: dict[str, Any]) -> None:
    api.post(f"{PATH}/create", {"name": "read"}, token=key)
    assert api.post(f"{PATH}/{call}", body, token=key).status in (400, 404)
    assert _all(api, key) == [("read", "")]


@pytest.mark.parametrize(("call", "body"), [("delete", {"name": "no"}), ("update", {"id": "no", "newName": "x"})])
def test_unknown_permission_is_not_found(api: Api, key: str, call: str, body: dict[str, Any]) -> None:
    assert api.post(f"{PATH}/{call}", body, token=key).refusal == (404, "E019404")


def test_rename_and_deletion_are_in_the_next_token(api: Api, key: str) -> None:
    session = api.sign_in()
    grant(api.avow, session["user"]["userId"], make_role(api.avow, "reader", ["read", "write"]))
    api.post(f"{PATH}/update", {"name": "read", "newName": "see"}, token=key)
    assert api.refresh(session["refreshJwt"])["user"]["permissions"] == ["see", "write"]
    api.post(f"{PATH}/delete", {"name": "write"}, token=key)
    assert api.refresh(session["refreshJwt"])["user"]["permissions"] == ["see"]


def test_permissions_of_another_project_are_out_of_reach(api: Api, key: str, make_project: Any) -> None:
    api.post(f"{PATH}/create", {"name": "read"}, token=key)
    other = Api(make_project())
    body = {"ids": [_id(api, key, "read")]}
    assert other.post(f"{PATH}/delete/batch", body, token=other.avow.management_key).status == 404
    assert _all(other, other.avow.management_key) == []
    assert _all(api, key) == [("read", "")]


def test_callers_of_a_tenant_load_permissions_and_change_none(api: Api, key: str) -> None:
    api.post(f"{PATH}/create", {"name": "read", "description": "Look"}, token=key)
    make_tenant(api.avow, tenant_id="T1")
    confined = api.avow.run(lambda tx: keys.create_management_key(tx, "t1", tenant_id="T1"))[1]
    join_tenant(api.avow, make_user(api.avow, "admin@example.com"), "T1", [make_role(api.avow, "Tenant Admin")])
    admin = str(api.sign_in("admin@example.com")["refreshJwt"])
    assert _all(api, confined) == [("read", "Look")]
    shown = api.get(f"{PATH}/all", {"tenant": "T1"}, token=admin)["permissions"]
    assert [each["name"] for each in shown] == ["read"]
    for call, body in (
        ("create", {"name": "pay"}),
        ("create/batch", {"permissions": [{"name": "pay"}]}),
        ("update", {"name": "read", "newName": "see"}),
        ("update/batch", {"permissions": [{"name": "read", "newName": "see"}]}),
        ("delete", {"name": "read"}),
        ("delete/batch", {"names": ["read"]}),
    ):
        assert api.post(f"{PATH}/{call}", body, token=confined).refusal == (403, "E019403")
        assert api.post(f"{PATH}/{call}?tenant=T1", body, token=admin).status in (401, 404)
    assert _all(api, key) == [("read", "Look")]
