"""POST /v2/mgmt/user/search and /search/test: filters, order, pages, and the statements they take."""

from typing import Any

import pytest

from avow.testing.server import Avow
from tests.factories import grant, join_tenant, make_role, make_tenant, make_user
from tests.server.api import START, Api, Statements

SEARCH = "/v2/mgmt/user/search"


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


@pytest.fixture
def people(api: Api, avow: Avow, key: str) -> dict[str, str]:
    """Ids of four users and a test user, by name."""
    found = {
        "ada": make_user(avow, "ada@example.com", name="Ada Élan", phone="+12025550001"),
        "bob": make_user(avow, "bob@example.com", name="Bob", status="disabled"),
    }
    avow.advance(10)
    found["cyd"] = make_user(avow, "cyd@example.com", name="Cyd 100%", further_login_ids=["cyd-the-first"])
    found["tess"] = make_user(avow, "tess@example.com", name="Tess", is_test=True)
    editor, reader = make_role(avow, "Editor"), make_role(avow, "Reader")
    make_tenant(avow, tenant_id="acme")
    join_tenant(avow, found["ada"], "acme", [editor, reader])
    join_tenant(avow, found["bob"], "acme", [editor])
    grant(avow, found["cyd"], reader)
    wanted = {"name": "level", "displayName": "Level", "type": "number"}
    api.post("/v1/mgmt/user/customattribute/create", {"attributes": [wanted]}, token=key)
    body = {"loginId": "ada@example.com", "attributeKey": "level", "attributeValue": 7}
    api.post("/v1/mgmt/user/update/customAttribute", body, token=key)
    return found


MS = 1000


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["ada", "bob", "cyd"]),
        ({"withTestUser": True}, ["ada", "bob", "cyd", "tess"]),
        ({"testUsersOnly": True}, ["tess"]),
        ({"tenantIds": ["acme"]}, ["ada", "bob"]),
        ({"tenantIds": ["nowhere"]}, []),
        ({"roleNames": ["Reader"]}, ["ada", "cyd"]),
        ({"statuses": ["disabled"]}, ["bob"]),
        ({"statuses": ["expired"]}, []),
        ({"emails": ["ADA@example.com", "cyd@example.com"]}, ["ada", "cyd"]),
        ({"phones": ["+1 202 555 0001"]}, ["ada"]),
        ({"loginIds": ["cyd-the-first"]}, ["cyd"]),
        ({"customAttributes": {"level": 7}}, ["ada"]),
        ({"customAttributes": {"level": 7.0}}, ["ada"]),
        ({"customAttributes": {"level": "7"}}, []),
        ({"text": "élan"}, ["ada"]),
        ({"text": "the-first"}, ["cyd"]),
        ({"text": "%"}, ["cyd"]),
        ({"text": "555000"}, ["ada"]),
        ({"fromCreatedTime": (START + 10) * MS}, ["cyd"]),
        ({"toCreatedTime": (START + 9) * MS}, ["ada", "bob"]),
        ({"fromModifiedTime": (START + 10) * MS, "tenantIds": ["acme"]}, ["ada"]),
        ({"toModifiedTime": (START + 9) * MS}, ["bob"]),
        ({"tenantRoleNames": {"acme": {"values": ["Editor", "Reader"], "and": True}}}, ["ada"]),
        ({"tenantRoleNames": {"acme": {"values": ["Editor", "Reader"]}}}, ["ada", "bob"]),
        ({"sort": [{"field": "name", "desc": True}]}, ["cyd", "bob", "ada"]),
        ({"sort": [{"field": "status"}, {"field": "createdTime", "desc": True}]}, ["bob", "cyd", "ada"]),
        ({"limit": 2, "page": 1}, ["cyd"]),
    ],
)
def test_search_finds(api: Api, key: str, people: dict[str, str], wanted: dict[str, Any], names: list[str]) -> None:
    answer = api.post(SEARCH, wanted, token=key)
    found = [user["userId"] for user in answer["users"]]
    same_order = "sort" in wanted
    expected = [people[name] for name in names]
    assert found == expected if same_order else sorted(found) == sorted(expected)
    assert answer["total"] == (3 if "page" in wanted else len(names))


def test_roles_in_a_tenant_are_found_by_id_too(api: Api, avow: Avow, key: str, people: dict[str, str]) -> None:
    role = make_role(avow, "Owner")
    make_tenant(avow, tenant_id="other")
    join_tenant(avow, people["bob"], "other", [role])
    wanted = {"tenantRoleIds": {"other": {"values": [role], "and": True}}}
    assert [user["userId"] for user in api.post(SEARCH, wanted, token=key)["users"]] == [people["bob"]]


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ({"sort": [{"field": "name; DROP TABLE users"}]}, (400, "E011004")),
        ({"limit": 1001}, (400, "E011003")),
        ({"page": -1}, (400, "E011003")),
        ({"familyIds": ["f"]}, (501, "E019501")),
    ],
)
def test_search_that_cannot_be_made_is_refused(
    api: Api, key: str, wanted: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert api.post(SEARCH, wanted, token=key).refusal == refusal


def test_users_of_another_project_are_not_found(api: Api, make_project: Any, people: dict[str, str]) -> None:
    other = Api(make_project())
    assert other.post(SEARCH, {"userIds": [*people.values()]}, token=other.avow.management_key)["total"] == 0


def test_page_of_users_takes_three_statements(
    api: Api, key: str, people: dict[str, str], statements: Statements
) -> None:
    api.get("/v1/mgmt/user", {"userId": people["ada"]}, token=key)
    with statements:
        api.post(SEARCH, {"limit": 1, "page": 1}, token=key)
    assert len([name for name in statements.ran if "FROM users" in name]) == 3


def test_last_page_counts_nothing(api: Api, key: str, people: dict[str, str], statements: Statements) -> None:
    with statements:
        assert api.post(SEARCH, {"limit": 2, "page": 1}, token=key)["total"] == 3
    assert not [name for name in statements.ran if "COUNT(*)" in name]
