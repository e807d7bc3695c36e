"""POST /v2/mgmt/tenant/adminlinks/sso/generate and revoke, and what a link opens."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from avow.server.keys.actions import create_management_key
from avow.server.sso import setup_links
from tests.factories import make_tenant
from tests.server.api import Api, Reply

GENERATE, REVOKE = "/v2/mgmt/tenant/adminlinks/sso/generate", "/v1/mgmt/tenant/adminlinks/sso/revoke"


@pytest.fixture
def tenant(api: Api) -> str:
    return make_tenant(api.avow, tenant_id="T1")


def _generate(api: Api, **body: Any) -> str:
    reply = api.post(GENERATE, {"tenantId": "T1", **body}, token=api.avow.management_key)
    return str(reply["adminSSOConfigurationLink"])


def _key(api: Api, *rights: str) -> str:
    return api.avow.run(lambda tx: create_management_key(tx, "k", rights=rights))[1]


def _revoke(api: Api, **body: Any) -> Reply:
    return api.post(REVOKE, {"tenantId": "T1", **body}, token=api.avow.management_key)


def _opens(api: Api, link: str) -> str | None:
    """Return the configuration that a link is for, or None when it is dead."""
    [token] = parse_qs(urlsplit(link).query)["t"]
    found = api.avow.run(lambda tx: setup_links.look(tx, token))
    return found.connection.sso_id if found else None


def test_link_lives_a_day_and_is_stored_as_a_mac(api: Api, tenant: str) -> None:
    link = _generate(api, email="it@acme.example", actorId="somebody")
    assert urlsplit(link).path == f"/sso-setup/{api.avow.project_id}"
    secret = link[-26:]
    query = "SELECT binding, mac FROM challenges WHERE project_id = :project_id"
    rows = api.avow.run(lambda tx: tx.all(query, lambda *row: row))
    assert len(rows) == 1
    assert secret not in repr(rows)
    api.clock.advance(86_399)
    assert _opens(api, link) == "default_ssoid"
    api.clock.advance(1)
    assert _opens(api, link) is None


def test_link_lives_as_long_as_asked(api: Api, tenant: str) -> None:
    link = _generate(api, expireTime=3600)
    api.clock.advance(3599)
    assert _opens(api, link)
    api.clock.advance(1)
    assert _opens(api, link) is None
    for seconds in (0, -1, 31 * 86_400):
        body = {"tenantId": "T1", "expireTime": seconds}
        assert api.post(GENERATE, body, token=api.avow.management_key).status == 400


def test_newer_link_takes_the_place_of_the_older(api: Api, tenant: str) -> None:
    make_tenant(api.avow, "Other", tenant_id="T2")
    other = _generate(api, tenantId="T2")
    first, second = _generate(api), _generate(api)
    assert (_opens(api, first), _opens(api, second), _opens(api, other)) == (None, "default_ssoid", "default_ssoid")
    assert _opens(api, second[:-1] + ("a" if second[-1] != "a" else "b")) is None


def test_links_of_configurations_are_revoked_apart_or_together(api: Api, tenant: str) -> None:
    key = api.avow.management_key
    body = {"tenantId": "T1", "displayName": "Second", "ssoId": "second"}
    api.post("/v1/mgmt/sso/settings/new", body, token=key)
    first, second = _generate(api), _generate(api, ssoId="second")
    assert (_opens(api, first), _opens(api, second)) == ("default_ssoid", "second")
    assert _revoke(api, ssoId="second").status == 200
    assert (_opens(api, first), _opens(api, second)) == ("default_ssoid", None)
    second = _generate(api, ssoId="second")
    assert _revoke(api).status == 200
    assert (_opens(api, first), _opens(api, second)) == (None, None)
    assert _revoke(api).status == 200


def test_link_ends_with_its_tenant_even_if_another_takes_the_id(api: Api, tenant: str) -> None:
    link, key = _generate(api), api.avow.management_key
    api.post("/v1/mgmt/tenant/delete", {"id": "T1"}, token=key)
    assert _opens(api, link) is None
    api.clock.advance(1)
    make_tenant(api.avow, "Another", tenant_id="T1")
    assert _opens(api, link) is None


def test_link_ends_with_its_configuration(api: Api, tenant: str) -> None:
    key = api.avow.management_key
    body = {"tenantId": "T1", "displayName": "Second", "ssoId": "second"}
    api.post("/v1/mgmt/sso/settings/new", body, token=key)
    link = _generate(api, ssoId="second")
    api.send("DELETE", "/v1/mgmt/sso/settings", query="tenantId=T1&ssoId=second", token=key)
    assert _opens(api, link) is None


def test_unknown_tenant_or_configuration_is_not_found(api: Api, tenant: str) -> None:
    for path in (GENERATE, REVOKE):
        for body in ({"tenantId": "Tnone"}, {"tenantId": "T1", "ssoId": "none"}):
            assert api.post(path, body, token=api.avow.management_key).refusal == (404, "E019404")


def test_link_needs_the_rights_to_sso_and_to_giving_roles_too(api: Api, tenant: str) -> None:
    """Whoever holds the link says whose word counts in the tenant, and who has which role there by it."""
    rights = ["tenant:write", "sso:write", "role:write"]
    for held in (rights[:1], rights[:2], [rights[0], rights[2]]):
        key = _key(api, *held)
        assert api.post(GENERATE, {"tenantId": "T1"}, token=key).refusal == (403, "E019403")
        assert api.post(REVOKE, {"tenantId": "T1"}, token=key).status == 200
    assert api.post(GENERATE, {"tenantId": "T1"}, token=_key(api, *rights)).status == 200
