"""Which roles the groups of an SSO configuration give to its members: of one who signs in, and anew of all of them.

What groups gave is marked in the row; what a member was given by hand is neither taken nor marked. Only what differs is
written, so that a call which repeats an interrupted one goes fast over what is done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from avow.server.federation.starts import Way
from avow.server.sso import actions, rows
from avow.server.sso.actions import Connection
from avow.server.sso.rows import GroupRow, HeldRow, IdRow
from avow.server.sso.stored import Mappings
from avow.server.store import Tx, in_list
from avow.wire.sso import DEFAULT_SSO_ID

__all__ = ["Looked", "entitled", "give", "hold", "look", "recalculate"]

_AT_A_TIME = 1000

Key = TypeVar("Key", str, tuple[str, str])


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
    """Who is to be given which role, from whom it is taken, and for whom it is another configuration's from now on.

    Attributes:
        missing: User ids by role.
        surplus: User ids by role.
        inherited: User ids by the configuration whose groups give the role too, and the role.
    """

    missing: dict[str, list[str]]
    surplus: dict[str, list[str]]
    inherited: dict[tuple[str, str], list[str]]

    @property
    def users(self) -> tuple[str, ...]:
        """Return everybody for whom something changes, by user id."""
        parts = (*self.missing.values(), *self.surplus.values(), *self.inherited.values())
        return tuple(sorted({user_id for each in parts for user_id in each}))


def look(tx: Tx, tenant_id: str, connection: str, after: str) -> Looked | None:
    """Look at the next members of a tenant, by user id; None when there are no more."""
    found = tx.all(rows.MEMBERS, IdRow, tenant_id=tenant_id, after=after, most=_AT_A_TIME)
    if not found:
        return None
    user_ids = [row.id for row in found]
    return Looked(user_ids[-1], _difference(tx, tenant_id, connection, user_ids).users)


def recalculate(tx: Tx, tenant_id: str, connection: str, user_ids: Sequence[str], *, actor: str) -> None:
    """Give these members, in the order of their ids, exactly what their groups give them, beside roles by hand.

    A role that groups of another configuration give too stays, as theirs.
    """
    actions.lock(tx, tenant_id, connection)
    hold(tx, tenant_id, user_ids)
    found = _difference(tx, tenant_id, connection, user_ids)
    _write(tx, tenant_id, connection, found)
    data = {"sso": connection or DEFAULT_SSO_ID, "users": len(found.users)}
    tx.audit("sso.roles_recalculated", actor=actor, tenant_id=tenant_id, data=data)


def hold(tx: Tx, tenant_id: str, user_ids: Sequence[str]) -> None:
    """Hold the memberships of users: nobody else changes their groups, or roles by these, until the unit ends."""
    clause, listed = in_list("user_ids", user_ids)
    tx.all(rows.HOLD_MEMBERS.replace("(:user_ids)", clause), IdRow, tenant_id=tenant_id, **listed)


def give(tx: Tx, connection: Connection, user_id: str) -> None:
    """Give a member who has just signed in through a configuration what their groups give them, and no more.

    The configuration is not locked: people sign in beside each other. One who does while mappings change holds what
    held before, until they sign in again or roles are worked out anew.
    """
    found = _difference(tx, connection.tenant_id, connection.id, [user_id])
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


def _difference(tx: Tx, tenant_id: str, connection: str, user_ids: Sequence[str]) -> _Difference:
    """Compare what members hold with what their groups give them.

    Args:
        tx: The unit.
        tenant_id: Whose members.
        connection: Whose groups.
        user_ids: Of the members, in order.
    """
    part = {"tenant_id": tenant_id, "first": user_ids[0], "last": user_ids[-1]}
    groups = tx.all(rows.GROUPS_OF, GroupRow, **part)
    held = tx.all(rows.HELD, HeldRow, **part)
    mark, ours = actions.given_by(connection), frozenset(user_ids)
    given = {
        each.id: _given(tx, tenant_id, each, [row for row in groups if row.sso_id == each.id], user_ids)
        for each in actions.load_all(tx, tenant_id)
    }
    wanted = given.pop(connection, set())
    there = {(row.role_id, row.user_id) for row in held}
    surplus = {(row.role_id, row.user_id) for row in held if row.given_by == mark and row.user_id in ours} - wanted
    heirs = {pair: heir for heir, pairs in reversed(given.items()) for pair in surplus & pairs}
    return _Difference(
        missing=_existing(tx, _by(wanted - there)),
        surplus=_by(surplus - heirs.keys()),
        inherited=_by(((heir, role_id), user_id) for (role_id, user_id), heir in heirs.items()),
    )


def _given(
    tx: Tx, tenant_id: str, connection: Connection, groups: Sequence[GroupRow], user_ids: Sequence[str]
) -> set[tuple[str, str]]:
    """Return which roles one configuration gives to these members, each with a user id."""
    way = Way(kind="sso", name=connection.id, tenant_id=tenant_id).text
    comers = [row.id for row in tx.all(rows.COMERS, IdRow, way=way, first=user_ids[0], last=user_ids[-1])]
    found, ours = entitled(connection.settings.mappings, groups, comers), frozenset(user_ids)
    return {(role_id, user_id) for role_id, holders in found.items() for user_id in holders if user_id in ours}


def _write(tx: Tx, tenant_id: str, connection: str, found: _Difference) -> None:
    place = {"tenant_id": tenant_id, "given_by": actions.given_by(connection)}
    for (heir, role_id), holders in found.inherited.items():
        _run(tx, rows.HAND_OVER, holders, role_id=role_id, heir=actions.given_by(heir), **place)
    for role_id, holders in found.surplus.items():
        _run(tx, rows.WITHDRAW, holders, role_id=role_id, **place)
    for role_id, holders in found.missing.items():
        _run(tx, rows.GIVE, holders, role_id=role_id, **place)


def _existing(tx: Tx, missing: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what is missing without roles that were deleted: mappings may name them still."""
    if not missing:
        return missing
    clause, listed = in_list("role_ids", list(missing))
    known = {row.id for row in tx.all(rows.ROLES.replace("(:role_ids)", clause), IdRow, **listed)}
    return {role_id: users for role_id, users in missing.items() if role_id in known}


def _by(pairs: Iterable[tuple[Key, str]]) -> dict[Key, list[str]]:
    """Return user ids by what stands before them, in one order, so that two units do not wait for each other."""
    found: dict[Key, list[str]] = {}
    for key, user_id in sorted(pairs):
        found.setdefault(key, []).append(user_id)
    return found


def _run(tx: Tx, statement: str, user_ids: Sequence[str], **params: str) -> None:
    clause, listed = in_list("user_ids", user_ids)
    tx.run(statement.replace("(:user_ids)", clause), **params, **listed)
