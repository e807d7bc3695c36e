"""/v1/mgmt/managementkey: what keys may do, from where, until when, and what they may give."""

import json
from typing import Any

import pytest

from avow.server.keys import actions as keys
from avow.server.site import answer
from avow.server.store import Tx
from avow.server.visit import Request
from avow.testing.server import Avow
from tests.factories import make_tenant
from tests.security.tables import read_table
from tests.server.api import Api, Reply, Statements

PATH = "/v1/mgmt/managementkey"
SETTINGS = "/v1/mgmt/avow/project/settings"
PEER = "203.0.113.7"


@pytest.fixture
def key(avow: Avow) -> str:
    return avow.management_key


def ask(api: Api, verb: str, token: str, body: object = None, path: str = PATH) -> Reply:
    headers = {"authorization": f"Bearer {api.avow.project_id}:{token}", "content-type": "application/json"}
    request = Request(verb, path, "", headers, json.dumps(body or {}).encode(), PEER)
    response = answer(api.avow.server.site, request)
    return Reply(response.status, response.headers, json.loads(response.body))


def create(api: Api, token: str, *roles: str, **fields: Any) -> Reply:
    of_project = [{"projectIds": [api.avow.project_id], "roles": list(roles)}] if roles else []
    body = {"name": "made", "description": None, "reBac": {"projectRoles": of_project}, **fields}
    return ask(api, "PUT", token, body)


def change(api: Api, token: str, key_id: str, status: str = "active", **fields: Any) -> Reply:
    body = {"id": key_id, "name": "changed", "description": "", "permittedIps": [], "status": status, **fields}
    return ask(api, "PATCH", token, body)


def key_id(secret: str) -> str:
    return secret[:27]


def test_new_key_is_shown_as_it_was_made_and_works(api: Api, key: str) -> None:
    made = create(api, key, "project:read", description="d", expiresIn=60, permittedIps=["203.0.113.0/24"])
    shown = made["key"]
    assert shown == api.get(PATH, {"id": shown["id"]}, token=key)["key"]
    assert shown == {
        "id": key_id(made["cleartext"]),
        "name": "made",
        "description": "d",
        "status": "active",
        "createdTime": api.clock(),
        "expireTime": api.clock() + 60,
        "permittedIps": ["203.0.113.0/24"],
        "reBac": {
            "companyRoles": [],
            "projectRoles": [{"projectIds": [api.avow.project_id], "roles": ["project:read"]}],
            "tagRoles": [],
        },
        "version": 0,
        "authzVersion": 0,
        "tenantId": "",
    }
    assert {each["id"] for each in api.get(f"{PATH}/search", token=key)["keys"]} == {key_id(key), shown["id"]}
    assert api.get(SETTINGS, token=made["cleartext"]).status == 200


@pytest.mark.parametrize(
    ("roles", "reads", "writes"),
    [
        ((), 403, 403),
        (("full access",), 200, 200),
        (("read only",), 200, 403),
        (("*",), 200, 200),
        (("project:read",), 200, 403),
        (("project:write",), 200, 200),
        (("user:write", "audit:read"), 403, 403),
    ],
)
def test_key_may_do_what_its_roles_name(roles: tuple[str, ...], reads: int, writes: int, api: Api, key: str) -> None:
    secret = create(api, key, *roles)["cleartext"]
    assert api.get(SETTINGS, token=secret).status == reads
    assert api.post(SETTINGS, {"settings": {"codeDigits": 8}}, token=secret).status == writes
    assert api.get("/v1/mgmt/license", token=secret).status == 200


def test_call_without_the_right_is_refused_before_its_body_is_read(api: Api, key: str) -> None:
    secret = create(api, key, "project:read")["cleartext"]
    assert api.post(SETTINGS, {"settings": 7}, token=secret).refusal == (403, "E019403")


def test_what_is_not_supported_is_told_only_to_those_with_the_right(api: Api, key: str) -> None:
    reader = create(api, key, "read only")["cleartext"]
    for path in ("/v1/mgmt/engine/create", "/v1/mgmt/fga/relations"):
        assert api.post(path, token=key).refusal == (501, "E019501")
        assert api.post(path, token=reader).refusal == (403, "E019403")
    assert api.get("/v1/mgmt/engine/load", token=reader).refusal == (501, "E019501")


@pytest.mark.parametrize(
    "rebac",
    [
        {"companyRoles": ["admin"]},
        {"tagRoles": [{"tags": ["t"], "roles": ["full access"]}]},
        {"projectRoles": [{"projectIds": ["P-another"], "roles": ["full access"]}]},
        {"projectRoles": [{"projectIds": [], "roles": ["full access"]}]},
        {"projectRoles": [{"roles": ["full access"]}]},
        {"projectRoles": [{"projectIds": ["own", "P-another"], "roles": ["full access"]}]},
        {"projectRoles": [{"projectIds": ["own"], "roles": ["Full Access"]}]},
        {"projectRoles": [{"projectIds": ["own"], "roles": ["users:write"]}]},
        {"projectRoles": [{"projectIds": ["own"], "roles": ["user:write role:write"]}]},
    ],
)
def test_role_that_no_key_can_have_is_refused(rebac: dict[str, Any], api: Api, key: str) -> None:
    named = json.loads(json.dumps(rebac).replace('"own"', f'"{api.avow.project_id}"'))
    assert create(api, key, reBac=named).refusal == (400, "E011004")
    assert len(api.get(f"{PATH}/search", token=key)["keys"]) == 1


@pytest.mark.parametrize("permitted", ["example.com", "10.0.0.0/33", "10.0.0.1 "])
def test_address_that_is_none_is_refused(permitted: str, api: Api, key: str) -> None:
    assert create(api, key, permittedIps=[permitted]).refusal == (400, "E011004")
    assert change(api, key, key_id(key), permittedIps=[permitted]).refusal == (400, "E011004")


def test_key_is_refused_from_elsewhere_as_if_it_did_not_exist(api: Api, key: str) -> None:
    here = create(api, key, "*", permittedIps=["192.0.2.1", "203.0.113.0/24"])["cleartext"]
    elsewhere = create(api, key, "*", permittedIps=["192.0.2.1"])["cleartext"]
    assert api.get(SETTINGS, token=here).status == 200
    refused = api.get(SETTINGS, token=elsewhere)
    assert refused.refusal == (401, "E019401")
    no_key = key[:-1] + ("x" if key[-1] != "x" else "y")
    assert refused.body == api.get(SETTINGS, token=no_key).body


def test_key_beside_a_sign_in_call_counts_only_from_its_addresses(api: Api, key: str) -> None:
    elsewhere = create(api, key, "*", permittedIps=["192.0.2.1"])["cleartext"]
    body = {"loginId": "mia@example.com"}
    assert api.post("/v1/auth/otp/signup-in/email", body, token=elsewhere).refusal == (401, "E019401")
    assert api.post("/v1/auth/otp/signup-in/email", body, token=key).status == 200


def test_key_ends_to_the_second(api: Api, key: str) -> None:
    secret = create(api, key, "*", expiresIn=10)["cleartext"]
    api.clock.advance(9)
    assert api.get(SETTINGS, token=secret).status == 200
    api.clock.advance(1)
    assert api.get(SETTINGS, token=secret).refusal == (401, "E019401")


def test_inactive_key_is_refused_at_once_until_it_is_active_again(api: Api, key: str) -> None:
    made = create(api, key, "*")
    assert change(api, key, made["key"]["id"], "inactive")["key"]["status"] == "inactive"
    assert api.get(SETTINGS, token=made["cleartext"]).refusal == (401, "E019401")
    assert change(api, key, made["key"]["id"], "active")["key"]["status"] == "active"
    assert api.get(SETTINGS, token=made["cleartext"]).status == 200


@pytest.mark.parametrize("status", ["", "revoked", "Active", "active\n"])
def test_other_status_is_refused(status: str, api: Api, key: str) -> None:
    assert change(api, key, key_id(key), status).refusal == (400, "E011003")


def test_deleted_keys_are_gone_at_once(api: Api, key: str) -> None:
    first, second = create(api, key, "*"), create(api, key, "*")
    ids = [first["key"]["id"], second["key"]["id"], "K-unknown", first["key"]["id"]]
    assert api.post(f"{PATH}/delete", {"ids": ids}, token=key).body == {"total": 2}
    for made in (first, second):
        assert api.get(SETTINGS, token=made["cleartext"]).refusal == (401, "E019401")
        assert api.get(PATH, {"id": made["key"]["id"]}, token=key).refusal == (404, "E019404")
        assert change(api, key, made["key"]["id"]).refusal == (404, "E019404")
    assert [each["id"] for each in api.get(f"{PATH}/search", token=key)["keys"]] == [key_id(key)]


def test_key_cannot_give_more_than_it_has(api: Api, key: str) -> None:
    limited = create(api, key, "management_key:write", "user:read", expiresIn=100, permittedIps=["203.0.113.0/24"])
    secret, within = limited["cleartext"], {"expiresIn": 50, "permittedIps": [PEER]}
    assert create(api, secret, "user:read", **within).status == 200
    assert create(api, secret, "user:write", **within).refusal == (403, "E019403")
    assert create(api, secret, "full access", **within).refusal == (403, "E019403")
    assert create(api, secret, "read only", **within).refusal == (403, "E019403")
    assert create(api, secret, "user:read", **{**within, "expiresIn": 101}).refusal == (403, "E019403")
    assert create(api, secret, "user:read", **{**within, "expiresIn": 0}).refusal == (403, "E019403")
    assert create(api, secret, "user:read", **{**within, "permittedIps": []}).refusal == (403, "E019403")
    assert create(api, secret, "user:read", **{**within, "permittedIps": ["0.0.0.0/0"]}).refusal == (403, "E019403")


def test_key_cannot_widen_itself_nor_touch_a_stronger_one(api: Api, key: str) -> None:
    limited = create(api, key, "management_key:write", permittedIps=[PEER])
    secret, own, stronger = limited["cleartext"], limited["key"]["id"], key_id(key)
    before = api.get(f"{PATH}/search", token=key).body
    assert change(api, secret, own, permittedIps=[]).refusal == (403, "E019403")
    assert change(api, secret, own, permittedIps=[PEER, "192.0.2.1"]).refusal == (403, "E019403")
    assert change(api, secret, stronger, "inactive").refusal == (403, "E019403")
    assert api.post(f"{PATH}/delete", {"ids": [own, stronger]}, token=secret).refusal == (403, "E019403")
    assert api.get(f"{PATH}/search", token=key).body == before
    assert change(api, secret, own, permittedIps=[PEER])["key"]["name"] == "changed"


def test_key_of_a_tenant_ends_with_the_tenant(api: Api, key: str) -> None:
    tenant = make_tenant(api.avow)
    made = create(api, key, "user:write", tenantId=tenant)
    assert made["key"]["tenantId"] == tenant
    assert create(api, key, tenantId="T-unknown").refusal == (404, "E019404")
    assert api.get("/v1/mgmt/license", token=made["cleartext"]).status == 200
    remove = "DELETE FROM tenants WHERE project_id = :project_id AND id = :id"
    api.avow.run(lambda tx: tx.run(remove, id=tenant))
    assert api.get("/v1/mgmt/license", token=made["cleartext"]).refusal == (401, "E019401")


def test_keys_of_a_deleted_tenant_do_not_come_back_with_its_id(api: Api, key: str) -> None:
    secret = create(api, key, "*", tenantId=make_tenant(api.avow, tenant_id="T1"))["cleartext"]

    def unit(tx: Tx) -> None:
        tx.run("DELETE FROM tenants WHERE project_id = :project_id AND id = 'T1'")
        keys.revoke_keys_of_tenant(tx, "T1")

    api.avow.run(unit)
    make_tenant(api.avow, tenant_id="T1")
    assert api.get("/v1/mgmt/license", token=secret).refusal == (401, "E019401")


def test_management_call_runs_one_statement_for_its_caller(api: Api, key: str, statements: Statements) -> None:
    api.get(SETTINGS, token=key)
    with statements:
        assert api.get(SETTINGS, token=key).status == 200
    assert statements.ran == ["keys.FIND_SECRET", "projects.SETTINGS"]


def test_refused_calls_are_audited_at_a_limited_rate(api: Api, key: str) -> None:
    made = create(api, key)
    for _ in range(30):
        assert api.get(SETTINGS, token=made["cleartext"]).status == 403
    query = "SELECT actor, data FROM audit_events WHERE project_id = ? AND action = 'caller.refused'"
    noted = read_table(api.avow.server.site.store.url, query, api.avow.project_id)
    assert len(noted) == 10
    assert {actor for actor, _ in noted} == {f"key:{made['key']['id']}"}
    assert json.loads(str(noted[0][1])) == {"endpoint": "project.settings.get", "code": "E019403"}


def test_changes_are_audited_with_the_key_that_made_them(api: Api, key: str) -> None:
    made = create(api, key, "user:read")["key"]["id"]
    change(api, key, made)
    api.post(f"{PATH}/delete", {"ids": [made]}, token=key)
    query = "SELECT action FROM audit_events WHERE project_id = ? AND actor = ? AND data LIKE ? ORDER BY action"
    found = read_table(api.avow.server.site.store.url, query, api.avow.project_id, f"key:{key_id(key)}", f'%"{made}"%')
    assert [action for (action,) in found] == [f"management_key.{each}" for each in ("changed", "created", "revoked")]
