"""Groups of tenants, found with their members in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass

from avow.core import addresses
from avow.errors import InvalidArgument, NotFound
from avow.server.groups import rows
from avow.server.groups.rows import IdRow, MemberRow
from avow.server.store import Search, Tx
from avow.wire.groups import MOST_LISTED

__all__ = ["HeldGroup", "Members", "search"]


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """A group and its members; `sso_id` is "" when it came from the first SSO configuration of the tenant."""

    id: str
    display: str
    source: str
    sso_id: str
    members: tuple[MemberRow, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """Users whose groups are looked for, by id or by login ID as typed."""

    user_ids: Sequence[str] = ()
    login_ids: Sequence[str] = ()


def search(
    tx: Tx,
    tenant_id: str,
    *,
    sso_id: str | None = None,
    group_id: str | None = None,
    members: Members | None = None,
) -> list[HeldGroup]:
    """Return groups of a tenant, by id.

    Args:
        tx: The unit.
        tenant_id: Whose.
        sso_id: From this SSO configuration; "" is the first one, None every one.
        group_id: This one alone.
        members: Those that any of these users is in; nobody named, none found.

    Raises:
        NotFound: There is no such tenant.
        InvalidArgument: There are more members in them than one answer lists.
    """
    if tx.one(rows.TENANT, IdRow, tenant_id=tenant_id) is None:
        raise NotFound(error_message="There is no such tenant.")
    statement = Search(rows.SEARCH).where(rows.OF_TENANT, tenant_id=tenant_id)
    if sso_id is not None:
        statement.where(rows.OF_CONFIGURATION, sso_id=sso_id)
    if group_id is not None:
        statement.where(rows.NAMED, group_id=group_id)
    if members is not None:
        login_ids = [_canonical(each) for each in members.login_ids]
        statement.within(rows.OF_USERS, {"user_ids": members.user_ids, "login_ids": login_ids})
    return _grouped(statement.order("g.id, user_id").listed(tx, MemberRow, MOST_LISTED, "members of groups"))


def _canonical(login_id: str) -> str:
    try:
        return addresses.login_id(login_id).canonical
    except InvalidArgument:
        return ""  # nobody has it


def _grouped(found: Sequence[MemberRow]) -> list[HeldGroup]:
    by_id: dict[str, list[MemberRow]] = {}
    for row in found:
        by_id.setdefault(row.id, []).append(row)
    return [
        HeldGroup(
            id=members[0].id,
            display=members[0].display,
            source=members[0].source,
            sso_id=members[0].sso_id,
            members=tuple(each for each in members if each.user_id),
        )
        for members in by_id.values()
    ]
