"""Deleting a tenant with more than one unit takes: nothing of it works at once, and whoever comes next ends it."""

import json
from base64 import urlsafe_b64decode
from functools import partial

import pytest

from avow.server.keys import actions as keys
from avow.server.operations.housekeeping import Housekeeper
from avow.server.tenants import deletion
from avow.wire.accesskeys import KeyTenant
from tests.factories import join_tenant, make_access_key, make_group, make_role, make_tenant, make_user
from tests.server.api import Api

PATH = "/v1/mgmt/tenant"
MEMBERS = 5


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "_MOST_IN_STEP", 2)


@pytest.fixture
def members(api: Api, key: str) -> list[str]:
    """Make a tenant with everything that a tenant can have; return its members."""
    make_tenant(api.avow, tenant_id="acme")
    make_role(api.avow, "owner", ["read", "write", "delete"])
    for name in ("clerk", "boss", "guest"):
        role = {"name": name, "tenantId": "acme", "permissionNames": ["read", "write", "delete"]}
        assert api.post("/v1/mgmt/role/create", role, token=key).status == 200
    changed = {"id": "acme", "defaultRoles": ["owner", "clerk"]}
    assert api.post(f"{PATH}/updateDefaultRoles", changed, token=key).status == 200
    found = [make_user(api.avow) for _ in range(MEMBERS)]
    for user_id in found:
        join_tenant(api.avow, user_id, "acme")
    for number in range(3):
        make_group(api.avow, "acme", f"group-{number}", found)
        make_access_key(api.avow, key_tenants=(KeyTenant(tenant_id="acme"),))
    return found


def begin(api: Api, *, cascade: bool) -> bool:
    """Delete as a process does that ends after its first unit; tell whether nothing is left."""
    return api.avow.run(partial(deletion.begin, tenant_id="acme", cascade=cascade, actor="key:K1"))


def claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    found: dict[str, object] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def count(api: Api, table: str, condition: str = "1 = 1") -> int:
    sql = f"SELECT COUNT(*) FROM {table} WHERE project_id = :project_id AND {condition}"
    (number,) = api.avow.run(lambda tx: tx.all(sql, int))
    return number


def audited(api: Api, action: str) -> list[tuple[str, str, str]]:
    sql = """
        SELECT actor, user_id, tenant_id FROM audit_events
        WHERE project_id = :project_id AND action = :action ORDER BY user_id
    """
    return api.avow.run(lambda tx: tx.all(sql, lambda *row: row, action=action))


def nothing_is_left(api: Api) -> bool:
    tables = ("tenants", "memberships", "groups", "group_members", "access_key_tenants", "tenant_default_roles")
    return not any(count(api, table) for table in tables) and not count(api, "roles", "tenant_id IS NOT NULL")


@pytest.mark.usefixtures("small_steps")
def test_members_go_some_at_a_time_and_each_is_audited(api: Api, key: str, members: list[str]) -> None:
    other = make_user(api.avow)
    assert api.post(f"{PATH}/delete", {"id": "acme", "cascade": True}, token=key).status == 200
    assert nothing_is_left(api)
    assert (count(api, "users"), count(api, "access_keys")) == (1, 0)
    actors = {actor for actor, _, _ in audited(api, "user.deleted")}
    assert len(actors) == 1
    assert actors.pop().startswith("key:")
    assert [(user, tenant) for _, user, tenant in audited(api, "user.deleted")] == [
        (user, "acme") for user in sorted(members)
    ]
    assert len(audited(api, "access_key.deleted")) == 3
    assert len(audited(api, "tenant.deleted")) == 1
    assert api.post("/v2/mgmt/user/search", token=key)["users"][0]["userId"] == other


@pytest.mark.usefixtures("small_steps")
def test_members_stay_without_cascade(api: Api, key: str, members: list[str]) -> None:
    assert api.post(f"{PATH}/delete", {"id": "acme"}, token=key).status == 200
    assert nothing_is_left(api)
    assert (count(api, "users"), count(api, "access_keys")) == (len(members), 3)
    assert audited(api, "user.deleted") == []


@pytest.mark.usefixtures("small_steps")
def test_tenant_is_of_no_use_from_the_first_unit_on(api: Api, key: str) -> None:
    make_tenant(api.avow, tenant_id="acme")
    login_ids = [f"mia-{number}@acme.example" for number in range(MEMBERS)]
    sessions = [api.sign_in(each) for each in login_ids]
    for session in sessions:
        join_tenant(api.avow, session["user"]["userId"], "acme", [make_role(api.avow, "Tenant Admin")])
    confined = api.avow.run(partial(keys.create_management_key, name="acme", tenant_id="acme"))[1]
    machine = make_access_key(api.avow, key_tenants=(KeyTenant(tenant_id="acme"),))[1]
    administrator = sessions[-1]["refreshJwt"]
    assert api.send("GET", PATH, token=administrator, query="id=acme&tenant=acme").status == 200

    assert begin(api, cascade=False) is False

    assert count(api, "memberships") == MEMBERS - 2
    assert api.refresh(administrator)["user"]["userTenants"] == []
    assert api.send("GET", PATH, token=administrator, query="id=acme&tenant=acme").status == 403
    assert api.get(PATH, {"id": "acme"}, token=confined).status == 401
    assert api.get(PATH, {"id": "acme"}, token=key).status == 404
    assert api.get(f"{PATH}/all", token=key)["tenants"] == []
    assert api.post(f"{PATH}/update", {"id": "acme", "name": "Still here"}, token=key).status == 404
    joining = {"loginId": login_ids[-1], "tenantId": "acme"}
    assert api.post("/v1/mgmt/user/update/tenant/add", joining, token=key).status == 404
    assert api.post("/v1/mgmt/role/create", {"name": "clerk", "tenantId": "acme"}, token=key).status == 404
    assert api.post("/v1/mgmt/group/all", {"tenantId": "acme"}, token=key).status == 404
    assert api.post("/v1/mgmt/password/settings", {"tenantId": "acme", "minLength": 12}, token=key).status == 404
    wanted = {"name": "k", "expireTime": 0, "keyTenants": [{"tenantId": "acme"}]}
    assert api.post("/v1/mgmt/accesskey/create", wanted, token=key).status == 404
    assert claims(api.post("/v1/auth/accesskey/exchange", token=machine)["sessionJwt"])["tenants"] == {}


@pytest.mark.usefixtures("small_steps", "members")
def test_id_is_free_when_the_deletion_has_ended(api: Api, key: str) -> None:
    assert begin(api, cascade=True) is False
    again = {"id": "acme", "name": "Acme", "selfProvisioningDomains": ["acme.example"]}
    assert api.post(f"{PATH}/create", again, token=key).refusal == (400, "E011004")
    assert api.post(f"{PATH}/delete", {"id": "acme"}, token=key).status == 200
    assert api.post(f"{PATH}/create", again, token=key).status == 200
    assert api.get(PATH, {"id": "acme"}, token=key)["defaultRoles"] == []


@pytest.mark.usefixtures("small_steps")
def test_call_that_is_repeated_ends_what_another_began(api: Api, key: str, members: list[str]) -> None:
    assert begin(api, cascade=True) is False
    assert 0 < count(api, "users") < len(members)
    assert api.post(f"{PATH}/delete", {"id": "acme", "cascade": True}, token=key).status == 200
    assert nothing_is_left(api)
    assert count(api, "users") == 0
    assert api.post(f"{PATH}/delete", {"id": "acme", "cascade": True}, token=key).refusal == (404, "E019404")


@pytest.mark.usefixtures("small_steps")
def test_call_that_is_repeated_without_cascade_takes_no_member_back(api: Api, key: str, members: list[str]) -> None:
    assert begin(api, cascade=True) is False
    assert api.post(f"{PATH}/delete", {"id": "acme"}, token=key).status == 200
    assert count(api, "users") == 0
    assert len(audited(api, "user.deleted")) == len(members)


@pytest.mark.usefixtures("small_steps", "members")
def test_housekeeper_ends_what_a_killed_process_began(api: Api) -> None:
    assert begin(api, cascade=True) is False
    Housekeeper(api.avow.server.site.store).run_once()
    assert nothing_is_left(api)
    assert count(api, "users") == 0
    assert {actor for actor, _, _ in audited(api, "user.deleted")} == {"key:K1"}


def test_housekeeper_takes_no_more_rows_in_a_unit_than_it_is_told(api: Api, members: list[str]) -> None:
    make_tenant(api.avow, tenant_id="other")
    for user_id in members:
        join_tenant(api.avow, user_id, "other")
    mark = "UPDATE tenants SET deleted_at = :now WHERE project_id = :project_id"
    api.avow.run(lambda tx: tx.run(mark))
    taken: list[int] = []
    while not taken or taken[-1]:
        taken.append(api.avow.run(lambda tx: deletion.purge(tx, 4)))
    assert max(taken) == 4
    assert nothing_is_left(api)


@pytest.mark.usefixtures("small_steps")
def test_user_of_two_tenants_goes_with_the_last_of_them(api: Api, key: str, members: list[str]) -> None:
    make_tenant(api.avow, tenant_id="other")
    shared = members[0]
    join_tenant(api.avow, shared, "other")
    assert begin(api, cascade=True) is False
    assert api.post(f"{PATH}/delete", {"id": "other", "cascade": True}, token=key).status == 200
    assert api.post(f"{PATH}/delete", {"id": "acme", "cascade": True}, token=key).status == 200
    assert count(api, "users") == 0


def test_attributes_go_with_their_owners(api: Api, key: str) -> None:
    defined = {"attributes": [{"name": "plan", "type": "string"}]}
    assert api.post("/v1/mgmt/user/customattribute/create", defined, token=key).status == 200
    make_tenant(api.avow, tenant_id="acme")
    user = {"loginId": "mia", "userTenants": [{"tenantId": "acme"}], "customAttributes": {"plan": "gold"}}
    assert api.post("/v1/mgmt/user/create", user, token=key).status == 200
    assert count(api, "attribute_values") == 1
    assert api.post(f"{PATH}/delete", {"id": "acme", "cascade": True}, token=key).status == 200
    assert count(api, "attribute_values") == 0
