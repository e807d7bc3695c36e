"""Sessions at service providers, as far as those who know nothing of SAML have to do with them; it loads no XML."""

from avow.server.samlidp import rows
from avow.server.store import Tx

__all__ = ["carry", "forget"]


def carry(tx: Tx, user_id: str, before: str, session_id: str) -> None:
    """Let what came of a live session be of another one, which takes its place: a log-out there ends that one then.

    Call it before the session is ended: one that somebody else has ended carries nothing over.
    """
    tx.run(rows.CARRY, user_id=user_id, before=before, session_id=session_id)


def forget(tx: Tx, most: int) -> int:
    """Delete requests and sessions at service providers whose time is over, at most so many; return how many."""
    gone = tx.run(rows.FORGET_REQUESTS, most=most)
    return gone + tx.run(rows.FORGET_SIGNINS, most=most - gone) if gone < most else gone
