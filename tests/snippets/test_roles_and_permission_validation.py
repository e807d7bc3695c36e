"""The manual, heading "Roles & Permission Validation"."""

from typing import Any

from avow import DescopeClient


def test_multi_tenant_uses(descope_client: DescopeClient, jwt_response: Any) -> None:
    # You can validate specific permissions
    valid_permissions = descope_client.validate_tenant_permissions(
        jwt_response, "my-tenant-ID", ["Permission in tenant"]
    )
    assert valid_permissions

    # Or validate roles directly
    valid_roles = descope_client.validate_tenant_roles(jwt_response, "my-tenant-ID", ["Role in tenant"])
    assert valid_roles


def test_multi_tenant_uses_deny_what_is_held_elsewhere(descope_client: DescopeClient, jwt_response: Any) -> None:
    valid_permissions = descope_client.validate_tenant_permissions(
        jwt_response, "my-tenant-ID", ["Permission to validate"]
    )
    valid_roles = descope_client.validate_tenant_roles(jwt_response, "my-tenant-ID", ["Role to validate"])
    assert (valid_permissions, valid_roles) == (False, False)


def test_not_using_tenants(descope_client: DescopeClient, jwt_response: Any) -> None:
    # You can validate specific permissions
    valid_permissions = descope_client.validate_permissions(jwt_response, ["Permission to validate"])
    assert valid_permissions

    # Or validate roles directly
    valid_roles = descope_client.validate_roles(jwt_response, ["Role to validate"])
    assert valid_roles


def test_not_using_tenants_denies_what_is_not_held(descope_client: DescopeClient, session_token: str) -> None:
    jwt_response = descope_client.validate_session(session_token)
    valid_permissions = descope_client.validate_permissions(jwt_response, ["Permission to validate"])
    valid_roles = descope_client.validate_roles(jwt_response, ["Role to validate"])
    assert (valid_permissions, valid_roles) == (False, False)
