"""Which roles the groups of an SSO configuration give to its members: of one who signs in, and anew of all of them.

What groups gave is marked in the row; what a member was given by hand is neither taken nor marked. Only what differs is
written, so that a call which repeats an interrupted one goes fast over what is done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from avow.server.federation.starts import Way
from avow.server.sso import actions, rows
from avow.server.sso.actions import Connection
from avow.server.sso.rows import GroupRow, HeldRow, IdRow
from avow.server.sso.stored import Mappings
from avow.server.store import Tx, in_list
from avow.wire.sso import DEFAULT_SSO_ID

__all__ = ["Looked", "entitled", "give", "look", "recalculate"]

_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class Looked:
    """Some members who were looked at.

    Attributes:
        last: The last of them, by user id; the next ones come behind.
        differing: Those who do not hold what their groups give.
    """

    last: str
    differing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Difference:
    """Who is to be given which role, and from whom it is taken: role ids, each with user ids."""

    missing: dict[str, list[str]]
    surplus: dict[str, list[str]]

    @property
    def users(self) -> tuple[str, ...]:
        """Return everybody for whom something changes, by user id."""
        every = (user_id for roles in (self.missing, self.surplus) for each in roles.values() for user_id in each)
        return tuple(sorted(set(every)))


def look(tx: Tx, tenant_id: str, connection: str, after: str) -> Looked | None:
    """Look at the next members of a tenant, by user id; None when there are no more."""
    found = tx.all(rows.MEMBERS, IdRow, tenant_id=tenant_id, after=after, most=_AT_A_TIME)
    if not found:
        return None
    user_ids = [row.id for row in found]
    mappings = actions.load(tx, tenant_id, connection).settings.mappings
    return Looked(user_ids[-1], _difference(tx, tenant_id, connection, mappings, user_ids).users)


def recalculate(tx: Tx, tenant_id: str, connection: str, user_ids: Sequence[str], *, actor: str) -> None:
    """Give these members, in the order of their ids, exactly what their groups give them, beside roles by hand."""
    mappings = actions.lock(tx, tenant_id, connection).settings.mappings
    found = _difference(tx, tenant_id, connection, mappings, user_ids)
    _write(tx, tenant_id, connection, found)
    data = {"sso": connection or DEFAULT_SSO_ID, "users": len(found.users)}
    tx.audit("sso.roles_recalculated", actor=actor, tenant_id=tenant_id, data=data)


def give(tx: Tx, connection: Connection, user_id: str) -> None:
    """Give a member who has just signed in through a configuration what their groups give them, and no more.

    The configuration is not locked: people sign in beside each other. One who does while mappings change holds what
    held before, until they sign in again or roles are worked out anew.
    """
    found = _difference(tx, connection.tenant_id, connection.id, connection.settings.mappings, [user_id])
    if not found.users:
        return
    _write(tx, connection.tenant_id, connection.id, found)
    tx.audit(
        "sso.roles_given",
        actor=f"user:{user_id}",
        user_id=user_id,
        tenant_id=connection.tenant_id,
        data={"sso": connection.sso_id, "given": sorted(found.missing), "taken": sorted(found.surplus)},
    )


def entitled(mappings: Mappings, found: Sequence[GroupRow], comers: Iterable[str] = ()) -> dict[str, list[str]]:
    """Return who is to hold which role: role ids, each with user ids.

    A mapping names groups as people or as the identity provider does. The default roles are everybody's who is in a
    group, and theirs who have signed in through the configuration (`comers`).
    """
    members: dict[str, list[str]] = {}
    for row in found:
        for name in {row.id, row.display}:
            members.setdefault(name, []).append(row.user_id)
    everybody = list(dict.fromkeys([*(row.user_id for row in found), *comers]))
    holders: dict[str, dict[str, None]] = {each: dict.fromkeys(everybody) for each in mappings.default_roles}
    for mapping in mappings.roles:
        inside = [user_id for group in mapping.groups for user_id in members.get(group, ())]
        holders.setdefault(mapping.role_id, {}).update(dict.fromkeys(inside))
    return {role_id: list(users) for role_id, users in holders.items() if users}


def _difference(tx: Tx, tenant_id: str, connection: str, mappings: Mappings, user_ids: Sequence[str]) -> _Difference:
    """Compare what members hold with what their groups give them.

    Args:
        tx: The unit.
        tenant_id: Whose members.
        connection: Whose groups.
        mappings: Of that configuration.
        user_ids: Of the members, in order.
    """
    part = {"tenant_id": tenant_id, "first": user_ids[0], "last": user_ids[-1]}
    groups = tx.all(rows.GROUPS_OF, GroupRow, sso_id=connection, **part)
    held = tx.all(rows.HELD, HeldRow, **part)
    way = Way(kind="sso", name=connection, tenant_id=tenant_id).text
    comers = [row.id for row in tx.all(rows.COMERS, IdRow, way=way, first=user_ids[0], last=user_ids[-1])]
    mark, ours = actions.given_by(connection), frozenset(user_ids)
    holders = entitled(mappings, groups, comers)
    wanted = {(role, each) for role, users in holders.items() for each in users if each in ours}
    there = {(row.role_id, row.user_id) for row in held}
    marked = {(row.role_id, row.user_id) for row in held if row.given_by == mark and row.user_id in ours}
    return _Difference(_existing(tx, _by_role(wanted - there)), _by_role(marked - wanted))


def _write(tx: Tx, tenant_id: str, connection: str, found: _Difference) -> None:
    mark = actions.given_by(connection)
    for statement, roles in ((rows.WITHDRAW, found.surplus), (rows.GIVE, found.missing)):
        for role_id, holders in roles.items():
            clause, listed = in_list("user_ids", holders)
            sql = statement.replace("(:user_ids)", clause)
            tx.run(sql, tenant_id=tenant_id, role_id=role_id, given_by=mark, **listed)


def _existing(tx: Tx, missing: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what is missing without roles that were deleted: mappings may name them still."""
    if not missing:
        return missing
    clause, listed = in_list("role_ids", list(missing))
    known = {row.id for row in tx.all(rows.ROLES.replace("(:role_ids)", clause), IdRow, **listed)}
    return {role_id: users for role_id, users in missing.items() if role_id in known}


def _by_role(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return pairs of role and user by role, in one order, so that two units do not wait for each other."""
    found: dict[str, list[str]] = {}
    for role_id, user_id in sorted(pairs):
        found.setdefault(role_id, []).append(user_id)
    return found
