"""SAML assertions that have signed somebody in: each counts once, at whichever server it comes."""

import hashlib

from avow.server.federation import rows
from avow.server.federation.rows import IdRow
from avow.server.federation.starts import Way
from avow.server.store import Tx

__all__ = ["forget", "use"]


def use(tx: Tx, way: Way, issuer: str, assertion_id: str, *, until: int) -> bool:
    """Use an assertion up; False when it was used before.

    Args:
        tx: The unit.
        way: The configuration that it came to: nobody uses up the assertions of another one.
        issuer: Whose it is.
        assertion_id: As its issuer numbers assertions.
        until: From when on it would be too old anyway.
    """
    named = hashlib.sha256("\0".join((way.text, issuer, assertion_id)).encode()).hexdigest()
    return tx.one(rows.USE_ASSERTION, IdRow, id=named, expires_at=until) is not None


def forget(tx: Tx, most: int) -> int:
    """Forget assertions that would be too old by now, at most so many; return how many."""
    return tx.run(rows.FORGET_ASSERTIONS, most=most)
