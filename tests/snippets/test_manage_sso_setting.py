"""The manual, heading "Manage SSO Setting"."""

from avow import AttributeMapping, DescopeClient, RoleMapping
from avow.testing.server import Avow
from tests.factories import make_tenant
from tests.server.sso.certificates import CERTIFICATE


def test_manage_sso_setting(avow: Avow, descope_client: DescopeClient) -> None:
    tenant_id = make_tenant(avow)

    # You can configure SSO settings manually by setting the required fields directly
    descope_client.mgmt.sso.configure(
        tenant_id,  # Which tenant this configuration is for
        idp_url="https://idp.com",
        entity_id="my-idp-entity-id",
        idp_cert=CERTIFICATE,
        redirect_url="https://your.domain.com",  # Global redirection after successful authentication
        domain="tenant-users.com",  # Users authentication with this domain will be logged in to this tenant
    )
    saml = descope_client.mgmt.sso.load_settings(tenant_id)["saml"]
    assert (saml["idpSSOUrl"], saml["idpEntityId"]) == ("https://idp.com", "my-idp-entity-id")
    assert descope_client.mgmt.tenant.load(tenant_id)["domains"] == ["tenant-users.com"]

    # Alternatively, configure using an SSO metadata URL
    descope_client.mgmt.sso.configure_via_metadata(
        tenant_id,  # Which tenant this configuration is for
        idp_metadata_url="https://idp.com/my-idp-metadata",
    )
    saml = descope_client.mgmt.sso.load_settings(tenant_id)["saml"]
    assert saml["idpMetadataUrl"] == "https://idp.com/my-idp-metadata"

    # Map IDP groups to Descope roles, or map user attributes.
    # This function overrides any previous mapping (even when empty). Use carefully.
    descope_client.mgmt.sso.mapping(
        tenant_id,  # Which tenant this mapping is for
        role_mappings=[RoleMapping(["IDP_ADMIN"], "Tenant Admin")],
        attribute_mapping=AttributeMapping(name="IDP_NAME", phone_number="IDP_PHONE"),
    )
    saml = descope_client.mgmt.sso.load_settings(tenant_id)["saml"]
    assert [(each["role"]["name"], each["groups"]) for each in saml["groupsMapping"]] == [
        ("Tenant Admin", ["IDP_ADMIN"])
    ]
    assert (saml["attributeMapping"]["name"], saml["attributeMapping"]["phoneNumber"]) == ("IDP_NAME", "IDP_PHONE")
