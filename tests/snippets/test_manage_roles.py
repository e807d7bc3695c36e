"""The manual, heading "Manage Roles"."""

from avow import DescopeClient


def test_manage_roles(descope_client: DescopeClient) -> None:
    descope_client.mgmt.permission.create_batch([{"name": "My Updated Permission"}, {"name": "Another Permission"}])

    # You can optionally set a description and associated permission for a roles.
    descope_client.mgmt.role.create(
        name="My Role",
        description="Optional description to briefly explain what this role allows.",
        permission_names=["My Updated Permission"],
    )

    # Update will override all fields as is. Use carefully.
    descope_client.mgmt.role.update(
        name="My Role",
        new_name="My Updated Role",
        description="A revised description",
        permission_names=["My Updated Permission", "Another Permission"],
    )

    # Load all roles
    roles_resp = descope_client.mgmt.role.load_all()
    roles = roles_resp["roles"]
    held = {role["name"]: role["permissionNames"] for role in roles}
    assert held["My Updated Role"] == ["Another Permission", "My Updated Permission"]

    # Role deletion cannot be undone. Use carefully.
    descope_client.mgmt.role.delete("My Updated Role")
    assert "My Updated Role" not in {role["name"] for role in descope_client.mgmt.role.load_all()["roles"]}
