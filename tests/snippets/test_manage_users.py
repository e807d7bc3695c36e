"""Manage Users: the code blocks of the manual, with our SDK."""

from avow import AssociatedTenant
from avow.testing.server import Avow
from tests.factories import make_role, make_tenant


def test_manage_users(avow: Avow) -> None:
    make_role(avow, "role-name1")
    make_role(avow, "role-name2")
    make_tenant(avow, tenant_id="my-tenant-id")
    client = avow.client()
    for make in (client.mgmt.user.create, client.mgmt.user.invite):
        login_id = f"desmond-{make.__name__}@example.com"
        make(
            login_id=login_id,
            email=login_id,
            display_name="Desmond Copeland",
            user_tenants=[AssociatedTenant("my-tenant-id", ["role-name1"])],
        )
    client.mgmt.user.update(
        login_id=login_id,
        email=login_id,
        display_name="Desmond Copeland",
        user_tenants=[AssociatedTenant("my-tenant-id", ["role-name1", "role-name2"])],
    )
    client.mgmt.user.update_phone(login_id=login_id, phone="+18005551234", verified=True)
    client.mgmt.user.remove_tenant_roles(login_id=login_id, tenant_id="my-tenant-id", role_names=["role-name1"])
    user = client.mgmt.user.load(login_id)["user"]
    assert (user["phone"], user["userTenants"][0]["roleNames"]) == ("+18005551234", ["role-name2"])
    assert client.mgmt.user.load_by_user_id(user["userId"])["user"] == user
    assert client.mgmt.user.search_all(tenant_ids=["my-tenant-id"])["total"] == 2
    client.mgmt.user.delete(login_id)
    assert client.mgmt.user.search_all(tenant_ids=["my-tenant-id"])["total"] == 1
