"""POST /v1/mgmt/project/delete: gone for everybody within a second, and from the database in steps."""

from collections.abc import Callable

import pytest

from avow.server.keys.actions import create_management_key
from avow.server.operations.housekeeping import Housekeeper
from avow.server.operations.leavings import actions as leavings
from avow.server.operations.leavings import rows
from avow.server.projects import actions as projects
from avow.server.store.schema import metadata
from avow.testing.server import Avow
from tests.factories import make_member, make_user
from tests.server.api import Api

PATH = "/v1/mgmt/project/delete"
OWNED = sorted(table.name for table in metadata.sorted_tables if "project_id" in table.c)


def rows_of(api: Api, table: str) -> int:
    class Row:
        def __init__(self, number: int) -> None:
            self.number = number

    found = api.avow.run(lambda tx: tx.one(f"SELECT COUNT(*) FROM {table} WHERE project_id = :project_id", Row))
    assert found is not None
    return found.number


def furnish(api: Api) -> None:
    """Leave rows in many tables."""
    for number in range(5):
        user_id = make_user(api.avow, f"u{number}@example.com")
        held = {f"r{number}": ["read"]}
        make_member(
            api.avow, user_id, roles_of_project=held, tenant_id=f"t{number}", roles_in_tenant={f"m{number}": ["write"]}
        )
        api.sign_in(f"u{number}@example.com")
    api.post("/v1/auth/otp/signup/email", {"loginId": "open@example.com"})
    flow = {"flowId": "sign-in", "flow": {}, "screens": []}
    api.post("/v1/mgmt/flow/import", flow, token=api.avow.management_key)


def test_no_key_token_or_page_works_any_more(api: Api, make_project: Callable[..., Avow]) -> None:
    key, other = api.avow.management_key, Api(make_project("Another"))
    session = api.sign_in()
    second = api.avow.run(lambda tx: create_management_key(tx, "second"))[1]
    assert api.post(PATH, token=key).body == {}
    for secret in (key, second):  # in the same second
        assert api.post("/v1/mgmt/projects/list", token=secret).refusal == (401, "E019401")
    api.avow.advance(1)
    assert api.refresh(session["refreshJwt"]).refusal == (401, "E019401")
    assert api.get("/v1/auth/me", token=session["refreshJwt"]).refusal == (401, "E019401")
    assert api.post("/v1/auth/otp/signup-in/email", {"loginId": "mia@example.com"}).refusal == (401, "E019401")
    assert api.get(f"/v2/keys/{api.avow.project_id}").status == 404
    assert other.sign_in().status == 200


def test_messages_on_their_way_are_dropped(api: Api) -> None:
    api.post("/v1/auth/otp/signup-in/email", {"loginId": "mia@example.com"})
    api.post(PATH, token=api.avow.management_key)
    assert api.avow.messages("mia@example.com") == []


def test_deleted_project_is_listed_nowhere(api: Api) -> None:
    store = api.avow.server.site.store
    api.post(PATH, token=api.avow.management_key)
    assert api.avow.project_id not in [row.id for row in store.look_anywhere(projects.every)]
    assert api.avow.run(projects.is_deleted)


@pytest.mark.parametrize("rights", [["project:write"], ["*:read"], ["project:write", "user:write", "*:read"]])
def test_only_a_key_that_may_do_everything_deletes(api: Api, rights: list[str]) -> None:
    key = api.avow.run(lambda tx: create_management_key(tx, "limited", rights=rights))[1]
    assert api.post(PATH, token=key).refusal == (403, "E019403")
    assert api.post("/v1/mgmt/projects/list", token=api.avow.management_key).status == 200


def test_every_table_of_projects_is_emptied(api: Api, make_project: Callable[..., Avow]) -> None:
    other = Api(make_project("Another"))
    furnish(api)
    furnish(other)
    kept = {table: rows_of(other, table) for table in OWNED}
    housekeeper = Housekeeper(api.avow.server.site.store)
    api.post(PATH, token=api.avow.management_key)
    housekeeper.run_once()
    assert rows_of(api, "users") == 5  # a minute's rest: whoever knew the project has noticed by then
    api.avow.advance(61)
    housekeeper.run_once()
    assert {table: rows_of(api, table) for table in OWNED} == dict.fromkeys(OWNED, 0)
    assert not api.avow.run(projects.is_deleted)
    assert {table: rows_of(other, table) for table in OWNED} == kept


def test_steps_are_bounded_and_go_on_where_they_stopped(api: Api) -> None:
    furnish(api)
    before = sum(rows_of(api, table) for table in OWNED)
    api.post(PATH, token=api.avow.management_key)
    steps = 0
    while (deleted := api.avow.run(lambda tx: leavings.purge(tx, 7))) == 7:
        steps += 1
        assert not api.avow.run(leavings.finish)
    assert deleted < 7
    assert steps * 7 + deleted >= before  # what deleting wrote down goes too
    assert api.avow.run(leavings.finish)


def test_project_that_lives_is_never_purged(api: Api) -> None:
    make_user(api.avow)
    api.avow.advance(3600)
    Housekeeper(api.avow.server.site.store).run_once()
    assert rows_of(api, "users") == 1
    assert not api.avow.run(leavings.finish)


def test_purge_knows_every_table_of_projects() -> None:
    assert sorted(statement.split()[2] for statement in rows.PURGE) == OWNED


def test_purge_deletes_what_refers_before_what_is_referred_to() -> None:
    order = {statement.split()[2]: place for place, statement in enumerate(rows.PURGE)}
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if table.name in order and key.referred_table.name in order:
                assert order[table.name] < order[key.referred_table.name], table.name
