"""Who gives roles to users, and which users callers of one tenant reach."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.server.keys import actions as keys
from avow.server.roles import actions as roles
from avow.testing.server import Avow
from tests.factories import grant, join_tenant, make_role, make_tenant, make_user, new_email
from tests.server.api import Api, Reply

USER = "/v1/mgmt/user"
SEARCH = "/v2/mgmt/user/search"
Send = Callable[..., Reply]
FORBIDDEN, MISSING, UNKNOWN_TENANT, INVALID = (403, "E019403"), (404, "E112102"), (404, "E019404"), (400, "E011004")


@pytest.fixture
def avow(avow: Avow) -> Avow:
    for tenant_id in ("T1", "T2"):
        make_tenant(avow, tenant_id=tenant_id)
    for name in ("editor", "buyer"):
        make_role(avow, name)
    avow.run(lambda tx: roles.create(tx, "hidden", is_private=True))
    return avow


@pytest.fixture
def weak(avow: Avow) -> str:
    """Return a key that may change users and no roles."""
    return avow.run(lambda tx: keys.create_management_key(tx, "weak", rights=["user:write"]))[1]


@pytest.fixture(params=["key", "administrator"])
def send(request: pytest.FixtureRequest, avow: Avow, api: Api) -> Send:
    """Return how callers of T1 send: one of its keys, and its administrator."""
    if request.param == "key":
        token, query = avow.run(lambda tx: keys.create_management_key(tx, "t1", tenant_id="T1"))[1], ""
    else:
        join_tenant(avow, make_user(avow, "admin@example.com"), "T1", [make_role(avow, "Tenant Admin")])
        token, query = str(api.sign_in("admin@example.com")["refreshJwt"]), "tenant=T1"

    def send(path: str, body: object = None, verb: str = "POST") -> Reply:
        if verb == "GET":
            return api.get(path, {"tenant": "T1"}, token=token)
        return api.send(verb, path, {} if body is None else body, token=token, query=query)

    return send


def member(avow: Avow, *tenants: str) -> tuple[str, str]:
    """Insert a member of tenants; return login ID and id."""
    login_id = new_email()
    user_id = make_user(avow, login_id)
    for tenant_id in tenants:
        join_tenant(avow, user_id, tenant_id)
    return login_id, user_id


def shown(api: Api, login_id: str) -> Any:
    return api.get(USER, {"loginId": login_id}, token=api.avow.management_key)["user"]


# --- The right to give roles -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "roles", [{"roleNames": ["editor"]}, {"userTenants": [{"tenantId": "T1", "roleNames": ["editor"]}]}]
)
@pytest.mark.parametrize(
    ("verb", "path", "in_batch"),
    [
        ("POST", "create", False),
        ("POST", "create/test", False),
        ("POST", "create/batch", True),
        ("POST", "update", False),
        ("PATCH", "patch", False),
        ("PATCH", "patch/batch", True),
    ],
)
def test_key_that_may_not_give_roles_names_none(
    verb: str, path: str, in_batch: bool, roles: dict[str, Any], api: Api, avow: Avow, weak: str
) -> None:
    login_id = new_email() if "create" in path else member(avow, "T1")[0]
    user = {"loginId": login_id, **roles}
    body = {"users": [user]} if in_batch else user
    assert api.send(verb, f"{USER}/{path}", body, token=weak).refusal == FORBIDDEN
    after = api.get(USER, {"loginId": login_id}, token=avow.management_key)
    assert after.refusal == MISSING if "create" in path else not _roles(after["user"])
    assert api.send(verb, f"{USER}/{path}", body, token=avow.management_key).status == 200
    assert _roles(shown(api, login_id)) == ["editor"]


@pytest.mark.parametrize(
    ("verb", "path", "change"),
    [
        ("POST", "update", {}),
        ("PATCH", "patch", {"roleNames": []}),
        ("PATCH", "patch", {"userTenants": []}),
        ("PATCH", "patch/batch", {"roleNames": []}),
        ("POST", "update/role/set", {"roleNames": []}),
        ("POST", "update/role/remove", {"roleNames": ["editor"]}),
        ("POST", "update/role/set", {"tenantId": "T1", "roleNames": []}),
    ],
)
def test_key_that_may_not_give_roles_takes_none(
    verb: str, path: str, change: dict[str, Any], api: Api, avow: Avow, weak: str
) -> None:
    login_id, user_id = member(avow, "T1")
    grant(avow, user_id, avow.run(lambda tx: roles.get(tx, "", "editor", None)).id)
    user = {"loginId": login_id, **change}
    body = {"users": [user]} if "batch" in path else user
    assert api.send(verb, f"{USER}/{path}", body, token=weak).refusal == FORBIDDEN
    assert shown(api, login_id)["roleNames"] == ["editor"]


@pytest.mark.parametrize("tenant", [{}, {"tenantId": "T1"}])
def test_roles_are_added_with_the_right_to_them(tenant: dict[str, str], api: Api, avow: Avow, weak: str) -> None:
    login_id, _ = member(avow, "T1")
    body = {"loginId": login_id, "roleNames": ["editor"], **tenant}
    path = "/v2/mgmt/user/update/role/add"
    assert api.post(path, body, token=weak).refusal == FORBIDDEN
    strong = avow.run(lambda tx: keys.create_management_key(tx, "strong", rights=["user:write", "role:write"]))[1]
    assert api.post(path, body, token=strong).status == 200
    assert _roles(shown(api, login_id)) == ["editor"]


def test_key_that_may_not_give_roles_changes_users_otherwise(api: Api, avow: Avow, weak: str) -> None:
    login_id, _ = member(avow, "T1")
    assert api.post(f"{USER}/create", {"loginId": new_email()}, token=weak).status == 200
    answer = api.send("PATCH", f"{USER}/patch", {"loginId": login_id, "displayName": "Ida"}, token=weak)
    assert answer["user"]["name"] == "Ida"
    assert api.post(f"{USER}/update", {"loginId": login_id, "displayName": "Eva"}, token=weak)["user"]["name"] == "Eva"


# --- Callers of one tenant ---------------------------------------------------------------------------------------


def test_search_finds_the_members_and_nothing_of_them_elsewhere(send: Send, avow: Avow) -> None:
    _, mine = member(avow, "T1")
    _, both = member(avow, "T1", "T2")
    member(avow, "T2")
    member(avow)
    grant(avow, both, avow.run(lambda tx: roles.get(tx, "", "editor", None)).id)
    found = {each["userId"]: each for each in send(SEARCH, {})["users"]}
    assert {mine, both} <= found.keys()
    assert [each["tenantId"] for each in found[both]["userTenants"]] == ["T1"]
    assert found[both]["roleNames"] == []
    assert send(SEARCH, {"roleNames": ["editor"]})["users"] == []
    assert send(SEARCH, {"tenantIds": ["T2"]})["users"] == []
    assert {each["userId"] for each in send(SEARCH, {"tenantIds": ["T1", "T2"]})["users"]} == set(found)
    asked = {"tenantRoleNames": {"T2": {"values": ["editor"]}}}
    unknown = {"tenantRoleNames": {"T9": {"values": ["editor"]}}}
    assert send(SEARCH, asked).refusal == UNKNOWN_TENANT
    assert send(SEARCH, asked).body == send(SEARCH, unknown).body


def test_created_user_is_a_member_and_proves_their_own_address(send: Send, api: Api) -> None:
    user = send(f"{USER}/create", {"loginId": (login_id := new_email())})["user"]
    assert [each["tenantId"] for each in user["userTenants"]] == ["T1"]
    assert not user["verifiedEmail"]
    tenants = [{"tenantId": "T1", "roleNames": ["buyer"]}]
    assert _roles(send(f"{USER}/create", {"loginId": new_email(), "userTenants": tenants})["user"]) == ["buyer"]
    assert api.sign_in(login_id)["user"]["verifiedEmail"]
    assert send(f"{USER}/update/status", {"loginId": login_id, "status": "disabled"})["user"]["status"] == "disabled"


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"userTenants": [{"tenantId": "T2"}]}, UNKNOWN_TENANT),
        ({"userTenants": [{"tenantId": "T1"}, {"tenantId": "T2"}]}, UNKNOWN_TENANT),
        ({"userTenants": [{"tenantId": "T1", "roleNames": ["hidden"]}]}, INVALID),
        ({"roleNames": ["editor"]}, FORBIDDEN),
        ({"verifiedEmail": True}, FORBIDDEN),
        ({"additionalLoginIds": ["mine"]}, FORBIDDEN),
        ({"email": "mine@example.com"}, FORBIDDEN),
        ({"email": "mine"}, INVALID),
    ],
)
def test_more_than_a_tenant_can_give_creates_nobody(
    body: dict[str, Any], refusal: tuple[int, str], send: Send, api: Api
) -> None:
    login_id = new_email()
    assert send(f"{USER}/create", {"loginId": login_id, **body}).refusal == refusal
    assert api.get(USER, {"loginId": login_id}, token=api.avow.management_key).refusal == MISSING


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"userTenants": [{"tenantId": "T1"}, {"tenantId": "T2"}]}, UNKNOWN_TENANT),
        ({"userTenants": [{"tenantId": "T1", "roleNames": ["hidden"]}]}, INVALID),
        ({"roleNames": ["editor"]}, FORBIDDEN),
        ({"roleNames": []}, FORBIDDEN),
        ({"verifiedPhone": True, "phone": "+12025550123"}, FORBIDDEN),
        ({"email": "mine@example.com"}, FORBIDDEN),
        ({"email": ""}, FORBIDDEN),
    ],
)
def test_more_than_a_tenant_can_give_changes_nobody(
    body: dict[str, Any], refusal: tuple[int, str], send: Send, api: Api, avow: Avow
) -> None:
    login_id, _ = member(avow, "T1")
    before = shown(api, login_id)
    assert send(f"{USER}/patch", {"loginId": login_id, **body}, "PATCH").refusal == refusal
    assert shown(api, login_id) == before


def test_member_is_changed_given_roles_and_deleted(send: Send, api: Api, avow: Avow) -> None:
    login_id, user_id = member(avow, "T1")
    body = {"loginId": login_id, "displayName": "Ida", "userTenants": [{"tenantId": "T1", "roleNames": ["buyer"]}]}
    user = send(f"{USER}/patch", body, "PATCH")["user"]
    assert (user["name"], _roles(user)) == ("Ida", ["buyer"])
    assert send(f"{USER}/delete/batch", {"userIds": [user_id]}).status == 200
    assert api.get(USER, {"loginId": login_id}, token=avow.management_key).refusal == MISSING


def test_number_that_a_tenant_gives_has_to_be_proven(send: Send, avow: Avow) -> None:
    login_id, _ = member(avow, "T1")
    user = send(f"{USER}/patch", {"loginId": login_id, "phone": "+12025550123"}, "PATCH")["user"]
    assert (user["phone"], user["verifiedPhone"]) == ("+12025550123", False)


@pytest.mark.parametrize("login_id", ["+12025550131", "(202) 555-0132"])
def test_number_that_a_user_signs_in_with_is_their_own(login_id: str, send: Send, api: Api) -> None:
    other = {"loginId": login_id, "phone": "+12025550123"}
    assert send(f"{USER}/create", other).refusal == FORBIDDEN
    own = login_id if login_id.startswith("+") else "+12025550132"
    assert send(f"{USER}/create", {"loginId": login_id, "phone": own})["user"]["phone"] == own
    assert send(f"{USER}/patch", other, "PATCH").refusal == FORBIDDEN
    assert send(f"{USER}/patch", {"loginId": login_id, "phone": own}, "PATCH").status == 200


def test_addresses_beside_other_login_ids_are_the_tenants_to_give(send: Send, avow: Avow) -> None:
    name, address, further = f"name-{new_email()[:8]}", new_email(), new_email()
    body = {"loginId": name, "email": address, "phone": "+12025550123"}
    assert send(f"{USER}/create", body)["user"]["email"] == address
    assert send(f"{USER}/patch", {"loginId": name, "email": further}, "PATCH")["user"]["email"] == further
    assert send(f"{USER}/create", {"loginId": "20251234", "phone": "+12025550123"}).status == 200
    join_tenant(avow, make_user(avow, address, further_login_ids=[further, name + "2"]), "T1")
    assert send(f"{USER}/patch", {"loginId": address, "email": further.upper()}, "PATCH").status == 200


@pytest.mark.parametrize("tenants", [("T2",), ()])
def test_user_of_no_concern_answers_as_one_that_never_was(
    tenants: tuple[str, ...], send: Send, api: Api, avow: Avow
) -> None:
    _, mine = member(avow, "T1")
    login_id, user_id = member(avow, *tenants)
    before = shown(api, login_id)
    for path, verb in (("patch", "PATCH"), ("update/status", "POST")):
        foreign, unknown = (
            send(f"{USER}/{path}", {"loginId": each, "status": "disabled"}, verb) for each in (login_id, "nobody")
        )
        assert foreign.refusal == MISSING
        assert foreign.body == unknown.body
    foreign, unknown = (send(f"{USER}/delete/batch", {"userIds": [mine, each]}) for each in (user_id, "U-unknown"))
    assert foreign.refusal == MISSING
    assert foreign.body == unknown.body
    assert shown(api, login_id) == before
    assert api.get(USER, {"userId": mine}, token=avow.management_key).status == 200


@pytest.mark.parametrize("more", ["other tenant", "role of the project", "private role"])
def test_who_is_more_than_a_member_is_not_the_tenants_to_change(more: str, send: Send, api: Api, avow: Avow) -> None:
    login_id, user_id = member(avow, *(["T1", "T2"] if more == "other tenant" else ["T1"]))
    if more == "role of the project":
        grant(avow, user_id, avow.run(lambda tx: roles.get(tx, "", "editor", None)).id)
    if more == "private role":
        hidden = avow.run(lambda tx: roles.get(tx, "", "hidden", None)).id
        avow.run(lambda tx: roles.grant(tx, user_id, hidden, tenant_id="T1"))
    before = shown(api, login_id)
    mine = {"loginId": login_id, "email": "mine@example.com"}
    assert send(f"{USER}/patch", mine, "PATCH").refusal == FORBIDDEN
    assert send(f"{USER}/update/status", {"loginId": login_id, "status": "disabled"}).refusal == FORBIDDEN
    assert send(f"{USER}/delete/batch", {"userIds": [user_id]}).refusal == FORBIDDEN
    assert shown(api, login_id) == before


def test_role_that_everybody_has_keeps_nobody_from_the_tenant(send: Send, avow: Avow) -> None:
    avow.run(lambda tx: roles.create(tx, "everybody", is_default=True))
    login_id = send(f"{USER}/create", {"loginId": new_email()})["user"]["loginIds"][0]
    assert send(f"{USER}/patch", {"loginId": login_id, "displayName": "Ida"}, "PATCH")["user"]["name"] == "Ida"


def test_other_calls_on_users_are_closed_to_callers_of_a_tenant(send: Send, api: Api, avow: Avow) -> None:
    login_id, user_id = member(avow, "T1")
    before = shown(api, login_id)
    for path in (
        "update",
        "delete",
        "update/email",
        "update/role/set",
        "update/tenant/add",
        "create/batch",
        "create/test",
    ):
        assert send(f"{USER}/{path}", {"loginId": login_id, "tenantId": "T1", "userId": user_id}).status in (401, 403)
    assert send(f"{USER}/customattributes", verb="GET").status == 200
    assert shown(api, login_id) == before


def _roles(user: Any) -> list[str]:
    held = list(user["roleNames"])
    for each in user["userTenants"]:
        held += each["roleNames"]
    return held


# --- Applications ------------------------------------------------------------------------------------------------


def test_callers_of_a_tenant_say_not_which_applications_a_user_reaches(api: Api, avow: Avow, send: Send) -> None:
    login_id, _ = member(avow, "T1")
    key = avow.management_key
    app = api.post("/v1/mgmt/sso/idp/app/oidc/create", {"name": "Shop", "loginPageUrl": ""}, token=key)["id"]
    api.post(f"{USER}/update/ssoapp/set", {"loginId": login_id, "ssoAppIds": [app]}, token=key)
    for wanted in ([], [app]):
        assert send(f"{USER}/patch", {"loginId": login_id, "ssoAppIds": wanted}, "PATCH").refusal == FORBIDDEN
    assert send(f"{USER}/create", {"loginId": new_email(), "ssoAppIDs": [app]}).refusal == FORBIDDEN
    assert send(f"{USER}/update/ssoapp/add", {"loginId": login_id, "ssoAppIds": [app]}).status in (401, 403)
    assert send(SEARCH, {"ssoAppIds": [app]}).refusal == FORBIDDEN
    assert shown(api, login_id)["ssoAppIds"] == [app]
    seen = send(f"{USER}/patch", {"loginId": login_id, "displayName": "Mia"}, "PATCH")["user"]
    assert (seen["name"], seen["ssoAppIds"]) == ("Mia", [])
