"""/v1/mgmt/accesskey: keys made, found, changed and deleted."""

from typing import Any

import pytest

from avow.testing.server import Avow
from tests.factories import join_tenant, make_role, make_tenant, make_user
from tests.security.tables import read_table
from tests.server.api import Api, Reply, Statements

PATH = "/v1/mgmt/accesskey"
NOT_FOUND, INVALID = (404, "E019404"), (400, "E011004")


@pytest.fixture
def key(avow: Avow) -> str:
    return avow.management_key


def create(api: Api, key: str, **fields: Any) -> Reply:
    return api.post(f"{PATH}/create", {"name": "made", "expireTime": 0, **fields}, token=key)


def load(api: Api, key: str, id: str) -> Any:
    return api.get(PATH, {"id": id}, token=key)["key"]


def found(api: Api, key: str, **wanted: Any) -> list[str]:
    return [each["name"] for each in api.post(f"{PATH}/search", wanted, token=key)["keys"]]


def test_new_key_is_shown_as_it_was_made(api: Api, key: str) -> None:
    make_role(api.avow, "reader")
    tenant, end = make_tenant(api.avow), api.clock() + 60
    made = create(
        api,
        key,
        expireTime=end,
        keyTenants=[{"tenantId": tenant, "roleNames": ["reader"]}],
        customClaims={"plan": "pro", "sub": "Umia"},
        description="d",
        permittedIps=["203.0.113.0/24"],
        customAttributes={"team": "ops", "none": None},
    )
    shown = made["key"]
    assert made["cleartext"].startswith(shown["id"])
    assert shown == load(api, key, shown["id"])
    assert shown == {
        "id": shown["id"],
        "name": "made",
        "roleNames": [],
        "keyTenants": [{"tenantId": tenant, "tenantName": "Acme", "roleNames": ["reader"]}],
        "status": "active",
        "createdTime": api.clock(),
        "expireTime": end,
        "createdBy": f"key:{key[:27]}",
        "clientId": "",
        "boundUserId": "",
        "customClaims": {"plan": "pro"},
        "description": "d",
        "permittedIps": ["203.0.113.0/24"],
        "customAttributes": {"team": "ops"},
    }


def test_key_of_which_little_is_said_has_zero_values(api: Api, key: str) -> None:
    nulls = dict.fromkeys(("userId", "customClaims", "description", "permittedIps", "customAttributes"))
    shown = create(api, key, roleNames=[], keyTenants=[], **nulls)["key"]
    empty = ("roleNames", "keyTenants", "expireTime", "boundUserId", "customClaims", "description", "permittedIps")
    assert [shown[name] for name in empty] == [[], [], 0, "", {}, "", []]


def test_role_of_the_tenant_comes_before_one_of_the_project(api: Api, key: str) -> None:
    tenant, other = make_tenant(api.avow), make_tenant(api.avow)
    role = {"name": "editor", "permissionNames": ["write"]}
    make_role(api.avow, "spare", ["write", "read"])
    api.post("/v1/mgmt/role/create", {"name": "editor", "permissionNames": ["read"]}, token=key)
    api.post("/v1/mgmt/role/create", {**role, "tenantId": tenant}, token=key)
    tenants = [{"tenantId": each, "roleNames": ["editor"]} for each in (tenant, other)]
    secret = create(api, key, keyTenants=tenants)["cleartext"]
    token = api.post("/v1/auth/accesskey/exchange", token=secret)["sessionJwt"]
    held = api.avow.client().validate_session(token)["tenants"]
    assert (held[tenant]["permissions"], held[other]["permissions"]) == (["write"], ["read"])


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": ""}, (400, "E011003")),
        ({"expireTime": -1}, (400, "E011003")),
        ({"expireTime": 10**12}, (400, "E011003")),
        ({"roleNames": ["unknown"]}, INVALID),
        ({"keyTenants": [{"tenantId": "T-unknown"}]}, NOT_FOUND),
        ({"keyTenants": [{"tenantId": "acme", "roleNames": ["unknown"]}]}, INVALID),
        ({"keyTenants": [{"tenantId": "acme", "roleNames": ["theirs"]}]}, INVALID),
        ({"roleNames": ["theirs"]}, INVALID),
        ({"userId": "U-unknown"}, (404, "E112102")),
        ({"permittedIps": ["example.com"]}, INVALID),
        ({"permittedIps": ["10.0.0.0/33"]}, INVALID),
        ({"customAttributes": {"team": {"deep": 1}}}, INVALID),
        ({"customAttributes": {"": "x"}}, INVALID),
    ],
)
def test_key_that_cannot_be_is_not_made(fields: dict[str, Any], refusal: tuple[int, str], api: Api, key: str) -> None:
    make_tenant(api.avow, tenant_id="acme")
    make_tenant(api.avow, tenant_id="other")
    api.post("/v1/mgmt/role/create", {"name": "theirs", "tenantId": "other"}, token=key)
    assert create(api, key, **fields).refusal == refusal
    assert found(api, key) == []


def test_update_changes_what_it_names_and_nothing_else(api: Api, key: str) -> None:
    before = create(
        api,
        key,
        customClaims={"plan": "pro"},
        description="d",
        permittedIps=["192.0.2.1"],
        customAttributes={"team": "ops"},
    )["key"]
    answer = api.post(f"{PATH}/update", {"id": before["id"], "name": "after"}, token=key)
    assert answer["key"] == load(api, key, before["id"]) == {**before, "name": "after"}
    emptied = {"description": "", "customClaims": {}, "permittedIps": [], "customAttributes": {}}
    api.post(f"{PATH}/update", {"id": before["id"], "name": "after", **emptied}, token=key)
    assert load(api, key, before["id"]) == {**before, "name": "after", **emptied}
    assert found(api, key, customAttributes={"team": "ops"}) == []


@pytest.mark.parametrize("fields", [{"permittedIps": ["x"]}, {"customClaims": {"x": "y" * 9000}}])
def test_update_to_what_cannot_be_is_refused(fields: dict[str, Any], api: Api, key: str) -> None:
    made = create(api, key)["key"]
    assert api.post(f"{PATH}/update", {"id": made["id"], "name": "x", **fields}, token=key).refusal == INVALID
    assert load(api, key, made["id"]) == made


def test_search_finds_what_matches_everything(api: Api, key: str) -> None:
    user, tenant, other = make_user(api.avow), make_tenant(api.avow), make_tenant(api.avow)
    create(api, key, name="plain")
    create(api, key, name="bound", userId=user)
    create(api, key, name="one", keyTenants=[{"tenantId": tenant}], customAttributes={"team": "ops", "size": 7})
    create(api, key, name="both", keyTenants=[{"tenantId": tenant}, {"tenantId": other}])
    assert sorted(found(api, key)) == ["both", "bound", "one", "plain"]
    assert sorted(found(api, key, tenantIds=[tenant])) == ["both", "one"]
    assert found(api, key, tenantIds=[other]) == ["both"]
    assert found(api, key, tenantIds=["T-unknown"]) == []
    assert found(api, key, boundUserId=user) == ["bound"]
    assert found(api, key, customAttributes={"team": "ops", "size": 7}) == ["one"]
    assert found(api, key, customAttributes={"team": "ops", "size": 8}) == []
    assert len(found(api, key, creatingUser=key[:27])) == len(found(api, key, creatingUser=f"key:{key[:27]}")) == 4
    assert found(api, key, creatingUser=user) == []


def test_search_is_two_statements_however_many_there_are(api: Api, key: str, statements: Statements) -> None:
    for number in range(3):
        create(api, key, name=f"{number}")
    with statements:
        assert len(found(api, key)) == 3
    assert statements.ran[1:] == [statements.ran[1], statements.ran[2]]
    assert "FROM access_keys" in statements.ran[1]
    assert "FROM access_key_roles" in statements.ran[2]


def test_batches_change_all_or_none(api: Api, key: str, statements: Statements) -> None:
    ids = [create(api, key)["key"]["id"] for _ in range(3)]
    for call, status in (("deactivate", "inactive"), ("activate", "active")):
        assert api.post(f"{PATH}/{call}/batch", {"ids": [*ids, "A-unknown"]}, token=key).refusal == NOT_FOUND
        assert {load(api, key, each)["status"] for each in ids} != {status}
        assert api.post(f"{PATH}/{call}/batch", {"ids": [*ids, ids[0]]}, token=key).body == {}
        assert {load(api, key, each)["status"] for each in ids} == {status}
    assert api.post(f"{PATH}/delete/batch", {"ids": [ids[0], "A-unknown"]}, token=key).refusal == NOT_FOUND
    assert load(api, key, ids[0])["status"] == "active"
    with statements:
        assert api.post(f"{PATH}/delete/batch", {"ids": ids}, token=key).body == {}
    assert len(statements.ran) == 4  # the caller, attributes, keys, audit
    assert found(api, key) == []


@pytest.mark.parametrize("call", ["activate", "deactivate", "delete"])
def test_batch_of_none_or_of_too_many_is_refused(call: str, api: Api, key: str) -> None:
    assert api.post(f"{PATH}/{call}/batch", {"ids": []}, token=key).refusal == (400, "E011002")
    assert api.post(f"{PATH}/{call}/batch", {}, token=key).refusal == (400, "E011002")
    assert api.post(f"{PATH}/{call}/batch", {"ids": ["A"] * 501}, token=key).refusal == (400, "E011003")


def test_unknown_key_is_not_found(api: Api, key: str) -> None:
    assert api.get(PATH, {"id": "A-unknown"}, token=key).refusal == NOT_FOUND
    assert api.get(PATH, token=key).refusal == NOT_FOUND
    for call in ("update", "rotate", "activate", "deactivate", "delete"):
        assert api.post(f"{PATH}/{call}", {"id": "A-unknown", "name": "x"}, token=key).refusal == NOT_FOUND


def test_deleted_tenant_and_role_leave_the_key(api: Api, key: str) -> None:
    role, tenant, other = make_role(api.avow, "reader"), make_tenant(api.avow), make_tenant(api.avow)
    tenants = [{"tenantId": each, "roleNames": ["reader"]} for each in (tenant, other)]
    id = create(api, key, keyTenants=tenants)["key"]["id"]
    assert api.post("/v1/mgmt/tenant/delete", {"id": tenant}, token=key).status == 200
    assert api.post("/v1/mgmt/role/delete", {"id": role}, token=key).status == 200
    assert load(api, key, id)["keyTenants"] == [{"tenantId": other, "tenantName": "Acme", "roleNames": []}]


def test_cascade_of_a_tenant_deletes_keys_of_no_other(api: Api, key: str) -> None:
    tenant, other = make_tenant(api.avow), make_tenant(api.avow)
    create(api, key, name="one", keyTenants=[{"tenantId": tenant}], customAttributes={"team": "ops"})
    create(api, key, name="both", keyTenants=[{"tenantId": tenant}, {"tenantId": other}])
    assert api.post("/v1/mgmt/tenant/delete", {"id": tenant, "cascade": True}, token=key).status == 200
    assert found(api, key) == ["both"]


@pytest.mark.parametrize("call", ["user/delete", "user/delete/batch", "tenant/delete"])
def test_nothing_stays_of_a_key_that_goes_with_its_user(call: str, api: Api, key: str) -> None:
    tenant, user = make_tenant(api.avow), make_user(api.avow)
    join_tenant(api.avow, user, tenant)
    create(api, key, userId=user, customAttributes={"team": "ops"})
    body = {"userId": user, "userIds": [user], "id": tenant, "cascade": True}
    assert api.post(f"/v1/mgmt/{call}", body, token=key).status == 200
    for table in ("access_keys", "attribute_values"):
        query = f"SELECT * FROM {table} WHERE project_id = ?"
        assert read_table(api.avow.server.site.store.url, query, api.avow.project_id) == []


def test_changes_are_audited_with_the_caller_and_no_secret(api: Api, key: str) -> None:
    made = create(api, key)
    id, caller = made["key"]["id"], f"key:{key[:27]}"
    api.post(f"{PATH}/update", {"id": id, "name": "x"}, token=key)
    rotated = api.post(f"{PATH}/rotate", {"id": id}, token=key)
    for call in ("deactivate", "activate", "delete"):
        api.post(f"{PATH}/{call}", {"id": id}, token=key)
    query = "SELECT action, actor, data FROM audit_events WHERE project_id = ? AND action LIKE ?"
    noted = read_table(api.avow.server.site.store.url, query, api.avow.project_id, "access_key.%")
    actions = ["activated", "changed", "created", "deactivated", "deleted", "rotated"]
    assert sorted(str(action) for action, _, _ in noted) == [f"access_key.{each}" for each in actions]
    assert {actor for _, actor, _ in noted} == {caller}
    assert all(id in str(data) for _, _, data in noted)
    for secret in (made["cleartext"], rotated["cleartext"]):
        assert not [data for _, _, data in noted if secret[27:] in str(data)]


def test_making_a_key_does_not_cost_more_statements_for_more_tenants(
    api: Api, key: str, statements: Statements
) -> None:
    make_role(api.avow, "reader")
    tenants = [{"tenantId": make_tenant(api.avow), "roleNames": ["reader"]} for _ in range(5)]
    counts = []
    create(api, key)  # the project is read once
    for some in (tenants[:1], tenants):
        with statements:
            assert create(api, key, keyTenants=some).status == 200
        counts.append(len(statements.ran))
    assert counts[0] == counts[1]
