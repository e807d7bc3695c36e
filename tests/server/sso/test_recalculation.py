"""POST /v1/mgmt/sso/recalculate-mappings: the roles that groups give."""

from collections.abc import Sequence
from typing import Any

import pytest

from avow.server.sso import recalculation
from avow.server.sso.recalculation import entitled
from avow.server.sso.rows import GroupRow
from avow.server.sso.stored import GroupsRole, Mappings
from avow.server.users import actions as users
from tests.factories import grant, join_tenant, make_group, make_role, make_tenant, make_user
from tests.server.api import Api, Statements
from tests.server.sso.test_settings import SAML

V1 = "/v1/mgmt/sso"


@pytest.fixture
def tenant(api: Api) -> str:
    return make_tenant(api.avow, tenant_id="T1")


def _member(api: Api, tenant: str, roles: Sequence[str] = ()) -> str:
    user_id = make_user(api.avow)
    join_tenant(api.avow, user_id, tenant, roles)
    return user_id


def _map(api: Api, defaults: Sequence[str] = (), **groups: Sequence[str]) -> None:
    mappings = [{"roleName": role, "groups": list(named)} for role, named in groups.items()]
    settings = {**SAML, "roleMappings": mappings, "defaultSSORoles": list(defaults), "replaceDefaultSSORoles": True}
    reply = api.post(f"{V1}/saml", {"tenantId": "T1", "settings": settings}, token=api.avow.management_key)
    assert reply.status == 200, reply.body


def _recalculate(api: Api, **body: Any) -> None:
    reply = api.post(f"{V1}/recalculate-mappings", {"tenantId": "T1", **body}, token=api.avow.management_key)
    assert (reply.status, reply.body) == (200, {})


def _roles(api: Api, user_id: str, tenant: str = "T1") -> tuple[str, ...]:
    profile = api.avow.run(lambda tx: users.find(tx, user_id))
    assert profile is not None
    return profile.tenants[tenant].roles


def test_groups_give_and_take_roles(api: Api, tenant: str) -> None:
    for name in ("Editor", "Reader", "Guest"):
        make_role(api.avow, name)
    mia, ben, eve = (_member(api, tenant) for _ in range(3))
    make_group(api.avow, tenant, "g-1", [mia], display="Editors")
    make_group(api.avow, tenant, "g-2", [mia, ben])
    _map(api, ["Guest"], Editor=["Editors"], Reader=["g-2", "none"])
    _recalculate(api)
    assert _roles(api, mia) == ("Editor", "Guest", "Reader")
    assert _roles(api, ben) == ("Guest", "Reader")
    assert _roles(api, eve) == ()
    _map(api, Reader=["Editors"])
    _recalculate(api)
    assert (_roles(api, mia), _roles(api, ben)) == (("Reader",), ())
    _recalculate(api)
    assert (_roles(api, mia), _roles(api, ben)) == (("Reader",), ())


def test_who_left_the_groups_loses_their_roles(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    mia = _member(api, tenant)
    make_group(api.avow, tenant, "g", [mia])
    _map(api, Editor=["g"])
    _recalculate(api)
    assert _roles(api, mia) == ("Editor",)
    api.avow.run(lambda tx: tx.run("DELETE FROM group_members WHERE project_id = :project_id"))
    _recalculate(api)
    assert _roles(api, mia) == ()


def test_roles_given_by_hand_stay(api: Api, tenant: str) -> None:
    editor, reader, ruler = make_role(api.avow, "Editor"), make_role(api.avow, "Reader"), make_role(api.avow, "Ruler")
    mia = _member(api, tenant, [editor, reader])
    grant(api.avow, mia, ruler)
    make_group(api.avow, tenant, "g", [mia])
    _map(api, Editor=["g"], Ruler=["none"])
    _recalculate(api)
    _map(api)
    _recalculate(api)
    assert _roles(api, mia) == ("Editor", "Reader")
    profile = api.avow.run(lambda tx: users.find(tx, mia))
    assert profile is not None
    assert profile.roles == ("Ruler",)


def test_role_that_groups_gave_and_somebody_then_gives_by_hand_stays(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    mia = _member(api, tenant)
    make_group(api.avow, tenant, "g", [mia])
    _map(api, Editor=["g"])
    _recalculate(api)
    profile = api.avow.run(lambda tx: users.find(tx, mia))
    assert profile is not None
    body = {"loginId": profile.login_ids[0], "tenantId": tenant, "roleNames": ["Editor"]}
    assert api.post("/v2/mgmt/user/update/role/add", body, token=api.avow.management_key).status == 200
    _map(api)
    _recalculate(api)
    assert _roles(api, mia) == ("Editor",)


def test_configurations_and_tenants_do_not_mix(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    other = make_tenant(api.avow, "Other", tenant_id="T2")
    mia = _member(api, tenant)
    join_tenant(api.avow, mia, other)
    make_group(api.avow, other, "g", [mia])
    make_group(api.avow, tenant, "second's", [mia], sso_id="second")
    key = api.avow.management_key
    api.post(f"{V1}/settings/new", {"tenantId": "T1", "displayName": "Second", "ssoId": "second"}, token=key)
    _map(api, Editor=["g", "second's"])
    _recalculate(api)
    assert (_roles(api, mia), _roles(api, mia, "T2")) == ((), ())
    mapping = {"settings": {**SAML, "roleMappings": [{"groups": ["second's"], "roleName": "Editor"}]}}
    api.post(f"{V1}/saml", {"tenantId": "T1", "ssoId": "second", **mapping}, token=key)
    _recalculate(api, ssoId="default_ssoid")
    assert _roles(api, mia) == ()
    _recalculate(api, ssoId="second")
    assert (_roles(api, mia), _roles(api, mia, "T2")) == (("Editor",), ())
    _recalculate(api)
    assert _roles(api, mia) == ("Editor",)


def test_role_that_two_configurations_give_goes_with_the_last_of_them(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    mia, ben = _member(api, tenant), _member(api, tenant)
    make_group(api.avow, tenant, "first's", [mia, ben])
    make_group(api.avow, tenant, "second's", [mia], sso_id="second")
    key = api.avow.management_key
    api.post(f"{V1}/settings/new", {"tenantId": "T1", "displayName": "Second", "ssoId": "second"}, token=key)
    mapping = {"settings": {**SAML, "roleMappings": [{"groups": ["second's"], "roleName": "Editor"}]}}
    assert api.post(f"{V1}/saml", {"tenantId": "T1", "ssoId": "second", **mapping}, token=key).status == 200
    _map(api, Editor=["first's"])
    _recalculate(api)
    _map(api)
    _recalculate(api, ssoId="default_ssoid")
    assert (_roles(api, mia), _roles(api, ben)) == (("Editor",), ())
    _recalculate(api, ssoId="default_ssoid")
    assert _roles(api, mia) == ("Editor",)
    nothing = {"settings": {**SAML, "roleMappings": []}}
    assert api.post(f"{V1}/saml", {"tenantId": "T1", "ssoId": "second", **nothing}, token=key).status == 200
    _recalculate(api, ssoId="second")
    assert _roles(api, mia) == ()


def test_somebody_in_a_group_who_is_no_member_gets_nothing(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    stranger = make_user(api.avow)
    make_group(api.avow, tenant, "g", [stranger])
    _map(api, Editor=["g"])
    _recalculate(api)
    profile = api.avow.run(lambda tx: users.find(tx, stranger))
    assert profile is not None
    assert profile.tenants == {}


def test_many_members_cost_statements_by_the_hundred(
    api: Api, tenant: str, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalculation, "_AT_A_TIME", 4)
    make_role(api.avow, "Editor")
    members = [_member(api, tenant) for _ in range(10)]
    make_group(api.avow, tenant, "g", members)
    _map(api, Editor=["g"])
    with statements:
        _recalculate(api)
    assert statements.ran.count("sso.MEMBERS") == 4
    assert len([each for each in statements.ran if "INSERT INTO membership_roles" in each]) == 3
    assert {_roles(api, each) for each in members} == {("Editor",)}


def test_what_is_right_already_is_not_written_again(api: Api, tenant: str, statements: Statements) -> None:
    deleted = make_role(api.avow, "Gone")
    make_role(api.avow, "Editor")
    members = [_member(api, tenant) for _ in range(3)]
    make_group(api.avow, tenant, "g", members)
    _map(api, ["Gone"], Editor=["g"])
    api.avow.run(lambda tx: tx.run("DELETE FROM roles WHERE project_id = :project_id AND id = :id", id=deleted))
    _recalculate(api)
    with statements:
        _recalculate(api)
    assert "sso.LOCK_FIRST" not in statements.ran
    assert not [each for each in statements.ran if "membership_roles" in each and "SELECT" not in each]
    assert {_roles(api, each) for each in members} == {("Editor",)}


def test_unknown_tenant_or_configuration_is_not_found(api: Api, tenant: str) -> None:
    key = api.avow.management_key
    assert api.post(f"{V1}/recalculate-mappings", {"tenantId": "Tnone"}, token=key).refusal == (404, "E019404")
    body = {"tenantId": "T1", "ssoId": "none"}
    assert api.post(f"{V1}/recalculate-mappings", body, token=key).refusal == (404, "E019404")


def test_entitled_holds_each_user_once() -> None:
    rows = [GroupRow("U1", "g", "Staff"), GroupRow("U1", "h", "Staff"), GroupRow("U2", "h", "h")]
    mappings = Mappings(
        roles=(
            GroupsRole(role_id="R1", groups=("g", "Staff")),
            GroupsRole(role_id="R1", groups=("h",)),
            GroupsRole(role_id="R2", groups=("none",)),
        ),
        default_roles=("R3",),
    )
    assert entitled(mappings, rows) == {"R3": ["U1", "U2"], "R1": ["U1", "U2"]}
    assert entitled(Mappings(), rows) == {}
