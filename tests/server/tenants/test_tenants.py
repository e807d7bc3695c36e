"""POST and GET /v1/mgmt/tenant/... ."""

import json
from functools import partial
from typing import Any

import pytest

from avow.server.keys import actions as keys
from tests.factories import join_tenant, make_role, make_tenant
from tests.server.api import Api

PATH = "/v1/mgmt/tenant"


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def _ids(api: Api, key: str, **wanted: Any) -> list[str]:
    return [each["id"] for each in api.post(f"{PATH}/search", wanted, token=key)["tenants"]]


def test_created_tenant_is_loaded_with_all_it_is(api: Api, key: str) -> None:
    body = {
        "name": "Acme",
        "id": "acme",
        "selfProvisioningDomains": ["Acme.example.com"],
        "customAttributes": {"plan": "gold"},
        "enforceSSO": True,
        "enforceSSOExclusions": ["U1"],
        "disabled": False,
    }
    assert api.post(f"{PATH}/create", body, token=key).body == {"id": "acme"}
    found = api.get(PATH, {"id": "acme"}, token=key).body
    assert found["selfProvisioningDomains"] == ["acme.example.com"]
    assert (found["enforceSSO"], found["enforceSSOExclusions"], found["disabled"]) == (True, ["U1"], False)
    assert (found["customAttributes"], found["createdTime"]) == ({"plan": "gold"}, api.clock())
    assert api.get(f"{PATH}/all", token=key)["tenants"] == [found]


def test_taken_id_and_taken_domain_are_refused(api: Api, key: str) -> None:
    body = {"name": "Acme", "id": "acme", "selfProvisioningDomains": ["example.com"]}
    api.post(f"{PATH}/create", body, token=key)
    assert api.post(f"{PATH}/create", {"name": "Other", "id": "acme"}, token=key).refusal == (400, "E011004")
    assert api.post(f"{PATH}/create", {**body, "id": "other"}, token=key).refusal == (400, "E011004")
    assert _ids(api, key) == ["acme"]


def test_update_overrides_everything_and_patch_only_what_it_names(api: Api, key: str) -> None:
    first = {"name": "Acme", "id": "acme", "selfProvisioningDomains": ["a.test"], "customAttributes": {"a": 1, "b": 2}}
    api.post(f"{PATH}/create", first, token=key)
    patch = {"id": "acme", "disabled": True, "customAttributes": {"a": None, "c": ["x", "y"]}}
    assert api._send("PATCH", f"{PATH}/patch", "", json.dumps(patch).encode(), key, {}).status == 200
    found = api.get(PATH, {"id": "acme"}, token=key).body
    assert (found["name"], found["disabled"], found["selfProvisioningDomains"]) == ("Acme", True, ["a.test"])
    assert found["customAttributes"] == {"b": 2, "c": ["x", "y"]}
    assert _ids(api, key, customAttributes={"c": "y"}) == ["acme"]
    assert _ids(api, key, customAttributes={"a": 1}) == []
    api.post(f"{PATH}/update", {"id": "acme", "name": "New", "selfProvisioningDomains": []}, token=key)
    found = api.get(PATH, {"id": "acme"}, token=key).body
    assert (found["name"], found["disabled"], found["customAttributes"]) == ("New", False, {})
    assert found["selfProvisioningDomains"] == []


def test_search_narrows_by_everything_asked_for(api: Api, key: str) -> None:
    for name in ("a", "b"):
        api.post(
            f"{PATH}/create", {"name": name.upper(), "id": name, "selfProvisioningDomains": [f"{name}.test"]}, token=key
        )
    assert _ids(api, key) == ["a", "b"]
    assert _ids(api, key, tenantIds=["b", "none"]) == ["b"]
    assert _ids(api, key, tenantNames=["A"]) == ["a"]
    assert _ids(api, key, tenantSelfProvisioningDomains=["B.test"]) == ["b"]
    assert _ids(api, key, tenantIds=["a"], tenantNames=["B"]) == []


def test_settings_change_by_name_and_the_others_stay(api: Api, key: str) -> None:
    make_tenant(api.avow, tenant_id="acme")
    change = {"tenantId": "acme", "selfProvisioningDomains": ["a.test"], "sessionTokenExpiration": 10, "enabled": True}
    assert api.post(f"{PATH}/settings", {**change, "sessionTokenExpirationUnit": "minutes"}, token=key).status == 200
    again = {"tenantId": "acme", "domains": ["sso.test"], "authType": "saml", "JITDisabled": True}
    assert api.post(f"{PATH}/settings", again, token=key).status == 200
    found = api.get(f"{PATH}/settings", {"id": "acme"}, token=key).body
    assert (found["sessionTokenExpiration"], found["sessionTokenExpirationUnit"]) == (10, "minutes")
    assert (found["domains"], found["selfProvisioningDomains"]) == (["sso.test"], ["a.test"])
    assert (found["authType"], found["JITDisabled"], found["enabled"]) == ("saml", True, True)
    assert found["sessionSettingsEnabled"] is True


def test_new_member_has_the_default_roles_of_the_tenant(api: Api, key: str) -> None:
    make_tenant(api.avow, tenant_id="acme")
    make_role(api.avow, "buyer", ["buy"])
    body = {"id": "acme", "defaultRoles": ["buyer"]}
    assert api.post(f"{PATH}/updateDefaultRoles", body, token=key).status == 200
    wrong = {"id": "acme", "defaultRoles": ["none"]}
    assert api.post(f"{PATH}/updateDefaultRoles", wrong, token=key).refusal == (400, "E011004")
    api.post("/v1/mgmt/role/create", {"name": "local", "tenantId": "acme", "default": True}, token=key)
    session = api.sign_in()
    join_tenant(api.avow, session["user"]["userId"], "acme")
    [held] = api.refresh(session["refreshJwt"])["user"]["userTenants"]
    assert (held["roleNames"], held["permissions"]) == (["buyer", "local"], ["buy"])
    user = {"loginId": "zoe@example.com", "userTenants": [{"tenantId": "acme"}]}
    [held] = api.post("/v1/mgmt/user/create", user, token=key)["user"]["userTenants"]
    assert (held["roleNames"], held["permissions"]) == (["buyer", "local"], ["buy"])


def test_deleted_tenant_is_gone_from_the_next_token(api: Api, key: str) -> None:
    make_tenant(api.avow, tenant_id="acme")
    session = api.sign_in()
    join_tenant(api.avow, session["user"]["userId"], "acme")
    assert api.post(f"{PATH}/delete", {"id": "acme", "cascade": False}, token=key).status == 200
    assert api.refresh(session["refreshJwt"])["user"]["userTenants"] == []
    assert api.get(PATH, {"id": "acme"}, token=key).refusal == (404, "E019404")
    assert api.post(f"{PATH}/delete", {"id": "acme"}, token=key).refusal == (404, "E019404")


def test_cascade_deletes_who_belongs_nowhere_else(api: Api, key: str) -> None:
    for tenant in ("acme", "other"):
        make_tenant(api.avow, tenant_id=tenant)
    only, both = api.sign_in(), api.sign_in()
    join_tenant(api.avow, only["user"]["userId"], "acme")
    for tenant in ("acme", "other"):
        join_tenant(api.avow, both["user"]["userId"], tenant)
    api.post(f"{PATH}/delete", {"id": "acme", "cascade": True}, token=key)
    assert api.refresh(only["refreshJwt"]).status == 401
    assert [each["tenantId"] for each in api.refresh(both["refreshJwt"])["user"]["userTenants"]] == ["other"]


def test_keys_of_a_deleted_tenant_end_and_no_other(api: Api, key: str) -> None:
    for tenant in ("acme", "other"):
        make_tenant(api.avow, tenant_id=tenant)
    ended, kept = (
        api.avow.run(partial(keys.create_management_key, name=tenant, tenant_id=tenant))[1]
        for tenant in ("acme", "other")
    )
    assert api.get(PATH, {"id": "acme"}, token=ended).status == 200
    assert api.post(f"{PATH}/delete", {"id": "acme"}, token=key).status == 200
    assert api.get(PATH, {"id": "acme"}, token=ended).status == 401
    assert api.get(PATH, {"id": "other"}, token=kept).status == 200


def test_key_that_may_not_give_roles_sets_no_default_roles(api: Api, key: str) -> None:
    make_tenant(api.avow, tenant_id="acme")
    make_role(api.avow, "owner")
    body = {"id": "acme", "defaultRoles": ["owner"]}
    weak = api.avow.run(lambda tx: keys.create_management_key(tx, "weak", rights=["tenant:write"]))[1]
    assert api.post(f"{PATH}/updateDefaultRoles", body, token=weak).refusal == (403, "E019403")
    assert api.get(PATH, {"id": "acme"}, token=key)["defaultRoles"] == []
    strong = api.avow.run(lambda tx: keys.create_management_key(tx, "strong", rights=["tenant:write", "role:write"]))[1]
    assert api.post(f"{PATH}/updateDefaultRoles", body, token=strong).status == 200


def test_tenants_of_another_project_are_out_of_reach(api: Api, key: str, make_project: Any) -> None:
    make_tenant(api.avow, tenant_id="acme")
    other = Api(make_project())
    theirs = other.avow.management_key
    assert other.get(PATH, {"id": "acme"}, token=theirs).status == 404
    assert other.post(f"{PATH}/delete", {"id": "acme", "cascade": True}, token=theirs).status == 404
    assert _ids(other, theirs) == []
    assert _ids(api, key) == ["acme"]
