"""What the official SDK has and Avow does not do yet: the names are there, the calls raise, and nothing is sent."""

import inspect
import json
from collections.abc import Iterator
from typing import Any

import descope
import pytest
from descope.management.user import User
from descope.mgmt import MGMT

import avow
from avow import AssociatedFamily, AuthException
from avow.errors import NotSupported
from avow.sdk._async.mgmt.user import AsyncUser
from avow.sdk._sync.mgmt.user import User as OurUser
from avow.sdk.calls.mgmt import unsupported
from avow.wire.unsupported import UNSUPPORTED
from tests.sdk.bed import PROJECT, FakeServer

AREAS = sorted(name for name, value in inspect.getmembers(MGMT) if isinstance(value, property))
UNSUPPORTED_OF_SDK = sorted(row.id for row in UNSUPPORTED if row.id.startswith("mgmt."))


@pytest.fixture
def official(server: FakeServer) -> Any:
    key = json.loads(server.key.public_jwk())
    return descope.DescopeClient(PROJECT, public_key=key, management_key="K2management").mgmt


def _methods(of: object) -> Iterator[str]:
    return (name for name, _ in inspect.getmembers(type(of), inspect.isfunction) if not name.startswith("_"))


@pytest.mark.parametrize("area", AREAS)
def test_every_method_of_the_official_sdk_is_there(client: Any, official: Any, area: str) -> None:
    names = list(_methods(getattr(official, area)))
    assert names
    assert [name for name in names if not hasattr(getattr(client.mgmt, area), name)] == []


@pytest.mark.parametrize("operation", UNSUPPORTED_OF_SDK)
def test_call_that_is_not_supported_says_so_and_sends_nothing(client: Any, server: FakeServer, operation: str) -> None:
    _, area, method = operation.split(".")
    with pytest.raises(AuthException, match=operation) as raised:
        getattr(getattr(client.mgmt, area), method)("anything", at=["all"])
    assert isinstance(raised.value, NotSupported)
    assert (raised.value.status_code, raised.value.error_code) == (501, "E019501")
    assert server.requests == []


def test_operations_that_share_an_address_are_refused_too(client: Any, server: FakeServer) -> None:
    names = unsupported.methods("mgmt.outbound_application_by_token")
    assert names
    for name in names:
        with pytest.raises(NotSupported):
            getattr(client.mgmt.outbound_application_by_token, name)("token", "app", "user")
    assert server.requests == []


def test_name_that_the_official_sdk_has_not_is_an_error_of_the_program(client: Any) -> None:
    with pytest.raises(AttributeError):
        _ = client.mgmt.fga.juggle


def test_methods_are_listed() -> None:
    client = avow.Client(PROJECT, management_key="K2management", base_url="https://avow.example.com")
    assert {"check", "save_schema"} <= set(dir(client.mgmt.fga))
    assert "run_flow" in dir(client.mgmt.flow)


@pytest.mark.parametrize("ours", [OurUser, AsyncUser])
def test_users_take_what_the_official_calls_take(ours: type) -> None:
    refused = unsupported.methods("mgmt.user")
    for name in {
        each for each, _ in inspect.getmembers(User, inspect.isfunction) if not each.startswith("_")
    } - refused:
        mine = inspect.signature(getattr(ours, name)).parameters
        theirs = inspect.signature(getattr(User, name)).parameters
        assert list(mine) == list(theirs), name


def test_families_of_a_user_go_to_the_server_which_refuses_them(client: Any, server: FakeServer) -> None:
    refusal = {"errorCode": "E019501", "errorDescription": "Avow does not support this operation yet."}
    for path in ("/v1/mgmt/user/create", "/v1/mgmt/user/create/test", "/v1/mgmt/user/update", "/v2/mgmt/user/search"):
        server.answer(f"POST {path}", 501, refusal)
    server.answer("PATCH /v1/mgmt/user/patch", 501, refusal)
    families = [AssociatedFamily("F1", ["child"], {"age": 7})]
    wanted = [{"familyId": "F1", "roleNames": ["child"], "familyScopedAttributes": {"age": 7}}]
    user = client.mgmt.user
    for call in (user.create, user.create_test_user, user.invite, user.update, user.patch):
        with pytest.raises(NotSupported):
            call("mia", family_associations=families)
        assert server.body()["familyAssociations"] == wanted
    for call in (user.search_all, user.search_all_test_users):
        server.answer("POST /v2/mgmt/user/search/test", 501, refusal)
        with pytest.raises(NotSupported):
            call(family_ids=["F1"], dependent=True, lock_reasons=["why"], temp_lock_reasons=["because"])
        sent = server.body()
        assert (sent["familyIds"], sent["dependent"]) == (["F1"], True)
        assert (sent["lockReasons"], sent["tempLockReasons"]) == (["why"], ["because"])
