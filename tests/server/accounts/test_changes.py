"""Changes of users by management: update, patch, status, addresses, login IDs, roles, tenants, attributes, deletion."""

from typing import Any

import pytest

from avow.server.accounts import actions
from avow.testing.server import Avow
from tests.factories import make_role, make_tenant, make_user, new_email, new_phone
from tests.server.api import Api, Statements

USER = "/v1/mgmt/user"


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


@pytest.fixture
def email(api: Api, avow: Avow, key: str) -> str:
    login_id = new_email()
    body = {"loginId": login_id, "displayName": "Mia", "phone": new_phone(), "additionalLoginIds": ["mia"]}
    assert api.post(f"{USER}/create", body, token=key).status == 200
    return login_id


def changed(api: Api, path: str, **body: Any) -> Any:
    user = api.post(path, body, token=api.avow.management_key)["user"]
    assert api.get(USER, {"userId": user["userId"]}, token=api.avow.management_key)["user"] == user
    return user


def test_update_empties_what_is_left_out_but_keeps_login_ids(api: Api, email: str) -> None:
    user = changed(api, f"{USER}/update", loginId=email, givenName="Mia")
    assert (user["name"], user["phone"], user["givenName"]) == ("", "", "Mia")
    assert (user["email"], user["verifiedEmail"]) == (email, True)
    assert sorted(user["loginIds"]) == sorted([email, "mia"])
    assert changed(api, f"{USER}/update", loginId=email, additionalLoginIds=[])["loginIds"] == [email]


def test_patch_keeps_what_is_left_out(api: Api, email: str, key: str) -> None:
    before = api.get(USER, {"loginId": email}, token=key)["user"]
    answer = api.send("PATCH", f"{USER}/patch", {"loginId": email, "familyName": "Moe"}, token=key)
    assert {**before, "familyName": "Moe"} == answer["user"]


def test_patched_number_counts_as_verified_and_a_patched_address_has_to_be_proven(
    api: Api, email: str, key: str
) -> None:
    def patched(path: str, body: object) -> Any:
        assert api.send("PATCH", f"{USER}/{path}", body, token=key).status == 200
        user = api.get(USER, {"loginId": email}, token=key)["user"]
        return user["verifiedEmail"], user["verifiedPhone"]

    assert patched("patch", {"loginId": email, "phone": new_phone(), "email": new_email()}) == (False, True)
    assert patched("patch", {"loginId": email, "phone": new_phone(), "verifiedPhone": False}) == (False, False)
    assert patched("patch/batch", {"users": [{"loginId": email, "phone": new_phone()}]}) == (False, True)


def test_patch_batch_changes_each_for_itself(api: Api, email: str, key: str) -> None:
    users = [{"loginId": email, "displayName": "Ida"}, {"loginId": "nobody", "displayName": "No One"}]
    answer = api.send("PATCH", f"{USER}/patch/batch", {"users": users}, token=key)
    assert [user["name"] for user in answer["patchedUsers"]] == ["Ida"]
    [failed] = answer["failedUsers"]
    assert (failed["user"]["loginIds"], failed["user"]["name"]) == (["nobody"], "No One")
    assert failed["failure"]
    assert api.get(USER, {"loginId": email}, token=key)["user"]["name"] == "Ida"


def test_deactivation_ends_sessions_at_once_and_activation_lets_in_again(api: Api, key: str) -> None:
    session = api.sign_in(email := new_email())
    assert changed(api, f"{USER}/update/status", loginId=email, status="disabled")["status"] == "disabled"
    assert api.refresh(session["refreshJwt"]).refusal == (401, "E064001")
    assert api.post("/v1/auth/otp/signin/email", {"loginId": email}).status == 403
    changed(api, f"{USER}/update/status", loginId=email, status="enabled")
    assert api.refresh(session["refreshJwt"]).status == 401
    assert api.sign_in(email).status == 200


def test_logout_ends_sessions_and_nothing_else(api: Api, key: str) -> None:
    session = api.sign_in(email := new_email())
    api.post(f"{USER}/logout", {"loginId": email}, token=key)
    assert api.refresh(session["refreshJwt"]).status == 401
    assert api.sign_in(email).status == 200


def test_login_id_is_replaced_and_the_last_one_stays(api: Api, email: str, key: str) -> None:
    path = f"{USER}/update/loginid"
    other = new_email()
    assert sorted(changed(api, path, loginId=email, newLoginId=other)["loginIds"]) == sorted(["mia", other])
    assert api.get(USER, {"loginId": email}, token=key).status == 404
    assert changed(api, path, loginId="mia")["loginIds"] == [other]
    assert api.post(path, {"loginId": other}, token=key).refusal == (400, "E011004")
    make_user(api.avow, taken := new_email())
    assert api.post(path, {"loginId": other, "newLoginId": taken}, token=key).refusal == (400, "E062107")


def test_addresses_are_changed_and_conflicts_refused_on_request(api: Api, email: str, key: str) -> None:
    phone = new_phone()
    user = changed(api, f"{USER}/update/phone", loginId=email, phone=phone, verified=True)
    assert (user["phone"], user["verifiedPhone"]) == (phone, True)
    make_user(api.avow, taken := new_email())
    body = {"loginId": email, "email": taken, "failOnConflict": True}
    assert api.post(f"{USER}/update/email", body, token=key).refusal == (400, "E062107")
    user = changed(api, f"{USER}/update/email", loginId=email, email=new_email())
    assert not user["verifiedEmail"]
    assert changed(api, f"{USER}/update/email", loginId=email)["email"] == ""


def test_recovery_addresses_are_shown_to_management_only(api: Api, key: str) -> None:
    session = api.sign_in(email := new_email())
    other = new_email()
    user = changed(api, f"{USER}/update/recovery/email", loginId=email, recoveryEmail=other, verified=True)
    assert user["recoveryEmail"] == other
    assert "recoveryEmail" not in api.get("/v1/auth/me", token=session["refreshJwt"]).body


def test_roles_are_set_added_and_removed(api: Api, avow: Avow, email: str, key: str) -> None:
    for name in ("Editor", "Reader"):
        make_role(avow, name)
    assert changed(api, "/v2/mgmt/user/update/role/add", loginId=email, roleNames=["Editor"])["roleNames"] == ["Editor"]
    user = changed(api, f"{USER}/update/role/set", loginId=email, roleNames=["Reader"])
    assert user["roleNames"] == ["Reader"]
    assert changed(api, f"{USER}/update/role/remove", loginId=email, roleNames=["Reader"])["roleNames"] == []


def test_roles_in_a_tenant_need_a_member(api: Api, avow: Avow, email: str, key: str) -> None:
    make_role(avow, "Buyer")
    make_tenant(avow, tenant_id="acme")
    body = {"loginId": email, "tenantId": "acme", "roleNames": ["Buyer"]}
    assert api.post("/v2/mgmt/user/update/role/add", body, token=key).refusal == (404, "E019404")
    changed(api, f"{USER}/update/tenant/add", loginId=email, tenantId="acme")
    user = changed(api, "/v2/mgmt/user/update/role/add", **body)
    assert (user["roleNames"], user["userTenants"][0]["roleNames"]) == ([], ["Buyer"])
    assert changed(api, f"{USER}/update/tenant/remove", loginId=email, tenantId="acme")["userTenants"] == []


def test_custom_attributes_are_defined_set_and_forgotten(api: Api, email: str, key: str) -> None:
    wanted = [
        {"name": "level", "displayName": "Level", "type": "number"},
        {"name": "team", "displayName": "Team", "type": "singleselect", "options": ["red", "blue"]},
    ]
    defined = api.post(f"{USER}/customattribute/create", {"attributes": wanted}, token=key)["data"]
    assert [(each["name"], each["type"]) for each in defined] == [("level", 2), ("team", 4)]
    path = f"{USER}/update/customAttribute"
    changed(api, path, loginId=email, attributeKey="level", attributeValue=7)
    user = changed(api, path, loginId=email, attributeKey="team", attributeValue="red")
    assert user["customAttributes"] == {"level": 7, "team": "red"}
    wrong = {"loginId": email, "attributeKey": "team", "attributeValue": "green"}
    assert api.post(path, wrong, token=key).refusal == (400, "E011004")
    left = api.post(f"{USER}/customattribute/delete", {"names": ["level"]}, token=key)["data"]
    assert [each["name"] for each in left] == ["team"]
    assert api.get(USER, {"loginId": email}, token=key)["user"]["customAttributes"] == {"team": "red"}


def test_deleted_users_are_gone_with_their_sessions(api: Api, key: str) -> None:
    session = api.sign_in(email := new_email())
    assert api.post(f"{USER}/delete", {"loginId": email}, token=key).status == 200
    assert api.refresh(session["refreshJwt"]).status == 401
    assert api.post(f"{USER}/delete", {"loginId": email}, token=key).refusal == (404, "E112102")
    ids = [make_user(api.avow) for _ in range(3)]
    api.post(f"{USER}/delete/batch", {"userIds": ids[:2]}, token=key)
    found = api.post("/v1/mgmt/users/load", {"userIds": ids}, token=key)["users"]
    assert [user["userId"] for user in found] == ids[2:]


def test_test_users_are_deleted_together(api: Api, email: str, key: str) -> None:
    api.post(f"{USER}/create/test", {"loginId": new_email()}, token=key)
    assert api.send("DELETE", f"{USER}/test/delete/all", token=key).status == 200
    assert api.post("/v2/mgmt/user/search/test", token=key)["total"] == 0
    assert api.post("/v2/mgmt/user/search", token=key)["total"] == 1


def test_history_lists_sign_ins_of_several(api: Api, key: str) -> None:
    ids = [api.sign_in()["user"]["userId"] for _ in range(2)]
    answer = api.post(f"{USER}/history", ids, token=key)
    assert sorted(each["userId"] for each in answer.body) == sorted(ids)


def test_test_users_are_deleted_some_at_a_time(
    api: Api, email: str, key: str, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_MOST_IN_STEP", 2)
    for _ in range(5):
        api.post(f"{USER}/create/test", {"loginId": new_email()}, token=key)
    with statements:
        assert api.send("DELETE", f"{USER}/test/delete/all", token=key).status == 200
    assert statements.ran.count("accounts.TEST_USERS") == 4
    assert api.post("/v2/mgmt/user/search", {"withTestUser": True}, token=key)["total"] == 1
    assert api.get(USER, {"loginId": email}, token=key).status == 200


def test_attribute_is_taken_from_some_users_at_a_time_and_the_others_stay(
    api: Api, key: str, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_MOST_IN_STEP", 2)
    wanted = [{"name": name, "type": "string"} for name in ("level", "team")]
    api.post(f"{USER}/customattribute/create", {"attributes": wanted}, token=key)
    users = [new_email() for _ in range(5)]
    for each in users:
        values = {"level": "high", "team": "red"}
        assert api.post(f"{USER}/create", {"loginId": each, "customAttributes": values}, token=key).status == 200
    with statements:
        assert api.post(f"{USER}/customattribute/delete", {"names": ["level"]}, token=key).status == 200
    assert sum("DISTINCT owner_id" in each for each in statements.ran) == 4
    for each in users:
        assert api.get(USER, {"loginId": each}, token=key)["user"]["customAttributes"] == {"team": "red"}
    found = api.post("/v2/mgmt/user/search", {"customAttributes": {"team": "red"}}, token=key)
    assert found["total"] == 5
