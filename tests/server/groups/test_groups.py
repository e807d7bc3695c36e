"""POST /v1/mgmt/group/..."""

from typing import Any

import pytest

from tests.factories import make_group, make_tenant, make_user, new_email
from tests.server.api import Api, Statements

PATH = "/v1/mgmt/group"


@pytest.fixture
def tenant(api: Api) -> str:
    return make_tenant(api.avow, tenant_id="T1")


def _found(api: Api, path: str, **body: Any) -> list[str]:
    reply = api.post(f"{PATH}/{path}", {"tenantId": "T1", **body}, token=api.avow.management_key)
    assert reply.status == 200, reply.body
    return [each["id"] for each in reply.body]


def test_groups_are_shown_with_their_members(api: Api, tenant: str, statements: Statements) -> None:
    mia, ben = new_email(), new_email("ben")
    ids = [make_user(api.avow, mia, name="Mia", further_login_ids=["mia2"]), make_user(api.avow, ben)]
    make_group(api.avow, tenant, "g1", ids, display="Staff")
    make_group(api.avow, tenant, "g2", display="Nobody", source="saml", sso_id="okta")
    _found(api, "all")
    with statements:
        reply = api.post(f"{PATH}/all", {"tenantId": tenant}, token=api.avow.management_key)
    assert len(statements.ran) == 3  # the key, the tenant, all groups with all members
    members = [
        {"loginId": mia, "userId": ids[0], "display": "Mia"},
        {"loginId": ben, "userId": ids[1], "display": ""},
    ]
    assert reply.body == [
        {
            "id": "g1",
            "display": "Staff",
            "members": sorted(members, key=lambda each: each["userId"]),
            "source": "scim",
            "ssoId": "default_ssoid",
        },
        {"id": "g2", "display": "Nobody", "members": [], "source": "saml", "ssoId": "okta"},
    ]


def test_groups_of_one_configuration(api: Api, tenant: str) -> None:
    make_group(api.avow, tenant, "first")
    make_group(api.avow, tenant, "okta's", sso_id="okta")
    assert _found(api, "all") == ["first", "okta's"]
    assert _found(api, "all", ssoId="") == ["first", "okta's"]
    assert _found(api, "all", ssoId="default_ssoid") == ["first"]
    assert _found(api, "all", ssoId="okta") == ["okta's"]
    assert _found(api, "members", groupId="first", ssoId="okta") == []


def test_groups_of_members_by_either_id(api: Api, tenant: str) -> None:
    one, two, three = new_email(), new_email(), new_email()
    ids = {each: make_user(api.avow, each) for each in (one, two, three)}
    make_group(api.avow, tenant, "both", [ids[one], ids[two]])
    make_group(api.avow, tenant, "second's", [ids[two]])
    make_group(api.avow, tenant, "third's", [ids[three]])
    assert _found(api, "member/all", userIds=[ids[two]], loginIds=[]) == ["both", "second's"]
    assert _found(api, "member/all", userIds=[], loginIds=[one.upper(), three]) == ["both", "third's"]
    assert _found(api, "member/all", userIds=[ids[one]], loginIds=[three]) == ["both", "third's"]
    assert _found(api, "member/all", userIds=["Unobody"], loginIds=["nobody", " "]) == []
    assert _found(api, "member/all", userIds=None, loginIds=None) == []


def test_one_group_and_nothing_of_other_tenants(api: Api, tenant: str) -> None:
    other = make_tenant(api.avow, "Other", tenant_id="T2")
    user_id = make_user(api.avow)
    for each in (tenant, other):
        make_group(api.avow, each, "staff", [user_id], display=each)
    reply = api.post(f"{PATH}/members", {"tenantId": tenant, "groupId": "staff"}, token=api.avow.management_key)
    assert [(each["display"], len(each["members"])) for each in reply.body] == [("T1", 1)]
    assert _found(api, "member/all", userIds=[user_id]) == ["staff"]
    assert _found(api, "members", groupId="none") == []


@pytest.mark.parametrize("path", ["all", "members", "member/all"])
def test_unknown_tenant_is_no_empty_answer(api: Api, path: str) -> None:
    body = {"tenantId": "Tnone", "groupId": "g", "userIds": [], "loginIds": []}
    assert api.post(f"{PATH}/{path}", body, token=api.avow.management_key).refusal == (404, "E019404")
    assert api.post(f"{PATH}/{path}", {}, token=api.avow.management_key).refusal[0] == 400
