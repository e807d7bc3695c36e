"""Passwords of users: kept, replaced, expired; and what a project or a tenant asks of them.

Nothing here hashes: what is stored comes hashed (`core.passwords`), made aside. The settings of a tenant stand in the
place of the project's for its members; for members of several, the strictest of each.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from avow.core.passwords import needs_rehash
from avow.core.passwords.policy import strictest
from avow.errors import InvalidArgument
from avow.server.passwords import rows
from avow.server.passwords.rows import EarlierRow, EncodedRow, HeldRow, SettingsRow, UserRow
from avow.server.store import MOST_IN_LIST, Tx, in_list
from avow.wire.passwords import PasswordSettings

__all__ = [
    "HeldRow",
    "State",
    "applying",
    "configure",
    "earlier",
    "expire",
    "held",
    "insert",
    "replace",
    "settings",
    "settings_of",
    "settings_of_user",
]

State = Literal["active", "temporary"]
_PROJECT = ""


def held(tx: Tx, user_id: str) -> HeldRow | None:
    """Return the password of a user, or None."""
    return tx.one(rows.HELD, HeldRow, user_id=user_id)


def earlier(tx: Tx, user_id: str, most: int) -> tuple[str, ...]:
    """Return earlier passwords of a user as they are stored, the newest first, without the present one."""
    return tuple(row.encoded for row in tx.all(rows.EARLIER, EncodedRow, user_id=user_id, most=most)) if most else ()


def insert(tx: Tx, user_id: str, encoded: str) -> None:
    """Give a user who is being created a password."""
    tx.one(rows.PUT, UserRow, user_id=user_id, encoded=encoded, state="active")


def replace(tx: Tx, user_id: str, encoded: str, state: State, *, remembers: int) -> None:
    """Give a user another password; wrong tries at the one before are forgotten. Ending sessions is the caller's.

    Args:
        tx: The unit that locked the user.
        user_id: Whose.
        encoded: As `core.passwords` stores it.
        state: `temporary` only lets them replace it.
        remembers: How many earlier ones are kept, so that they can be refused. What another system hashed is not
            kept: it may be weak, and costs more to check.
    """
    before = held(tx, user_id)
    if remembers and before is not None and not needs_rehash(before.encoded):
        last = tx.one(rows.LAST, EarlierRow, user_id=user_id)
        number = int(last.id) + 1 if last is not None else 0
        tx.run(rows.REMEMBER, user_id=user_id, id=f"{number:010d}", encoded=before.encoded, set_at=before.set_at)
    if before is not None:
        tx.run(rows.FORGET, user_id=user_id, most=remembers)
    tx.one(rows.PUT, UserRow, user_id=user_id, encoded=encoded, state=state)
    tx.one(rows.MOVE, UserRow, user_id=user_id)


def expire(tx: Tx, user_id: str) -> None:
    """Let a user's password do no more than replace it.

    Raises:
        InvalidArgument: The user has none.
    """
    if tx.one(rows.EXPIRE, UserRow, user_id=user_id) is None:
        raise InvalidArgument(error_message="The user has no password.")
    tx.one(rows.MOVE, UserRow, user_id=user_id)


def settings(tx: Tx, tenant_id: str = _PROJECT) -> PasswordSettings:
    """Return the settings of a tenant (its own, or those of the project), or of the project."""
    return applying(settings_of(tx, [tenant_id]), [tenant_id])


def settings_of(tx: Tx, tenant_ids: Iterable[str]) -> dict[str, PasswordSettings]:
    """Return the settings that these tenants have of their own, and under "" those of the project."""
    wanted = list(dict.fromkeys([_PROJECT, *tenant_ids]))
    found: list[SettingsRow] = []
    for start in range(0, len(wanted), MOST_IN_LIST):
        clause, listed = in_list("tenant_ids", wanted[start : start + MOST_IN_LIST])
        found += tx.all(rows.SETTINGS.replace("(:tenant_ids)", clause), SettingsRow, **listed)
    return _decoded(found)


def applying(known: Mapping[str, PasswordSettings], tenant_ids: Iterable[str]) -> PasswordSettings:
    """Return what applies to a member of these tenants, of the settings that `settings_of` found for them."""
    own = [known[each] for each in tenant_ids if each in known]
    return strictest(own) if own else known.get(_PROJECT, PasswordSettings())


def settings_of_user(tx: Tx, user_id: str) -> PasswordSettings:
    """Return the settings that apply to a user, by their tenants."""
    known = _decoded(tx.all(rows.SETTINGS_OF_USER, SettingsRow, user_id=user_id))
    return applying(known, [each for each in known if each != _PROJECT])


def configure(tx: Tx, tenant_id: str, wanted: PasswordSettings, *, actor: str) -> None:
    """Write the settings of a tenant, or with none of the project."""
    tx.run(rows.PUT_SETTINGS, tenant_id=tenant_id, policy=msgspec.json.encode(wanted).decode())
    tx.audit("password.configured", actor=actor, tenant_id=tenant_id, data=msgspec.to_builtins(wanted))


def _decoded(found: Iterable[SettingsRow]) -> dict[str, PasswordSettings]:
    return {row.tenant_id: msgspec.json.decode(row.policy, type=PasswordSettings) for row in found}
