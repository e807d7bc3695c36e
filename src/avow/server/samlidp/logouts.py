"""Log-outs that service providers ask for: the session here ends, with all that came of it."""

from dataclasses import dataclass

from avow.core.saml.idp import LogoutAsked, Status
from avow.core.saml.idp.statuses import PARTIAL_LOGOUT, SUCCESS, UNKNOWN_SESSION
from avow.errors import InvalidRequest
from avow.server.federation import assertions
from avow.server.samlidp import rows
from avow.server.samlidp.answering import KEPT_SECONDS
from avow.server.samlidp.rows import IdRow, SignInRow
from avow.server.sessions import actions as sessions
from avow.server.store import Tx, in_list

__all__ = ["Outcome", "end"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the service provider is told, and the sessions that are over."""

    status: Status
    session_ids: frozenset[str] = frozenset()


def end(tx: Tx, application_id: str, asked: LogoutAsked) -> Outcome:
    """End the sessions that a log-out is about.

    Other service providers of the sessions are not told: the answer says so. OpenID clients are, by the back channel.

    Raises:
        InvalidRequest: The same request was answered before.
    """
    if not assertions.use_request(tx, application_id, asked.id, until=tx.now + KEPT_SECONDS):
        raise InvalidRequest(error_message="This log-out was answered before.")
    found = _meant(tx, application_id, asked)
    if not found:
        return Outcome(UNKNOWN_SESSION)
    # In one order everywhere, so that two log-outs do not wait for each other.
    over = {each.session_id: each.user_id for each in sorted(found, key=lambda row: row.session_id)}
    for session_id, user_id in over.items():
        sessions.end(tx, user_id, session_id, why="logout", actor=f"application:{application_id}")
    clause, listed = in_list("session_ids", list(over))
    others = rows.OTHERS.replace("(:session_ids)", clause)
    is_alone = tx.one(others, IdRow, application_id=application_id, **listed) is None
    return Outcome(SUCCESS if is_alone else PARTIAL_LOGOUT, frozenset(over))


def _meant(tx: Tx, application_id: str, asked: LogoutAsked) -> list[SignInRow]:
    named = {"application_id": application_id, "name_id": asked.name_id}
    if not asked.indexes:
        return tx.all(rows.OF_NAME, SignInRow, **named)
    clause, listed = in_list("indexes", list(asked.indexes))
    return tx.all(rows.OF_INDEXES.replace("(:indexes)", clause), SignInRow, **named, **listed)
