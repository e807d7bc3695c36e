"""The manual, heading "Query SSO Groups"."""

from avow import DescopeClient
from avow.testing.server import Avow
from tests.factories import make_group, make_tenant, make_user


def test_query_sso_groups(avow: Avow, descope_client: DescopeClient) -> None:
    make_tenant(avow, tenant_id="tenant-id")
    one, two = make_user(avow, "login-id-1"), make_user(avow, "login-id-2")
    make_group(avow, "tenant-id", "group-id", [one])
    make_group(avow, "tenant-id", "group-id-2", [one, two])

    # Load all groups for a given tenant id
    groups_resp = descope_client.mgmt.group.load_all_groups(
        tenant_id="tenant-id",
    )
    assert [each["id"] for each in groups_resp] == ["group-id", "group-id-2"]

    # Load all groups for the given user IDs (can be found in the user's JWT)
    groups_resp = descope_client.mgmt.group.load_all_groups_for_members(
        tenant_id="tenant-id",
        user_ids=[one, two],
    )
    assert [each["id"] for each in groups_resp] == ["group-id", "group-id-2"]

    # Load all groups for the given user's login IDs (used for sign-in)
    groups_resp = descope_client.mgmt.group.load_all_groups_for_members(
        tenant_id="tenant-id",
        login_ids=["login-id-2"],
    )
    assert [each["id"] for each in groups_resp] == ["group-id-2"]

    # Load all group's members by the given group id
    groups_resp = descope_client.mgmt.group.load_all_group_members(
        tenant_id="tenant-id",
        group_id="group-id",
    )

    for group in groups_resp:
        assert [member["loginId"] for member in group["members"]] == ["login-id-1"]
