"""GET, POST and DELETE /v1/mgmt/sso/xaa/settings: what SSO configurations trust."""

from typing import Any

import pytest

from avow.server.keys.actions import create_management_key
from tests.factories import make_role, make_tenant
from tests.server.api import Api, Reply

PATH = "/v1/mgmt/sso/xaa/settings"
ISSUER = {"jwksUri": "https://idp.example.com/keys", "signAlgorithm": "ES256", "jitDisabled": True}
TRUST = {"issuers": {"https://idp.example.com": ISSUER}, "jwtBearerGrantTypeAudienceToUse": "aud"}


@pytest.fixture
def tenant(api: Api) -> str:
    return make_tenant(api.avow, tenant_id="T1")


def _configure(api: Api, **body: Any) -> Reply:
    return api.post(PATH, {"tenantId": "T1", **body}, token=api.avow.management_key)


def _load(api: Api, **query: str) -> Any:
    reply = api.get(PATH, {"tenantId": "T1", **query}, token=api.avow.management_key)
    assert reply.status == 200, reply.body
    return reply.body


def test_trust_is_stored_and_taken_back(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    mappings = {"roleMappings": [{"groups": ["a"], "roleName": "Editor"}], "defaultSSORoles": ["Editor"]}
    body = {"enabled": True, "settings": TRUST, **mappings, "groupPriorityEnabled": True, "providerID": "okta"}
    assert _configure(api, **body).status == 200
    found = _load(api)
    assert (found["ssoId"], found["enabled"], found["providerID"]) == ("default_ssoid", True, "okta")
    assert found["settings"]["jwtBearerGrantTypeAudienceToUse"] == "aud"
    issuer = found["settings"]["issuers"]["https://idp.example.com"]
    assert {name: issuer[name] for name in ISSUER} == ISSUER
    assert issuer["attributeMapping"]["email"] == "email"
    assert (found["defaultSSORoles"], found["groupPriorityEnabled"]) == (["Editor"], True)
    assert found["groupsMapping"][0]["groups"] == ["a"]
    assert api.send("DELETE", PATH, query="tenantId=T1", token=api.avow.management_key).status == 200
    found = _load(api)
    assert (found["enabled"], found["settings"]["issuers"]) == (False, {})
    assert found["groupsMapping"][0]["groups"] == ["a"]


def test_each_configuration_trusts_for_itself(api: Api, tenant: str) -> None:
    key = api.avow.management_key
    body = {"tenantId": "T1", "displayName": "Second", "ssoId": "second"}
    api.post("/v1/mgmt/sso/settings/new", body, token=key)
    _configure(api, enabled=True, settings=TRUST, ssoId="second")
    found = api.get(f"{PATH}/all", {"tenantId": "T1"}, token=key)["XAASettings"]
    assert {each["ssoId"]: each["enabled"] for each in found} == {"default_ssoid": False, "second": True}
    assert _load(api, ssoId="second")["enabled"]
    assert api.send("DELETE", PATH, query="tenantId=T1&ssoId=none", token=key).refusal == (404, "E019404")


@pytest.mark.parametrize(
    "settings",
    [
        {"issuers": {"javascript:alert(1)": None}},
        {"issuers": {"https://a.example": {"jwksUri": "file:///etc/passwd"}}},
        {"issuers": {"https://a.example": {"userInfoUri": "gopher://a"}}},
        {"issuers": {"https://a.example": {"signAlgorithm": "HS256"}}},
        {"issuers": {"https://a.example": {"signAlgorithm": "none"}}},
    ],
    ids=repr,
)
def test_trust_that_cannot_be_used_is_refused(api: Api, tenant: str, settings: dict[str, Any]) -> None:
    assert _configure(api, enabled=True, settings=settings).refusal == (400, "E011004")
    assert not _load(api)["enabled"]


def test_roles_need_the_right_to_give_them(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    key = api.avow.run(lambda tx: create_management_key(tx, "k", rights=("sso:write",)))[1]
    body = {"tenantId": "T1", "enabled": True, "settings": TRUST}
    assert api.post(PATH, {**body, "defaultSSORoles": ["Editor"]}, token=key).refusal == (403, "E019403")
    assert api.post(PATH, body, token=key).refusal == (403, "E019403")  # whose word counts gives roles as well
    both = api.avow.run(lambda tx: create_management_key(tx, "b", rights=("sso:write", "role:write")))[1]
    assert api.post(PATH, body, token=both).status == 200
    assert api.post(PATH, body, token=key).status == 200  # which changes nothing
