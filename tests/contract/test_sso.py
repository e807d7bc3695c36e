"""SSO settings of tenants through the official SDK: what is stored is what a later read shows."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from descope import (
    AttributeMapping,
    AuthException,
    FGAGroupMapping,
    FGAGroupMappingRelation,
    OIDCAttributeMapping,
    RoleMapping,
    SSOOIDCSettings,
    SSOSAMLSettings,
    SSOSAMLSettingsByMetadata,
    XAAIssuerSettings,
    XAAJWTBearerSettings,
    XAASettings,
)

from avow.server.sso import setup_links
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import join_tenant, make_group, make_role, make_tenant, make_user

ATTRIBUTES = AttributeMapping(
    name="name",
    given_name="givenName",
    middle_name="middleName",
    family_name="familyName",
    picture="picture",
    email="email",
    phone_number="phoneNumber",
    group="groups",
)
UNMAPPED = {
    "name": "",
    "email": "",
    "username": "",
    "phoneNumber": "",
    "group": "",
    "givenName": "",
    "middleName": "",
    "familyName": "",
    "picture": "",
    "verifiedEmail": "",
    "verifiedPhone": "",
    "customAttributes": {},
}


@pytest.fixture
def tenant(avow: Avow) -> str:
    make_role(avow, "Editor")
    return make_tenant(avow)


def _has_own_addresses(avow: Avow, settings: dict[str, Any], tenant: str) -> bool:
    query = parse_qs(urlsplit(settings["spACSUrl"]).query)
    assert (query["projectId"], query["tenantId"]) == ([avow.project_id], [tenant])
    return bool(settings["spEntityId"] == f"{avow.project_id}-{tenant}")


@pytest.mark.operation("mgmt.sso.configure_oidc_settings", "mgmt.sso.load_settings")
def test_oidc_settings(client: Any, tenant: str, fits: Any) -> None:
    claims = {"login_id": "subject", "name": "name", "given_name": "givenName", "middle_name": "middleName"}
    claims |= {"family_name": "familyName", "email": "email", "verified_email": "verifiedEmail"}
    claims |= {"username": "username", "phone_number": "phoneNumber", "verified_phone": "verifiedPhone"}
    settings = SSOOIDCSettings(
        name="myProvider",
        client_id="iddd",
        client_secret="secret",
        auth_url="https://dummy.com/auth",
        token_url="https://dummy.com/token",
        user_data_url="https://dummy.com/userInfo",
        scope=["openid", "profile", "email"],
        attribute_mapping=OIDCAttributeMapping(**claims, picture="picture"),
        use_pkce=True,
    )
    client.mgmt.sso.configure_oidc_settings(tenant, settings, ["acme.example"])
    assert fits("mgmt.sso.configure_oidc_settings")
    found = client.mgmt.sso.load_settings(tenant)
    assert fits("mgmt.sso.load_settings")
    oidc = found["oidc"]
    assert (oidc["name"], oidc["clientId"], oidc["clientSecret"]) == ("myProvider", "iddd", "")
    assert (oidc["authUrl"], oidc["tokenUrl"]) == ("https://dummy.com/auth", "https://dummy.com/token")
    assert (oidc["userDataUrl"], oidc["scope"]) == ("https://dummy.com/userInfo", ["openid", "profile", "email"])
    assert oidc["userAttrMapping"] == {
        "loginId": "subject",
        **{name: name for name in ("name", "givenName", "middleName", "familyName", "email", "verifiedEmail")},
        **{name: name for name in ("username", "phoneNumber", "verifiedPhone", "picture")},
    }
    assert (found["tenant"]["authType"], found["tenant"]["domains"]) == ("oidc", ["acme.example"])


@pytest.mark.operation("mgmt.sso.configure_saml_settings")
def test_saml_settings(client: Any, avow: Avow, tenant: str, fits: Any) -> None:
    settings = SSOSAMLSettings(
        idp_url="https://dummy.com/saml",
        idp_entity_id="entity1234",
        idp_cert="my certificate",
        attribute_mapping=ATTRIBUTES,
        role_mappings=[RoleMapping(groups=["grp1"], role_name="Editor")],
        default_sso_roles=["Editor"],
        idp_additional_certs=["another certificate"],
        groups_priority=["grp1"],
        fga_mappings={"grp1": FGAGroupMapping([FGAGroupMappingRelation("r", "d", "n")])},
    )
    client.mgmt.sso.configure_saml_settings(tenant, settings, "https://app.example.com", ["acme.example"])
    assert fits("mgmt.sso.configure_saml_settings")
    found = client.mgmt.sso.load_settings(tenant)
    assert fits("mgmt.sso.load_settings")
    saml = found["saml"]
    assert (saml["idpSSOUrl"], saml["idpEntityId"]) == ("https://dummy.com/saml", "entity1234")
    assert (saml["idpCertificate"], saml["idpAdditionalCertificates"]) == ("my certificate", ["another certificate"])
    assert _has_own_addresses(avow, saml, tenant)
    assert (saml["attributeMapping"]["group"], saml["attributeMapping"]["givenName"]) == ("groups", "givenName")
    [mapping] = saml["groupsMapping"]
    assert (mapping["role"]["name"], mapping["groups"]) == ("Editor", ["grp1"])
    assert (saml["defaultSSORoles"], saml["groupsPriority"]) == (["Editor"], ["grp1"])
    assert saml["fgaMappings"]["grp1"]["relations"][0]["relationDefinition"] == "d"
    assert (saml["redirectUrl"], found["tenant"]["domains"]) == ("https://app.example.com", ["acme.example"])
    kept = SSOSAMLSettings("https://dummy.com/saml", "entity1234", "my certificate")
    client.mgmt.sso.configure_saml_settings(tenant, kept)
    assert client.mgmt.sso.load_settings(tenant)["saml"]["defaultSSORoles"] == ["Editor"]
    cleared = SSOSAMLSettings("https://dummy.com/saml", "entity1234", "my certificate", default_sso_roles=[])
    client.mgmt.sso.configure_saml_settings(tenant, cleared)
    assert client.mgmt.sso.load_settings(tenant)["saml"]["defaultSSORoles"] == []


@pytest.mark.operation("mgmt.sso.configure_saml_settings_by_metadata")
def test_saml_settings_by_metadata(client: Any, avow: Avow, tenant: str, fits: Any) -> None:
    settings = SSOSAMLSettingsByMetadata(
        idp_metadata_url="https://dummy.com/saml",
        attribute_mapping=ATTRIBUTES,
        role_mappings=[RoleMapping(groups=["grp1"], role_name="Editor")],
    )
    client.mgmt.sso.configure_saml_settings_by_metadata(tenant, settings)
    assert fits("mgmt.sso.configure_saml_settings_by_metadata")
    saml = client.mgmt.sso.load_settings(tenant)["saml"]
    assert saml["idpMetadataUrl"] == "https://dummy.com/saml"
    assert _has_own_addresses(avow, saml, tenant)
    assert saml["attributeMapping"]["group"] == "groups"
    assert [(each["role"]["name"], each["groups"]) for each in saml["groupsMapping"]] == [("Editor", ["grp1"])]


@pytest.mark.operation("mgmt.sso.new_settings", "mgmt.sso.load_all_settings", "mgmt.sso.delete_settings")
def test_several_configurations(client: Any, tenant: str, fits: Any) -> None:
    made = client.mgmt.sso.new_settings(tenant, "Second", "second")
    assert fits("mgmt.sso.new_settings")
    assert made["ssoId"] == "second"
    client.mgmt.sso.configure_oidc_settings(tenant, SSOOIDCSettings("first", "client"))
    found = client.mgmt.sso.load_all_settings(tenant)["SSOSettings"]
    assert fits("mgmt.sso.load_all_settings")
    assert [(each["ssoId"], each["oidc"]["name"]) for each in found] == [("default_ssoid", "first"), ("second", "")]
    client.mgmt.sso.delete_settings(tenant, "second")
    assert fits("mgmt.sso.delete_settings")
    assert [each["ssoId"] for each in client.mgmt.sso.load_all_settings(tenant)["SSOSettings"]] == ["default_ssoid"]
    client.mgmt.sso.delete_settings(tenant)
    assert client.mgmt.sso.load_settings(tenant)["oidc"]["clientId"] == ""
    with pytest.raises(AuthException):
        client.mgmt.sso.delete_settings(tenant, "second")


@pytest.mark.operation("mgmt.sso.configure_sso_redirect_url", "mgmt.sso.configure_auth_type")
def test_parts_of_a_configuration(client: Any, tenant: str, fits: Any) -> None:
    client.mgmt.sso.configure_oidc_settings(tenant, SSOOIDCSettings("first", "client"))
    client.mgmt.sso.configure_sso_redirect_url(tenant, "https://a.example", "https://b.example")
    assert fits("mgmt.sso.configure_sso_redirect_url")
    client.mgmt.sso.configure_auth_type(tenant, "none")
    assert fits("mgmt.sso.configure_auth_type")
    found = client.mgmt.sso.load_settings(tenant)
    assert (found["saml"]["redirectUrl"], found["oidc"]["redirectUrl"]) == ("https://a.example", "https://b.example")
    assert (found["tenant"]["authType"], found["oidc"]["clientId"]) == ("none", "client")
    client.mgmt.sso.configure_auth_type(tenant, "oidc", "default_ssoid")
    assert client.mgmt.sso.load_settings(tenant)["tenant"]["authType"] == "oidc"
    with pytest.raises(AuthException):
        client.mgmt.sso.configure_auth_type(tenant, "saml")


@pytest.mark.operation("mgmt.sso.recalculate_sso_mappings")
def test_recalculated_roles_are_those_of_the_groups(client: Any, avow: Avow, tenant: str, fits: Any) -> None:
    user_id = make_user(avow)
    join_tenant(avow, user_id, tenant)
    make_group(avow, tenant, "grp1", [user_id])
    settings = SSOSAMLSettings("https://i.example", "i", "cert", role_mappings=[RoleMapping(["grp1"], "Editor")])
    client.mgmt.sso.configure_saml_settings(tenant, settings)
    client.mgmt.sso.recalculate_sso_mappings(tenant)
    assert fits("mgmt.sso.recalculate_sso_mappings")
    profile = avow.run(lambda tx: users.find(tx, user_id))
    assert profile is not None
    assert profile.tenants[tenant].roles == ("Editor",)
    client.mgmt.sso.configure_saml_settings(tenant, SSOSAMLSettings("https://i.example", "i", "cert"))
    client.mgmt.sso.recalculate_sso_mappings(tenant, "default_ssoid")
    profile = avow.run(lambda tx: users.find(tx, user_id))
    assert profile is not None
    assert profile.tenants[tenant].roles == ()


@pytest.mark.operation(
    "mgmt.sso.get_settings", "mgmt.sso.configure", "mgmt.sso.configure_via_metadata", "mgmt.sso.mapping"
)
def test_older_forms(client: Any, avow: Avow, tenant: str, fits: Any) -> None:
    found = client.mgmt.sso.get_settings(tenant)
    assert fits("mgmt.sso.get_settings")
    assert found["tenantId"] == tenant
    assert (found["idpEntityId"], found["idpSSOUrl"], found["idpCertificate"]) == ("", "", "")
    assert (found["idpMetadataUrl"], found["groupsMapping"], found["redirectUrl"]) == ("", [], "")
    assert (found["domain"], found["domains"]) == ("", [])
    assert _has_own_addresses(avow, found, tenant)
    assert found["userMapping"] == {**UNMAPPED, "name": "name", "email": "email", "phoneNumber": "phone"}
    domains = ["domain.example", "app.domain.example"]
    client.mgmt.sso.configure(tenant, "http://idpURL", "entity", "mycert", "https://redirect", domains)
    assert fits("mgmt.sso.configure")
    found = client.mgmt.sso.get_settings(tenant)
    assert (found["idpSSOUrl"], found["idpEntityId"], found["idpCertificate"]) == ("http://idpURL", "entity", "mycert")
    assert (found["redirectUrl"], found["domain"], found["domains"]) == ("https://redirect", domains[0], domains)
    client.mgmt.sso.configure_via_metadata(tenant, "http://idpMetadataURL", domains=["domain2.example"])
    assert fits("mgmt.sso.configure_via_metadata")
    client.mgmt.sso.mapping(tenant, [RoleMapping(["a"], "Tenant Admin")], AttributeMapping(name="MyName"))
    assert fits("mgmt.sso.mapping")
    found = client.mgmt.sso.get_settings(tenant)
    assert (found["idpMetadataUrl"], found["redirectUrl"]) == ("http://idpMetadataURL", "https://redirect")
    assert (found["domain"], found["userMapping"]) == ("domain2.example", {**UNMAPPED, "name": "MyName"})
    assert [(each["role"]["name"], each["groups"]) for each in found["groupsMapping"]] == [("Tenant Admin", ["a"])]
    client.mgmt.sso.delete_settings(tenant)
    found = client.mgmt.sso.get_settings(tenant)
    assert (found["idpEntityId"], found["idpSSOUrl"], found["idpCertificate"]) == ("", "", "")


@pytest.mark.operation(
    "mgmt.sso.configure_xaa_settings",
    "mgmt.sso.load_xaa_settings",
    "mgmt.sso.load_all_xaa_settings",
    "mgmt.sso.delete_xaa_settings",
)
def test_trust_across_applications(client: Any, tenant: str, fits: Any) -> None:
    issuer = XAAIssuerSettings("https://i.example/keys", "RS256", attribute_mapping=ATTRIBUTES)
    settings = XAASettings(
        enabled=True,
        settings=XAAJWTBearerSettings({"https://i.example": issuer}, "audience"),
        role_mappings=[RoleMapping(["grp1"], "Editor")],
        default_sso_roles=["Editor"],
        allow_override_roles=True,
        provider_id="okta",
    )
    client.mgmt.sso.configure_xaa_settings(tenant, settings)
    assert fits("mgmt.sso.configure_xaa_settings")
    found = client.mgmt.sso.load_xaa_settings(tenant)
    assert fits("mgmt.sso.load_xaa_settings")
    assert (found["enabled"], found["providerID"], found["allowOverrideRoles"]) == (True, "okta", True)
    assert found["settings"]["issuers"]["https://i.example"]["attributeMapping"]["group"] == "groups"
    assert (found["groupsMapping"][0]["role"]["name"], found["defaultSSORoles"]) == ("Editor", ["Editor"])
    everything = client.mgmt.sso.load_all_xaa_settings(tenant)["XAASettings"]
    assert fits("mgmt.sso.load_all_xaa_settings")
    assert everything == [found]
    client.mgmt.sso.delete_xaa_settings(tenant)
    assert fits("mgmt.sso.delete_xaa_settings")
    found = client.mgmt.sso.load_xaa_settings(tenant)
    assert (found["enabled"], found["settings"]["issuers"]) == (False, {})


@pytest.mark.operation("mgmt.tenant.generate_sso_configuration_link", "mgmt.tenant.revoke_sso_configuration_link")
def test_links_to_set_up_sso(client: Any, avow: Avow, tenant: str, fits: Any) -> None:
    link = client.mgmt.tenant.generate_sso_configuration_link(tenant, 3600, "it@acme.example", actor_id="somebody")
    assert fits("mgmt.tenant.generate_sso_configuration_link")
    token = parse_qs(urlsplit(link).query)["t"][0]
    found = avow.run(lambda tx: setup_links.look(tx, token))
    assert found is not None
    assert found.connection.tenant_id == tenant
    client.mgmt.tenant.revoke_sso_configuration_link(tenant)
    assert fits("mgmt.tenant.revoke_sso_configuration_link")
    assert avow.run(lambda tx: setup_links.look(tx, token)) is None


@pytest.mark.operation(
    "mgmt.group.load_all_groups", "mgmt.group.load_all_groups_for_members", "mgmt.group.load_all_group_members"
)
def test_groups(client: Any, avow: Avow, tenant: str, fits: Any) -> None:
    one, two = make_user(avow, "one@example.com", name="One"), make_user(avow, "two@example.com")
    make_group(avow, tenant, "g1", [one], display="First")
    make_group(avow, tenant, "g2", [two], sso_id="second")
    found = client.mgmt.group.load_all_groups(tenant)
    assert fits("mgmt.group.load_all_groups")
    member = {"loginId": "one@example.com", "userId": one, "display": "One"}
    first = {"id": "g1", "display": "First", "members": [member], "source": "scim", "ssoId": "default_ssoid"}
    assert (found[0], [each["id"] for each in found]) == (first, ["g1", "g2"])
    assert client.mgmt.group.load_all_groups(tenant, "default_ssoid") == [first]
    assert client.mgmt.group.load_all_groups_for_members(tenant, user_ids=[one]) == [first]
    assert fits("mgmt.group.load_all_groups_for_members")
    of_two = client.mgmt.group.load_all_groups_for_members(tenant, login_ids=["two@example.com"])
    assert [each["id"] for each in of_two] == ["g2"]
    assert client.mgmt.group.load_all_group_members(tenant, "g1") == [first]
    assert fits("mgmt.group.load_all_group_members")
    assert client.mgmt.group.load_all_group_members(tenant, "g1", "second") == []
