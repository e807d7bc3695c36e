"""Roles and permissions of a validated session: does the person hold what the application asks for?

All functions take the answer of a session validation (claims at the top level). They share these rules:

- True only if every name asked for is held, case-sensitively. An empty list asks for nothing and is True for every
  session (in the tenant variants: for every session of a member of that tenant); it never means an administrator.
- No session (None, or an empty answer), a tenant the person is not in, and claims that are null or of a wrong type
  hold nothing: False, even for an empty list.
- A missing role and permission claim is an empty one.
- A single text instead of a list, None, or names that are not texts are mistakes of the caller and raise.

These are the answers of the official SDK wherever it has one; where it fails with a TypeError, or searches within a
single text, we raise or answer False. The empty tenant is no tenant: it does not stand for the project's own roles.
"""

from collections.abc import Collection, Mapping
from typing import Final, Literal, TypeGuard

from avow.errors import ERROR_TYPE_INVALID_ARGUMENT, InvalidArgument

__all__ = [
    "get_matched_permissions",
    "get_matched_roles",
    "get_matched_tenant_permissions",
    "get_matched_tenant_roles",
    "validate_permissions",
    "validate_roles",
    "validate_tenant_permissions",
    "validate_tenant_roles",
]

_Kind = Literal["permissions", "roles"]
_COLLECTIONS: Final = (list, tuple, set, frozenset)


def validate_permissions(jwt_response: Mapping[str, object] | None, permissions: Collection[str]) -> bool:
    """Tell whether the session holds every permission in the project.

    Args:
        jwt_response: Answer of a session validation.
        permissions: Names asked for.

    Raises:
        InvalidArgument: The arguments have a wrong type.
    """
    return _holds_all(_granted(jwt_response, "permissions"), _names(permissions, "permissions"))


def validate_roles(jwt_response: Mapping[str, object] | None, roles: Collection[str]) -> bool:
    """Tell whether the session holds every role in the project.

    Args:
        jwt_response: Answer of a session validation.
        roles: Names asked for.

    Raises:
        InvalidArgument: The arguments have a wrong type.
    """
    return _holds_all(_granted(jwt_response, "roles"), _names(roles, "roles"))


def validate_tenant_permissions(
    jwt_response: Mapping[str, object] | None, tenant: str, permissions: Collection[str]
) -> bool:
    """Tell whether the session holds every permission in one tenant; those of the project do not count.

    Args:
        jwt_response: Answer of a session validation.
        tenant: Tenant id.
        permissions: Names asked for.

    Raises:
        InvalidArgument: The arguments have a wrong type.
    """
    return _holds_all(_granted_in(jwt_response, tenant, "permissions"), _names(permissions, "permissions"))


def validate_tenant_roles(jwt_response: Mapping[str, object] | None, tenant: str, roles: Collection[str]) -> bool:
    """Tell whether the session holds every role in one tenant; those of the project do not count.

    Args:
        jwt_response: Answer of a session validation.
        tenant: Tenant id.
        roles: Names asked for.

    Raises:
        InvalidArgument: The arguments have a wrong type.
    """
    return _holds_all(_granted_in(jwt_response, tenant, "roles"), _names(roles, "roles"))


def get_matched_permissions(jwt_response: Mapping[str, object] | None, permissions: Collection[str]) -> list[str]:
    """Return those of the permissions that the session holds in the project, in the order asked for.

    Args:
        jwt_response: Answer of a session validation.
        permissions: Names asked for.

    Raises:
        InvalidArgument: The arguments have a wrong type.
    """
    return _matched(_granted(jwt_response, "permissions"), _names(permissions, "permissions"))


def get_matched_roles(jwt_response: Mapping[str, object] | None, roles: Collection[str]) -> list[str]:
    """Return those of the roles that the session holds in the project, in the order asked for.

    Args:
        jwt_response: Answer of a session validation.
        roles: Names asked for.

    Raises:
        InvalidArgument: The arguments have a wrong type.
    """
    return _matched(_granted(jwt_response, "roles"), _names(roles, "roles"))


def get_matched_tenant_permissions(
    jwt_response: Mapping[str, object] | None, tenant: str, permissions: Collection[str]
) -> list[str]:
    """Return those of the permissions that the session holds in one tenant, in the order asked for.

    Args:
        jwt_response: Answer of a session validation.
        tenant: Tenant id.
        permissions: Names asked for.

    Raises:
        InvalidArgument: The arguments have a wrong type.
    """
    return _matched(_granted_in(jwt_response, tenant, "permissions"), _names(permissions, "permissions"))


def get_matched_tenant_roles(
    jwt_response: Mapping[str, object] | None, tenant: str, roles: Collection[str]
) -> list[str]:
    """Return those of the roles that the session holds in one tenant, in the order asked for.

    Args:
        jwt_response: Answer of a session validation.
        tenant: Tenant id.
        roles: Names asked for.

    Raises:
        InvalidArgument: The arguments have a wrong type.
    """
    return _matched(_granted_in(jwt_response, tenant, "roles"), _names(roles, "roles"))


def _holds_all(granted: Collection[object] | None, names: list[str]) -> bool:
    return granted is not None and all(name in granted for name in names)


def _matched(granted: Collection[object] | None, names: list[str]) -> list[str]:
    return [name for name in names if granted is not None and name in granted]


def _granted(jwt_response: Mapping[str, object] | None, kind: _Kind) -> Collection[object] | None:
    """Return what the claims grant, or None where there is no session or the claim is not a list."""
    if jwt_response is not None and not _is_mapping(jwt_response):
        raise _invalid("The first argument must be the answer of a session validation.")
    granted = jwt_response.get(kind, ()) if jwt_response else None
    return granted if _is_collection(granted) else None


def _granted_in(jwt_response: Mapping[str, object] | None, tenant: str, kind: _Kind) -> Collection[object] | None:
    if not isinstance(tenant, str):
        raise _invalid("The tenant must be a text.")
    if jwt_response is not None and not _is_mapping(jwt_response):
        raise _invalid("The first argument must be the answer of a session validation.")
    tenants = (jwt_response or {}).get("tenants")
    membership = tenants.get(tenant) if _is_mapping(tenants) else None
    if not tenant or not _is_mapping(membership):
        return None
    granted = membership.get(kind, ())
    return granted if _is_collection(granted) else None


def _names(names: object, kind: _Kind) -> list[str]:
    if not _is_collection(names):
        raise _invalid(f"The {kind} must be a list of texts.")
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) != len(names):
        raise _invalid(f"The {kind} must be a list of texts.")
    return texts


def _is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def _is_collection(value: object) -> TypeGuard[Collection[object]]:
    return isinstance(value, _COLLECTIONS)


def _invalid(message: str) -> InvalidArgument:
    return InvalidArgument(error_type=ERROR_TYPE_INVALID_ARGUMENT, error_message=message)
