"""POST /v1/mgmt/project/clone: the configuration of a project in a new one, without its people."""

import jwt
import pytest

from avow.server.keys import actions as keys
from avow.server.keys.actions import create_management_key
from avow.server.projects import actions as projects
from avow.testing.server import Avow
from tests.factories import make_user
from tests.server.api import Api
from tests.server.snapshots.test_snapshots import PATH, configure, export

pytestmark = pytest.mark.usefixtures("room")

WRONG: list[dict[str, object]] = [
    {},
    {"name": ""},
    {"name": "x", "tags": [""]},
    {"name": "x", "environment": "e" * 65},
]


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def test_copy_is_configured_alike_and_has_nobody(api: Api, key: str) -> None:
    configure(api, key)
    make_user(api.avow, "mia@example.com")
    made = api.post(f"{PATH}/clone", {"name": "Copy", "environment": "production", "tags": ["eu"]}, token=key).body
    copy = Api(Avow(api.avow.server, made["projectId"], made["managementKey"]))
    assert made["projectId"] != api.avow.project_id
    assert (made["projectName"], made["environment"], made["tags"]) == ("Copy", "production", ["eu"])
    assert export(copy) == export(api)
    [shown] = copy.post("/v1/mgmt/projects/list", token=made["managementKey"])["projects"]
    assert shown == {"id": made["projectId"], "name": "Copy", "environment": "production", "tags": ["eu"]}
    assert copy.post("/v2/mgmt/user/search", token=made["managementKey"])["users"] == []
    assert [
        each["name"] for each in copy.get("/v1/mgmt/managementkey/search", token=made["managementKey"])["keys"]
    ] == ["first"]


def test_people_sign_in_to_a_copy_with_keys_of_its_own(api: Api, key: str) -> None:
    made = api.post(f"{PATH}/clone", {"name": "Copy"}, token=key).body
    copy = Api(Avow(api.avow.server, made["projectId"], made["managementKey"]))
    kid = jwt.get_unverified_header(copy.sign_in()["sessionJwt"])["kid"]
    assert kid != jwt.get_unverified_header(api.sign_in()["sessionJwt"])["kid"]
    sets = copy.avow.run(keys.published)
    assert sorted((each.key_set, each.state) for each in sets) == [
        (key_set, state) for key_set in ("oidc", "session") for state in ("active", "next")
    ]


def test_neither_key_works_in_the_other_project(api: Api, key: str) -> None:
    made = api.post(f"{PATH}/clone", {"name": "Copy"}, token=key).body
    copy = Api(Avow(api.avow.server, made["projectId"], made["managementKey"]))
    assert copy.post("/v1/mgmt/projects/list", token=key).refusal == (401, "E019401")
    assert api.post("/v1/mgmt/projects/list", token=made["managementKey"]).refusal == (401, "E019401")


def test_key_of_a_copy_may_do_no_more_than_its_maker(api: Api, key: str) -> None:
    rights = ["project:write", "*:read"]
    expires_at = api.clock() + 3600
    limited = api.avow.run(
        lambda tx: create_management_key(
            tx, "limited", rights=rights, permitted_ips=["203.0.113.0/24"], expires_at=expires_at
        )
    )[1]
    made = api.post(f"{PATH}/clone", {"name": "Copy"}, token=limited).body
    copy = Api(Avow(api.avow.server, made["projectId"], made["managementKey"]))
    [row] = copy.avow.run(keys.list_management_keys)
    grant = keys.grant_of(row)
    assert grant.rights == frozenset(rights)
    assert [str(network) for network in grant.networks] == ["203.0.113.0/24"]
    assert grant.expires_at == expires_at
    assert copy.post("/v1/mgmt/role/create", {"name": "x"}, token=made["managementKey"]).refusal == (403, "E019403")


def test_key_that_may_not_read_everything_copies_nothing(api: Api) -> None:
    limited = api.avow.run(lambda tx: create_management_key(tx, "limited", rights=["project:write", "role:read"]))[1]
    assert api.post(f"{PATH}/clone", {"name": "Copy"}, token=limited).refusal == (403, "E019403")


@pytest.mark.parametrize(
    ("bound", "most"),
    [
        ("avow.server.snapshots.actions._MOST_HELD", 1),
        ("avow.server.snapshots.actions._MOST_CHANGES", 1),
        ("avow.wire.roles.MOST_LISTED", 1),
        ("avow.wire.permissions.MOST_LISTED", 1),
    ],
)
def test_project_that_is_too_large_for_one_unit_is_not_copied_at_all(
    api: Api, key: str, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    configure(api, key)
    before = len(api.avow.server.site.store.look_anywhere(projects.every))
    monkeypatch.setattr(bound, most)
    assert api.post(f"{PATH}/clone", {"name": "Copy"}, token=key).refusal == (400, "E011004")
    assert len(api.avow.server.site.store.look_anywhere(projects.every)) == before


def test_server_takes_a_bounded_number_of_projects(api: Api, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avow.server.projects.actions._MOST_PROJECTS", 1)
    assert api.post(f"{PATH}/clone", {"name": "Copy"}, token=key).refusal == (400, "E011004")


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x", "tags": [""]}, {"name": "x", "environment": "e" * 65}]
)
def test_name_and_tags_of_a_copy_are_bounded(api: Api, key: str, body: dict[str, object]) -> None:
    assert api.post(f"{PATH}/clone", body, token=key).status == 400
