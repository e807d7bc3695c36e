"""Consents: what a user has allowed an application, asked once and withdrawn at any time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from avow import shaping
from avow.core import ids
from avow.server.applications import rows
from avow.server.applications.rows import ConsentRow, CountRow, IdRow
from avow.server.serving import Client
from avow.server.store import Search, Tx, in_list, json_text

__all__ = [
    "ConsentRow",
    "HeldConsent",
    "Wanted",
    "add",
    "count",
    "delete",
    "find",
    "forget",
    "of_user",
    "search",
    "withdraw",
]

_PREFIX = "O"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which consents are looked for; what is "" or None does not matter.

    Attributes:
        application_id: What is allowed something.
        tenant_id: The tenant that has consented for its users.
        ids: At most as many as a list takes.
        user_ids: Who has consented; likewise.
    """

    application_id: str = ""
    tenant_id: str = ""
    ids: Sequence[str] | None = None
    user_ids: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class HeldConsent:
    """What a user has allowed, or a tenant for its users.

    Attributes:
        id: Ours.
        application_id: What is allowed something.
        user_id: Who has consented, or "".
        tenant_id: The tenant that has, or "".
        scopes: Of all audiences together, by name.
        granted_by: Who agreed.
        created_at: When.
        updated_at: When more was allowed, the last time.
    """

    id: str
    application_id: str
    user_id: str
    tenant_id: str
    scopes: tuple[str, ...]
    granted_by: str
    created_at: int
    updated_at: int


def find(tx: Tx, application_id: str, user_id: str, *, is_held: bool = False) -> Mapping[str, frozenset[str]]:
    """Return the scopes that a user has allowed an application, by audience; "" is the provider itself.

    Who grants something by it holds it (`is_held`): it is not taken back before the unit ends.
    """
    sql = rows.CONSENT_HELD if is_held else rows.CONSENT
    row = tx.one(sql, ConsentRow, application_id=application_id, user_id=user_id)
    return {audience: frozenset(scopes) for audience, scopes in _by_audience(row).items()}


def add(
    tx: Tx, application_id: str, user_id: str, scopes: Mapping[str, Iterable[str]], client: Client | None = None
) -> None:
    """Note that a user allows an application more than before, or the same once more, and from where."""
    new = {audience: sorted(set(names)) for audience, names in scopes.items()}
    row = tx.one(
        rows.ALLOW,
        ConsentRow,
        id=ids.directory_id(_PREFIX, tx.now),
        application_id=application_id,
        user_id=user_id,
        scopes=json_text(new),
        granted_by=user_id,
    )
    before = _by_audience(row)
    whole = {each: sorted({*before.get(each, ()), *new.get(each, ())}) for each in {*before, *new}}
    if whole != before:
        tx.run(rows.WIDEN, application_id=application_id, user_id=user_id, scopes=json_text(whole))
    tx.audit(
        "consent.given",
        actor=f"user:{user_id}",
        user_id=user_id,
        address=client.address if client else "",
        device=client.device if client else "",
        data={"application": application_id},
    )


def of_user(tx: Tx, user_id: str) -> list[ConsentRow]:
    """Return what a user has allowed, the oldest first."""
    return tx.all(rows.CONSENTS_OF, ConsentRow, user_id=user_id)


def withdraw(tx: Tx, application_id: str, user_id: str, *, actor: str) -> bool:
    """Delete what a user has allowed an application; the caller ends its grants. False when there was nothing."""
    gone = tx.one(rows.WITHDRAW, IdRow, application_id=application_id, user_id=user_id)
    if gone is not None:
        tx.audit("consent.withdrawn", actor=actor, user_id=user_id, data={"application": application_id})
    return gone is not None


def forget(tx: Tx, application_id: str, most: int) -> int:
    """Delete at most so many consents of an application that is another one by now; return how many there were.

    The caller ends its grants.
    """
    found = tx.all(rows.CONSENTS_TO, IdRow, application_id=application_id, most=most)
    if found:
        clause, listed = in_list("ids", [row.id for row in found])
        tx.run(rows.FORGET_CONSENTS.replace("(:ids)", clause), **listed)
    return len(found)


def search(tx: Tx, wanted: Wanted, most: int, passed_over: int = 0) -> list[HeldConsent]:
    """Return consents, the oldest first, at most so many after so many."""
    found = _narrowed(Search(rows.SEARCH_CONSENTS), wanted)
    return [_held(row) for row in found.order("created_at, id").page(most, passed_over).all(tx, ConsentRow)]


def count(tx: Tx, wanted: Wanted) -> int:
    """Return how many consents there are."""
    return sum(row.total for row in _narrowed(Search(rows.COUNT_CONSENTS), wanted).all(tx, CountRow))


def delete(tx: Tx, consent: HeldConsent, *, actor: str) -> None:
    """Delete what a tenant has allowed for its users."""
    if tx.one(rows.DELETE_CONSENT, IdRow, id=consent.id) is not None:
        data = {"application": consent.application_id}
        tx.audit("consent.withdrawn", actor=actor, tenant_id=consent.tenant_id, data=data)


def _held(row: ConsentRow) -> HeldConsent:
    return HeldConsent(
        id=row.id,
        application_id=row.application_id,
        user_id=row.user_id,
        tenant_id=row.tenant_id,
        scopes=tuple(sorted({each for listed in _by_audience(row).values() for each in listed})),
        granted_by=row.granted_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _by_audience(row: ConsentRow | None) -> dict[str, list[str]]:
    return shaping.decode(row.scopes, dict[str, list[str]]) if row else {}


def _narrowed(found: Search, wanted: Wanted) -> Search:
    if wanted.application_id:
        found.where("application_id = :application_id", application_id=wanted.application_id)
    if wanted.tenant_id:
        found.where("tenant_id = :tenant_id", tenant_id=wanted.tenant_id)
    if wanted.ids is not None:
        found.among("id", "consent_ids", wanted.ids)
    if wanted.user_ids is not None:
        found.among("user_id", "user_ids", wanted.user_ids)
    return found
