"""Callers of one tenant: its keys and its administrators, on a stand-in for calls that are open to them."""

import contextlib
from collections.abc import Iterator
from typing import Annotated

import pytest
from msgspec import Meta

from avow.core.rights import Grant
from avow.server.app import build
from avow.server.keys import actions as keys
from avow.server.roles import actions as roles
from avow.server.serving import Call, Confinement, ManagementCaller, Slice, reads
from avow.server.store import Tx
from avow.testing.server import Avow, Server
from avow.wire.endpoint import Caller, Endpoint, Shape
from tests.bed.databases import new_sqlite_url, remove_sqlite
from tests.factories import join_tenant, make_role, make_tenant, make_user
from tests.server.api import Api, Statements

PATH = "/v1/mgmt/probe"
ID = Annotated[str, Meta(max_length=64)]


class Probe(Shape, frozen=True, kw_only=True):
    """Tenants that a call would touch, and those that it searches."""

    tenant: ID | None = None
    touches: tuple[ID, ...] | None = None
    searches: tuple[ID, ...] | None = None


class Probed(Shape, frozen=True, kw_only=True):
    """What the handler learnt."""

    limit: tuple[str, ...] | None
    actor: str


def probe(tx: Tx, call: Call[Probe]) -> Probed:
    call.confinement.require(*(call.body.touches or ()))
    return Probed(limit=call.confinement.within(call.body.searches), actor=call.management.actor)


ENDPOINT = Endpoint(
    "mgmt.probe.try", "GET", PATH, Probe, Probed, Caller.MANAGEMENT, only_reads=True, for_tenant_admins=True
)
CLOSED = Endpoint("mgmt.probe.closed", "GET", f"{PATH}/closed", Probe, Probed, Caller.MANAGEMENT, only_reads=True)


@pytest.fixture(scope="module")
def probed() -> Iterator[Server]:
    """Give a server with the stand-in."""
    with contextlib.ExitStack() as stack:
        url = new_sqlite_url()
        stack.callback(remove_sqlite, url)
        server = Server(url)
        server.site.close()
        slice = Slice("probe", (reads(ENDPOINT, probe), reads(CLOSED, probe)))
        server.site = build(
            server.site.settings, clock=server.clock, inbox=server.inbox, durable=False, further=[slice]
        )
        stack.callback(server.close)
        yield server


@pytest.fixture
def avow(probed: Server) -> Avow:
    avow = probed.project()
    for tenant_id in ("T1", "T2"):
        make_tenant(avow, tenant_id=tenant_id)
    return avow


@pytest.fixture
def key(avow: Avow) -> str:
    """Return a key of the tenant T1."""
    return avow.run(lambda tx: keys.create_management_key(tx, "t1", tenant_id="T1"))[1]


@pytest.fixture
def admin(avow: Avow, api: Api) -> str:
    """Return the refresh token of the administrator of T1, who is a mere member of T2."""
    user_id = make_user(avow, "admin@example.com")
    join_tenant(avow, user_id, "T1", [make_role(avow, "Tenant Admin")])
    join_tenant(avow, user_id, "T2", [make_role(avow, "editor")])
    return str(api.sign_in("admin@example.com")["refreshJwt"])


def test_key_of_the_project_touches_everything(api: Api) -> None:
    answer = api.get(PATH, {"touches": "T1", "searches": "T2"}, token=api.avow.management_key)
    assert answer["limit"] == ["T2"]
    assert api.get(PATH, token=api.avow.management_key)["limit"] is None


def test_key_of_a_tenant_touches_and_finds_its_tenant_alone(api: Api, key: str) -> None:
    assert api.get(PATH, {"touches": "T1"}, token=key)["limit"] == ["T1"]
    assert api.get(PATH, {"searches": "T2"}, token=key)["limit"] == []
    foreign, unknown = (api.get(PATH, {"touches": each}, token=key) for each in ("T2", "T-unknown"))
    assert foreign.refusal == (404, "E019404")
    assert foreign.body == unknown.body
    assert api.get(PATH, {"touches": "T2", "tenant": "T2"}, token=key).refusal == (404, "E019404")


def test_callers_of_a_tenant_make_no_call_that_does_not_confine_them(api: Api, key: str, admin: str) -> None:
    assert api.get(f"{PATH}/closed", token=key).refusal == (403, "E019403")
    assert api.get(f"{PATH}/closed", {"tenant": "T1"}, token=admin).refusal == (401, "E019401")
    assert api.get(f"{PATH}/closed", token=api.avow.management_key).status == 200


def test_administrator_acts_in_the_tenant_they_administer(api: Api, admin: str) -> None:
    answer = api.get(PATH, {"tenant": "T1", "touches": "T1"}, token=admin)
    assert answer["limit"] == ["T1"]
    assert answer["actor"].startswith("user:U")
    assert api.get(PATH, {"tenant": "T1", "touches": "T2"}, token=admin).refusal == (404, "E019404")


@pytest.mark.parametrize(
    ("tenant", "status"), [("T2", 403), ("T-unknown", 403), ("t1", 403), ("T1 ", 403), ("\0", 403), ("", 401)]
)
def test_user_administers_no_other_tenant(tenant: str, status: int, api: Api, admin: str) -> None:
    assert api.get(PATH, {"tenant": tenant}, token=admin).status == status


def test_administrator_names_one_tenant(api: Api, admin: str) -> None:
    assert api.get(PATH, token=admin).refusal == (401, "E019401")
    assert api.get(f"{PATH}", {"tenant": ""}, token=admin).refusal == (401, "E019401")


def test_tenants_own_role_of_that_name_administers_nothing(api: Api, avow: Avow) -> None:
    user_id = make_user(avow, "other@example.com")
    own = avow.run(lambda tx: roles.create(tx, "Tenant Admin", tenant_id="T1"))
    join_tenant(avow, user_id, "T1", [own])
    token = api.sign_in("other@example.com")["refreshJwt"]
    assert api.get(PATH, {"tenant": "T1"}, token=token).refusal == (403, "E019403")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("DELETE FROM membership_roles WHERE project_id = :project_id", (403, "E019403")),
        ("DELETE FROM memberships WHERE project_id = :project_id AND tenant_id = 'T1'", (403, "E019403")),
        ("UPDATE users SET status = 'disabled' WHERE project_id = :project_id", (403, "E019403")),
        ("UPDATE sessions SET revoked_at = 1 WHERE project_id = :project_id", (401, "E064001")),
    ],
)
def test_who_administers_is_read_at_each_call(
    change: str, refusal: tuple[int, str], api: Api, admin: str, avow: Avow
) -> None:
    assert api.get(PATH, {"tenant": "T1"}, token=admin).status == 200
    avow.run(lambda tx: tx.run(change))
    assert api.get(PATH, {"tenant": "T1"}, token=admin).refusal == refusal


def test_session_token_and_cookie_administer_nothing(api: Api, admin: str) -> None:
    session = api.refresh(admin)["sessionJwt"]
    assert api.get(PATH, {"tenant": "T1"}, token=session).status == 401
    assert api.get(PATH, {"tenant": "T1"}, cookie=f"DSR={admin}").refusal == (401, "E019401")


def test_administrators_call_runs_two_statements_for_its_caller(api: Api, admin: str, statements: Statements) -> None:
    with statements:
        assert api.get(PATH, {"tenant": "T1"}, token=admin).status == 200
    assert statements.ran == ["sessions.LIVE", "managementkeys.FIND_ADMIN_ROLE"]


@pytest.mark.parametrize(
    ("asked", "limit"),
    [((), ("T1",)), (None, ("T1",)), (("T1", "T2"), ("T1",)), (("T2",), ()), (("",), ())],
)
def test_search_is_limited_to_the_tenant(asked: tuple[str, ...] | None, limit: tuple[str, ...]) -> None:
    assert Confinement("T1").within(asked) == limit


def test_what_belongs_to_the_project_is_out_of_a_tenants_reach() -> None:
    assert not Confinement("T1").reaches(None)
    assert not Confinement("T1").reaches("")
    assert Confinement("").reaches(None)


def test_caller_without_a_grant_may_nothing() -> None:
    assert not ManagementCaller("K1").may("user", only_reads=True)
    assert not ManagementCaller("K1", Grant(frozenset({"user:write"}))).may("role")
