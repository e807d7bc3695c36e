"""The routes that read groups."""

from collections.abc import Iterable

from avow.server.groups import actions
from avow.server.groups.actions import HeldGroup, Members
from avow.server.serving import Call, Slice, reads
from avow.server.store import Tx
from avow.wire import groups as wire
from avow.wire.groups import Group, GroupMember, LoadGroups, LoadGroupsOfMembers, LoadMembers
from avow.wire.sso import DEFAULT_SSO_ID

__all__ = ["SLICE"]


def load_all(tx: Tx, call: Call[LoadGroups]) -> list[Group]:
    """Return every group of a tenant with its members, by id; more than 100,000 members together are refused."""
    body = call.body
    return _shown(actions.search(tx, body.tenant_id, sso_id=_connection(body.sso_id)))


def load_for_members(tx: Tx, call: Call[LoadGroupsOfMembers]) -> list[Group]:
    """Return the groups of a tenant that any of these users is in, with all their members, by id."""
    body = call.body
    members = Members(user_ids=body.user_ids or (), login_ids=body.login_ids or ())
    return _shown(actions.search(tx, body.tenant_id, sso_id=_connection(body.sso_id), members=members))


def load_members(tx: Tx, call: Call[LoadMembers]) -> list[Group]:
    """Return one group of a tenant with its members: a list of one, or of none."""
    body = call.body
    return _shown(actions.search(tx, body.tenant_id, sso_id=_connection(body.sso_id), group_id=body.group_id))


def _connection(sso_id: str | None) -> str | None:
    """Return the SSO configuration that a call names, "" for the first one; None for none."""
    return "" if sso_id == DEFAULT_SSO_ID else sso_id or None


def _shown(found: Iterable[HeldGroup]) -> list[Group]:
    return [
        Group(
            id=each.id,
            display=each.display,
            members=tuple(
                GroupMember(login_id=row.login_id, user_id=row.user_id, display=row.name) for row in each.members
            ),
            source=each.source,
            sso_id=each.sso_id or DEFAULT_SSO_ID,
        )
        for each in found
    ]


SLICE = Slice(
    "groups",
    (
        reads(wire.LOAD_ALL, load_all),
        reads(wire.LOAD_FOR_MEMBERS, load_for_members),
        reads(wire.LOAD_MEMBERS, load_members),
    ),
)
