"""The manual, heading "Manage Tenants"."""

from avow import DescopeClient


def test_manage_tenants(descope_client: DescopeClient) -> None:
    # You can optionally set your own ID when creating a tenant
    descope_client.mgmt.tenant.create(
        name="My First Tenant",
        id="my-custom-id",  # This is optional. If omitted
        self_provisioning_domains=["domain.com"],
    )

    # Update will override all fields as is. Use carefully.
    descope_client.mgmt.tenant.update(
        id="my-custom-id",
        name="My First Tenant",
        self_provisioning_domains=["domain.com", "another-domain.com"],
    )

    # Load all tenants
    tenants_resp = descope_client.mgmt.tenant.load_all()
    tenants = tenants_resp["tenants"]
    for tenant in tenants:
        assert tenant["selfProvisioningDomains"] == ["domain.com", "another-domain.com"]
    assert len(tenants) == 1

    # Tenant deletion cannot be undone. Use carefully.
    descope_client.mgmt.tenant.delete("my-custom-id")
    assert descope_client.mgmt.tenant.load_all() == {"tenants": []}
