"""Which roles the groups of an SSO configuration give to its members, worked out anew, some members at a time.

What groups gave is marked in the row; what a member was given by hand is neither taken nor marked.
"""

from collections.abc import Sequence

from avow.server.sso import actions, rows
from avow.server.sso.rows import GroupRow, IdRow
from avow.server.sso.stored import Mappings
from avow.server.store import Tx, in_list
from avow.wire.sso import DEFAULT_SSO_ID

__all__ = ["entitled", "find_concerned", "recalculate"]

_AT_A_TIME = 500


def find_concerned(tx: Tx, tenant_id: str, connection: str, after: str) -> list[str]:
    """Return the next members whom the groups of a configuration concern, by user id."""
    found = tx.all(
        rows.CONCERNED,
        IdRow,
        tenant_id=tenant_id,
        sso_id=connection,
        given_by=actions.given_by(connection),
        after=after,
        most=_AT_A_TIME,
    )
    return [row.id for row in found]


def recalculate(tx: Tx, tenant_id: str, connection: str, user_ids: Sequence[str], *, actor: str) -> None:
    """Give these members exactly the roles that their groups give them now, beside those given by hand."""
    mappings = actions.lock(tx, tenant_id, connection).settings.mappings
    clause, listed = in_list("user_ids", user_ids)
    in_groups = rows.GROUPS_OF.replace("(:user_ids)", clause)
    found = tx.all(in_groups, GroupRow, tenant_id=tenant_id, sso_id=connection, **listed)
    mark = actions.given_by(connection)
    tx.run(rows.WITHDRAW.replace("(:user_ids)", clause), tenant_id=tenant_id, given_by=mark, **listed)
    for role_id, holders in entitled(mappings, found).items():
        clause, listed = in_list("user_ids", holders)
        give = rows.GIVE.replace("(:user_ids)", clause)
        tx.run(give, tenant_id=tenant_id, role_id=role_id, given_by=mark, **listed)
    data = {"sso": connection or DEFAULT_SSO_ID, "users": len(user_ids)}
    tx.audit("sso.roles_recalculated", actor=actor, tenant_id=tenant_id, data=data)


def entitled(mappings: Mappings, found: Sequence[GroupRow]) -> dict[str, list[str]]:
    """Return who is to hold which role: role ids, each with user ids.

    A mapping names groups as people or as the identity provider does. The default roles are everybody's who is in a
    group.
    """
    members: dict[str, list[str]] = {}
    for row in found:
        for name in {row.id, row.display}:
            members.setdefault(name, []).append(row.user_id)
    everybody = list(dict.fromkeys(row.user_id for row in found))
    holders: dict[str, dict[str, None]] = {each: dict.fromkeys(everybody) for each in mappings.default_roles}
    for mapping in mappings.roles:
        inside = [user_id for group in mapping.groups for user_id in members.get(group, ())]
        holders.setdefault(mapping.role_id, {}).update(dict.fromkeys(inside))
    return {role_id: list(users) for role_id, users in holders.items() if users}
