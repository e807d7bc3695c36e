"""GET and POST /v1/mgmt/password/settings: what passwords have to be, in a project and in its tenants."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from avow.testing.server import Avow
from tests.factories import make_tenant
from tests.server.api import Api, Reply

PATH = "/v1/mgmt/password/settings"
DEFAULTS = {
    "enabled": True,
    "minLength": 8,
    "lowercase": False,
    "uppercase": False,
    "number": False,
    "nonAlphanumeric": False,
    "expiration": False,
    "expirationWeeks": 0,
    "reuse": False,
    "reuseAmount": 0,
    "lock": True,
    "lockAttempts": 10,
}


def settings_of(api: Api, tenant_id: str = "") -> Any:
    answer = api.get(PATH, {"tenantId": tenant_id}, token=api.avow.management_key)
    assert answer.status == 200, answer.body
    return answer.body


def configure(api: Api, tenant_id: str = "", **changes: object) -> Reply:
    return api.post(PATH, {"tenantId": tenant_id, **changes}, token=api.avow.management_key)


def test_nothing_is_asked_for_but_eight_characters_until_it_is(api: Api) -> None:
    assert settings_of(api) == DEFAULTS


def test_every_setting_is_kept(api: Api) -> None:
    wanted: dict[str, Any] = {
        "enabled": False,
        "minLength": 12,
        "lowercase": True,
        "uppercase": True,
        "number": True,
        "nonAlphanumeric": True,
        "expiration": True,
        "expirationWeeks": 26,
        "reuse": True,
        "reuseAmount": 5,
        "lock": True,
        "lockAttempts": 3,
    }
    assert configure(api, **wanted).status == 200
    assert settings_of(api) == wanted


def test_what_is_not_named_stays(api: Api) -> None:
    configure(api, minLength=12, number=True)
    configure(api, number=None, lowercase=True)
    assert settings_of(api) == {**DEFAULTS, "minLength": 12, "number": True, "lowercase": True}


def test_tenant_has_the_settings_of_the_project_until_it_has_its_own(api: Api, avow: Avow) -> None:
    make_tenant(avow, tenant_id="acme")
    configure(api, minLength=10)
    assert settings_of(api, "acme")["minLength"] == 10
    configure(api, "acme", minLength=14)
    configure(api, minLength=9)
    assert (settings_of(api, "acme")["minLength"], settings_of(api)["minLength"]) == (14, 9)


def test_deleted_tenant_leaves_no_settings_to_one_of_the_same_id(api: Api, avow: Avow) -> None:
    make_tenant(avow, tenant_id="acme")
    configure(api, "acme", minLength=14)
    assert api.post("/v1/mgmt/tenant/delete", {"id": "acme"}, token=avow.management_key).status == 200
    make_tenant(avow, tenant_id="acme")
    assert settings_of(api, "acme") == DEFAULTS


def test_unknown_tenant_is_not_found(api: Api) -> None:
    assert api.get(PATH, {"tenantId": "nobody"}, token=api.avow.management_key).status == 404
    assert configure(api, "nobody", minLength=9).status == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"minLength": 5},
        {"minLength": 65},
        {"expiration": True},
        {"expiration": True, "expirationWeeks": 521},
        {"expirationWeeks": -1},
        {"reuse": True, "reuseAmount": 0},
        {"reuse": True, "reuseAmount": 25},
        {"lock": True, "lockAttempts": 0},
        {"lockAttempts": 101},
    ],
)
def test_settings_out_of_range_are_refused_and_nothing_changes(api: Api, changes: dict[str, Any]) -> None:
    assert configure(api, lowercase=True, **changes).refusal == (400, "E011004")
    assert settings_of(api) == DEFAULTS


def test_of_two_changes_at_once_both_count(api: Api) -> None:
    for length in range(9, 19):
        together = threading.Barrier(2)

        def change(changes: dict[str, Any], together: threading.Barrier = together) -> int:
            together.wait(5)
            return configure(api, **changes).status

        with ThreadPoolExecutor(2) as pool:
            wanted: list[dict[str, object]] = [{"minLength": length}, {"number": length % 2 == 0}]
            assert list(pool.map(change, wanted)) == [200, 200]
        held = settings_of(api)
        assert (held["minLength"], held["number"]) == (length, length % 2 == 0)
