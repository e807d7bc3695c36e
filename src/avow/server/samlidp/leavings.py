"""What is deleted of the SAML identity provider once its time is over; it loads no XML."""

from avow.server.samlidp import rows
from avow.server.store import Tx

__all__ = ["forget"]


def forget(tx: Tx, most: int) -> int:
    """Delete requests and sessions at service providers whose time is over, at most so many; return how many."""
    gone = tx.run(rows.FORGET_REQUESTS, most=most)
    return gone + tx.run(rows.FORGET_SIGNINS, most=most - gone) if gone < most else gone
