"""Who gives what to access keys, and which of them callers of one tenant reach."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.server.keys import actions as keys
from avow.server.roles import actions as roles
from avow.testing.server import Avow
from tests.factories import join_tenant, make_role, make_tenant, make_user
from tests.server.api import Api, Reply

PATH = "/v1/mgmt/accesskey"
Send = Callable[..., Reply]
FORBIDDEN, NOT_FOUND, INVALID = (403, "E019403"), (404, "E019404"), (400, "E011004")


@pytest.fixture
def avow(avow: Avow) -> Avow:
    for tenant_id in ("T1", "T2"):
        make_tenant(avow, tenant_id=tenant_id)
    make_role(avow, "editor")
    avow.run(lambda tx: roles.create(tx, "hidden", is_private=True))
    return avow


@pytest.fixture(params=["key", "administrator"])
def send(request: pytest.FixtureRequest, avow: Avow, api: Api) -> Send:
    """Return how callers of T1 send: one of its keys, and its administrator."""
    if request.param == "key":
        token, query = avow.run(lambda tx: keys.create_management_key(tx, "t1", tenant_id="T1"))[1], ""
    else:
        join_tenant(avow, make_user(avow, "admin@example.com"), "T1", [make_role(avow, "Tenant Admin")])
        token, query = str(api.sign_in("admin@example.com")["refreshJwt"]), "tenant=T1"
    return lambda call, body=None: api.send("POST", f"{PATH}/{call}", body or {}, token=token, query=query)


def made(api: Api, **fields: Any) -> str:
    """Make a key as a caller of the whole project; return its id."""
    body = {"name": "made", **fields}
    return str(api.post(f"{PATH}/create", body, token=api.avow.management_key)["key"]["id"])


def shown(api: Api, id: str) -> Any:
    return api.get(PATH, {"id": id}, token=api.avow.management_key)["key"]


def of(*tenants: str, **fields: Any) -> dict[str, Any]:
    return {"keyTenants": [{"tenantId": each, **fields} for each in tenants]}


def test_caller_of_a_tenant_makes_keys_of_that_tenant(send: Send, api: Api) -> None:
    key = send("create", {"name": "mine"})["key"]
    assert [each["tenantId"] for each in key["keyTenants"]] == ["T1"]
    with_role = send("create", {"name": "mine", **of("T1", roleNames=["editor"])})
    assert with_role["key"]["keyTenants"][0]["roleNames"] == ["editor"]
    token = api.post("/v1/auth/accesskey/exchange", token=with_role["cleartext"])["sessionJwt"]
    assert list(api.avow.client().validate_session(token)["tenants"]) == ["T1"]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        (of("T2"), NOT_FOUND),
        (of("T1", "T2"), NOT_FOUND),
        (of("T1", roleNames=["hidden"]), INVALID),
        ({"roleNames": ["editor"]}, FORBIDDEN),
        ({"customClaims": {"plan": "pro"}}, FORBIDDEN),
        ({"userId": "U-whoever"}, FORBIDDEN),
    ],
)
def test_caller_of_a_tenant_gives_no_more_than_the_tenant_has(
    fields: dict[str, Any], refusal: tuple[int, str], send: Send
) -> None:
    assert send("create", {"name": "mine", **fields}).refusal == refusal
    assert send("search")["keys"] == []


def test_caller_of_a_tenant_finds_the_keys_of_the_tenant(send: Send, api: Api) -> None:
    made(api, name="project")
    made(api, name="bound", userId=make_user(api.avow))
    made(api, name="other", **of("T2"))
    made(api, name="both", **of("T1", "T2"))
    made(api, name="mine", **of("T1"))
    for body in ({}, {"tenantIds": ["T1"]}, {"tenantIds": ["T1", "T2"]}):
        found = send("search", body)["keys"]
        assert sorted(each["name"] for each in found) == ["both", "mine"]
        assert {tenant["tenantId"] for each in found for tenant in each["keyTenants"]} == {"T1"}
    assert send("search", {"tenantIds": ["T2"]})["keys"] == []


def test_caller_of_a_tenant_changes_the_keys_of_the_tenant(send: Send, api: Api) -> None:
    id = made(api, **of("T1", roleNames=["editor"]))
    assert send("deactivate/batch", {"ids": [id]}).status == 200
    assert shown(api, id)["status"] == "inactive"
    assert send("activate/batch", {"ids": [id]}).status == 200
    assert send("rotate", {"id": id})["cleartext"].startswith(id)
    assert send("delete/batch", {"ids": [id]}).status == 200
    assert api.get(PATH, {"id": id}, token=api.avow.management_key).refusal == NOT_FOUND


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({}, NOT_FOUND),
        (of("T2"), NOT_FOUND),
        (of("T1", "T2"), FORBIDDEN),
        (of("T1", roleNames=["hidden"]), FORBIDDEN),
        ({**of("T1"), "customClaims": {"plan": "pro"}}, FORBIDDEN),
    ],
)
def test_caller_of_a_tenant_changes_no_key_that_is_more(
    fields: dict[str, Any], refusal: tuple[int, str], send: Send, api: Api
) -> None:
    own, other = made(api, **of("T1")), made(api, **fields)
    before = [shown(api, each) for each in (own, other)]
    assert send("rotate", {"id": other}).refusal == refusal
    for call in ("activate/batch", "deactivate/batch", "delete/batch"):
        assert send(call, {"ids": [other]}).refusal == refusal
        assert send(call, {"ids": [own, other]}).refusal == refusal
    assert [shown(api, each) for each in (own, other)] == before


def test_who_may_not_give_roles_makes_activates_and_learns_no_key_that_has_some(api: Api, avow: Avow) -> None:
    weak = avow.run(lambda tx: keys.create_management_key(tx, "weak", rights=["access_key:write"]))[1]
    user = make_user(avow)
    for fields in ({"roleNames": ["editor"]}, of("T1", roleNames=["editor"]), {"userId": user}):
        assert api.post(f"{PATH}/create", {"name": "x", **fields}, token=weak).refusal == FORBIDDEN
        held = made(api, **fields)
        assert api.post(f"{PATH}/rotate", {"id": held}, token=weak).refusal == FORBIDDEN
        assert api.post(f"{PATH}/deactivate", {"id": held}, token=weak).status == 200
        assert api.post(f"{PATH}/activate", {"id": held}, token=weak).refusal == FORBIDDEN
        assert api.post(f"{PATH}/activate/batch", {"ids": [held]}, token=weak).refusal == FORBIDDEN
        assert shown(api, held)["status"] == "inactive"
    assert api.post(f"{PATH}/create", {"name": "x", **of("T1")}, token=weak).status == 200


def test_who_may_only_read_changes_nothing(api: Api, avow: Avow) -> None:
    id = made(api)
    reader = avow.run(lambda tx: keys.create_management_key(tx, "r", rights=["access_key:read"]))[1]
    assert api.get(PATH, {"id": id}, token=reader).status == 200
    assert api.post(f"{PATH}/search", token=reader).status == 200
    for call in ("create", "update", "rotate", "activate", "deactivate", "delete", "delete/batch"):
        assert api.post(f"{PATH}/{call}", {"id": id, "name": "x", "ids": [id]}, token=reader).refusal == FORBIDDEN
