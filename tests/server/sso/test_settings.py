"""GET and POST /v1/mgmt/sso/..., /v2/mgmt/sso/settings: SSO settings of tenants."""

from typing import Any

import pytest

from avow.core import addresses
from avow.server.keys.actions import create_management_key
from avow.server.roles import actions as roles
from avow.server.sso import actions as sso
from avow.server.sso import routing
from tests.factories import make_role, make_tenant
from tests.server.api import Api, Reply, Statements
from tests.server.sso.certificates import CERTIFICATE, certificate

V1, V2 = "/v1/mgmt/sso", "/v2/mgmt/sso/settings"
SAML = {"idpUrl": "https://idp.example.com/sso", "entityId": "idp", "idpCert": CERTIFICATE}
OIDC = {
    "name": "Okta",
    "clientId": "client",
    "clientSecret": "a secret of the client",
    "authUrl": "https://idp.example.com/auth",
    "tokenUrl": "https://idp.example.com/token",
}


@pytest.fixture
def tenant(api: Api) -> str:
    return make_tenant(api.avow, tenant_id="T1")


def _post(api: Api, path: str, body: dict[str, Any], key: str = "") -> Reply:
    return api.post(f"{V1}/{path}", {"tenantId": "T1", **body}, token=key or api.avow.management_key)


def _load(api: Api, tenant: str = "T1", **query: str) -> Any:
    reply = api.get(V2, {"tenantId": tenant, **query}, token=api.avow.management_key)
    assert reply.status == 200, reply.body
    return reply.body


def _saml(api: Api, settings: dict[str, Any] | None = None, **body: Any) -> Reply:
    return _post(api, "saml", {"settings": {**SAML, **(settings or {})}, **body})


# --- SAML --------------------------------------------------------------------------------------------------------


def test_tenant_has_an_empty_configuration_from_the_start(api: Api, tenant: str, statements: Statements) -> None:
    _load(api)
    with statements:
        found = _load(api)
    assert len(statements.ran) == 7  # the key, three of the tenant, the configuration, its domains, our certificate
    project = api.avow.project_id
    assert (found["ssoId"], found["authType"], found["tenant"]["authType"]) == ("default_ssoid", "none", "none")
    assert found["saml"]["spEntityId"] == f"{project}-T1"
    assert found["saml"]["spACSUrl"].endswith(f"/v1/auth/saml/acs?projectId={project}&tenantId=T1")
    assert (found["saml"]["idpSSOUrl"], found["saml"]["idpCertificate"], found["oidc"]["clientId"]) == ("", "", "")
    assert found["oidc"]["userAttrMapping"]["loginId"] == "sub"


def test_saml_is_stored_whole(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    attributes = {"name": "n", "email": "e", "group": "groups", "customAttributes": {"level": "lvl"}}
    settings = {
        "attributeMapping": attributes,
        "roleMappings": [{"groups": ["a", "b", "a"], "roleName": "Editor"}],
        "defaultSSORoles": ["Editor"],
        "groupsPriority": ["b", "a"],
        "idpAdditionalCerts": [certificate("next")],
        "fgaMappings": {
            "a": {"relations": [{"resource": "r", "relationDefinition": "d", "namespace": "n"}]},
            "b": None,
        },
        "disableSignRequest": True,
    }
    reply = _saml(api, settings, redirectUrl="https://app.example.com/", domains=["Acme.example", "acme.test"])
    assert reply.status == 200
    found = _load(api)
    saml = found["saml"]
    assert (saml["idpSSOUrl"], saml["idpEntityId"], saml["idpCertificate"]) == tuple(SAML.values())
    assert saml["idpAdditionalCertificates"] == [certificate("next")]
    assert saml["redirectUrl"] == "https://app.example.com/"
    assert {name: saml["attributeMapping"][name] for name in attributes} == attributes
    assert saml["attributeMapping"]["picture"] == ""
    [mapping] = saml["groupsMapping"]
    assert (mapping["role"]["name"], mapping["groups"]) == ("Editor", ["a", "b"])
    assert mapping["role"]["id"].startswith("R")
    assert (saml["defaultSSORoles"], saml["groupsPriority"], saml["disableSignRequest"]) == (
        ["Editor"],
        ["b", "a"],
        True,
    )
    assert saml["fgaMappings"]["a"]["relations"][0]["relationDefinition"] == "d"
    assert saml["fgaMappings"]["b"] == {"relations": []}
    assert found["oidc"]["groupsMapping"] == saml["groupsMapping"]
    assert (found["tenant"]["authType"], found["tenant"]["domains"]) == ("saml", ["acme.example", "acme.test"])


def test_saml_replaces_all_but_redirect_and_default_roles(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    first = {"defaultSSORoles": ["Editor"], "roleMappings": [{"groups": ["a"], "roleName": "Editor"}]}
    further = {"idpAdditionalCerts": [certificate("old")], "groupsPriority": ["a"], "spEntityId": "ours"}
    _saml(api, first | further, redirectUrl="https://app.example.com/", domains=["acme.example"])
    assert _saml(api, {"defaultSSORoles": []}).status == 200
    saml = _load(api)["saml"]
    assert (saml["redirectUrl"], saml["defaultSSORoles"]) == ("https://app.example.com/", ["Editor"])
    assert (saml["groupsMapping"], saml["groupsPriority"], saml["idpAdditionalCertificates"]) == ([], [], [])
    assert saml["spEntityId"] == f"{api.avow.project_id}-T1"
    assert _load(api)["domains"] == []
    _saml(api, {"defaultSSORoles": [], "replaceDefaultSSORoles": True}, redirectUrl="")
    saml = _load(api)["saml"]
    assert (saml["redirectUrl"], saml["defaultSSORoles"]) == ("", [])


def test_metadata_address_takes_the_place_of_what_was_written_out(api: Api, tenant: str) -> None:
    _saml(api)
    body = {"settings": {"idpMetadataUrl": "https://idp.example.com/metadata", "entityId": "named"}}
    assert _post(api, "saml/metadata", body).status == 200
    saml = _load(api)["saml"]
    assert (saml["idpMetadataUrl"], saml["idpSSOUrl"]) == ("https://idp.example.com/metadata", "")
    assert (saml["idpCertificate"], saml["idpEntityId"]) == ("", "named")
    _saml(api)
    assert _load(api)["saml"]["idpMetadataUrl"] == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"idpUrl": "ftp://idp.example.com/"},
        {"idpUrl": "javascript:alert(1)"},
        {"idpUrl": "https://user@idp.example.com/"},
        {"idpUrl": "file:///etc/hostname"},
        {"idpUrl": ""},
        {"entityId": ""},
        {"idpCert": None},
        {"idpCert": "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----"},
        {"idpCert": CERTIFICATE + CERTIFICATE},
        {"idpCert": "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/hostname'>]><a>&b;</a>" + " " * 200},
        {"idpAdditionalCerts": ["-----BEGIN PRIVATE KEY-----"]},
        {"spACSUrl": "//evil.example"},
        {"roleMappings": [{"groups": ["a"], "roleName": "Nobody"}]},
        {"defaultSSORoles": ["Nobody"]},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_saml_that_cannot_be_used_is_refused_and_nothing_stored(
    api: Api, tenant: str, settings: dict[str, Any]
) -> None:
    before = _load(api)
    reply = _saml(api, settings, domains=["acme.example"])
    assert reply.status == 400
    assert reply.body["errorCode"] in ("E011002", "E011004")
    assert _load(api) == before


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "gopher://x/", "data:text/xml,<a/>", "http://", "http://a b/", "http://0x7f000001/"]
)
def test_metadata_address_is_a_plain_url(api: Api, tenant: str, url: str) -> None:
    assert _post(api, "saml/metadata", {"settings": {"idpMetadataUrl": url}}).refusal == (400, "E011004")
    assert _post(api, "metadata", {"idpMetadataURL": url}).refusal == (400, "E011004")
    assert _load(api)["authType"] == "none"


# --- OpenID ------------------------------------------------------------------------------------------------------


def test_oidc_is_stored_and_its_secret_never_answered(api: Api, tenant: str) -> None:
    claims = {"loginId": "subject", "username": "nick", "verifiedEmail": "ev"}
    settings = {**OIDC, "scope": ["openid", "email"], "userAttrMapping": claims, "usePkce": True, "prompt": ["login"]}
    assert _post(api, "oidc", {"settings": settings, "domains": ["acme.example"]}).status == 200
    found = _load(api)
    oidc = found["oidc"]
    assert oidc["clientSecret"] == ""
    assert "a secret" not in repr(found)
    assert (oidc["name"], oidc["clientId"], oidc["tokenUrl"]) == ("Okta", "client", OIDC["tokenUrl"])
    assert (oidc["scope"], oidc["prompt"], oidc["usePkce"]) == (["openid", "email"], ["login"], True)
    assert {name: oidc["userAttrMapping"][name] for name in claims} == claims
    assert (oidc["userAttrMapping"]["name"], oidc["grantType"]) == ("", "authorization_code")
    assert (found["tenant"]["authType"], found["domains"]) == ("oidc", ["acme.example"])
    assert _secret(api) == "a secret of the client"


def _secret(api: Api, tenant: str = "T1", connection: str = "") -> str:
    return api.avow.run(lambda tx: sso.client_secret(tx, sso.load(tx, tenant, connection)))


def test_secret_stays_when_it_is_not_given(api: Api, tenant: str) -> None:
    _post(api, "oidc", {"settings": {**OIDC, "usePkce": True}})
    for absent in (None, ""):
        changed = {**OIDC, "name": "New name", "clientSecret": absent, "authUrl": "https://idp.example.com/a"}
        assert _post(api, "oidc", {"settings": changed}).status == 200
    assert (_secret(api), _load(api)["oidc"]["name"]) == ("a secret of the client", "New name")
    assert _load(api)["oidc"]["usePkce"] is True
    _post(api, "oidc", {"settings": {**OIDC, "clientSecret": "another", "usePkce": False}})
    assert (_secret(api), _load(api)["oidc"]["usePkce"]) == ("another", False)


@pytest.mark.parametrize(
    "elsewhere", [{"tokenUrl": "https://evil.example/"}, {"clientId": "other"}, {"issuer": "https://evil.example/"}]
)
def test_stored_secret_goes_nowhere_else(api: Api, tenant: str, elsewhere: dict[str, str]) -> None:
    _post(api, "oidc", {"settings": OIDC})
    changed = {**OIDC, **elsewhere, "clientSecret": None}
    assert _post(api, "oidc", {"settings": changed}).refusal == (400, "E011004")
    assert _load(api)["oidc"]["tokenUrl"] == OIDC["tokenUrl"]
    assert _post(api, "oidc", {"settings": {**changed, "clientSecret": "new"}}).status == 200


def test_oidc_leaves_groups_and_roles(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    _saml(api, {"roleMappings": [{"groups": ["a"], "roleName": "Editor"}], "groupsPriority": ["a"]})
    _post(api, "oidc", {"settings": OIDC})
    oidc = _load(api)["oidc"]
    assert ([each["groups"] for each in oidc["groupsMapping"]], oidc["groupsPriority"]) == ([["a"]], ["a"])
    _post(api, "oidc", {"settings": {**OIDC, "groupsPriority": ["b"], "fgaMappings": {}}})
    assert _load(api)["oidc"]["groupsPriority"] == ["b"]


@pytest.mark.parametrize(
    "settings",
    [
        {"name": ""},
        {"clientId": None},
        {"grantType": "password"},
        {"grantType": "implicit", "usePkce": True},
        {"tokenUrl": "file:///x"},
        {"JWKsUrl": "gopher://x/"},
        {"callbackDomain": "evil.example/path?"},
        {"redirectUrl": "javascript:alert(1)"},
    ],
    ids=repr,
)
def test_oidc_that_cannot_be_used_is_refused(api: Api, tenant: str, settings: dict[str, Any]) -> None:
    assert _post(api, "oidc", {"settings": {**OIDC, **settings}}).status == 400
    assert _load(api)["oidc"]["clientId"] == ""


# --- Several configurations --------------------------------------------------------------------------------------


def test_configurations_of_a_tenant_stand_side_by_side(api: Api, tenant: str) -> None:
    made = _post(api, "settings/new", {"displayName": "Second", "ssoId": "second"})
    assert (made["ssoId"], made["displayName"], made["authType"]) == ("second", "Second", "none")
    assert made["saml"]["spEntityId"] == f"{api.avow.project_id}-T1?ssoId=second"
    assert made["saml"]["spACSUrl"].endswith("&tenantId=T1&ssoId=second")
    unnamed = _post(api, "settings/new", {"displayName": "Third"})["ssoId"]
    _saml(api, domains=["first.example"])
    _post(api, "oidc", {"settings": OIDC, "domains": ["second.example", "first.example"], "ssoId": "second"})
    found = api.get(f"{V2}/all", {"tenantId": "T1"}, token=api.avow.management_key)["SSOSettings"]
    held = {each["ssoId"]: (each["authType"], each["domains"]) for each in found}
    assert held == {
        "default_ssoid": ("saml", []),
        "second": ("oidc", ["second.example", "first.example"]),
        unnamed: ("none", []),
    }
    assert found[0]["ssoId"] == "default_ssoid"
    assert set(found[0]["tenant"]["domains"]) == {"first.example", "second.example"}
    assert (_load(api)["authType"], _load(api, ssoId="second")["oidc"]["name"]) == ("saml", "Okta")
    assert (_secret(api), _secret(api, connection="second")) == ("", OIDC["clientSecret"])


def test_id_of_a_configuration_is_taken_once(api: Api, tenant: str) -> None:
    body = {"displayName": "Second", "ssoId": "second"}
    assert _post(api, "settings/new", body).status == 200
    assert _post(api, "settings/new", body).refusal == (400, "E011004")
    assert _post(api, "settings/new", {**body, "ssoId": "default_ssoid"}).refusal == (400, "E011004")
    assert _post(api, "settings/new", {**body, "ssoId": "a/b"}).status == 400
    assert _post(api, "settings/new", {**body, "ssoId": "a\n"}).status == 400
    assert _post(api, "settings/new", {**body, "tenantId": "Tnone"}).refusal == (404, "E019404")


def test_tenant_has_no_more_than_twenty(api: Api, tenant: str) -> None:
    statuses = [_post(api, "settings/new", {"displayName": str(each)}).status for each in range(21)]
    assert statuses == [200] * 20 + [400]


def test_unknown_tenant_or_configuration_is_not_found(api: Api, tenant: str) -> None:
    key = api.avow.management_key
    for sso_id in ("none", "default_ssoid2"):
        assert api.get(V2, {"tenantId": "T1", "ssoId": sso_id}, token=key).status == 404
        assert _saml(api, ssoId=sso_id).status == 404
        assert _post(api, "oidc", {"settings": OIDC, "ssoId": sso_id}).status == 404
        assert api.send("DELETE", f"{V1}/settings", query=f"tenantId=T1&ssoId={sso_id}", token=key).status == 404
    for path, body in (("saml", {"settings": SAML}), ("oidc", {"settings": OIDC}), ("redirect", {}), ("mapping", {})):
        assert _post(api, path, {**body, "tenantId": "Tnone"}).refusal == (404, "E019404")
    assert api.get(V2, {"tenantId": "Tnone"}, token=key).status == 404
    assert api.get(f"{V2}/all", {"tenantId": "Tnone"}, token=key).status == 404
    assert api.get(f"{V1}/settings", {"tenantId": "Tnone"}, token=key).status == 404
    assert api.send("DELETE", f"{V1}/settings", query="tenantId=Tnone", token=key).status == 404


def test_deleted_configuration_is_gone_with_secret_and_domains(api: Api, tenant: str) -> None:
    key = api.avow.management_key
    _post(api, "settings/new", {"displayName": "Second", "ssoId": "second"})
    for more in ({}, {"ssoId": "second"}):
        _post(api, "oidc", {"settings": OIDC, "domains": [f"{len(more)}.example"], **more})
    assert api.send("DELETE", f"{V1}/settings", query="tenantId=T1&ssoId=second", token=key).status == 200
    assert api.get(V2, {"tenantId": "T1", "ssoId": "second"}, token=key).status == 404
    assert _load(api)["tenant"]["domains"] == ["0.example"]
    assert api.send("DELETE", f"{V1}/settings", query="tenantId=T1", token=key).status == 200
    assert (_load(api)["oidc"]["clientId"], _load(api)["tenant"]["authType"], _secret(api)) == ("", "none", "")
    assert _load(api)["tenant"]["domains"] == []


# --- Parts -------------------------------------------------------------------------------------------------------


def test_configuration_is_turned_off_and_on(api: Api, tenant: str) -> None:
    assert _post(api, "settings/authtype", {"authType": "saml"}).refusal == (400, "E011004")
    _saml(api, domains=["acme.example"])
    before = _load(api)
    _post(api, "settings/authtype", {"authType": "none"})
    found = _load(api)
    assert (found["authType"], found["tenant"]["authType"], found["domains"]) == ("none", "none", ["acme.example"])
    assert found["saml"] == before["saml"]
    _post(api, "settings/authtype", {"authType": "saml"})
    assert _load(api) == before
    assert _post(api, "settings/authtype", {"authType": "oidc"}).refusal == (400, "E011004")
    assert _post(api, "settings/authtype", {"authType": "xaa"}).status == 400


def test_auth_type_of_the_tenant_is_that_of_its_first_configuration(api: Api, tenant: str) -> None:
    key = api.avow.management_key
    api.post("/v1/mgmt/tenant/settings", {"tenantId": "T1", "authType": "oidc"}, token=key)
    assert (_load(api)["authType"], _load(api)["tenant"]["authType"]) == ("oidc", "oidc")
    assert _load(api)["oidc"]["clientId"] == ""  # said before there is anything to sign in by
    assert _post(api, "settings/authtype", {"authType": "oidc"}).refusal == (400, "E011004")
    _saml(api)
    assert api.get("/v1/mgmt/tenant/settings", {"id": "T1"}, token=key)["authType"] == "saml"
    assert api.post("/v1/mgmt/tenant/settings", {"tenantId": "T1", "enabled": True}, token=key).status == 200
    assert _load(api)["authType"] == "saml"


def test_domains_set_at_the_tenant_lead_where_they_led(api: Api, tenant: str) -> None:
    _post(api, "settings/new", {"displayName": "Second", "ssoId": "second"})
    _post(api, "oidc", {"settings": OIDC, "domains": ["a.example", "b.example"], "ssoId": "second"})
    body = {"tenantId": "T1", "domains": ["c.example", "b.example"]}
    api.post("/v1/mgmt/tenant/settings", body, token=api.avow.management_key)
    assert (_load(api)["domains"], _load(api, ssoId="second")["domains"]) == (["c.example"], ["b.example"])


def test_domain_of_another_tenant_is_refused_and_nothing_stored(api: Api, tenant: str) -> None:
    make_tenant(api.avow, "Other", tenant_id="T2")
    _saml(api, domains=["acme.example"])
    body = {"tenantId": "T2", "settings": OIDC, "domains": ["ACME.example "]}
    assert _post(api, "oidc", body).refusal == (400, "E011004")
    assert _load(api, "T2")["authType"] == "none"


def test_domain_belongs_to_one_tenant_however_it_is_spelled(api: Api, tenant: str) -> None:
    make_tenant(api.avow, "Other", tenant_id="T2")
    assert _saml(api, domains=["Bücher.example", "straße.example", "a.example"]).status == 200
    assert _load(api)["domains"] == ["xn--bcher-kva.example", "xn--strae-oqa.example", "a.example"]
    for spelling in ("bücher.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example", "straße.example"):
        body = {"tenantId": "T2", "settings": OIDC, "domains": [spelling]}
        assert _post(api, "oidc", body).refusal == (400, "E011004"), spelling
        settings = {"tenantId": "T2", "domains": [spelling]}
        answered = api.post("/v1/mgmt/tenant/settings", settings, token=api.avow.management_key)
        assert answered.refusal == (400, "E011004"), spelling


@pytest.mark.parametrize("spelling", ["bücher.example", "straße.example"])
def test_domain_that_an_older_release_kept_with_letters_is_that_domain(api: Api, tenant: str, spelling: str) -> None:
    make_tenant(api.avow, "Other", tenant_id="T2")
    _saml(api, domains=["a.example"])
    older = "UPDATE tenant_domains SET domain = :domain WHERE project_id = :project_id"
    api.avow.run(lambda tx: tx.run(older, domain=spelling))
    ascii_form = addresses.domain(spelling).folded
    for each in (spelling, ascii_form):
        assert _post(api, "oidc", {"tenantId": "T2", "settings": OIDC, "domains": [each]}).status == 400, each
    found = api.avow.run(lambda tx: routing.find(tx, f"jane@{spelling}", sso_id="", hint=""))
    assert found is not None
    assert found.tenant_id == "T1"
    assert _saml(api, domains=[spelling]).status == 200
    assert _load(api)["domains"] == [ascii_form]


@pytest.mark.parametrize(
    "domain", ["nothing", "a@b.example", "https://a.example", "a..example", "a.example.", "a b.example"]
)
def test_what_is_no_domain_is_refused(api: Api, tenant: str, domain: str) -> None:
    assert _saml(api, domains=[domain]).refusal == (400, "E011004")
    settings = {"tenantId": "T1", "selfProvisioningDomains": [domain]}
    assert api.post("/v1/mgmt/tenant/settings", settings, token=api.avow.management_key).refusal == (400, "E011004")
    assert _load(api)["domains"] == []


def test_redirects_are_set_one_by_one(api: Api, tenant: str) -> None:
    _post(api, "redirect", {"samlRedirectUrl": "https://a.example/"})
    _post(api, "redirect", {"oauthRedirectUrl": "https://b.example/"})
    found = _load(api)
    assert (found["saml"]["redirectUrl"], found["oidc"]["redirectUrl"]) == ("https://a.example/", "https://b.example/")
    assert _post(api, "redirect", {"samlRedirectUrl": "javascript:alert(1)"}).refusal == (400, "E011004")
    _post(api, "redirect", {"samlRedirectUrl": ""})
    assert _load(api)["saml"]["redirectUrl"] == ""


def test_role_of_a_mapping_is_the_role_and_not_its_name(api: Api, tenant: str) -> None:
    role = make_role(api.avow, "Editor")
    _saml(api, {"roleMappings": [{"groups": ["a"], "roleName": "Editor"}], "defaultSSORoles": ["Editor"]})
    key = api.avow.management_key
    api.post("/v1/mgmt/role/update", {"id": role, "newName": "Writer"}, token=key)
    assert _load(api)["saml"]["groupsMapping"] == [{"role": {"id": role, "name": "Writer"}, "groups": ["a"]}]
    api.post("/v1/mgmt/role/delete", {"id": role}, token=key)
    make_role(api.avow, "Writer")
    assert (_load(api)["saml"]["groupsMapping"], _load(api)["saml"]["defaultSSORoles"]) == ([], [])


def test_role_of_the_tenant_comes_first_and_of_another_none(api: Api, tenant: str) -> None:
    other = make_tenant(api.avow, "Other", tenant_id="T2")
    make_role(api.avow, "Editor")
    own = api.avow.run(lambda tx: roles.create(tx, "Editor", tenant_id=tenant))
    api.avow.run(lambda tx: roles.create(tx, "Foreign", tenant_id=other))
    _saml(api, {"roleMappings": [{"groups": ["a"], "roleName": "Editor"}]})
    assert _load(api)["saml"]["groupsMapping"][0]["role"]["id"] == own
    assert _saml(api, {"defaultSSORoles": ["Foreign"]}).refusal == (400, "E011004")


# --- The older forms ---------------------------------------------------------------------------------------------


def test_older_forms_leave_mappings_and_redirect(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    body = {"idpURL": "http://idpURL", "entityId": "entity", "idpCert": "mycert", "redirectURL": "https://redirect"}
    assert _post(api, "settings", {**body, "domains": ["domain.example", "app.domain.example"]}).status == 200
    mapping = {"roleMappings": [{"groups": ["a"], "roleName": "Editor"}], "attributeMapping": {"name": "MyName"}}
    assert _post(api, "mapping", mapping).status == 200
    assert _post(api, "metadata", {"idpMetadataURL": "http://idpMetadataURL", "domains": ["d2.example"]}).status == 200
    found = api.get(f"{V1}/settings", {"tenantId": "T1"}, token=api.avow.management_key).body
    assert (found["idpMetadataUrl"], found["idpSSOUrl"]) == ("http://idpMetadataURL", "")
    assert (found["redirectUrl"], found["domain"], found["domains"]) == (
        "https://redirect",
        "d2.example",
        ["d2.example"],
    )
    assert (found["userMapping"]["name"], found["userMapping"]["email"]) == ("MyName", "")
    assert found["groupsMapping"][0]["role"]["name"] == "Editor"
    assert _post(api, "mapping", {"roleMappings": [], "attributeMapping": None}).status == 200
    found = api.get(f"{V1}/settings", {"tenantId": "T1"}, token=api.avow.management_key).body
    assert (found["userMapping"]["email"], found["groupsMapping"]) == ("email", [])
    assert api.post(f"{V1}/mapping", {}, token=api.avow.management_key).refusal == (400, "E011002")


# --- Rights, audit -----------------------------------------------------------------------------------------------


def _key(api: Api, *rights: str, tenant_id: str = "") -> str:
    return api.avow.run(lambda tx: create_management_key(tx, "k", rights=rights, tenant_id=tenant_id))[1]


def test_whoever_says_which_roles_groups_give_needs_the_right_to_give_roles(api: Api, tenant: str) -> None:
    make_role(api.avow, "Editor")
    narrow, wide = _key(api, "sso:write"), _key(api, "sso:write", "role:write")
    given: list[tuple[str, dict[str, Any]]] = [
        ("saml", {"settings": {**SAML, "roleMappings": [{"groups": ["a"], "roleName": "Editor"}]}}),
        ("saml", {"settings": {**SAML, "defaultSSORoles": ["Editor"]}}),
        ("saml/metadata", {"settings": {"idpMetadataUrl": "https://a.example/", "defaultSSORoles": ["Editor"]}}),
        ("mapping", {"roleMappings": [{"groups": ["a"], "roleName": "Editor"}]}),
        ("recalculate-mappings", {}),
    ]
    for path, body in given:
        assert _post(api, path, body, narrow).refusal == (403, "E019403"), path
    assert _load(api)["authType"] == "none"
    assert _post(api, *given[0], wide).status == 200
    assert _post(api, "saml", {"settings": SAML}, narrow).refusal == (403, "E019403")
    assert _post(api, *given[0], narrow).status == 200


def test_whoever_says_whose_word_counts_needs_the_right_to_give_roles(api: Api, tenant: str) -> None:
    # An identity provider of one's own keeps the mappings, and signs in as anybody of the domains with their roles.
    narrow, wide = _key(api, "sso:write"), _key(api, "sso:write", "role:write")
    for path, body in (("oidc", {"settings": OIDC}), ("saml", {"settings": SAML})):
        assert _post(api, path, body, narrow).refusal == (403, "E019403"), path
        assert _post(api, path, {**body, "domains": ["example.com"]}, wide).status == 200
    stored = _load(api)
    another = {**SAML, "entityId": "https://own.example/"}
    by_metadata = {"idpMetadataUrl": "https://own.example/"}
    changes: list[tuple[str, dict[str, Any]]] = [
        ("saml", {"settings": another, "domains": ["example.com"]}),
        ("saml", {"settings": {**SAML, "attributeMapping": {"email": "x"}}, "domains": ["example.com"]}),
        ("saml", {"settings": {**SAML, "idpAdditionalCerts": [SAML["idpCert"]]}, "domains": ["example.com"]}),
        ("saml", {"settings": SAML, "domains": ["example.com", "gmail.example"]}),
        ("saml/metadata", {"settings": by_metadata, "domains": ["example.com"]}),
        ("settings/authtype", {"authType": "oidc"}),
        ("settings/authtype", {"authType": "none"}),
    ]
    for path, body in changes:
        assert _post(api, path, body, narrow).refusal == (403, "E019403"), body
    assert _load(api) == stored
    assert _post(api, "redirect", {"samlRedirectUrl": "https://a.example/"}, narrow).status == 200
    assert _post(api, "saml", {"settings": SAML, "domains": ["example.com"]}, narrow).status == 200
    for path, body in changes:
        assert _post(api, path, body, wide).status == 200, body


def test_domains_of_a_tenant_take_the_right_to_give_roles(api: Api, tenant: str) -> None:
    path, narrow = "/v1/mgmt/tenant/settings", _key(api, "tenant:write")
    assert _post(api, "oidc", {"settings": OIDC, "domains": ["example.com"]}).status == 200
    changes: list[dict[str, Any]] = [
        {"domains": ["example.com", "gmail.example"]},
        {"domains": []},
        {"authType": "none"},
    ]
    for change in changes:
        assert api.post(path, {"tenantId": "T1", **change}, token=narrow).refusal == (403, "E019403"), change
    same = {"tenantId": "T1", "domains": ["EXAMPLE.com"], "authType": "oidc", "enforceSSO": False}
    assert api.post(path, same, token=narrow).status == 200
    assert _load(api)["domains"] == ["example.com"]
    wide = _key(api, "tenant:write", "role:write")
    assert api.post(path, {"tenantId": "T1", "domains": ["other.example"]}, token=wide).status == 200


def test_callers_of_one_tenant_choose_no_identity_provider(api: Api, tenant: str) -> None:
    key = _key(api, "*", tenant_id=tenant)
    assert _post(api, "saml", {"settings": SAML}, key).refusal == (403, "E019403")
    assert api.get(V2, {"tenantId": "T1"}, token=key).refusal == (403, "E019403")
    assert _load(api)["authType"] == "none"


def test_changes_are_audited_without_their_secrets(api: Api, tenant: str) -> None:
    _post(api, "oidc", {"settings": OIDC})
    _post(api, "redirect", {"oauthRedirectUrl": "https://a.example/"})
    api.send("DELETE", f"{V1}/settings", query="tenantId=T1", token=api.avow.management_key)
    query = "SELECT action, actor, data FROM audit_events WHERE project_id = :project_id AND action LIKE 'sso.%'"
    rows = api.avow.run(lambda tx: tx.all(query, lambda *columns: columns))
    assert sorted(row[0] for row in rows) == ["sso.changed", "sso.changed", "sso.deleted"]
    assert all(row[1].startswith("key:K") and "secret" not in row[2] for row in rows)
