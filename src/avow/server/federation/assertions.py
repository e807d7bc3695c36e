"""SAML messages that count once, at whichever server: assertions that have signed somebody in, and requests."""

import hashlib

from avow.server.federation import rows
from avow.server.federation.rows import IdRow
from avow.server.federation.starts import Way
from avow.server.store import Tx

__all__ = ["forget", "use", "use_request"]


def use(tx: Tx, way: Way, issuer: str, assertion_id: str, *, until: int) -> bool:
    """Use an assertion up; False when it was used before.

    Args:
        tx: The unit.
        way: The configuration that it came to: nobody uses up the assertions of another one.
        issuer: Whose it is.
        assertion_id: As its issuer numbers assertions.
        until: From when on it would be too old anyway.
    """
    return _use(tx, (way.text, issuer, assertion_id), until)


def use_request(tx: Tx, application_id: str, request_id: str, *, until: int) -> bool:
    """Use a request of a service provider up; False when it was answered before.

    Args:
        tx: The unit.
        application_id: To which of our identity providers it came.
        request_id: As the service provider numbers its requests.
        until: From when on it would be too old anyway.
    """
    return _use(tx, ("request", application_id, request_id), until)


def _use(tx: Tx, named: tuple[str, str, str], until: int) -> bool:
    digest = hashlib.sha256("\0".join(named).encode()).hexdigest()
    return tx.one(rows.USE_ASSERTION, IdRow, id=digest, expires_at=until) is not None


def forget(tx: Tx, most: int) -> int:
    """Forget assertions that would be too old by now, at most so many; return how many."""
    return tx.run(rows.FORGET_ASSERTIONS, most=most)
