"""APIs that change: what is gone is nobody's any more, two changes at once both stand, audiences are one's own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from avow.errors import InvalidArgument
from avow.server.applications import actions, apis
from avow.server.store import Tx
from avow.testing.server import Avow
from avow.wire.applications import ApiPermission, CreateApi, UpdateApi
from tests.server.api import Api
from tests.server.oidc.relying import API, Reply, Rp, make_api, make_app

READ = (ApiPermission(name="read"),)


@pytest.fixture
def machine(project: Avow) -> Rp:
    """Return a machine that may do two things at an API."""
    make_api(project, "read", "admin")
    rp = make_app(project, preset="machine")
    project.run(lambda tx: actions.grant(tx, rp.id, API, ["admin", "read"], actor="test"))
    project.advance(2)
    return rp


def token(rp: Rp, scope: str = "") -> Reply:
    return rp.token({"grant_type": "client_credentials", "audience": API, **({"scope": scope} if scope else {})})


def test_permission_that_is_taken_off_an_api_is_no_machines_any_more(machine: Rp, project: Avow) -> None:
    assert token(machine, "admin read")["scope"] == "admin read"
    project.run(lambda tx: apis.update(tx, UpdateApi(id=API, permissions=READ), actor="test"))
    project.advance(2)
    assert token(machine, "admin read").error == token(machine, "admin").error == (400, "invalid_scope")
    assert token(machine)["scope"] == "read"
    [grant] = Api(project).get("/v1/mgmt/avow/app", {"id": machine.id}, token=project.management_key)["application"][
        "grants"
    ]
    assert grant["scopes"] == ["read"]
    both = (*READ, ApiPermission(name="admin"))
    project.run(lambda tx: apis.update(tx, UpdateApi(id=API, permissions=both), actor="test"))
    project.advance(2)
    assert token(machine)["scope"] == "read"  # what has its name later is not given back unasked


def test_machine_has_nothing_that_its_api_does_not_know(machine: Rp, project: Avow) -> None:
    def unit(tx: Tx) -> None:
        """Put a grant there that is wider than the API."""
        tx.run("""UPDATE application_apis SET scopes = '["owner","read"]' WHERE project_id = :project_id""")

    project.run(unit)
    project.run(lambda tx: apis.update(tx, UpdateApi(id=API, name="Other"), actor="test"))
    project.advance(2)
    assert token(machine, "owner").error == (400, "invalid_scope")
    assert token(machine)["scope"] == "read"


def test_of_two_changes_at_once_none_is_lost(project: Avow) -> None:
    make_api(project, "read")
    barrier = Barrier(2)

    def change(wanted: UpdateApi) -> None:
        barrier.wait()
        project.run(lambda tx: apis.update(tx, wanted, actor="test"))

    for round_ in range(8):
        is_even = round_ % 2 == 0
        wanted = UpdateApi(id=API, rbac=is_even), UpdateApi(id=API, lifetime_seconds=600 + round_)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(change, wanted))
        row = project.run(lambda tx: apis.get(tx, API)).row
        assert (bool(row.has_rbac), row.lifetime_seconds) == (is_even, 600 + round_)


def test_what_is_granted_at_once_with_a_change_is_known(project: Avow) -> None:
    make_api(project, "read", "admin")
    apps = [make_app(project, preset="machine").id for _ in range(4)]
    barrier = Barrier(2)

    def grant(id: str) -> None:
        barrier.wait()
        try:
            project.run(lambda tx: actions.grant(tx, id, API, ["admin"], actor="test"))
        except InvalidArgument:
            return  # the change was first

    def narrow(_: str) -> None:
        barrier.wait()
        project.run(lambda tx: apis.update(tx, UpdateApi(id=API, permissions=READ), actor="test"))

    for id in apps:
        both = (*READ, ApiPermission(name="admin"))
        project.run(lambda tx: apis.update(tx, UpdateApi(id=API, permissions=both), actor="test"))  # noqa: B023
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda act: act(id), (grant, narrow)))  # noqa: B023 - ends with the round
        held = project.run(lambda tx: actions.get(tx, id))  # noqa: B023
        assert [each.scopes for each in held.grants] in ([], ["[]"])


def test_identifier_is_neither_the_id_of_another_api_nor_our_own_userinfo(project: Avow) -> None:
    make_api(project, "read")
    id = project.run(lambda tx: apis.get(tx, API)).row.id
    own = (f"{project.base_url}/{project.project_id}/userinfo", f"{project.base_url}/userinfo")
    for identifier in (id, *own):
        body = {"identifier": identifier}
        made = Api(project).post("/v1/mgmt/avow/api/create", body, token=project.management_key)
        assert made.refusal == (400, "E011004"), identifier
    with pytest.raises(InvalidArgument):
        project.run(lambda tx: apis.create(tx, CreateApi(identifier=id), actor="test"))
    assert project.run(lambda tx: apis.get(tx, id)).row.identifier == API
