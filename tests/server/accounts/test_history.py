"""POST /v1/mgmt/user/history after real sign-ins, and the deletion of test users that takes more than one call."""

import pytest

from avow.errors import Unavailable
from avow.server.accounts import actions
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import join_tenant, make_tenant, make_user, new_email
from tests.server.api import START, Api

USER = "/v1/mgmt/user"


@pytest.fixture
def key(avow: Avow) -> str:
    return avow.management_key


def test_history_tells_every_kind_of_sign_in_the_newest_first(api: Api, avow: Avow, key: str) -> None:
    address = new_email()
    user_id = make_user(avow, address, is_test=True)
    make_tenant(avow, tenant_id="acme")
    join_tenant(avow, user_id, "acme")
    body = {"loginId": address, "deliveryMethod": "email"}
    code = api.post("/v1/mgmt/tests/generate/otp", body, token=key)["code"]
    first = api.verify_code(address, code)
    avow.advance(100)
    token = api.post(f"{USER}/signin/embeddedlink", {"loginId": address}, token=key)["token"]
    assert api.post("/v1/auth/magiclink/verify", {"token": token}).status == 200
    assert api.post("/v1/auth/tenant/select", {"tenant": "acme"}, token=first["refreshJwt"]).status == 200
    api.refresh(first["refreshJwt"])
    found = api.post(f"{USER}/history", [user_id], token=key).body
    assert [(each["loginTime"], each["selectedTenant"]) for each in found] == [(START + 100, ""), (START, "acme")]
    assert {(each["userId"], each["ip"], each["city"]) for each in found} == {(user_id, "203.0.113.7", "")}


def test_history_stays_when_sessions_end_and_goes_with_the_user(api: Api, key: str) -> None:
    session = api.sign_in()
    user_id, login_id = session["user"]["userId"], session["user"]["loginIds"][0]
    api.post("/v1/auth/logoutall", token=session["refreshJwt"])
    assert len(api.post(f"{USER}/history", [user_id], token=key).body) == 1
    api.post(f"{USER}/delete", {"loginId": login_id}, token=key)
    assert api.post(f"{USER}/history", [user_id], token=key).body == []


def test_history_of_others_and_of_nobody_is_not_told(api: Api, key: str) -> None:
    api.sign_in()
    assert api.post(f"{USER}/history", ["Unobody"], token=key).body == []
    assert api.post(f"{USER}/history", [], token=key).body == []
    assert api.post(f"{USER}/history", ["U"] * 101, token=key).refusal == (400, "E011003")


def test_deletion_that_did_not_end_goes_on_with_the_next_call(
    api: Api, avow: Avow, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a large project a call is answered 503 after its time; what it deleted stays deleted."""
    for _ in range(6):
        make_user(avow, is_test=True)
    monkeypatch.setattr(actions, "_MOST_IN_STEP", 2)
    delete, calls = actions.delete, list[int]()

    def delete_until_late(tx: Tx, user_ids: list[str], *, actor: str) -> int:
        calls.append(len(user_ids))
        if len(calls) == 3:
            raise Unavailable
        return delete(tx, user_ids, actor=actor)

    monkeypatch.setattr(actions, "delete", delete_until_late)
    assert api.send("DELETE", f"{USER}/test/delete/all", token=key).status == 503
    assert api.post("/v2/mgmt/user/search/test", token=key)["total"] == 2
    assert api.send("DELETE", f"{USER}/test/delete/all", token=key).status == 200
    assert api.post("/v2/mgmt/user/search/test", token=key)["total"] == 0
