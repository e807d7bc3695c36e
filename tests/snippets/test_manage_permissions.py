"""The manual, heading "Manage Permissions"."""

from avow import DescopeClient


def test_manage_permissions(descope_client: DescopeClient) -> None:
    # You can optionally set a description for a permission.
    descope_client.mgmt.permission.create(
        name="My Permission",
        description="Optional description to briefly explain what this permission allows.",
    )

    # Update will override all fields as is. Use carefully.
    descope_client.mgmt.permission.update(
        name="My Permission", new_name="My Updated Permission", description="A revised description"
    )

    # Load all permissions
    permissions_resp = descope_client.mgmt.permission.load_all()
    permissions = permissions_resp["permissions"]
    for permission in permissions:
        assert (permission["name"], permission["description"]) == ("My Updated Permission", "A revised description")
    assert len(permissions) == 1

    # Permission deletion cannot be undone. Use carefully.
    descope_client.mgmt.permission.delete("My Updated Permission")
    assert descope_client.mgmt.permission.load_all() == {"permissions": []}
