"""POST /v1/mgmt/project/update/..., POST /v1/mgmt/projects/list."""

import pytest

from avow.server.keys.actions import create_management_key
from tests.server.api import Api


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def test_name_and_tags_are_what_they_were_changed_to(api: Api, key: str) -> None:
    assert api.post("/v1/mgmt/project/update/name", {"name": "Production"}, token=key).body == {}
    assert api.post("/v1/mgmt/project/update/tags", {"tags": ["eu", "paid", "eu"]}, token=key).body == {}
    [project] = api.post("/v1/mgmt/projects/list", token=key)["projects"]
    assert project == {"id": api.avow.project_id, "name": "Production", "environment": "", "tags": ["eu", "paid"]}
    api.post("/v1/mgmt/project/update/tags", {"tags": None}, token=key)
    assert api.post("/v1/mgmt/projects/list", token=key)["projects"][0]["tags"] == []


def test_messages_bear_the_new_name(api: Api, key: str) -> None:
    api.post("/v1/mgmt/project/update/name", {"name": "Renamed"}, token=key)
    api.avow.advance(1)
    api.post("/v1/auth/otp/signup-in/email", {"loginId": "mia@example.com"})
    assert "Renamed" in api.avow.messages("mia@example.com")[0].text


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": None}, {"name": "n" * 257}])
def test_name_must_be_one(api: Api, key: str, body: dict[str, object]) -> None:
    assert api.post("/v1/mgmt/project/update/name", body, token=key).status == 400


@pytest.mark.parametrize("tags", ["eu", [""], [7], ["t" * 65], ["t"] * 51])
def test_tags_are_short_texts(api: Api, key: str, tags: object) -> None:
    assert api.post("/v1/mgmt/project/update/tags", {"tags": tags}, token=key).status == 400


def test_list_shows_no_project_of_another_key(api: Api, key: str) -> None:
    other = Api(api.avow.server.project("Another"))
    [mine] = api.post("/v1/mgmt/projects/list", token=key)["projects"]
    [theirs] = other.post("/v1/mgmt/projects/list", token=other.avow.management_key)["projects"]
    assert (mine["id"], theirs["id"]) == (api.avow.project_id, other.avow.project_id)


def test_rights_are_those_of_the_area(api: Api) -> None:
    reader = api.avow.run(lambda tx: create_management_key(tx, "reader", rights=["project:read"]))[1]
    assert api.post("/v1/mgmt/projects/list", token=reader).status == 200
    assert api.post("/v1/mgmt/project/update/name", {"name": "x"}, token=reader).refusal == (403, "E019403")
