"""Consents: what a user has allowed an application, asked once and withdrawn at any time."""

from collections.abc import Iterable, Mapping

import msgspec

from avow.core import ids
from avow.server.applications import rows
from avow.server.applications.rows import ConsentRow, IdRow
from avow.server.store import Tx, json_text

__all__ = ["add", "find", "of_user", "withdraw"]

_PREFIX = "O"


def find(tx: Tx, application_id: str, user_id: str) -> Mapping[str, frozenset[str]]:
    """Return the scopes that a user has allowed an application, by audience; "" is the provider itself."""
    row = tx.one(rows.CONSENT, ConsentRow, application_id=application_id, user_id=user_id)
    kept = msgspec.json.decode(row.scopes, type=dict[str, list[str]]) if row else {}
    return {audience: frozenset(scopes) for audience, scopes in kept.items()}


def add(tx: Tx, application_id: str, user_id: str, scopes: Mapping[str, Iterable[str]]) -> None:
    """Note that a user allows an application more than before, or the same once more."""
    before = find(tx, application_id, user_id)
    whole = {each: sorted({*before.get(each, ()), *scopes.get(each, ())}) for each in {*before, *scopes}}
    tx.run(
        rows.ALLOW,
        id=ids.directory_id(_PREFIX, tx.now),
        application_id=application_id,
        user_id=user_id,
        scopes=json_text(whole),
        granted_by=user_id,
    )
    tx.audit("consent.given", actor=f"user:{user_id}", user_id=user_id, data={"application": application_id})


def of_user(tx: Tx, user_id: str) -> list[ConsentRow]:
    """Return what a user has allowed, the oldest first."""
    return tx.all(rows.CONSENTS_OF, ConsentRow, user_id=user_id)


def withdraw(tx: Tx, application_id: str, user_id: str, *, actor: str) -> bool:
    """Delete what a user has allowed an application; the caller ends its grants. False when there was nothing."""
    gone = tx.one(rows.WITHDRAW, IdRow, application_id=application_id, user_id=user_id)
    if gone is not None:
        tx.audit("consent.withdrawn", actor=actor, user_id=user_id, data={"application": application_id})
    return gone is not None
