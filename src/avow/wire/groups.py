"""Groups of a tenant, as its identity provider or its provisioning names them: shapes and routes that read them."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import END, LoginId, Reference
from avow.wire.endpoint import Caller, Endpoint, Shape

__all__ = [
    "ENDPOINTS",
    "LOAD_ALL",
    "LOAD_FOR_MEMBERS",
    "LOAD_MEMBERS",
    "Group",
    "GroupMember",
    "LoadGroups",
    "LoadGroupsOfMembers",
    "LoadMembers",
]

MOST_MEMBERS = 1000
MOST_LISTED = 100_000  # members in the groups of one answer

SsoId = Annotated[str, Meta(max_length=64, pattern=rf"^[A-Za-z0-9_.-]*{END}")]
UserIds = Annotated[tuple[Reference, ...], Meta(max_length=MOST_MEMBERS)]
LoginIds = Annotated[tuple[LoginId, ...], Meta(max_length=MOST_MEMBERS)]


class GroupMember(Shape, frozen=True, kw_only=True):
    """Somebody in a group.

    Attributes:
        login_id: The first one that they had.
        user_id: `U...`.
        display: Their name.
    """

    login_id: str
    user_id: str
    display: str


class Group(Shape, frozen=True, kw_only=True):
    """A group of a tenant.

    Attributes:
        id: As the identity provider names it.
        display: For people.
        members: Who is in it, by user id.
        source: `saml`, `oidc` or `scim`.
        sso_id: The SSO configuration it came from.
    """

    id: str
    display: str
    members: tuple[GroupMember, ...]
    source: str
    sso_id: str


class LoadGroups(Shape, frozen=True, kw_only=True):
    """Groups of a tenant, or of one of its SSO configurations."""

    tenant_id: Reference
    sso_id: SsoId | None = None


class LoadGroupsOfMembers(Shape, frozen=True, kw_only=True):
    """Groups that any of these users is in, by user id or login ID."""

    tenant_id: Reference
    login_ids: LoginIds | None = None
    user_ids: UserIds | None = None
    sso_id: SsoId | None = None


class LoadMembers(Shape, frozen=True, kw_only=True):
    """One group of a tenant."""

    tenant_id: Reference
    group_id: Reference
    sso_id: SsoId | None = None


LOAD_ALL: Endpoint[LoadGroups, list[Group]] = Endpoint(
    "mgmt.group.load_all_groups",
    "POST",
    "/v1/mgmt/group/all",
    LoadGroups,
    list[Group],
    Caller.MANAGEMENT,
    only_reads=True,
)
LOAD_FOR_MEMBERS: Endpoint[LoadGroupsOfMembers, list[Group]] = Endpoint(
    "mgmt.group.load_all_groups_for_members",
    "POST",
    "/v1/mgmt/group/member/all",
    LoadGroupsOfMembers,
    list[Group],
    Caller.MANAGEMENT,
    only_reads=True,
)
LOAD_MEMBERS: Endpoint[LoadMembers, list[Group]] = Endpoint(
    "mgmt.group.load_all_group_members",
    "POST",
    "/v1/mgmt/group/members",
    LoadMembers,
    list[Group],
    Caller.MANAGEMENT,
    only_reads=True,
)

ENDPOINTS = (LOAD_ALL, LOAD_FOR_MEMBERS, LOAD_MEMBERS)
