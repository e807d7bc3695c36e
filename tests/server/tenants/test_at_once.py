"""Two changes of one tenant at once: neither takes the other one back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.factories import make_tenant
from tests.server.api import Api, Reply

ROUNDS = range(10)


@pytest.fixture
def tenant(api: Api) -> str:
    return make_tenant(api.avow)


def both(*calls: Callable[[], Reply]) -> None:
    together = Barrier(len(calls))

    def one(call: Callable[[], Reply]) -> int:
        together.wait(30)
        return call().status

    with ThreadPoolExecutor(len(calls)) as pool:
        assert list(pool.map(one, calls)) == [200] * len(calls)


def test_patches_of_different_fields_both_count(api: Api, tenant: str) -> None:
    key = api.avow.management_key
    for number in ROUNDS:
        name, is_disabled = f"Acme {number}", number % 2 == 0

        def patch(**fields: object) -> Callable[[], Reply]:
            return lambda: api.send("PATCH", "/v1/mgmt/tenant/patch", {"id": tenant, **fields}, token=key)

        both(patch(name=name), patch(disabled=is_disabled))
        held = api.get("/v1/mgmt/tenant", {"id": tenant}, token=key).body
        assert (held["name"], held["disabled"]) == (name, is_disabled)


def test_domains_of_two_sso_configurations_both_count(api: Api, tenant: str) -> None:
    key = api.avow.management_key
    second = {"tenantId": tenant, "displayName": "Second", "ssoId": "second"}
    assert api.post("/v1/mgmt/sso/settings/new", second, token=key).status == 200
    for number in ROUNDS:
        domains = [f"{name}-{number}.example.com" for name in ("one", "two")]

        def configure(sso_id: str | None, domain: str) -> Callable[[], Reply]:
            settings = {"name": "Acme", "clientId": "avow"}
            body = {"tenantId": tenant, "ssoId": sso_id, "settings": settings, "domains": [domain]}
            return lambda: api.post("/v1/mgmt/sso/oidc", body, token=key)

        both(configure(None, domains[0]), configure("second", domains[1]))
        held = api.get("/v2/mgmt/sso/settings/all", {"tenantId": tenant}, token=key).body
        assert [each["domains"] for each in held["SSOSettings"]] == [[domains[0]], [domains[1]]]
