"""The manual, heading "Manage Access Keys"."""

from avow import AssociatedTenant, DescopeClient
from avow.testing.server import Avow
from tests.factories import make_role, make_tenant


def test_manage_access_keys(descope_client: DescopeClient, avow: Avow) -> None:
    make_tenant(avow, tenant_id="my-tenant-id")
    make_role(avow, "role-name1")

    # An access key must have a name and expiration, other fields are optional.
    # Roles should be set directly if no tenants exist, otherwise set
    # on a per-tenant basis.
    create_resp = descope_client.mgmt.access_key.create(
        name="name",
        expire_time=1677844931,
        key_tenants=[
            AssociatedTenant("my-tenant-id", ["role-name1"]),
        ],
    )
    key = create_resp["key"]
    cleartext = create_resp["cleartext"]  # make sure to save the returned cleartext securely.
    assert (key["name"], key["expireTime"], len(cleartext)) == ("name", 1677844931, 70)
    key_id = key["id"]

    # Load a specific access key
    access_key_resp = descope_client.mgmt.access_key.load(key_id)
    access_key = access_key_resp["key"]
    assert access_key == key
    assert access_key["keyTenants"][0]["roleNames"] == ["role-name1"]

    # Search all access keys, optionally according to a tenant filter
    keys_resp = descope_client.mgmt.access_key.search_all_access_keys(tenant_ids=["my-tenant-id"])
    keys = keys_resp["keys"]
    assert [each["id"] for each in keys] == [key_id]

    # Update will override all fields as is. Use carefully.
    descope_client.mgmt.access_key.update(
        id=key_id,
        name="new name",
    )
    assert descope_client.mgmt.access_key.load(key_id)["key"]["name"] == "new name"

    # Access keys can be deactivated to prevent usage. This can be undone using "activate".
    descope_client.mgmt.access_key.deactivate(key_id)
    assert descope_client.mgmt.access_key.load(key_id)["key"]["status"] == "inactive"

    # Disabled access keys can be activated once again.
    descope_client.mgmt.access_key.activate(key_id)
    assert descope_client.mgmt.access_key.load(key_id)["key"]["status"] == "active"

    # Access key deletion cannot be undone. Use carefully.
    descope_client.mgmt.access_key.delete(key_id)
    assert descope_client.mgmt.access_key.search_all_access_keys()["keys"] == []
