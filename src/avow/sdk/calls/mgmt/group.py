"""Management calls of groups."""

from collections.abc import Sequence
from typing import TypedDict

from avow.sdk.answers import as_list
from avow.sdk.calls.call import Call, call, text_of
from avow.wire import groups

__all__ = ["TenantGroup", "GroupMember", "load_all", "load_for_members", "load_members"]


class GroupMember(TypedDict):
    """Somebody in a group."""

    loginId: str
    userId: str
    display: str


class TenantGroup(TypedDict):
    """A group of a tenant; `source` is `saml`, `oidc` or `scim`."""

    id: str
    display: str
    members: list[GroupMember]
    source: str
    ssoId: str


_groups = as_list(TenantGroup)


def load_all(tenant_id: str, sso_id: str | None) -> Call[list[TenantGroup]]:
    """Return the call for the groups of a tenant."""
    body = groups.LoadGroups(tenant_id=text_of("tenant_id", tenant_id), sso_id=sso_id)
    return call(groups.LOAD_ALL, body, _groups, is_repeatable=True)


def load_for_members(
    tenant_id: str, user_ids: Sequence[str] | None, login_ids: Sequence[str] | None, sso_id: str | None
) -> Call[list[TenantGroup]]:
    """Return the call for the groups of these users."""
    body = groups.LoadGroupsOfMembers(
        tenant_id=text_of("tenant_id", tenant_id),
        user_ids=tuple(user_ids or ()),
        login_ids=tuple(login_ids or ()),
        sso_id=sso_id,
    )
    return call(groups.LOAD_FOR_MEMBERS, body, _groups, is_repeatable=True)


def load_members(tenant_id: str, group_id: str, sso_id: str | None) -> Call[list[TenantGroup]]:
    """Return the call for one group."""
    body = groups.LoadMembers(
        tenant_id=text_of("tenant_id", tenant_id), group_id=text_of("group_id", group_id), sso_id=sso_id
    )
    return call(groups.LOAD_MEMBERS, body, _groups, is_repeatable=True)
