"""Which applications a user may reach: all, as long as none is named."""

from collections.abc import Sequence

from avow.errors import InvalidArgument, NotFound
from avow.server.store import Tx, in_list
from avow.server.users import rows
from avow.server.users.rows import IdRow

__all__ = ["add", "remove", "set_all"]


def add(tx: Tx, user_id: str, application_ids: Sequence[str]) -> None:
    """Let the user reach these applications; who could reach all can reach no other from now on.

    Raises:
        NotFound: There is no such application.
    """
    wanted = list(dict.fromkeys(application_ids))
    if not wanted:
        return
    clause, listed = in_list("application_ids", wanted)
    if len(tx.all(rows.KNOWN_APPLICATIONS.replace("(:application_ids)", clause), IdRow, **listed)) < len(wanted):
        raise NotFound(error_message="There is no such application.")
    tx.run(rows.LIMIT_APPLICATIONS, user_id=user_id)
    tx.run(rows.ADD_APPLICATIONS.replace("(:application_ids)", clause), user_id=user_id, **listed)


def set_all(tx: Tx, user_id: str, application_ids: Sequence[str]) -> None:
    """Let the user reach exactly these applications, and all when none is named; raises as `add`."""
    tx.run(rows.FREE_APPLICATIONS, user_id=user_id)
    add(tx, user_id, application_ids)


def remove(tx: Tx, user_id: str, application_ids: Sequence[str]) -> None:
    """Take applications that the user may reach; without the last one they reach none, and not all.

    Raises:
        InvalidArgument: They may reach all: there is nothing to take, and leaving it so would look like success.
    """
    if application_ids and tx.one(rows.IS_LIMITED, IdRow, user_id=user_id) is None:
        text = "The user may use all applications; name those that they may use (set_sso_apps)."
        raise InvalidArgument(error_message=text)
    clause, listed = in_list("application_ids", list(dict.fromkeys(application_ids)))
    tx.run(rows.REMOVE_APPLICATIONS.replace("(:application_ids)", clause), user_id=user_id, **listed)
