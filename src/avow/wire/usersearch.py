"""Searching users: filters, order and pages."""

from typing import Annotated

from msgspec import Meta, field

from avow.wire.accounts import UsersAnswer
from avow.wire.bounds import Flag, Name, Reference, Text
from avow.wire.endpoint import Caller, Endpoint, Shape

__all__ = ["ENDPOINTS", "SEARCH", "SEARCH_TEST_USERS", "RolesWanted", "SearchUsers", "SortBy"]

Texts = Annotated[tuple[Text, ...], Meta(max_length=1000)]
Instant = Annotated[int, Meta(ge=0, le=2**53)]


class SortBy(Shape, frozen=True, kw_only=True):
    """One key of an order: a field of the answer (`name`, `email`, `createdTime`, ...), and its direction."""

    field: Annotated[str, Meta(max_length=64)]
    desc: Flag = None


class RolesWanted(Shape, frozen=True, kw_only=True):
    """Roles in one tenant: any of them, or with `and` all."""

    values: Annotated[tuple[Name, ...], Meta(max_length=100)] | None = None
    every: Flag = field(default=None, name="and")


class SearchUsers(Shape, frozen=True, kw_only=True):
    """Which users; every filter that is there has to match, an empty list is none.

    Attributes:
        tenant_ids: Members of one of these tenants.
        role_names: Holders of one of these roles, in the project or any tenant.
        limit: How many, at most 1,000; 0 means 100.
        page: Which page, from 0.
        test_users_only: Test users alone; otherwise none of them.
        with_test_user: Test users too.
        statuses: `enabled`, `disabled`, `invited` or `expired`.
        emails: Any of these addresses.
        phones: Any of these numbers.
        custom_attributes: Values of attributes; of a list any.
        sso_app_ids: Users of whom any of these applications is named.
        login_ids: Any of these login IDs.
        user_ids: Any of these ids.
        text: Part of a name, address, number or login ID.
        sort: The order; the newest last when there is none.
        from_created_time: Milliseconds since the epoch, inclusive; likewise the following.
        to_created_time: Likewise.
        from_modified_time: Likewise.
        to_modified_time: Likewise.
        tenant_role_ids: By tenant, ids of roles held there.
        tenant_role_names: By tenant, names of roles held there.
        family_ids: Not supported.
        dependent: Not supported.
        lock_reasons: Not supported yet.
        temp_lock_reasons: Not supported yet.
    """

    tenant_ids: Texts | None = None
    role_names: Annotated[tuple[Name, ...], Meta(max_length=200)] | None = None
    limit: Annotated[int, Meta(ge=0, le=1000)] | None = None
    page: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    test_users_only: Flag = None
    with_test_user: Flag = None
    statuses: Annotated[tuple[Name, ...], Meta(max_length=10)] | None = None
    emails: Texts | None = None
    phones: Texts | None = None
    custom_attributes: Annotated[dict[str, object], Meta(max_length=20)] | None = None
    sso_app_ids: Texts | None = None
    login_ids: Texts | None = None
    user_ids: Annotated[tuple[Reference, ...], Meta(max_length=1000)] | None = None
    text: Text | None = None
    sort: Annotated[tuple[SortBy, ...], Meta(max_length=5)] | None = None
    from_created_time: Instant | None = None
    to_created_time: Instant | None = None
    from_modified_time: Instant | None = None
    to_modified_time: Instant | None = None
    tenant_role_ids: Annotated[dict[str, RolesWanted], Meta(max_length=20)] | None = None
    tenant_role_names: Annotated[dict[str, RolesWanted], Meta(max_length=20)] | None = None
    family_ids: Texts | None = None
    dependent: Flag = None
    lock_reasons: Texts | None = None
    temp_lock_reasons: Texts | None = None


SEARCH = Endpoint(
    "mgmt.user.search_all",
    "POST",
    "/v2/mgmt/user/search",
    SearchUsers,
    UsersAnswer,
    Caller.MANAGEMENT,
    only_reads=True,
    for_tenant_admins=True,
)
SEARCH_TEST_USERS = Endpoint(
    "mgmt.user.search_all_test_users",
    "POST",
    "/v2/mgmt/user/search/test",
    SearchUsers,
    UsersAnswer,
    Caller.MANAGEMENT,
    only_reads=True,
)

ENDPOINTS = (SEARCH, SEARCH_TEST_USERS)
