"""The groups of a person, as the identity provider named them at the last sign-in."""

import hashlib
from collections.abc import Sequence
from typing import Final

from avow.server.sso import rows
from avow.server.sso.actions import Connection
from avow.server.sso.rows import GroupRow
from avow.server.store import Tx, in_list

__all__ = ["keep"]

_ID_CHARACTERS: Final = 26


def keep(tx: Tx, connection: Connection, user_id: str, names: Sequence[str]) -> None:
    """Put a user into exactly these groups of a configuration; what does not differ costs one statement.

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
    if left:
        clause, listed = in_list("group_ids", left)
        tx.run(rows.LEAVE_GROUPS.replace("(:group_ids)", clause), user_id=user_id, **place, **listed)
    there = {row.id for row in held}
    for group_id, name in sorted(wanted.items()):  # in one order, so that two units do not wait for each other
        if group_id not in there:
            source = connection.kind
            tx.run(rows.ADD_GROUP, id=group_id, display=name, source=source, sso_id=connection.id, **place)
            tx.run(rows.JOIN_GROUP, group_id=group_id, user_id=user_id, **place)


def _id(connection: Connection, name: str) -> str:
    """Return the id of a group: of one configuration and one name there is one, whoever comes first."""
    digest = hashlib.sha256(f"{connection.id}\0{name}".encode()).hexdigest()
    return f"G{digest[:_ID_CHARACTERS]}"
