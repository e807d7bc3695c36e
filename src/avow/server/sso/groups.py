"""The groups of a person, as the identity provider named them at the last sign-in."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from avow.server.sso import rows
from avow.server.sso.actions import Connection
from avow.server.sso.rows import GroupRow, IdRow
from avow.server.store import MOST_IN_LIST, Tx, in_list, many_rows

__all__ = ["keep"]

_ID_CHARACTERS: Final = 26


def keep(tx: Tx, connection: Connection, user_id: str, names: Sequence[str]) -> None:
    """Put a user into exactly these groups of a configuration; what does not differ costs one statement.

    A group that nobody is in any more is gone. The user's membership is held (`recalculation.hold`).

    Args:
        tx: The unit.
        connection: Whose groups; those of other configurations and of SCIM are left alone.
        user_id: A member of its tenant.
        names: As the identity provider calls them.
    """
    place = {"tenant_id": connection.tenant_id}
    held = tx.all(rows.OWN_GROUPS, GroupRow, user_id=user_id, sso_id=connection.id, **place)
    wanted = {_id(connection, name): name for name in names}
    left = [row.id for row in held if row.id not in wanted]
    for start in range(0, len(left), MOST_IN_LIST):
        _leave(tx, user_id, left[start : start + MOST_IN_LIST], place)
    there = {row.id for row in held}
    # In one order, so that two units do not wait for each other.
    missing = sorted((group_id, name) for group_id, name in wanted.items() if group_id not in there)
    common = {"source": connection.kind, "sso_id": connection.id, **place}
    for sql, params in many_rows(rows.ADD_GROUPS, [{"id": each, "display": name} for each, name in missing]):
        tx.run(sql, **common, **params)
    for sql, params in many_rows(rows.JOIN_GROUPS, [{"group_id": each} for each, _ in missing]):
        tx.run(sql, user_id=user_id, **place, **params)


def _leave(tx: Tx, user_id: str, group_ids: Sequence[str], place: Mapping[str, str]) -> None:
    clause, listed = in_list("group_ids", group_ids)
    tx.run(rows.LEAVE_GROUPS.replace("(:group_ids)", clause), user_id=user_id, **place, **listed)
    tx.all(rows.HOLD_GROUPS.replace("(:group_ids)", clause), IdRow, **place, **listed)
    tx.run(rows.DROP_EMPTY.replace("(:group_ids)", clause), **place, **listed)


def _id(connection: Connection, name: str) -> str:
    """Return the id of a group: of one configuration and one name there is one, whoever comes first."""
    digest = hashlib.sha256(f"{connection.id}\0{name}".encode()).hexdigest()
    return f"G{digest[:_ID_CHARACTERS]}"
