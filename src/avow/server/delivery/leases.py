"""The courier's units on the outbox: lease what is due, open a letter, and say what became of it."""

from functools import partial

from avow import shaping
from avow.core.vault import SealBroken
from avow.server.delivery import rows
from avow.server.delivery.messages import Letter, Method, OwnTemplate
from avow.server.delivery.rows import Leased
from avow.server.delivery.templates import Draft
from avow.server.store import Store, Tx

__all__ = [
    "LEASE_SECONDS",
    "LIFETIME_SECONDS",
    "due_times",
    "finish",
    "is_any_held",
    "lease",
    "open_letter",
    "put_off",
    "tidy",
]

# Longer than any sender takes over a message that goes well. When a message takes longer, another courier may send it
# too: the same code twice, which harms nobody.
LEASE_SECONDS = 60
LIFETIME_SECONDS = 86400  # no message is of use for longer
_KEPT_SECONDS = 7 * 86400


def due_times(store: Store) -> dict[Method, int]:
    """Return when the next message of each method is due; methods without one are absent."""
    due = store.look_anywhere(lambda tx: tx.all(rows.NEXT_DUE, rows.NextDue))
    return {each.method: each.due_at for each in due if each.due_at is not None}


def lease(store: Store, method: Method, most: int) -> list[Leased]:
    """Take up to `most` due messages; nobody else has them until their lease ends."""

    def unit(tx: Tx) -> list[Leased]:
        return tx.all(rows.LEASE, Leased, method=method, most=most, leased_until=tx.now + LEASE_SECONDS)

    return store.run_anywhere(unit)


def is_any_held(store: Store, project_id: str) -> bool:
    """Tell whether somebody carries a message of the project at this moment."""
    return store.look(project_id, lambda tx: tx.one(rows.FIND_HELD, rows.HeldRow)) is not None


def open_letter(store: Store, leased: Leased) -> Draft | None:
    """Return what a leased message says, or None when its seal is broken (an earlier secret key is missing)."""
    return store.look(leased.project_id, partial(_open, leased=leased))


def finish(store: Store, leased: Leased, state: str, error: str = "") -> bool:
    """End a message as `sent`, `dropped` or `failed` and erase its letter; False when the lease was lost."""

    def unit(tx: Tx) -> bool:
        if not tx.run(rows.FINISH, id=leased.id, leased_until=leased.leased_until, state=state, error=error):
            return False
        if state == "failed":
            data = {"message_id": leased.id, "template": leased.template, "method": leased.method, "reason": error}
            tx.audit("message.failed", outcome="refused", actor="courier", data=data)
        return True

    return store.run(leased.project_id, unit)


def put_off(store: Store, leased: Leased, *, due_at: int, attempts: int, error: str) -> bool:
    """Let a message wait for its next attempt; False when the lease was lost."""

    def unit(tx: Tx) -> int:
        return tx.run(
            rows.PUT_OFF,
            id=leased.id,
            leased_until=leased.leased_until,
            due_at=due_at,
            attempts=attempts,
            error=error,
        )

    return store.run(leased.project_id, unit) == 1


def tidy(store: Store) -> None:
    """Drop messages that nobody took for a day, and delete those that were finished a week ago."""

    def unit(tx: Tx) -> None:
        tx.run(rows.DROP_OVERDUE, before=tx.now - LIFETIME_SECONDS)
        tx.run(rows.DELETE_OLD, before=tx.now - _KEPT_SECONDS)

    store.run_anywhere(unit)


def _open(tx: Tx, leased: Leased) -> Draft | None:
    if leased.sealed is None:
        return None
    try:
        plain = tx.vault.open(leased.sealed, row=rows.sealed_row(leased.project_id, leased.id))
    except SealBroken:
        return None
    letter = shaping.decode(plain, Letter)
    return Draft(
        id=leased.id,
        template=leased.template,
        method=leased.method,
        address=letter.address,
        app=leased.project_name or "",
        locale=leased.locale,
        parameters=letter.parameters,
        own=tx.all(rows.OWN_TEMPLATES, OwnTemplate, template=leased.template, method=leased.method),
        created_at=leased.created_at,
    )
