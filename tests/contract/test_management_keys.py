"""Management keys through the official SDK: made, used, changed and deleted."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from descope import AuthException, MgmtKeyProjectRole, MgmtKeyReBac, MgmtKeyStatus, MgmtKeyTagRole

from avow.testing.server import Avow
from tests.contract.people import error_code

MakeClient = Callable[..., Any]


def rebac(avow: Avow, *roles: str) -> MgmtKeyReBac:
    return MgmtKeyReBac(project_roles=[MgmtKeyProjectRole([avow.project_id], list(roles))])


def refused(call: Callable[[], object]) -> tuple[int | None, str]:
    with pytest.raises(AuthException) as raised:
        call()
    return raised.value.status_code, error_code(raised)


@pytest.mark.operation("mgmt.management_key.create", "mgmt.management_key.load", "mgmt.management_key.search")
def test_key_is_made_found_and_used(client: Any, make_client: MakeClient, avow: Avow, fits: Any) -> None:
    made = client.mgmt.management_key.create("ci", rebac(avow, "management_key:read"), "for tests", 60, ["127.0.0.0/8"])
    assert fits("mgmt.management_key.create", "cleartext", "key")
    key = made["key"]
    assert (key["name"], key["description"], key["status"]) == ("ci", "for tests", "active")
    assert key["permittedIps"] == ["127.0.0.0/8"]
    assert key["expireTime"] - key["createdTime"] == 60
    assert key["reBac"]["projectRoles"] == [{"projectIds": [avow.project_id], "roles": ["management_key:read"]}]
    assert client.mgmt.management_key.load(key["id"])["key"] == key
    assert fits("mgmt.management_key.load", "key")
    with_it = make_client(avow, management_key=made["cleartext"]).mgmt.management_key
    found = with_it.search()
    assert fits("mgmt.management_key.search", "keys")
    assert {each["id"] for each in found["keys"]} == {key["id"], avow.management_key[:27]}
    assert made["cleartext"] not in str(found)
    assert refused(lambda: with_it.create("more", rebac(avow, "full access"))) == (403, "E019403")


@pytest.mark.operation("mgmt.management_key.update", "mgmt.management_key.load")
def test_key_is_changed_and_refused_while_inactive(client: Any, make_client: MakeClient, avow: Avow, fits: Any) -> None:
    made = client.mgmt.management_key.create("before", rebac(avow, "full access"))
    id, keys = made["key"]["id"], client.mgmt.management_key
    other = make_client(avow, management_key=made["cleartext"]).mgmt.management_key
    assert other.load(id)["key"]["name"] == "before"
    keys.update(id, "after", "changed", ["127.0.0.1"], MgmtKeyStatus.INACTIVE)
    assert fits("mgmt.management_key.update", "key")
    shown = keys.load(id)["key"]
    assert (shown["name"], shown["description"], shown["status"]) == ("after", "changed", "inactive")
    assert shown["permittedIps"] == ["127.0.0.1"]
    assert refused(lambda: other.load(id)) == (401, "E019401")
    keys.update(id, "after", "", [], MgmtKeyStatus.ACTIVE)
    assert other.load(id)["key"]["permittedIps"] == []


@pytest.mark.operation("mgmt.management_key.delete")
def test_deleted_key_is_gone(client: Any, make_client: MakeClient, avow: Avow, fits: Any) -> None:
    made = client.mgmt.management_key.create("gone", rebac(avow, "full access"))
    other = make_client(avow, management_key=made["cleartext"]).mgmt.management_key
    assert other.search()["keys"]
    assert client.mgmt.management_key.delete([made["key"]["id"], "K-unknown"]) == {"total": 1}
    assert fits("mgmt.management_key.delete", "total")
    assert refused(other.search) == (401, "E019401")
    assert refused(lambda: client.mgmt.management_key.load(made["key"]["id"])) == (404, "E019404")


@pytest.mark.operation("mgmt.management_key.create")
def test_roles_beyond_the_project_are_refused(client: Any, avow: Avow) -> None:
    for wrong in (
        MgmtKeyReBac(company_roles=["admin"]),
        MgmtKeyReBac(tag_roles=[MgmtKeyTagRole(["t"], ["full access"])]),
        MgmtKeyReBac(project_roles=[MgmtKeyProjectRole(["P-other"], ["full access"])]),
        rebac(avow, "no such role"),
    ):
        assert refused(partial(client.mgmt.management_key.create, "x", wrong)) == (400, "E011004")
