"""Whether somebody who came in by another way is offered a passkey: where it would be of use, and not again at once."""

from urllib.parse import urlsplit

from avow.errors import InvalidArgument
from avow.server.flows import rows
from avow.server.flows.rows import IdRow
from avow.server.flows.state import State
from avow.server.passkey import ceremonies
from avow.server.serving import Project
from avow.server.store import Tx
from avow.server.users import actions as users

__all__ = ["decline", "is_due"]

_REST_SECONDS = 30 * 86400


def is_due(tx: Tx, project: Project, state: State) -> bool:
    """Tell whether to offer one: browser and page can, and the person has none and did not decline lately."""
    who = state.session
    if who is None or not state.can_webauthn or "webauthn" not in project.settings.sign_in_methods:
        return False
    if not _is_of_party(project, state.page or project.public_url):
        return False
    profile = users.find(tx, who.user_id)
    if profile is None or "webauthn" in profile.factors(project.passkey_party):
        return False
    return tx.one(rows.FIND_DECLINED, IdRow, id=_counter(who.user_id)) is None


def decline(tx: Tx, user_id: str) -> None:
    """Remember for a month that somebody wants none."""
    tx.run(rows.NOTE_DECLINED, id=_counter(user_id), ends_at=tx.now + _REST_SECONDS)


def _is_of_party(project: Project, page: str) -> bool:
    parts = urlsplit(page)
    try:
        ceremonies.party_of(project, f"{parts.scheme}://{parts.netloc}")
    except InvalidArgument:
        return False
    return True


def _counter(user_id: str) -> str:
    return f"declined-passkey:{user_id}"
